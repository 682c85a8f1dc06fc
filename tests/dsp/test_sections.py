from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.measure import measure
from tests.dsp.music import RATE_HZ, song


def joined(*parts: Audio) -> Audio:
    samples = np.concatenate([part.samples for part in parts], axis=1)
    return Audio(np.ascontiguousarray(samples), RATE_HZ)


def quiet_noise(seconds: float) -> Audio:
    rng = np.random.default_rng(8)
    return Audio(rng.normal(0, 0.003, (2, round(seconds * RATE_HZ))).astype(np.float32), RATE_HZ)


@pytest.fixture(scope="module")
def sections():
    parts = (quiet_noise(20.0), song(24.0), quiet_noise(20.0), song(24.0, seed=4))
    return measure(joined(*parts)).sections


def test_parts_follow_each_other_from_start_to_end_without_gaps(sections):
    assert sections[0].start_seconds == 0.0
    assert sections[-1].end_seconds == pytest.approx(88.0)
    for first, second in pairwise(sections):
        assert first.end_seconds == second.start_seconds
        assert first.end_seconds - first.start_seconds >= 8.0


def test_boundaries_are_found_where_the_sound_changes(sections):
    starts = np.array([section.start_seconds for section in sections])
    for boundary in (20.0, 44.0, 64.0):
        assert np.abs(starts - boundary).min() <= 1.0


def test_parts_that_sound_alike_have_one_letter_and_others_another(sections):
    def at(seconds):
        return next(s for s in sections if s.start_seconds <= seconds < s.end_seconds)

    assert at(10.0).letter == at(54.0).letter
    assert at(32.0).letter == at(76.0).letter
    assert at(10.0).letter != at(32.0).letter


def test_the_loud_dense_part_is_the_peak_and_a_quiet_start_an_intro(sections):
    def role(seconds):
        return next(s.role for s in sections if s.start_seconds <= seconds < s.end_seconds)

    assert role(32.0) == role(76.0) == "peak"
    assert role(10.0) == "intro"
    assert role(54.0) == "quiet"


def test_a_short_or_even_track_has_one_part_without_a_role():
    (only,) = measure(song(10.0)).sections
    assert (only.start_seconds, only.end_seconds, only.letter, only.role) == (0.0, 10.0, "A", None)
