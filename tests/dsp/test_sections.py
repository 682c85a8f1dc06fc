from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.equalizer import filter_mid_side
from dsp.measure import measure
from dsp.sections import find_sections
from dsp.spectrum import BAND_CENTRES_HZ, Spectrogram
from tests.dsp.music import RATE_HZ, changed, song

THIN = np.where(BAND_CENTRES_HZ < 150.0, -24.0, 0.0)


def joined(*parts: Audio) -> Audio:
    samples = np.concatenate([part.samples for part in parts], axis=1)
    return Audio(np.ascontiguousarray(samples), RATE_HZ)


def quiet_noise(seconds: float) -> Audio:
    rng = np.random.default_rng(8)
    return Audio(rng.normal(0, 0.003, (2, round(seconds * RATE_HZ))).astype(np.float32), RATE_HZ)


def starts_and_letters(*parts: tuple[float, float, float, float]) -> list[tuple[float, str]]:
    """Return what is found in noise of so many seconds, dB of level, and dB of tilt and bow."""
    rng = np.random.default_rng(1)
    place, hop_seconds = np.linspace(-0.5, 0.5, BAND_CENTRES_HZ.size), 4_096 / 44_100
    shapes = np.stack([place, 0.5 * np.cos(2.0 * np.pi * place)])
    steps = np.array([made for seconds, *made in parts for _ in range(round(100 * seconds))])
    frames = int(steps.shape[0] * 0.01 / hop_seconds)
    at = np.minimum((np.arange(frames) * hop_seconds / 0.01).astype(int) + 9, steps.shape[0] - 1)
    level_db = steps[at, :1] + steps[at, 1:] @ shapes + rng.normal(-30, 3, (frames, place.size))
    mid = (10.0 ** (level_db / 10.0)).astype(np.float32)
    energies = 10.0 ** ((steps[:, 0] + rng.normal(-20, 3, steps.shape[0])) / 10.0)
    found = find_sections(
        Spectrogram(mid, 0.1 * mid, np.zeros(place.size), np.zeros(4_097), 5.4, hop_seconds),
        energies,
        step_seconds=0.01,
        duration_seconds=steps.shape[0] * 0.01,
    )
    return [(round(section.start_seconds), section.letter) for section in found]


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


def test_the_loud_part_is_the_chorus_and_a_quiet_start_an_intro(sections):
    def role(seconds):
        return next(s.role for s in sections if s.start_seconds <= seconds < s.end_seconds)

    assert role(32.0) == role(76.0) == "chorus"
    assert role(10.0) == "intro"
    assert role(54.0) == "break"


def test_a_role_has_a_confidence_and_no_role_none(sections):
    assert all(0.4 <= s.confidence <= 0.9 if s.role else s.confidence == 0.0 for s in sections)


def test_where_the_bass_comes_back_after_a_break_it_is_a_drop():
    full = song(24.0)
    bass = filter_mid_side(full, THIN, THIN)
    parts = measure(joined(full, bass, full, changed(bass, gain=0.5))).sections
    assert [part.role for part in parts][2] == "drop"


def test_an_hour_takes_as_long_per_minute_as_a_song():
    def cpu_seconds(minutes):
        rng = np.random.default_rng(1)
        frames = round(minutes * 60 * 44_100 / 4_096)
        level = np.repeat(rng.uniform(0.01, 1.0, frames // 200 + 1), 200)[:frames, None]
        bands = (level * rng.uniform(0.5, 1.0, (frames, 120))).astype(np.float32)
        spectrogram = Spectrogram(bands, bands, np.zeros(120), np.zeros(4_097), 5.4, 4_096 / 44_100)
        energies = np.repeat(level[:, 0], 10)[: round(minutes * 6_000)]
        began = time.process_time()
        find_sections(spectrogram, energies, step_seconds=0.01, duration_seconds=minutes * 60.0)
        return time.process_time() - began

    cpu_seconds(1.0)
    assert cpu_seconds(60.0) < 15.0 * max(cpu_seconds(10.0), 0.05)


def test_a_short_or_even_track_has_one_part_without_a_role():
    (only,) = measure(song(10.0)).sections
    assert (only.start_seconds, only.end_seconds, only.letter, only.role) == (0.0, 10.0, "A", None)


def test_one_pattern_played_softly_and_loudly_is_two_kinds():
    parts = [changed(song(15.0, seed=number), gain=gain) for number, gain in enumerate((0.4, 1.0))]
    first, second = measure(joined(*parts)).sections
    assert first.letter != second.letter
    assert second.start_seconds == pytest.approx(15.0, abs=1.0)


@pytest.mark.parametrize("louder_db", [3.0, 5.0, 8.0])
def test_like_sounds_of_two_levels_are_two_kinds(louder_db):
    soft, loud = (20.0, 0.0, 0.0, 0.0), (20.0, louder_db, 0.0, 0.0)
    found = starts_and_letters(soft, loud, soft, loud)
    assert found == [(0, "A"), (20, "B"), (40, "A"), (60, "B")]


def test_parts_of_one_loudness_are_told_apart_by_their_tone():
    even, bright = (20.0, 0.0, 0.0, 0.0), (20.0, 0.0, 3.6, 0.0)
    found = starts_and_letters(even, bright, even, bright)
    assert found == [(0, "A"), (20, "B"), (40, "A"), (60, "B")]


def test_what_joins_within_a_part_begins_no_other():
    verse = [(9.0, 0.0, 0.0, 0.0), (13.0, 0.0, 0.0, 17.0)]
    chorus = (22.0, 8.0, 20.0, 0.0)
    found = starts_and_letters(*verse, chorus, *verse, chorus)
    assert found == [(0, "A"), (22, "B"), (44, "A"), (66, "B")]


def test_a_short_part_that_stands_out_is_one():
    intro, chorus = (9.0, -10.0, 12.0, 0.0), (20.0, 0.0, 0.0, 0.0)
    found = starts_and_letters(intro, chorus, intro, chorus)
    assert found == [(0, "A"), (9, "B"), (29, "A"), (38, "B")]
