from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsp.equalizer import filter_mid_side
from dsp.measure import measure
from dsp.moments import believed_slope, believed_tone, believed_width, compare, toward
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


def test_less_suitable_tracks_are_believed_less():
    tilted = filter_mid_side(song(seed=1), TILT_DB, TILT_DB)
    comparison = compare(measure(tilted), measure(song(seed=2)))
    moved = [
        np.abs(levelled(believed_tone(comparison, EVERYWHERE, suitability=s).expected_db)).mean()
        for s in (1.0, 0.2, 0.1)
    ]
    assert moved[0] > moved[1] > moved[2]


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


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 20.0))
def test_the_distance_falls_with_the_amount(seed, scale):
    rng = np.random.default_rng(seed)
    full = rng.normal(0, 3, BAND_COUNT)
    believed = rng.normal(0, scale, BAND_COUNT)
    amounts = np.linspace(0.0, 1.0, 11)
    distances = [np.mean(np.abs(full - toward(believed, full, a))) for a in amounts]
    assert np.all(np.diff(distances) <= 1e-9)
    assert distances[-1] == pytest.approx(0.0, abs=1e-9)
    assert not toward(believed, full, 0.0).any()


def test_what_is_sure_is_not_led_after_the_music():
    believed, full = np.full(BAND_COUNT, 3.0), np.full(BAND_COUNT, -2.0)
    sure = toward(believed, full, 0.7, doubt=0.1)
    assert np.allclose(sure, 2.9)
    assert np.allclose(toward(believed, full, 1.0, doubt=0.1), full)
