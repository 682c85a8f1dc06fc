"""The report says what was measured."""

import json
from typing import Any

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.chain import Mastered, master
from dsp.equalizer import filter_mid_side
from dsp.measure import measure
from dsp.report import describe
from dsp.settings import MasterSettings
from dsp.spectrum import BAND_CENTRES_HZ, THIRD_OCTAVES_HZ, third_octaves, to_db
from dsp.stereo import apply_tone_and_width
from tests.dsp import music
from tests.dsp.music import changed
from tests.music import song

pytestmark = pytest.mark.slow

SHARES = ("wanted_db", "applied_db", "capped_db", "left_db")


@pytest.fixture(scope="module")
def mastered() -> Mastered:
    return master(song(seed=1, peak=0.3), measure(song(seed=2, peak=0.9)), MasterSettings())


@pytest.fixture(scope="module")
def far() -> Mastered:
    """Return a master toward the same song made very bright, at full amount: caps are hit."""
    mix = song(seed=1, peak=0.3)
    return master(mix, measure(tilted(mix, 5.0)), MasterSettings(amount=1.0))


def tilted(audio: Audio, db_per_octave: float) -> Audio:
    """Return audio whose spectrum rises around 1 kHz, at the same peak."""
    hz = np.maximum(np.fft.rfftfreq(audio.frames, 1.0 / audio.rate_hz), 20.0)
    gain = 10.0 ** (db_per_octave * np.log2(hz / 1000.0) / 20.0)
    samples = np.fft.irfft(np.fft.rfft(audio.samples) * gain, audio.frames)
    samples *= np.abs(audio.samples).max() / np.abs(samples).max()
    return Audio(np.ascontiguousarray(samples, dtype=np.float32), audio.rate_hz)


def in_two_parts(*, seed: int) -> Audio:
    """Return a quiet verse without low end, and then a full chorus."""
    thin = np.where(BAND_CENTRES_HZ < 150.0, -24.0, 0.0)
    verse = changed(filter_mid_side(music.song(24.0, seed=seed), thin, thin), gain=0.2)
    chorus = music.song(24.0, seed=seed + 3)
    samples = np.concatenate([verse.samples, chorus.samples], axis=1)
    return Audio(np.ascontiguousarray(samples), chorus.rate_hz)


def test_the_report_is_plain_json_without_nan(mastered):
    report = describe(mastered)
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_its_numbers_are_those_of_the_three_tracks(mastered):
    rows = {row["key"]: row for row in describe(mastered)["numbers"]}
    assert rows["integrated_lufs"]["before"] == mastered.target.integrated_lufs
    assert rows["integrated_lufs"]["reference"] == mastered.reference.integrated_lufs
    assert rows["integrated_lufs"]["after"] == measure(mastered.audio).integrated_lufs


@pytest.mark.parametrize("stage", ["tone", "width"])
def test_in_every_band_what_was_wanted_is_applied_capped_or_left_over(mastered, far, stage):
    for found in (mastered, far):
        part: dict[str, Any] = describe(found)[stage]
        rows = [*zip(*(part[share] for share in SHARES), strict=True)]
        rows += [tuple(band[share] for share in SHARES) for band in part["bands"]]
        assert len(rows) == len(part["curve_hz"]) + len(part["bands_hz"])
        for wanted, applied, capped, left in rows:
            assert wanted == pytest.approx(applied + capped + left, abs=0.05)


def test_the_gain_that_is_told_is_the_gain_of_the_samples(far):
    mix = song(seed=1, peak=0.3)
    told = np.array([band["applied_db"] for band in describe(far)["tone"]["bands"]])
    before, after = (
        to_db(third_octaves(10.0 ** (measure(audio).mid_db / 10.0)))
        for audio in (mix, apply_tone_and_width(mix, far.tone, far.width))
    )
    heard = (THIRD_OCTAVES_HZ > 60.0) & (THIRD_OCTAVES_HZ < 14_000.0)
    assert np.abs(told).max() > 4.0
    assert np.median(np.abs(after - before - told)[heard]) < 0.3


def test_every_area_that_a_cap_held_back_is_told_with_what_was_asked_for(far):
    report = describe(far)
    tone = [cap for cap in report["capped"] if cap["stage"] == "tone"]
    assert tone
    for cap in report["capped"]:
        assert abs(cap["wanted_db"]) > abs(cap["applied_db"])
        assert cap["low_hz"] <= cap["hz"] <= cap["high_hz"]
    held = np.abs(report["tone"]["capped_db"]) >= 0.1
    hz = np.array(report["tone"]["curve_hz"])[held]
    assert all(any(cap["low_hz"] - 1 <= one <= cap["high_hz"] + 1 for cap in tone) for one in hz)


