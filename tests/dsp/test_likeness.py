from __future__ import annotations

import numpy as np

from dsp.equalizer import filter_mid_side
from dsp.likeness import suitability
from dsp.measure import measure
from dsp.spectrum import BAND_CENTRES_HZ
from tests.dsp.music import song


def test_a_track_suits_itself_wholly():
    profile = measure(song())
    assert suitability(profile, profile) == 1.0


def test_other_notes_of_the_same_band_suit_better_than_another_sound():
    tilt = 4.0 * np.log2(BAND_CENTRES_HZ / 700.0)
    target = measure(song(seed=1))
    same_band = suitability(target, measure(song(seed=2)))
    other_sound = suitability(target, measure(filter_mid_side(song(seed=2), tilt, tilt)))
    assert 0.7 < same_band <= 1.0
    assert other_sound < 0.4
