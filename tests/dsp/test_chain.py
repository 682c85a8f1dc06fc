"""Laws of the whole chain, on made music."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.chain import master
from dsp.errors import SilentAudio, TooShort
from dsp.loudness import integrated_lufs, weighted_energies
from dsp.measure import Profile, measure
from dsp.peaks import read_meters
from dsp.settings import MasterSettings
from tests.music import noise, song

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mix() -> Audio:
    """Return a quiet song with too little top."""
    audio = song(seed=1, peak=0.3)
    dull = np.empty_like(audio.samples)
    dull[:, 0] = audio.samples[:, 0]
    dull[:, 1:] = 0.5 * (audio.samples[:, 1:] + audio.samples[:, :-1])
    return Audio(dull, audio.rate_hz)


@pytest.fixture(scope="module")
def reference() -> Profile:
    return measure(song(seed=2, peak=0.9))


def test_every_amount_at_zero_returns_the_very_samples(mix, reference):
    before = mix.samples.copy()
    mastered = master(mix, reference, MasterSettings(amount=0.0))
    master(mix, reference, MasterSettings())
    assert np.array_equal(mix.samples, before)  # a target that is not given away stays as it is
    assert np.array_equal(mastered.audio.samples, mix.samples)


def test_a_master_has_the_rate_length_and_timing_of_its_mix(mix, reference):
    mastered = master(mix, reference, MasterSettings()).audio
    assert (mastered.rate_hz, mastered.samples.shape) == (mix.rate_hz, mix.samples.shape)
    spectra = [np.fft.rfft(audio.samples.sum(axis=0), 2**20) for audio in (mix, mastered)]
    together = np.fft.irfft(spectra[1] * np.conj(spectra[0]))
    assert int(np.argmax(together)) == 0


def test_the_goal_is_reached_or_the_report_says_what_held_it(mix, reference):
    mastered = master(mix, reference, MasterSettings())
    assert mastered.maximized is not None
    off = abs(integrated_lufs(weighted_energies(mastered.audio)) - reference.integrated_lufs)
    assert off <= 0.05 or mastered.maximized.held_by is not None


def test_no_meter_reads_above_the_ceiling(mix, reference):
    for ceiling_dbtp in (-1.0, -3.0):
        audio = master(mix, reference, MasterSettings(ceiling_dbtp=ceiling_dbtp)).audio
        readings = read_meters(audio)
        for reading in dataclasses.astuple(readings):
            assert reading <= ceiling_dbtp


def test_the_same_input_gives_the_same_samples(mix, reference):
    first, second = (master(mix, reference, MasterSettings()).audio for _ in range(2))
    assert np.array_equal(first.samples, second.samples)


def test_a_profile_read_back_gives_the_same_samples(mix, reference):
    again = Profile.from_dict(reference.to_dict())
    first, second = (master(mix, profile, MasterSettings()).audio for profile in (reference, again))
    assert np.array_equal(first.samples, second.samples)


def test_swapped_channels_swap_the_master(mix, reference):
    swapped = Audio(np.ascontiguousarray(mix.samples[::-1]), mix.rate_hz)
    straight, crossed = (
        master(audio, reference, MasterSettings()).audio for audio in (mix, swapped)
    )
    assert np.array_equal(straight.samples, crossed.samples[::-1])


@pytest.mark.parametrize("gain", [0.25, 0.1, 1.7])
def test_gain_on_the_mix_does_not_change_the_master_beyond_dither(mix, reference, gain):
    louder = Audio(mix.samples * np.float32(gain), mix.rate_hz)
    first, second = (master(audio, reference, MasterSettings()).audio for audio in (mix, louder))
    assert np.abs(first.samples - second.samples).max() <= 2**-15  # a step of 16 bits


def test_the_same_track_as_mix_and_reference_changes_nothing(mix):
    mastered = master(mix, measure(mix), MasterSettings(amount=1.0))
    residue = mastered.audio.samples.astype(np.float64) - mix.samples
    power = np.square(mix.samples, dtype=np.float64).mean()
    assert np.square(residue).mean() <= 1e-6 * power


def test_a_mono_mix_stays_mono(mix, reference):
    mono = Audio(np.ascontiguousarray(mix.samples.mean(axis=0, keepdims=True)), mix.rate_hz)
    mastered = master(mono, reference, MasterSettings())
    assert mastered.audio.channels == 1
    assert "mono_target" in mastered.width.reasons


def test_two_equal_channels_stay_equal(mix, reference):
    middle = mix.samples.mean(axis=0)
    mastered = master(
        Audio(np.ascontiguousarray(np.stack([middle, middle])), mix.rate_hz),
        reference,
        MasterSettings(),
    )
    assert np.array_equal(mastered.audio.samples[0], mastered.audio.samples[1])


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000, 96_000, 192_000])
def test_any_pair_of_rates_can_be_mastered(rate_hz, reference):
    audio = song(seed=3, seconds=8.0, rate_hz=rate_hz, peak=0.4)
    mastered = master(audio, reference, MasterSettings())
    assert mastered.audio.samples.shape == audio.samples.shape
    assert np.isfinite(mastered.audio.samples).all()


def test_more_amount_never_ends_further_from_the_reference(mix, reference):
    distances = []
    for amount in (0.0, 0.25, 0.5, 0.7, 0.85, 1.0):
        result = master(mix, reference, MasterSettings(amount=amount)).result
        difference = (result.mid_db - reference.mid_db)[10:110]
        distances.append(np.abs(difference - difference.mean()).mean())
    assert all(later <= earlier + 0.05 for earlier, later in pairwise(distances))
    assert distances[-1] < 0.95 * distances[0]


def test_silence_is_refused_by_its_code(reference):
    silence = Audio(np.zeros((2, 44_100 * 5), dtype=np.float32), 44_100)
    with pytest.raises(SilentAudio):
        master(silence, reference, MasterSettings())


def test_a_second_of_music_is_too_short(reference):
    with pytest.raises(TooShort):
        master(noise(seconds=1.0), reference, MasterSettings())
