from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.dynamics import (
    Levels,
    apply_dynamics,
    block_energies,
    plan_dynamics,
    range_overshoot_lu,
    repeat_dynamics,
    under_ceiling,
)
from dsp.gains import onset_shares, windowed_lufs, with_gain
from dsp.loudness import (
    integrated_lufs,
    loudness_range_lu,
    measure_loudness,
    steps_of_blocks,
    weighted_energies,
)
from dsp.maximizer import Maximized, maximize
from dsp.measure import measure
from dsp.multiband import apply_bands
from dsp.peaks import block_frames
from dsp.ranges import find_ride
from dsp.rides import apply_ride
from tests.dsp.music import mono, song


def swelling(seconds: float = 20.0, *, depth_db: float = 0.0, seed: int = 0) -> Audio:
    """Return a song that swells and falls by 6 dB and more every two seconds."""
    audio = song(seconds, seed=seed)
    swell = np.sin(np.pi * np.arange(audio.frames) / audio.rate_hz)
    gain = 10 ** ((6.0 * swell + depth_db * np.maximum(0.0, swell)) / 20)
    return Audio((audio.samples * gain).astype(np.float32), audio.rate_hz)


def squared() -> Audio:
    """Return a song without a peak of its own."""
    return Audio(np.sign(song().samples) * np.float32(0.1), song().rate_hz)


def spread(audio: Audio) -> float:
    levels = measure_loudness(weighted_energies(audio)).momentary_lufs
    return float(np.subtract(*np.percentile(levels, [95, 50])))


def test_loud_moments_that_stand_out_too_far_are_brought_back():
    wrong, right = swelling(depth_db=3.0), swelling()
    plan = plan_dynamics(measure(wrong), measure(right), amount=0.7)
    assert plan.bands is not None
    banded, *_ = apply_bands(wrong, plan.bands)
    result, stats = apply_dynamics(banded, plan)
    assert abs(spread(result) - spread(right)) < 0.5 * abs(spread(wrong) - spread(right))
    assert stats.lowest_db < -1.0
    assert stats.mean_db > 0.2


def test_a_track_against_itself_and_an_amount_of_nothing_change_nothing():
    audio = swelling()
    profile, other = measure(audio), measure(swelling(depth_db=3.0))
    for amount in (0.0, 0.7, 1.0):
        assert apply_dynamics(audio, plan_dynamics(profile, profile, amount=amount))[0] is audio
    assert apply_dynamics(audio, plan_dynamics(profile, other, amount=0.0))[0] is audio


def test_the_energies_of_blocks_follow_the_gain():
    wrong = swelling(depth_db=3.0)
    plan = plan_dynamics(measure(wrong), measure(swelling()), amount=0.7)
    known, gone_on = block_energies(wrong), block_energies(wrong)
    result, _ = apply_dynamics(wrong, plan, blocks=gone_on)
    assert np.array_equal(result.samples, apply_dynamics(wrong, plan)[0].samples)
    loudness = [
        integrated_lufs(steps_of_blocks(blocks, block_frames(result.rate_hz), result.rate_hz))
        for blocks in (known, gone_on, block_energies(result))
    ]
    assert loudness[1] == pytest.approx(loudness[2], abs=0.01)
    assert abs(loudness[0] - loudness[2]) > 0.1


def test_the_gain_stays_within_its_caps_and_slopes():
    plan = plan_dynamics(measure(swelling(depth_db=12.0)), measure(song(20.0)), amount=1.0)
    assert np.abs(plan.applied_db).max() <= 3.0
    assert "capped" in plan.reasons
    out = plan.levels_lu + plan.applied_db
    assert np.all(np.diff(out) >= 0.0)


def test_length_and_channels_are_kept():
    for audio in (swelling(depth_db=3.0), mono(swelling(depth_db=3.0))):
        plan = plan_dynamics(measure(audio), measure(swelling()), amount=1.0)
        result, _ = apply_dynamics(audio, plan)
        assert result.samples.shape == audio.samples.shape
        assert np.all(np.isfinite(result.samples))


def test_the_loudness_range_never_moves_away_from_the_references():
    target = swelling(80.0, depth_db=2.0)
    reference = measure(song(80.0, seed=1))
    before = measure(target)
    assert before.loudness_range_lu is not None
    assert reference.loudness_range_lu is not None
    for amount in (0.7, 1.0):
        result, _ = apply_dynamics(target, plan_dynamics(before, reference, amount=amount))
        after = measure(result).loudness_range_lu
        assert after is not None
        distances = [
            abs(x - reference.loudness_range_lu) for x in (before.loudness_range_lu, after)
        ]
        assert distances[1] <= distances[0] + 0.05


def peaky(audio: Audio, gain: float = 1.5) -> Audio:
    """Return audio with a peak of its own every second."""
    samples = audio.samples.copy()
    samples[:, 10_000::40_000] = gain * np.abs(samples).max()
    return Audio(samples, audio.rate_hz)


def test_peaks_are_asked_to_come_as_near_as_the_references():
    calm, high = measure(song()), measure(peaky(song()))
    gap = high.psr_db[1] - calm.psr_db[1]
    assert gap > 2.5
    goals = [plan_dynamics(high, calm, amount=a).psr_db for a in (0.35, 0.7, 1.0)]
    assert goals[2] == pytest.approx(calm.psr_db[1], abs=0.01)
    assert goals[1] == pytest.approx(calm.psr_db[1] + 0.15 * gap, abs=0.1)
    assert goals[1] is not None
    assert goals[0] == pytest.approx((goals[1] + high.psr_db[1]) / 2, abs=0.01)
    capped = plan_dynamics(high, measure(squared()), amount=1.0).psr_db
    assert capped == pytest.approx(high.psr_db[1] - 4.0, abs=0.01)
    assert plan_dynamics(high, calm, amount=0.0).psr_db is None


