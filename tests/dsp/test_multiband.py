"""Bands get dynamics of their own where like moments ask for it, and nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage, signal

from dsp.audio import Audio
from dsp.chain import master
from dsp.frozen import recipe_of
from dsp.measure import measure
from dsp.moments import compare
from dsp.multiband import CAP_DB, BandsPlan, apply_bands, plan_bands, repeat_bands
from dsp.recipe import Recipe, repeat
from dsp.report import describe
from dsp.settings import MasterSettings
from tests.dsp.music import RATE_HZ, song


def plan_of(*slopes: float) -> BandsPlan:
    return BandsPlan(np.array(slopes), np.array(slopes), None)


def expanded(*, low: float = 0.4, high: float = 0.4, seconds: float = 24.0) -> Audio:
    """Return a song whose bass and treble grow by themselves as they grow louder.

    A fourth-order filter of its own, forward and back, and the envelope of 50 ms of what it
    passes: none of it is shared with the stage.
    """
    audio = song(seconds)
    samples = audio.samples.astype(np.float64)
    rate_hz = audio.rate_hz
    for sections, slope in (
        (signal.butter(2, 110.0, "lowpass", fs=rate_hz, output="sos"), low),
        (signal.butter(2, 4_500.0, "highpass", fs=rate_hz, output="sos"), high),
    ):
        inside = signal.sosfiltfilt(sections, audio.samples, axis=1)
        power = ndimage.uniform_filter1d(np.square(inside).sum(axis=0), round(0.05 * RATE_HZ))
        level = 10.0 * np.log10(np.maximum(power, 1e-9))
        over = np.clip(level - np.median(level), 0.0, 15.0)
        samples += inside * (10.0 ** (slope * over / 20.0) - 1.0)
    return Audio(samples.astype(np.float32), audio.rate_hz)


def difference_db(one: Audio, other: Audio) -> float:
    rest = one.samples.astype(np.float64) - other.samples
    return 10.0 * float(np.log10(np.mean(rest**2) / np.mean(np.square(other.samples))))


def test_nothing_asked_for_changes_no_sample():
    audio = song()
    assert apply_bands(audio, plan_of(0.0, 0.0, 0.0, 0.0)) == (audio, None, None)


def test_bands_that_swell_by_themselves_are_brought_back():
    right, wrong = song(24.0), expanded()
    plan = plan_bands(compare(measure(wrong), measure(right)), amount=0.7)
    assert plan.reason is None
    assert plan.applied[0] < -0.1
    assert plan.applied[3] < -0.1
    result, stats, _ = apply_bands(wrong, plan)
    assert stats is not None
    assert difference_db(result, right) < difference_db(wrong, right) - 1.5
    half = plan_bands(compare(measure(wrong), measure(right)), amount=0.35)
    assert half.applied == pytest.approx(plan.applied / 2.0, abs=1e-3)
    assert not plan_bands(compare(measure(wrong), measure(right)), amount=0.0).applied.any()


def test_one_band_alone_and_sections_not_alike_are_left_alone():
    right, wrong = song(24.0), expanded(high=0.0)
    comparison = compare(measure(wrong), measure(right))
    alone = replace(comparison, group_slopes=np.array([-0.5, 0.0, 0.0, 0.0]))
    assert plan_bands(alone, amount=0.7).reason == "one_band"
    unlike = replace(
        comparison,
        unlikeness_db=3.0,
        group_slopes=np.array([-0.5, -0.5, -0.5, 0.0]),
        group_doubts=np.full(4, 0.1),
        group_rises_db=np.full(4, 8.0),
    )
    assert plan_bands(unlike, amount=0.7).reason == "unlike"
    assert not plan_bands(unlike, amount=0.7).applied.any()
    assert plan_bands(replace(unlike, unlikeness_db=1.0), amount=0.7).applied[:3].all()


def test_what_all_bands_ask_for_is_left_to_the_gains_of_the_whole():
    comparison = compare(measure(song(24.0)), measure(song(24.0, seed=1)))
    alike = replace(
        comparison,
        unlikeness_db=1.0,
        group_slopes=np.full(4, -0.5),
        group_doubts=np.full(4, 0.1),
        group_rises_db=np.full(4, 8.0),
    )
    assert not plan_bands(alike, amount=0.7).applied.any()


def test_a_track_toward_itself_is_left_alone():
    profile = measure(song(24.0))
    assert not plan_bands(compare(profile, profile), amount=1.0).applied.any()


def test_the_mean_level_of_a_band_stays_and_gains_keep_to_their_cap():
    audio = expanded(high=0.0)
    result, stats, _ = apply_bands(audio, plan_of(-0.4, 0.0, 0.0, -0.2))
    assert stats is not None
    assert stats.lowest_db.min() >= -CAP_DB
    assert stats.highest_db.max() <= CAP_DB
    assert stats.lowest_db[0] < -0.5 < 0.2 < stats.highest_db[0]
    assert np.array_equal(stats.mean_db[1:3], [0.0, 0.0])
    assert result.samples.shape == audio.samples.shape


def test_swapped_channels_swap_and_a_second_time_is_the_same_also_in_place():
    audio, plan = expanded(), plan_of(-0.3, 0.0, -0.1, -0.3)
    result, _, bands = apply_bands(audio, plan)
    swapped, _, _ = apply_bands(Audio(audio.samples[::-1].copy(), audio.rate_hz), plan)
    assert bands is not None
    again, _ = repeat_bands(audio, bands)
    in_place, _, _ = apply_bands(Audio(audio.samples.copy(), audio.rate_hz), plan, in_place=True)
    assert np.array_equal(result.samples, swapped.samples[::-1])
    assert np.array_equal(result.samples, again.samples)
    assert np.array_equal(result.samples, in_place.samples)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 96_000])
def test_other_rates_and_mono_and_a_gain_of_the_mix(rate_hz):
    samples = song(12.0).samples[:1, : 3 * rate_hz].copy()
    plan = plan_of(-0.3, -0.1, -0.1, -0.3)
    result, _, _ = apply_bands(Audio(samples, rate_hz), plan)
    quiet, _, _ = apply_bands(Audio(samples * np.float32(0.25), rate_hz), plan)
    assert result.samples.shape == samples.shape
    assert np.allclose(4.0 * quiet.samples, result.samples, atol=1e-5)


def test_the_recipe_repeats_them_to_the_bit_and_the_report_tells_of_them():
    right, loud = song(24.0), expanded()
    wrong = Audio(loud.samples * np.float32(0.5), loud.rate_hz)
    copy = Audio(wrong.samples.copy(), wrong.rate_hz)
    mastered = master(wrong, measure(right), MasterSettings(), in_place=True)
    bands = describe(mastered)["dynamics"]["bands"]
    assert [band["high_hz"] for band in bands] == [120.0, 600.0, 4_000.0, None]
    assert bands[0]["applied_db_per_db"] < 0.0
    assert bands[0]["lowest_db"] < 0.0
    recipe = Recipe.from_dict(json.loads(json.dumps(recipe_of(mastered).to_dict())))
    repeated = repeat(copy, recipe.steps, in_place=True)
    assert np.array_equal(repeated.audio.samples, mastered.audio.samples)
    assert repeated.dynamics.bands is not None
    assert mastered.dynamics_stats.bands is not None
    assert repeated.dynamics.bands.lowest_db[0] == mastered.dynamics_stats.bands.lowest_db[0]
