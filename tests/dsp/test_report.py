"""The report says what was measured."""

import json

import pytest

from dsp.chain import master
from dsp.measure import measure
from dsp.report import describe
from dsp.settings import MasterSettings
from tests.music import song

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mastered():
    return master(song(seed=1, peak=0.3), measure(song(seed=2, peak=0.9)), MasterSettings())


def test_the_report_is_plain_json_without_nan(mastered):
    report = describe(mastered)
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_its_numbers_are_those_of_the_three_tracks(mastered):
    rows = {row["key"]: row for row in describe(mastered)["numbers"]}
    assert rows["integrated_lufs"]["before"] == mastered.target.integrated_lufs
    assert rows["integrated_lufs"]["reference"] == mastered.reference.integrated_lufs
    assert rows["integrated_lufs"]["after"] == measure(mastered.audio).integrated_lufs


def test_what_was_wanted_is_what_was_applied_and_what_is_left(mastered):
    tone = describe(mastered)["tone"]
    for wanted, applied, left in zip(
        tone["wanted_db"], tone["applied_db"], tone["left_db"], strict=True
    ):
        assert wanted == pytest.approx(applied + left, abs=0.02)


def test_the_loudness_axis_moves_closer(mastered):
    axes = describe(mastered)["axes"]
    assert axes["loudness"]["moved"] == "closer"
    assert axes["loudness"]["after"] < axes["loudness"]["before"]


def test_the_same_track_twice_needed_nothing():
    audio = song(seed=1, peak=0.3)
    report = describe(master(audio, measure(audio), MasterSettings()))
    assert report["verdict"]["code"] == "nothing_needed"


def test_amounts_of_zero_are_told_as_untouched():
    audio = song(seed=1, peak=0.3)
    report = describe(master(audio, measure(song(seed=2)), MasterSettings(amount=0.0)))
    assert report["verdict"]["code"] == "untouched"
    assert report["limiting"]["max_db"] == 0.0
