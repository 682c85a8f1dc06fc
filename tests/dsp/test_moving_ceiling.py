"""A ceiling that moves with the loudness asks the same of loud and quiet passages."""

from dataclasses import replace

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.chain import plan_master, process
from dsp.forecast import Limits, Model
from dsp.loudness import loudness_range_lu, weighted_energies
from dsp.maximizer import maximize
from dsp.measure import measure
from dsp.moving_ceiling import MovingCeiling, driven_peaks
from dsp.recipe import Limit, Recipe, Step, repeat
from dsp.settings import MasterSettings
from tests.dsp.music import song

CEILING_DBTP = -1.0
GOAL_LUFS = -30.0  # no peak reaches the ceiling by itself
LOUD_SECONDS = 20.0


def peaky(audio: Audio) -> Audio:
    """Return audio with a sharp peak four times a second."""
    samples = audio.samples.copy()
    samples[:, 1_000 :: audio.rate_hz // 4] *= 2.0
    return Audio(samples, audio.rate_hz)


def in_two_parts(step_db: float) -> Audio:
    """Return a peaky song whose second half is so much quieter."""
    loud = peaky(song(LOUD_SECONDS))
    quiet = loud.samples * np.float32(10 ** (-step_db / 20))
    return Audio(np.concatenate([loud.samples, quiet], axis=1), loud.rate_hz)


def parts(audio: Audio) -> list[Audio]:
    half = audio.frames // 2
    return [
        Audio(np.ascontiguousarray(audio.samples[:, place]), audio.rate_hz)
        for place in (slice(0, half), slice(half, None))
    ]


def psr_db(audio: Audio) -> float:
    return float(measure(audio).psr_db[1])


def test_peaks_of_a_quieter_passage_come_as_much_nearer_as_those_of_a_louder_one():
    audio = in_two_parts(4.0)
    goal_db = psr_db(audio) - 2.0
    held = maximize(audio, goal_lufs=GOAL_LUFS, ceiling_dbtp=CEILING_DBTP, psr_goal_db=goal_db)
    assert held.passes.moving is not None
    assert psr_db(held.audio) == pytest.approx(goal_db, abs=0.3)
    loud, quiet = map(psr_db, parts(held.audio))
    assert loud == pytest.approx(quiet, abs=0.3)
    before, after = (loudness_range_lu(weighted_energies(each)) for each in (audio, held.audio))
    assert after == pytest.approx(before, abs=0.25)


def test_one_ceiling_for_all_would_take_from_the_range():
    audio = in_two_parts(4.0)
    goal_db = psr_db(audio) - 2.0
    goal_lufs = measure(audio).integrated_lufs
    top_dbtp = float(np.median(measure(parts(audio)[0]).integrated_lufs)) + goal_db
    pressed = maximize(audio, goal_lufs=goal_lufs, ceiling_dbtp=top_dbtp)
    loud, quiet = map(psr_db, parts(pressed.audio))
    assert quiet > loud + 1.0


def test_a_hush_keeps_its_peaks():
    audio = in_two_parts(20.0)
    goal_db = psr_db(parts(audio)[0]) - 2.0
    held = maximize(audio, goal_lufs=GOAL_LUFS, ceiling_dbtp=CEILING_DBTP, psr_goal_db=goal_db)
    assert held.passes.moving is not None
    quiet_before, quiet_after = (psr_db(parts(each)[1]) for each in (audio, held.audio))
    assert quiet_after == pytest.approx(quiet_before, abs=0.05)


def test_peaks_come_no_nearer_than_the_range_bears():
    audio = in_two_parts(14.0)
    range_lu = loudness_range_lu(weighted_energies(audio))
    goal_db = psr_db(parts(audio)[0]) - 4.0
    free, kept = (
        maximize(
            audio,
            goal_lufs=GOAL_LUFS,
            ceiling_dbtp=CEILING_DBTP,
            psr_goal_db=goal_db,
            kept_range_lu=allowed,
        )
        for allowed in (None, (range_lu, range_lu + 1.0))
    )
    assert free.passes.moving is not None
    assert loudness_range_lu(free.energies) < range_lu - 0.25
    assert loudness_range_lu(kept.energies) > range_lu - 0.25
    assert kept.passes.moving is None or kept.passes.moving.over_db > free.passes.moving.over_db


def test_no_peak_loses_more_than_the_most():
    peaks, slow = np.array([0.9, 0.5, 0.1], dtype=np.float32), np.full(3, 0.1, dtype=np.float32)
    moving = MovingCeiling(over_db=6.0, most_db=4.0)
    asked = moving.asked(peaks, slow)
    assert 20 * np.log10(asked) == pytest.approx([4.0, 4.0, 0.0], abs=0.01)


def test_what_a_moving_ceiling_takes_does_not_hang_on_the_drive():
    peaks = np.array([0.9, 0.5, 0.1], dtype=np.float32)
    asked = np.array([1.5, 1.2, 1.0], dtype=np.float32)
    for drive_db in (-12.0, -3.0):
        drive = 10 ** (drive_db / 20)
        taken = driven_peaks(peaks, asked, 0.9, drive_db) * drive / 0.9
        assert taken == pytest.approx([1.5, 1.2, 0.1 * drive / 0.9], rel=1e-5)
    louder = driven_peaks(peaks, asked, 0.9, 6.0) * 10 ** (6.0 / 20) / 0.9
    assert louder[0] == pytest.approx(10 ** (6.0 / 20), rel=1e-5)  # the ceiling asks for more


def test_a_forecast_tells_what_a_moving_ceiling_leaves():
    audio = peaky(song(LOUD_SECONDS))
    model = Model(audio, CEILING_DBTP, Limits(6.0, 2.0))
    goal_db = psr_db(audio) - 1.5
    moving = model.moving_ceiling(goal_db, 0.0)
    assert moving is not None
    model.follow(moving)
    made = maximize(
        audio, goal_lufs=measure(audio).integrated_lufs, ceiling_dbtp=CEILING_DBTP, moving=moving
    )
    told = model.forecast(made.drive_db)
    assert made.integrated_lufs == pytest.approx(told.lufs, abs=0.05)
    assert made.mean_reduction_db == pytest.approx(told.mean_reduction_db, abs=0.02)
    assert psr_db(made.audio) == pytest.approx(goal_db, abs=0.3)


def test_peaks_that_stand_near_enough_are_left_alone():
    audio = song(LOUD_SECONDS)
    free = maximize(audio, goal_lufs=GOAL_LUFS, ceiling_dbtp=CEILING_DBTP)
    asked = maximize(
        audio, goal_lufs=GOAL_LUFS, ceiling_dbtp=CEILING_DBTP, psr_goal_db=psr_db(audio) + 1.0
    )
    assert asked.passes.moving is None
    assert np.array_equal(asked.audio.samples, free.audio.samples)


def test_without_limiting_there_is_none():
    audio = peaky(song(LOUD_SECONDS))
    held = maximize(
        audio, goal_lufs=GOAL_LUFS, ceiling_dbtp=CEILING_DBTP, psr_goal_db=6.0, max_limiting_db=0.0
    )
    assert held.passes.moving is None
    assert held.max_reduction_db == 0.0


@pytest.mark.parametrize("loudness", [-30.0, -20.0])
def test_a_recipe_repeats_it_to_the_bit(loudness):
    mix, reference = peaky(song(LOUD_SECONDS)), measure(song(LOUD_SECONDS, seed=1))
    plan = plan_master(measure(mix), reference, MasterSettings(amount=1.0, loudness=loudness))
    plan = replace(plan, dynamics=replace(plan.dynamics, psr_db=psr_db(mix) - 2.0))
    steps: list[Step] = []
    copy = Audio(mix.samples.copy(), mix.rate_hz)
    made, *_ = process(copy, plan, in_place=True, steps=steps)
    assert any(isinstance(step, Limit) and step.passes.moving for step in steps)
    recipe = Recipe("", mix.rate_hz, mix.frames, 2, -20.0, 6.0, tuple(steps))
    again = Recipe.from_dict(recipe.to_dict())
    assert again.to_dict() == recipe.to_dict()
    copy = Audio(mix.samples.copy(), mix.rate_hz)
    assert np.array_equal(repeat(copy, again.steps, in_place=True).audio.samples, made.samples)
