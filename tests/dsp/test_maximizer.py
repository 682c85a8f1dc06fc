import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsp.audio import Audio
from dsp.dither import quantize
from dsp.errors import NotFinite
from dsp.loudness import integrated_lufs, weighted_energies
from dsp.maximizer import TOLERANCE_LU, maximize
from dsp.measure import measure
from dsp.peaks import read_meters, true_peak_dbtp
from tests.dsp.sounds import audio, burst_noise, music, silence, stereo, tone

CEILING_DBTP = -1.0
_CEILING_SLACK_LU = 0.1  # the ceiling is sought in steps of 0.1 dB


def highest_reading_dbtp(sound):
    meters = read_meters(sound)
    return max(meters.polyphase_dbtp, meters.itu_dbtp, meters.libebur128_dbtp)


def assert_kept(result, *, max_limiting_db=6.0, max_mean_limiting_db=2.0):
    """Assert every promise that holds for any input."""
    measured = integrated_lufs(weighted_energies(result.audio))
    assert highest_reading_dbtp(result.audio) <= CEILING_DBTP
    assert result.max_reduction_db <= max_limiting_db
    assert result.mean_reduction_db <= max_mean_limiting_db
    assert result.integrated_lufs == measured
    assert measured <= result.goal_lufs + TOLERANCE_LU
    if result.held_by is None:
        assert abs(measured - result.goal_lufs) <= TOLERANCE_LU


SOUNDS = {
    "music": music(8),
    "quiet music": music(8, level_db=-30),
    "music far too loud": music(8, level_db=25),
    "one channel": Audio(music(8).samples[:1].copy(), 48_000),
    "low rate": music(6, rate_hz=8_000),
    "high rate": music(3, rate_hz=192_000),
    "tone": stereo(tone(997, 4)),
    "worst noise": burst_noise(2),
    "silence before and after": audio(np.pad(music(4).samples, ((0, 0), (96_000, 96_000)))),
    "clicks": audio(np.where(np.arange(96_000) % 9_600 == 4_800, 0.9, 0.002)),
}


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("goal_lufs", [-30.0, -16.0, -11.0, -5.0])
def test_the_goal_is_reached_or_the_reason_told_and_the_limits_kept(name, goal_lufs):
    result = maximize(SOUNDS[name], goal_lufs=goal_lufs, ceiling_dbtp=CEILING_DBTP)
    assert result.audio.samples.shape == SOUNDS[name].samples.shape
    assert_kept(result)


def test_a_goal_of_peaks_over_loudness_is_met_and_one_that_is_met_changes_nothing():
    free = maximize(music(12), goal_lufs=-20.0, ceiling_dbtp=CEILING_DBTP)
    before = measure(free.audio).psr_db[1]
    asked = maximize(
        music(12), goal_lufs=-20.0, ceiling_dbtp=CEILING_DBTP, psr_goal_db=before - 1.0
    )
    assert asked.held_by is None
    assert measure(asked.audio).psr_db[1] == pytest.approx(before - 1.0, abs=0.3)
    high = maximize(music(12), goal_lufs=-20.0, ceiling_dbtp=CEILING_DBTP, psr_goal_db=before + 9.0)
    assert np.array_equal(high.audio.samples, free.audio.samples)


def test_peaks_come_nearer_no_further_than_the_goal_allows():
    free = maximize(music(12), goal_lufs=-14.0, ceiling_dbtp=CEILING_DBTP)
    before = measure(free.audio).psr_db[1]
    asked = maximize(
        music(12), goal_lufs=-14.0, ceiling_dbtp=CEILING_DBTP, psr_goal_db=before - 6.0
    )
    assert free.held_by is None
    assert asked.held_by is None
    assert abs(asked.integrated_lufs + 14.0) <= TOLERANCE_LU
    assert measure(asked.audio).psr_db[1] < before - 0.2


def test_a_goal_out_of_reach_is_missed_by_no_more_for_nearer_peaks():
    free = maximize(music(12), goal_lufs=-5.0, ceiling_dbtp=CEILING_DBTP)
    asked = maximize(music(12), goal_lufs=-5.0, ceiling_dbtp=CEILING_DBTP, psr_goal_db=4.0)
    assert free.held_by is not None
    assert asked.integrated_lufs >= free.integrated_lufs - _CEILING_SLACK_LU


@pytest.mark.parametrize("goal_lufs", [-14.0, -13.0])
def test_a_goal_within_reach_is_met_closely(goal_lufs):
    result = maximize(music(12), goal_lufs=goal_lufs, ceiling_dbtp=CEILING_DBTP)
    assert result.held_by is None
    assert result.integrated_lufs == pytest.approx(goal_lufs, abs=0.011)
    assert result.max_reduction_db > 0.5


def test_a_quieter_goal_is_plain_gain():
    sound = music(6)
    before = integrated_lufs(weighted_energies(sound))
    result = maximize(sound, goal_lufs=before - 8.0, ceiling_dbtp=CEILING_DBTP)
    gain = result.audio.samples / np.where(sound.samples == 0, 1, sound.samples)
    assert result.held_by is None
    assert result.max_reduction_db == 0.0
    assert result.clipped is None
    assert np.ptp(gain[sound.samples != 0]) < 1e-6
    assert result.drive_db == pytest.approx(-8.0, abs=0.005)


def test_a_quieter_goal_still_keeps_the_ceiling():
    sound = music(6, level_db=20)
    goal_lufs = integrated_lufs(weighted_energies(sound)) - 6.0
    result = maximize(sound, goal_lufs=goal_lufs, ceiling_dbtp=CEILING_DBTP)
    assert true_peak_dbtp(result.audio) <= CEILING_DBTP


