from __future__ import annotations

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.equalizer import apply_tone, filter_mid_side, minimum_phase, plan_tone
from dsp.measure import Profile, measure
from dsp.spectrum import BAND_CENTRES_HZ, BAND_COUNT, bands_between
from tests.dsp.music import changed, mono, song

FLAT = np.zeros(BAND_COUNT)
BUMP_DB = 5.0 * np.exp(-0.5 * np.square(np.log2(BAND_CENTRES_HZ / 2_000.0) / 0.5))
HEARD = bands_between(60.0, 12_000.0)


def third_octave_distance(first: Profile, second: Profile) -> float:
    levels = [np.array(profile.summary()["mid_db"])[3:-2] for profile in (first, second)]
    difference = levels[0] - levels[1]
    return float(np.mean(np.abs(difference - difference.mean())))


@pytest.mark.parametrize("rate_hz", [32_000, 44_100, 48_000, 96_000])
def test_the_filter_has_the_gain_of_its_curve_at_any_rate(rate_hz):
    curve = BUMP_DB - 4.0 * (BAND_CENTRES_HZ < 150.0) * np.log2(150.0 / BAND_CENTRES_HZ)
    response = np.abs(np.fft.rfft(minimum_phase(curve, rate_hz), 1 << 18))
    hz = np.fft.rfftfreq(1 << 18, 1 / rate_hz)
    reached = 20 * np.log10(np.interp(BAND_CENTRES_HZ, hz, response))
    below = bands_between(40.0, 0.45 * rate_hz)
    assert np.abs(reached - curve)[below].max() < 0.1


def test_the_filter_starts_at_once_and_fades():
    taps = minimum_phase(BUMP_DB, 44_100)
    assert np.argmax(np.abs(taps)) == 0
    assert np.sum(np.square(taps[:441])) > 0.999 * np.sum(np.square(taps))


def test_mid_and_side_are_filtered_apart():
    audio = song(4.0)
    widened = filter_mid_side(audio, FLAT, FLAT + 6.0)
    both = [(s.samples[0] + s.samples[1], s.samples[0] - s.samples[1]) for s in (audio, widened)]
    assert np.allclose(both[0][0], both[1][0], atol=1e-5)
    assert np.allclose(both[0][1] * 10 ** (6 / 20), both[1][1], atol=1e-4)


@pytest.mark.parametrize("frames", [1, 1_000, 44_100, 100_001])
def test_filtering_equals_a_convolution_of_the_same_length(frames):
    rng = np.random.default_rng(7)
    audio = Audio(rng.normal(0, 0.1, (2, frames)).astype(np.float32), 44_100)
    filtered = filter_mid_side(audio, BUMP_DB, BUMP_DB)
    taps = minimum_phase(BUMP_DB, 44_100).astype(np.float64)
    size = frames + taps.size
    expected = np.fft.irfft(np.fft.rfft(audio.samples, size) * np.fft.rfft(taps, size), size)
    assert np.allclose(filtered.samples, expected[:, :frames], atol=1e-6)


def test_swapped_channels_swap_the_result():
    audio = song(4.0)
    swapped = Audio(np.ascontiguousarray(audio.samples[::-1]), audio.rate_hz)
    first, second = filter_mid_side(audio, BUMP_DB, FLAT), filter_mid_side(swapped, BUMP_DB, FLAT)
    assert np.allclose(first.samples[::-1], second.samples, atol=1e-6)


def test_nothing_to_do_gives_back_the_same_audio():
    audio = song(4.0)
    profile = measure(audio)
    assert filter_mid_side(audio, FLAT, FLAT) is audio
    for amount in (0.0, 0.7, 1.0):
        assert apply_tone(audio, plan_tone(profile, profile, amount=amount)) is audio
    other = measure(song(4.0, seed=3))
    assert apply_tone(audio, plan_tone(profile, other, amount=0.0)) is audio


def test_a_known_change_of_the_same_programme_is_undone():
    original = song()
    wrong = filter_mid_side(original, BUMP_DB, BUMP_DB)
    plan = plan_tone(measure(wrong), measure(original), amount=1.0)
    left = (plan.applied_db + BUMP_DB)[HEARD]
    left -= left.mean()
    assert np.sqrt(np.mean(np.square(left))) <= 0.2
    assert np.abs(left).max() <= 0.5


def test_at_the_full_amount_the_tone_is_the_references():
    target, reference = song(seed=1), measure(filter_mid_side(song(seed=2), BUMP_DB, BUMP_DB))
    plan = plan_tone(measure(target), reference, amount=1.0)
    assert third_octave_distance(measure(apply_tone(target, plan)), reference) <= 1.0


def test_the_distance_to_the_reference_falls_with_the_amount():
    target, reference = song(seed=1), measure(filter_mid_side(song(seed=2), BUMP_DB, BUMP_DB))
    profile = measure(target)
    distances = [
        third_octave_distance(measure(apply_tone(target, plan)), reference)
        for amount in (0.0, 0.35, 0.7, 1.0)
        for plan in [plan_tone(profile, reference, amount=amount)]
    ]
    assert distances == sorted(distances, reverse=True)


def test_the_caps_hold_and_are_told():
    target = song(seed=1)
    reference = measure(filter_mid_side(target, 8.0 * BUMP_DB / 5.0 * 4, BUMP_DB))
    plan = plan_tone(measure(target), reference, amount=1.0)
    assert "capped" in plan.reasons
    assert np.abs(plan.applied_db).max() <= 12.0
    assert np.allclose(plan.applied_db + plan.capped_db, plan.wanted_db, atol=0.02)


def test_a_lossy_reference_never_cuts_the_top():
    original = song()
    spectrum = np.fft.rfft(original.samples)
    spectrum[:, np.fft.rfftfreq(original.frames, 1 / 44_100) > 12_000] *= 1e-4
    lossy = Audio(np.fft.irfft(spectrum, original.frames).astype(np.float32), 44_100)
    plan = plan_tone(measure(original), measure(lossy), amount=1.0)
    assert "cutoff" in plan.reasons
    assert np.abs(plan.applied_db).max() < 0.5


def test_one_channel_is_matched_like_two():
    plan = plan_tone(measure(mono(song(seed=1))), measure(song(seed=2)), amount=1.0)
    result = apply_tone(mono(song(seed=1)), plan)
    assert result.channels == 1
    assert np.all(np.isfinite(result.samples))


def test_level_is_not_tone():
    plan = plan_tone(measure(song()), measure(changed(song(), gain=0.25)), amount=1.0)
    assert np.abs(plan.applied_db).max() < 0.05