def test_limiting_by_section_adds_up_to_the_whole(mastered):
    limiting = describe(mastered)["limiting"]
    assert limiting["mean_db"] == pytest.approx(mastered.maximized.mean_reduction_db, abs=0.01)
    assert limiting["max_db"] == pytest.approx(mastered.maximized.max_reduction_db, abs=0.01)
    sections = limiting["sections"]
    assert max(section["max_db"] for section in sections) == limiting["max_db"]
    lengths = [section["end_seconds"] - section["start_seconds"] for section in sections]
    for name in ("mean_db", "share_over_1_db", "share_over_3_db", "share_over_6_db"):
        total = np.average([section[name] for section in sections], weights=lengths)
        assert total == pytest.approx(limiting[name], abs=0.02)


def test_the_loudness_axis_moves_closer(mastered):
    axes = describe(mastered)["axes"]
    assert axes["loudness"]["moved"] == "closer"
    assert axes["loudness"]["after"] < axes["loudness"]["before"]


def test_the_same_track_twice_with_peaks_over_the_ceiling_is_turned_down_alone():
    audio = song(seed=1, peak=1.1)
    mastered = master(audio, measure(audio), MasterSettings())
    report = describe(mastered)
    assert report["verdict"]["code"] == "turned_down"
    assert report["loudness"]["held_by"] == "ceiling"
    assert report["gentler"] is None
    assert report["fix_in_the_mix"] == []
    gain = 10.0 ** (report["limiting"]["drive_db"] / 20.0)
    assert np.abs(mastered.audio.samples - gain * audio.samples).max() < 1e-3


def test_the_same_track_twice_needed_nothing():
    audio = song(seed=1, peak=0.3)
    report = describe(master(audio, measure(audio), MasterSettings()))
    assert report["verdict"]["code"] == "nothing_needed"
    assert report["capped"] == report["harm"] == report["fix_in_the_mix"] == []
    answers = {one["code"]: one["answer"] for one in report["questions"]}
    assert {answers[code] for code in ("low_end", "vocal_range", "width")} == {"close"}
    assert answers["loudness"] == "alike"
    assert report["limiting"]["max_db"] == 0.0


def test_an_axis_that_moved_away_is_told_and_the_gentler_settings_do_less_harm():
    """A reference that is clipped noise over the same music leads the tone astray."""
    mix = song(seed=1, peak=0.3)
    loud = np.clip(song(seed=2).samples * 6.0, -0.9, 0.9)
    misleading = measure(Audio(np.ascontiguousarray(loud), mix.rate_hz))
    first = describe(master(mix, misleading, MasterSettings()))
    (harm,) = first["harm"]
    assert harm["axis"] == "tone"
    assert harm["after"] > harm["before"]
    second = describe(master(mix, misleading, MasterSettings.from_dict(first["gentler"])))
    assert second["axes"]["tone"]["after"] < harm["after"]


def test_the_sections_that_were_compared_are_told_and_another_pair_changes_the_curve():
    mix, reference = in_two_parts(seed=1), in_two_parts(seed=2)
    profiles = measure(mix), measure(reference)
    assert all(len(profile.sections) > 1 for profile in profiles)
    told = [
        describe(master(mix, profiles[1], MasterSettings(sections=pairs), profile=profiles[0]))
        for pairs in (((0, 0),), ((1, 0),))
    ]
    for number, report in enumerate(told):
        (pair,) = report["pairs"]
        assert (pair["mix"], pair["reference"]) == (number, 0)
        assert pair["start_seconds"] == profiles[0].sections[number].start_seconds
        assert pair["reference_start_seconds"] == profiles[1].sections[0].start_seconds
    assert told[0]["tone"]["wanted_db"] != told[1]["tone"]["wanted_db"]


def test_amounts_of_zero_are_told_as_untouched():
    audio = song(seed=1, peak=0.3)
    report = describe(master(audio, measure(song(seed=2)), MasterSettings(amount=0.0)))
    assert report["verdict"]["code"] == "untouched"
    assert report["limiting"]["max_db"] == 0.0
    assert report["gentler"] is None
