"""What a report answers, from numbers alone."""

from typing import Any

import pytest

from dsp.answers import ask, gentler, harm_of, left_for_the_mix, most_limited
from dsp.settings import MasterSettings


@pytest.fixture
def facts() -> dict[str, Any]:
    return {
        "ranges": [
            {"code": code, "before_db": -4.0, "after_db": 0.2}
            for code in ("low_end", "low_mids", "vocal_range", "presence", "top_end")
        ],
        "axes": {
            axis: {"before": 3.0, "after": 1.0, "moved": "closer"}
            for axis in ("tone", "loudness", "dynamics", "width")
        },
        "loudness": {
            "before_lufs": -20.0,
            "reference_lufs": -9.0,
            "goal_lufs": -9.0,
            "after_lufs": -9.1,
            "held_by": None,
        },
        "dynamics": {
            "psr_before_db": 14.0,
            "psr_reference_db": 9.0,
            "psr_after_db": 10.0,
            "psr_low_before_db": 11.0,
            "psr_low_after_db": 8.5,
        },
        "numbers": [
            {"key": "width_db", "before": -16.0, "reference": -9.0, "after": -9.5},
            {"key": "correlation", "before": 0.9, "reference": 0.6, "after": 0.6},
        ],
        "limiting": {"mean_db": 0.3, "max_db": 3.0, "share_over_3_db": 0.0},
        "tone": {
            "bands_hz": [50.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0],
            "bands_compared": [True] * 7,
            "reference_db": [0.0] * 7,
            "after_db": [0.0] * 7,
        },
    }


def answers(facts: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["code"]: (one["before"], one["answer"]) for one in ask(facts)}


def set_range(facts: dict[str, Any], code: str, **values: float) -> None:
    next(part for part in facts["ranges"] if part["code"] == code).update(values)


def set_number(facts: dict[str, Any], key: str, **values: float) -> None:
    next(row for row in facts["numbers"] if row["key"] == key).update(values)


def test_five_questions_are_answered_for_the_mix_and_the_master(facts):
    assert answers(facts) == {
        "low_end": ("thin", "close"),
        "vocal_range": ("recessed", "close"),
        "loudness": ("much_quieter", "alike"),
        "compression": ("open", "open"),
        "width": ("narrow", "close"),
    }


@pytest.mark.parametrize(
    ("after_db", "answer"), [(-1.5, "thin"), (-0.9, "close"), (0.9, "close"), (1.5, "heavy")]
)
def test_the_low_end_is_thin_close_or_heavy(facts, after_db, answer):
    set_range(facts, "low_end", after_db=after_db)
    assert answers(facts)["low_end"][1] == answer


@pytest.mark.parametrize(
    ("vocal_db", "presence_db", "answer"),
    [
        (0.0, 2.0, "sharp"),
        (-2.0, 2.0, "sharp"),
        (-2.0, 0.0, "recessed"),
        (2.0, 0.0, "forward"),
        (0.0, -2.0, "close"),
    ],
)
def test_the_vocal_range_is_sharp_recessed_or_close(facts, vocal_db, presence_db, answer):
    set_range(facts, "vocal_range", after_db=vocal_db)
    set_range(facts, "presence", after_db=presence_db)
    assert answers(facts)["vocal_range"][1] == answer


@pytest.mark.parametrize(
    ("psr_db", "answer"), [(5.0, "over_compressed"), (7.0, "dense"), (9.0, "open")]
)
def test_compression_is_told_from_the_densest_tenth(facts, psr_db, answer):
    facts["dynamics"]["psr_low_after_db"] = psr_db
    assert answers(facts)["compression"][1] == answer


@pytest.mark.parametrize(
    ("after_db", "correlation", "answer"),
    [
        (-12.0, 0.8, "narrow"),
        (-9.5, 0.6, "close"),
        (-6.0, 0.4, "wide"),
        (-9.0, 0.1, "artificial"),
    ],
)
def test_width_is_narrow_close_wide_or_artificial(facts, after_db, correlation, answer):
    set_number(facts, "width_db", after=after_db)
    set_number(facts, "correlation", after=correlation)
    assert answers(facts)["width"][1] == answer


