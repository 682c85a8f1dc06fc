from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsp.beliefs import Belief, believed_slope, believed_tone, believed_width, toward
from dsp.equalizer import filter_mid_side
from dsp.measure import measure
from dsp.moments import compare, unlikeness_db
from dsp.spectrum import BAND_CENTRES_HZ, BAND_COUNT, bands_between
from tests.dsp.music import changed, song

EVERYWHERE = np.ones(BAND_COUNT, dtype=bool)
TILT_DB = 1.5 * np.log2(BAND_CENTRES_HZ / 700.0)
HEARD = bands_between(60.0, 12_000.0)


def levelled(curve):
    return (curve - curve[HEARD].mean())[HEARD]


def test_a_track_differs_from_itself_in_nothing():
    profile = measure(song())
    comparison = compare(profile, profile)
    assert np.allclose(believed_tone(comparison, EVERYWHERE).expected_db, 0.0, atol=1e-6)
    assert np.allclose(believed_width(comparison, EVERYWHERE).expected_db, 0.0, atol=1e-6)
    assert believed_slope(comparison) == pytest.approx(0.0, abs=1e-6)


def test_a_tilt_is_read_from_the_same_music_whole():
    tilted = filter_mid_side(song(), TILT_DB, TILT_DB)
    comparison = compare(measure(tilted), measure(song()))
    believed = believed_tone(comparison, EVERYWHERE).expected_db
    assert np.abs(levelled(believed + TILT_DB)).max() < 0.5


def test_a_tilt_is_read_from_other_notes_of_the_same_band_in_great_part():
    tilted = filter_mid_side(song(seed=1), TILT_DB, TILT_DB)
    believed = believed_tone(
        compare(measure(tilted), measure(song(seed=2))), EVERYWHERE
    ).expected_db
    error, size = np.abs(levelled(believed + TILT_DB)).mean(), np.abs(levelled(TILT_DB)).mean()
    assert error < 0.5 * size


def test_what_pairs_disagree_about_is_believed_less():
    tilted = filter_mid_side(song(seed=1), TILT_DB, TILT_DB)
    comparison = compare(measure(tilted), measure(song(seed=2)))
    moved = [
        np.abs(
            levelled(
                believed_tone(
                    replace(comparison, tone_spread=times * comparison.tone_spread), EVERYWHERE
                ).expected_db
            )
        ).mean()
        for times in (1.0, 1e3, 1e6)
    ]
    assert moved[0] > moved[1] > moved[2]


def test_a_rough_difference_no_larger_than_music_makes_is_left_alone():
    rng = np.random.default_rng(3)
    comparison = compare(measure(song(seed=1)), measure(song(seed=1)))
    rough = replace(
        comparison,
        tone_db=rng.normal(0.0, 2.0, BAND_COUNT),
        tone_spread=np.full(BAND_COUNT, 9.0),
    )
    assert np.abs(believed_tone(rough, EVERYWHERE).expected_db).max() < 0.3


def test_unlikeness_alone_is_that_of_the_comparison():
    one, other = measure(song(seed=1)), measure(song(seed=2))
    assert unlikeness_db(one, other) == compare(one, other).unlikeness_db > 0.5
    assert unlikeness_db(one, one) < 0.1


def test_a_narrower_side_is_read_as_such():
    comparison = compare(measure(changed(song(seed=1), side_gain=0.5)), measure(song(seed=2)))
    believed = believed_width(comparison, EVERYWHERE).expected_db
    assert believed[HEARD].mean() == pytest.approx(6.0, abs=1.5)


def test_bands_without_sound_follow_the_others():
    comparison = compare(measure(filter_mid_side(song(), TILT_DB, TILT_DB)), measure(song()))
    believed = believed_tone(comparison, bands_between(100.0, 5_000.0)).expected_db
    inside = bands_between(150.0, 4_000.0)
    shift = (believed + TILT_DB)[inside].mean()
    assert np.abs((believed + TILT_DB)[inside] - shift).max() < 0.5
    assert not believed_tone(comparison, ~EVERYWHERE).expected_db.any()


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 20.0), st.booleans())
def test_the_distance_falls_with_the_amount(seed, scale, whatever_level):
    rng = np.random.default_rng(seed)
    full = rng.normal(0, 3, BAND_COUNT)
    belief = Belief(rng.normal(0, scale, BAND_COUNT), rng.uniform(0, 2, BAND_COUNT))
    distances = []
    for amount in np.linspace(0.0, 1.0, 11):
        left = full - toward(belief, full, amount, whatever_level=whatever_level)
        level = np.median(left) if whatever_level else 0.0
        distances.append(np.mean(np.abs(left - level)))
    assert np.all(np.diff(distances) <= 1e-9)
    assert distances[-1] == pytest.approx(0.0, abs=1e-9)
    assert not toward(belief, full, 0.0).any()


def test_a_belief_against_the_difference_is_led_to_it_within_its_doubt_or_given_up():
    full = np.full(BAND_COUNT, -2.0)
    sure, doubtful = (
        Belief(np.full(BAND_COUNT, 3.0), np.full(BAND_COUNT, doubt)) for doubt in (0.1, 4.0)
    )
    assert np.allclose(toward(sure, full, 0.7), 0.0)
    assert np.allclose(toward(doubtful, full, 0.7), 0.0, atol=0.2)
    assert np.allclose(toward(sure, full, 1.0), full)
