import math

import numpy as np
import pyebur128
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsp.audio import Audio
from dsp.loudness import (
    integrated_lufs,
    loudness_range_lu,
    measure_loudness,
    steps_of_blocks,
    weighted_block_energies,
    weighted_energies,
)
from tests.dsp.sounds import audio, burst_noise, music, silence, stereo, tone


def integrated(sound):
    return integrated_lufs(weighted_energies(sound))


def libebur128(sound):
    modes = pyebur128.MeasurementMode
    state = pyebur128.R128State(
        sound.channels, sound.rate_hz, modes.MODE_I | modes.MODE_S | modes.MODE_LRA
    )
    return state, np.ascontiguousarray(sound.samples.T)


@pytest.mark.parametrize(
    "rate_hz", [44_100, 48_000, 88_200, 96_000, pytest.param(192_000, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("channels", [1, 2])
def test_integrated_loudness_agrees_with_libebur128(rate_hz, channels):
    sound = music(12, rate_hz=rate_hz, seed=rate_hz)
    sound = Audio(sound.samples[:channels].copy(), rate_hz)
    state, frames = libebur128(sound)
    state.add_frames(frames.ravel(), len(frames))
    assert integrated(sound) == pytest.approx(pyebur128.get_loudness_global(state), abs=0.02)


def test_short_term_loudness_agrees_with_libebur128_all_along():
    sound = music(12)
    state, frames = libebur128(sound)
    ours = measure_loudness(weighted_energies(sound)).short_term_lufs
    theirs = []
    for start in range(0, len(frames), 4_800):
        chunk = frames[start : start + 4_800]
        state.add_frames(chunk.ravel(), len(chunk))
        theirs.append(pyebur128.get_loudness_shortterm(state))
    assert ours == pytest.approx(np.array(theirs[29:]), abs=0.02)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 37_801, 44_100])
def test_odd_rates_read_the_same_loudness(rate_hz):
    sound = stereo(tone(1_000, 20, rate_hz=rate_hz, level_dbfs=-23), rate_hz)
    # The bilinear transform bends the shelf at low rates; EBU Tech 3341 allows 0.1 LU.
    assert integrated(sound) == pytest.approx(-23.0, abs=0.07 if rate_hz < 40_000 else 0.02)


def test_mono_reads_3_lu_below_the_same_sound_in_both_channels():
    sound = tone(1_000, 5, level_dbfs=-20)
    difference = integrated(stereo(sound)) - integrated(audio(sound))
    assert difference == pytest.approx(10 * math.log10(2), abs=1e-6)


def test_the_filter_is_exact_where_its_stretches_meet():
    sound = music(9, seed=5)
    coarse = weighted_block_energies(sound, 480)
    late = Audio(np.ascontiguousarray(sound.samples[:, 48_000:]), 48_000)
    # A second later every stretch starts elsewhere; half a second on, both filters have settled.
    assert weighted_block_energies(late, 480)[100:] == pytest.approx(coarse[200:], rel=1e-9)
    assert weighted_energies(sound).energies * 480 == pytest.approx(coarse, rel=1e-9)


def test_silence_has_no_loudness_and_no_range():
    loudness = measure_loudness(weighted_energies(stereo(silence(70))))
    assert loudness.integrated_lufs == -math.inf
    assert loudness.max_momentary_lufs == -math.inf
    assert loudness.max_short_term_lufs == -math.inf
    assert loudness.range_lu is None
    assert np.isneginf(loudness.momentary_lufs).all()


@pytest.mark.parametrize("frames", [0, 1, 479, 480, 19_199])
def test_less_than_a_gating_block_has_no_loudness(frames):
    loudness = measure_loudness(weighted_energies(stereo(np.full(frames, 0.5))))
    assert loudness.integrated_lufs == -math.inf
    assert loudness.momentary_lufs.size == loudness.short_term_lufs.size == 0
    assert loudness_range_lu(weighted_energies(stereo(np.full(frames, 0.5)))) == 0.0


def test_one_gating_block_is_enough():
    assert math.isfinite(integrated(stereo(tone(1_000, 0.4, level_dbfs=-23))))


def test_series_come_every_100_ms_from_the_first_whole_window_on():
    loudness = measure_loudness(weighted_energies(stereo(tone(1_000, 5))))
    assert len(loudness.momentary_lufs) == 47
    assert len(loudness.short_term_lufs) == 21


def test_the_range_is_told_only_where_a_minute_passes_the_gates():
    steady = [tone(1_000, 20, level_dbfs=level) for level in (-20, -30, -20)]
    short, long = np.concatenate(steady[:2]), np.concatenate(steady)
    assert measure_loudness(weighted_energies(stereo(short))).range_lu is None
    told = measure_loudness(weighted_energies(stereo(long))).range_lu
    assert told == pytest.approx(10.0, abs=0.1)
    quiet_end = np.concatenate([short, silence(30)])
    assert measure_loudness(weighted_energies(stereo(quiet_end))).range_lu is None


@settings(max_examples=20, deadline=None)
@given(gain_db=st.floats(-30, 20), seed=st.integers(0, 3))
def test_gain_in_is_gain_out(gain_db, seed):
    sound = music(4, seed=seed)
    louder = Audio(sound.samples * np.float32(10 ** (gain_db / 20)), sound.rate_hz)
    assert integrated(louder) - integrated(sound) == pytest.approx(gain_db, abs=1e-3)


def test_swapped_channels_and_turned_polarity_change_nothing():
    sound = music(4)
    swapped = Audio(np.ascontiguousarray(-sound.samples[::-1]), sound.rate_hz)
    assert (weighted_energies(swapped).energies == weighted_energies(sound).energies).all()


def test_what_is_fed_twice_reads_the_same():
    sound = burst_noise(3)
    assert (weighted_energies(sound).energies == weighted_energies(sound).energies).all()


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_steps_made_of_blocks_read_the_same_loudness(rate_hz):
    sound = music(12, rate_hz=rate_hz)
    steps = steps_of_blocks(weighted_block_energies(sound, 16), 16, rate_hz)
    assert integrated_lufs(steps) == pytest.approx(integrated(sound), abs=0.005)
    assert steps_of_blocks(np.zeros(0), 16, rate_hz).energies.size == 0
