"""A new mix against the one before: what is better, what is worse, by size."""

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.coaching import compare_mixes
from dsp.measure import measure
from tests.music import song

HZ = [31.5, 63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0]


@pytest.fixture
def reference() -> dict[str, Any]:
    return {
        "third_octaves_hz": HZ,
        "mid_db": [-20.0] * len(HZ),
        "side_db": [-32.0] * len(HZ),
        "psr_db": {"p10": 8.0, "p50": 10.0, "p90": 12.0},
        "loudness_range_lu": 6.0,
    }


def with_bands(track: dict[str, Any], **bands: float) -> dict[str, Any]:
    changed = deepcopy(track)
    for name, db in bands.items():
        changed["mid_db"][HZ.index(float(name.removeprefix("hz")))] += db
    return changed


def told(*args: Any, **options: Any) -> dict[str, bool]:
    return {one["code"]: one["better"] for one in compare_mixes(*args, **options)}


def test_the_same_mix_twice_is_neither_better_nor_worse(reference):
    mix = with_bands(reference, hz63=5.0)
    assert compare_mixes(mix, mix, reference) == []


def test_planted_differences_are_found_and_put_in_order(reference):
    before = with_bands(reference, hz63=6.0)
    after = with_bands(reference, hz8000=3.0)
    found = compare_mixes(before, after, reference)
    assert [(one["code"], one["better"]) for one in found] == [
        ("low_end", True),
        ("top_end", False),
    ]
    assert found[0]["before"] == pytest.approx(3.0, abs=0.6)
    assert found[0]["steps"] > found[1]["steps"]


def test_the_level_of_a_mix_is_no_difference(reference):
    quieter = deepcopy(reference)
    quieter["mid_db"] = [level - 9.0 for level in reference["mid_db"]]
    quieter["side_db"] = [level - 9.0 for level in reference["side_db"]]
    assert compare_mixes(reference, quieter, reference) == []


def test_width_density_and_loudness_range_are_compared(reference):
    before = deepcopy(reference)
    before["side_db"] = [level - 12.0 for level in reference["side_db"]]
    before["psr_db"]["p50"] = 15.0
    after = deepcopy(reference) | {"loudness_range_lu": 12.0}
    assert told(before, after, reference) == {
        "width": True,
        "density": True,
        "loudness_range": False,
    }


def test_a_range_that_is_too_short_to_be_measured_is_left_out(reference):
    before = deepcopy(reference) | {"loudness_range_lu": None}
    assert told(before, reference, reference) == {}


def test_findings_that_are_gone_are_better_and_new_ones_worse(reference):
    clipping = {"code": "clipping", "severity": "warning", "value": 40, "unit": "runs"}
    headroom = {"code": "little_headroom", "severity": "note", "value": 0.2, "unit": "dBTP"}
    found = compare_mixes(
        reference, reference, reference, findings_before=[clipping], findings_after=[headroom]
    )
    assert [(one["code"], one["better"]) for one in found] == [
        ("clipping", True),
        ("little_headroom", False),
    ]
    assert found[0]["is_gone"]
    assert found[1]["is_new"]


@pytest.mark.parametrize(
    ("before", "after", "better"), [(100, 10, True), (10, 100, False), (10, 12, None)]
)
def test_far_fewer_clipped_places_are_better(reference, before, after, better):
    one, other = (
        {"code": "clipping", "severity": "warning", "value": count, "unit": "runs"}
        for count in (before, after)
    )
    found = told(reference, reference, reference, findings_before=[one], findings_after=[other])
    assert found.get("clipping") is better


@pytest.mark.slow
def test_on_real_summaries_a_darker_mix_made_brighter_is_better():
    fine = song(seed=1)
    hz = np.maximum(np.fft.rfftfreq(fine.frames, 1 / fine.rate_hz), 20.0)
    gain = np.where(hz > 4_000.0, 0.4, 1.0)
    dark = np.fft.irfft(np.fft.rfft(fine.samples) * gain, fine.frames).astype(np.float32)
    summaries = [
        measure(audio).summary()
        for audio in (Audio(np.ascontiguousarray(dark), fine.rate_hz), fine, song(seed=1))
    ]
    first = compare_mixes(*summaries)[0]
    assert (first["code"], first["better"]) == ("top_end", True)
    assert first["before"] == pytest.approx(-8.0, abs=1.5)
