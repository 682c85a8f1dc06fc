from __future__ import annotations

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.spectrum import (
    BAND_CENTRES_HZ,
    BAND_COUNT,
    THIRD_OCTAVES_HZ,
    band_spectrogram,
    smooth,
    third_octaves,
    to_db,
)


def sine(hz: float, rate_hz: int, seconds: float = 2.0) -> Audio:
    wave = 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)
    return Audio(np.stack([wave, wave]).astype(np.float32), rate_hz)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
def test_bands_of_a_sine_hold_its_mean_square_where_it_sounds(rate_hz):
    bands = band_spectrogram(sine(1_000.0, rate_hz)).mid.mean(axis=0)
    near = np.abs(np.log2(BAND_CENTRES_HZ / 1_000.0)) < 0.1
    assert bands[near].sum() == pytest.approx(0.125, rel=0.01)
    assert bands[~near].sum() < 1e-6


def test_sound_in_both_channels_alike_is_all_mid_and_against_each_other_all_side():
    audio = sine(500.0, 44_100)
    against = Audio(audio.samples * np.array([[1], [-1]], dtype=np.float32), audio.rate_hz)
    assert not band_spectrogram(audio).side.any()
    assert not band_spectrogram(against).mid.any()
    assert np.allclose(band_spectrogram(against).side, band_spectrogram(audio).mid)


def test_one_channel_reads_as_the_same_in_both():
    audio = sine(500.0, 44_100)
    one = Audio(np.ascontiguousarray(audio.samples[:1]), audio.rate_hz)
    assert np.allclose(band_spectrogram(one).mid, band_spectrogram(audio).mid)
    assert not band_spectrogram(one).side.any()


def test_noise_has_its_power_in_the_bands_and_in_the_bins():
    rng = np.random.default_rng(1)
    audio = Audio(rng.normal(0, 0.1, (2, 44_100 * 12)).astype(np.float32), 44_100)
    spectrogram = band_spectrogram(audio)
    inside = (16_000 - 30) / 22_050
    both = spectrogram.mid.sum(axis=1).mean() + spectrogram.side.sum(axis=1).mean()
    assert both == pytest.approx(0.01 * inside, rel=0.02)
    assert spectrogram.fine.sum() == pytest.approx(0.01, rel=0.02)


def test_less_than_a_frame_is_one_frame():
    spectrogram = band_spectrogram(Audio(np.ones((2, 100), dtype=np.float32), 44_100))
    assert spectrogram.mid.shape == (1, BAND_COUNT)
    assert np.all(np.isfinite(spectrogram.mid))


def test_progress_ends_at_the_whole():
    told: list[float] = []
    band_spectrogram(sine(500.0, 44_100, 25.0), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 2


def test_smoothing_keeps_a_constant_and_fills_what_has_no_weight():
    weights = np.ones(BAND_COUNT)
    weights[50:60] = 0.0
    curve = np.where(weights > 0, 3.0, np.inf)
    curve[50:60] = 99.0
    assert np.allclose(smooth(curve, 1.0, weights=weights), 3.0)
    assert np.array_equal(smooth(curve, 0.0), curve)


def test_third_octaves_keep_the_power():
    power = np.random.default_rng(2).uniform(0.1, 1.0, BAND_COUNT)
    assert third_octaves(power).sum() == pytest.approx(power.sum(), rel=0.01)
    assert third_octaves(power).shape == THIRD_OCTAVES_HZ.shape


def test_silence_in_db_has_a_floor():
    assert to_db(0.0) == -140.0