def test_at_the_end_peaks_go_no_further_over_the_loudness_than_the_references():
    calm, high = measure(song()), measure(peaky(song()))
    assert plan_dynamics(calm, high, amount=0.7).psr_db is None
    assert plan_dynamics(calm, high, amount=1.0).psr_db == pytest.approx(high.psr_db[1], abs=0.01)


def test_a_gap_that_sections_of_one_track_have_is_left_open():
    calm, high = measure(song()), measure(peaky(song(), gain=1.0))
    gap = high.psr_db[1] - calm.psr_db[1]
    assert 0.1 < gap < 1.2
    goal = plan_dynamics(high, calm, amount=0.7).psr_db
    assert goal == pytest.approx(high.psr_db[1], abs=0.5 * gap)


@pytest.mark.parametrize("overshoot_lu", [-0.4, 0.4])
def test_a_ride_makes_up_for_the_range_and_for_what_limiting_takes_of_it(overshoot_lu):
    audio = swelling(80.0)

    def pressed(mix: Audio) -> Maximized:
        return maximize(mix, goal_lufs=-16.0, ceiling_dbtp=-1.0)

    limited = pressed(audio)
    assert limited.held_by is None
    assert limited.max_reduction_db > 3.0
    ride = find_ride(audio, overshoot_lu, limited)
    before, after = (
        loudness_range_lu(each.energies) for each in (limited, pressed(apply_ride(audio, ride)))
    )
    assert after == pytest.approx(before - overshoot_lu, abs=0.03)
    unlimited = loudness_range_lu(weighted_energies(apply_ride(audio, ride)))
    assert abs(unlimited - loudness_range_lu(weighted_energies(audio))) > 1.1 * abs(overshoot_lu)


def test_the_range_overshoots_only_outside_what_is_allowed():
    audio = swelling(80.0)
    spread_lu = measure(audio).loudness_spread_lu
    plan = plan_dynamics(measure(audio), measure(song(80.0, seed=1)), amount=0.7)
    for allowed, overshoot in (
        ((0.0, spread_lu + 1.0), 0.0),
        ((0.0, spread_lu - 1.0), 1.0),
        ((spread_lu + 1.0, 30.0), -1.0),
    ):
        bounded = replace(plan, allowed_range_lu=allowed)
        assert range_overshoot_lu(weighted_energies(audio), bounded) == pytest.approx(
            overshoot, abs=0.01
        )
    assert range_overshoot_lu(weighted_energies(audio), replace(plan, allowed_range_lu=None)) == 0.0


def test_hits_that_are_too_strong_are_taken_back_by_a_fast_gain():
    right = song(24.0)
    energies = weighted_energies(right)
    levels = windowed_lufs(energies, 0.02)
    over_db = 0.25 * np.maximum(0.0, levels - np.median(levels))
    wrong = with_gain(right, over_db, energies.step_seconds)
    plan = plan_dynamics(measure(wrong), measure(right), amount=0.7)
    assert plan.fast_db_per_lu < -0.02
    fast_alone = replace(plan, applied_db=np.zeros_like(plan.applied_db), allowed_range_lu=None)
    result, stats = apply_dynamics(wrong, fast_alone)
    assert -3.0 <= stats.fast_lowest_db < -0.3
    truth, before, after = (measure(x).micro_quantiles_lu for x in (right, wrong, result))
    assert np.abs(after - truth).mean() < 0.85 * np.abs(before - truth).mean()


def test_a_ceiling_that_brings_peaks_nearer_than_asked_leaves_nothing_to_the_fast_gain():
    high = measure(peaky(song()))
    plan = plan_dynamics(high, measure(song()), amount=0.7)
    assert plan.psr_db is not None
    free = under_ceiling(plan, high, goal_lufs=-30.0, ceiling_dbtp=-1.0)
    pressed = under_ceiling(plan, high, goal_lufs=-6.0, ceiling_dbtp=-1.0)
    assert free.fast_db_per_lu == plan.fast_db_per_lu < 0.0
    assert pressed.fast_db_per_lu == 0.0


def test_the_gain_by_level_is_halved_at_onsets_and_whole_elsewhere():
    audio = song(20.0)
    shares = onset_shares(weighted_energies(audio))
    assert shares.max() == 1.0
    assert 0.02 < np.mean(shares > 0.0) < 0.5
    tone = np.sin(np.arange(10 * 44_100) * 0.05).astype(np.float32) * 0.1
    steady = Audio(np.stack([tone, tone]), 44_100)
    assert not np.any(onset_shares(weighted_energies(steady))[5:])
    levels = Levels(np.array([-40.0, 0.0]), np.array([-2.0, -2.0]), -20.0, None, None, 0.5)
    guarded, *_ = repeat_dynamics(audio, levels)
    ratio = guarded.samples[0, 1:] / np.where(audio.samples[0, 1:] == 0, 1, audio.samples[0, 1:])
    gains_db = 20.0 * np.log10(np.maximum(np.abs(ratio[np.abs(audio.samples[0, 1:]) > 1e-3]), 0.1))
    assert gains_db.min() == pytest.approx(-2.0, abs=0.05)
    assert gains_db.max() == pytest.approx(-1.0, abs=0.1)