def test_more_than_the_highest_reduction_is_refused_and_said():
    result = maximize(music(8), goal_lufs=-5, ceiling_dbtp=-1, max_mean_limiting_db=30)
    assert result.held_by == "max_limiting"
    assert 5.8 < result.max_reduction_db <= 6.0


def test_more_than_the_mean_reduction_is_refused_and_said():
    result = maximize(music(8), goal_lufs=-5, ceiling_dbtp=-1, max_mean_limiting_db=0.5)
    assert result.held_by == "mean_limiting"
    assert 0.47 < result.mean_reduction_db <= 0.5


def test_what_only_flattens_is_refused_and_said():
    result = maximize(
        burst_noise(3), goal_lufs=0, ceiling_dbtp=-1, max_limiting_db=20, max_mean_limiting_db=20
    )
    assert result.held_by == "saturation"


@pytest.mark.parametrize("name", SOUNDS)
def test_no_limiting_allowed_is_no_limiting_done(name):
    result = maximize(SOUNDS[name], goal_lufs=3.0, ceiling_dbtp=CEILING_DBTP, max_limiting_db=0.0)
    assert_kept(result, max_limiting_db=0.0)
    assert result.max_reduction_db == 0.0
    assert not result.limited.reduction_db.any()
    assert result.held_by == "ceiling"
    assert true_peak_dbtp(result.audio) == pytest.approx(CEILING_DBTP, abs=0.01)


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(max_limiting_db=st.floats(0, 6), mean_db=st.floats(0.05, 2), seed=st.integers(0, 9))
def test_any_limits_are_kept(max_limiting_db, mean_db, seed):
    result = maximize(
        music(5, seed=seed, level_db=3),
        goal_lufs=-7,
        ceiling_dbtp=CEILING_DBTP,
        max_limiting_db=max_limiting_db,
        max_mean_limiting_db=mean_db,
    )
    assert_kept(result, max_limiting_db=max_limiting_db, max_mean_limiting_db=mean_db)


def test_a_higher_goal_is_never_quieter():
    sound = music(8)
    reached = [
        maximize(sound, goal_lufs=goal, ceiling_dbtp=CEILING_DBTP).integrated_lufs
        for goal in np.arange(-20.0, -6.0, 1.0)
    ]
    assert (np.diff(reached) > -0.03).all()


@pytest.mark.parametrize("gain_db", [-20.0, -3.0, 9.0])
def test_the_level_that_comes_in_does_not_matter(gain_db):
    sound = music(8)
    other = Audio(sound.samples * np.float32(10 ** (gain_db / 20)), sound.rate_hz)
    one = maximize(sound, goal_lufs=-12, ceiling_dbtp=CEILING_DBTP)
    two = maximize(other, goal_lufs=-12, ceiling_dbtp=CEILING_DBTP)
    assert two.drive_db == pytest.approx(one.drive_db - gain_db, abs=0.02)
    assert np.abs(two.audio.samples - one.audio.samples).max() < 5e-3


def test_swapped_channels_swap_the_result():
    sound = music(6)
    swapped = Audio(np.ascontiguousarray(sound.samples[::-1]), sound.rate_hz)
    one, other = (
        maximize(s, goal_lufs=-12, ceiling_dbtp=-1).audio.samples for s in (sound, swapped)
    )
    assert (other == one[::-1]).all()


def test_it_is_the_same_every_time_and_leaves_what_came_in():
    sound = music(6)
    before = sound.samples.copy()
    one, other = (maximize(sound, goal_lufs=-12, ceiling_dbtp=-1) for _ in range(2))
    assert (one.audio.samples == other.audio.samples).all()
    assert (sound.samples == before).all()


@pytest.mark.parametrize("goal_lufs", [-14.0, -9.0])
@pytest.mark.parametrize("bits", [16, 24])
def test_dither_does_not_lift_it_over_the_ceiling(goal_lufs, bits):
    result = maximize(music(6), goal_lufs=goal_lufs, ceiling_dbtp=CEILING_DBTP)
    words = quantize(result.audio.samples, bits, seed=1)
    written = Audio((words / 2.0 ** (bits - 1)).astype(np.float32), 48_000)
    assert highest_reading_dbtp(written) <= CEILING_DBTP


def test_short_peaks_are_clipped_and_tones_are_not():
    drums = maximize(music(8), goal_lufs=-12, ceiling_dbtp=-1).clipped
    lasting = maximize(stereo(tone(997, 4)), goal_lufs=0.5, ceiling_dbtp=-1).clipped
    assert drums is not None
    assert drums.clipped_ms > 0.0
    assert lasting is not None
    assert lasting.clipped_ms == 0.0


@pytest.mark.parametrize(
    "sound",
    [
        stereo(silence(2)),
        stereo(silence(0)),
        stereo(np.array([0.5])),
        stereo(np.array([5.0])),
        stereo(np.full(9_000, 3.0)),
        audio(1e-6 * tone(997, 1)),
    ],
)
def test_what_has_no_loudness_is_only_held_under_the_ceiling(sound):
    result = maximize(sound, goal_lufs=-14, ceiling_dbtp=CEILING_DBTP)
    assert result.held_by == "silence"
    assert result.integrated_lufs == -math.inf
    assert result.drive_db <= 0.0
    assert highest_reading_dbtp(result.audio) <= CEILING_DBTP


def test_samples_that_are_no_numbers_are_refused():
    samples = music(1).samples.copy()
    samples[0, 5] = np.nan
    with pytest.raises(NotFinite, match="finite"):
        maximize(Audio(samples, 48_000), goal_lufs=-14, ceiling_dbtp=CEILING_DBTP)