def test_an_axis_that_moved_away_is_harm_and_has_a_gentler_setting(facts):
    assert harm_of(facts) == []
    assert gentler(MasterSettings(), facts) is None
    facts["axes"]["width"] |= {"before": 1.0, "after": 2.5, "moved": "away"}
    assert harm_of(facts) == [{"axis": "width", "before": 1.0, "after": 2.5}]
    softer = gentler(MasterSettings(amount=0.8), facts)
    assert softer == MasterSettings(amount=0.8, width=0.4)


def test_dynamics_pressed_by_the_limiter_ask_for_less_limiting(facts):
    facts["axes"]["dynamics"]["moved"] = "away"
    facts["dynamics"]["psr_after_db"] = 7.0
    softer = gentler(MasterSettings(), facts)
    assert softer == MasterSettings(dynamics=0.35, max_limiting_db=1.5)


@pytest.mark.parametrize(
    ("applied_db", "softer"),
    [
        (2.0, MasterSettings(max_limiting_db=1.5)),  # led closer: limiting took it away
        (-2.0, MasterSettings(tone=0.35)),
    ],
)
def test_tone_that_moved_away_is_held_back_where_it_was_led_astray(facts, applied_db, softer):
    facts["axes"]["tone"]["moved"] = "away"
    facts["tone"]["before_db"] = [-3.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    facts["tone"]["bands"] = [{"applied_db": one * applied_db} for one in (1, -1, 0, 0, 0, 0, 0)]
    assert gentler(MasterSettings(), facts) == softer


def test_nothing_is_left_for_the_mix_where_the_master_is_near(facts):
    assert left_for_the_mix(facts) == []


def test_a_bump_that_stays_is_named_by_frequency_size_and_side(facts):
    facts["tone"]["after_db"] = [0.0, 1.0, 6.0, 5.0, 3.5, 0.0, 0.0]
    (found,) = left_for_the_mix(facts)
    assert found == {
        "code": "too_much",
        "hz": 400.0,
        "low_hz": 200.0,
        "high_hz": 400.0,
        "left_db": 4.8,
    }


def test_a_hole_that_stays_is_told_too_and_bands_without_sound_are_not(facts):
    facts["tone"]["after_db"] = [-9.0, -9.0, -9.0, 0.0, 0.0, 0.0, 0.0]
    assert left_for_the_mix(facts)[0]["code"] == "too_little"
    facts["tone"]["bands_compared"] = [False] * 3 + [True] * 4
    assert left_for_the_mix(facts) == []


def test_loudness_that_was_held_back_is_left_for_the_mix(facts):
    facts["loudness"] |= {"after_lufs": -11.4, "held_by": "max_limiting"}
    (found,) = left_for_the_mix(facts)
    assert found == {"code": "not_as_loud", "missing_lu": 2.4, "held_by": "max_limiting"}


def test_a_mix_that_was_pressed_and_one_whose_peaks_are_high_are_told_apart(facts):
    facts["limiting"] |= {"mean_db": 1.8, "share_over_3_db": 0.2}
    assert left_for_the_mix(facts)[0]["code"] == "peaks_too_high"
    facts["dynamics"]["psr_low_before_db"] = 5.0
    assert left_for_the_mix(facts)[0]["code"] == "pressed_before"


def test_width_that_stays_far_is_left_for_the_mix(facts):
    set_number(facts, "width_db", after=-13.0)
    assert left_for_the_mix(facts) == [{"code": "too_narrow", "left_db": -4.0}]


def test_the_hardest_limited_section_is_named_only_where_it_stands_out():
    quiet, loud = {"mean_db": 0.1}, {"mean_db": 1.4}
    assert most_limited([quiet, loud]) is loud
    assert most_limited([loud, loud]) is None
    assert most_limited([quiet, {"mean_db": 0.0}]) is quiet
    assert most_limited([loud]) is None
