"""Starters are statistics: what an average of tracks keeps, and what it leaves out."""

import numpy as np
import pytest

from dsp.chain import master
from dsp.measure import Profile, measure
from dsp.profiles import check_profile
from dsp.settings import MasterSettings
from dsp.suitability import rank
from references.management.averages import MOMENTS, average
from tests.dsp.music import changed, song


@pytest.fixture(scope="module")
def profiles() -> list[Profile]:
    return [measure(song(seed=seed, seconds=6.0)) for seed in range(3)]


def test_levels_are_averaged_in_decibels_at_one_loudness(profiles):
    made = average(profiles[:2], loudness_lufs=-14.0)
    levels = [each.mid_db - each.integrated_lufs for each in profiles[:2]]
    assert made.mid_db + 14.0 == pytest.approx(np.mean(levels, axis=0), abs=0.002)
    assert (made.integrated_lufs, made.true_peak_dbtp) == (-14.0, -1.0)
    quantiles = [each.micro_quantiles_lu for each in profiles[:2]]
    assert made.micro_quantiles_lu == pytest.approx(np.mean(quantiles, axis=0), abs=0.001)


def test_nothing_of_a_single_track_is_left(profiles):
    made = average(profiles, loudness_lufs=-14.0)
    assert made.fingerprint.size == 0
    assert len(made.sections) == 1
    assert made.tempo_bpm is None
    assert 0 < len(made.moments_mid) <= MOMENTS
    levels = made.moments_mid.sum(axis=1, dtype=np.int64)
    assert np.all(np.diff(levels) >= 0)  # by loudness, not by time


def test_an_average_is_a_whole_profile_that_can_be_mastered_toward(profiles):
    made = average(profiles, loudness_lufs=-14.0)
    check_profile(made.to_dict())
    assert Profile.from_dict(made.to_dict()).summary() == made.summary()
    mastered = master(changed(song(seed=5, seconds=6.0), gain=0.1), made, MasterSettings())
    assert mastered.result.integrated_lufs == pytest.approx(-14.0, abs=1.0)
    assert mastered.result.true_peak_dbtp <= -0.99


def test_of_one_track_there_is_no_average(profiles):
    with pytest.raises(ValueError, match="two tracks"):
        average(profiles[:1], loudness_lufs=-14.0)


def test_a_mild_master_of_the_mix_is_among_the_nearest(profiles):
    mix = changed(song(seed=1, seconds=11.0), gain=0.5)
    found = measure(mix)
    mild = MasterSettings(amount=0.4, loudness=found.integrated_lufs + 5.0)
    derived = master(mix, profiles[2], mild, profile=found).result.summary()
    library = [(seed, measure(song(seed=seed, seconds=11.0)).summary()) for seed in range(5, 9)]
    ranked = rank(found.summary(), [*library, ("derived", derived)])
    assert ranked[0][0] == "derived"
