from typing import Any

import pytest

from mastering.templatetags.report import changes, figure, measure, plots, verdict


@pytest.fixture
def report() -> dict[str, Any]:
    three = {"before_db": [0.0, 1.0], "reference_db": [2.0, 2.0], "after_db": [1.5, 1.8]}
    lufs = {"step_seconds": 0.5, "lufs": [-20.0, -18.0, -16.0]}
    return {
        "verdict": {
            "code": "closer",
            "closer": ["tone", "width"],
            "away": [],
            "limiting_max_db": 1.42,
        },
        "axes": {"tone": {"before": 1.92, "after": 0.8, "moved": "closer"}},
        "loudness": {
            "before_lufs": -17.2,
            "reference_lufs": -8.9,
            "after_lufs": -9.6,
            "held_by": "max_limiting",
        },
        "numbers": [
            {"key": "width_db", "unit": "dB", "before": -12.0, "reference": -9.0, "after": -9.4}
        ],
        "ranges": [{"code": "vocal_range", "before_db": -3.1, "after_db": -0.4}],
        "tone": {
            "bands_hz": [100.0, 4000.0],
            "curve_hz": [100.0, 4000.0],
            "wanted_db": [3.0, -1.0],
            "applied_db": [2.1, -0.7],
            "capped_db": [0.0, 0.0],
            **three,
        },
        "width": {"bands_hz": [100.0, 4000.0], **three},
        "dynamics": {
            "levels_lu": [-6.0, 0.0],
            "wanted_db": [1.0, 0.0],
            "applied_db": [0.5, 0.0],
            "psr_before_db": 14.0,
            "psr_reference_db": 8.0,
            "psr_after_db": 9.5,
        },
        "limiting": {
            "max_db": 4.2,
            "share_over_3_db": 0.02,
            "track": {"step_seconds": 0.1, "reduction_db": [0.0, 4.2]},
        },
        "loudness_over_time": {"before": lufs, "reference": lufs, "after": lufs},
        "capped": [{"stage": "tone", "hz": 9100, "wanted_db": 9.0, "applied_db": 4.0}],
    }


def test_the_verdict_names_what_came_closer_and_the_most_limiting(report: dict[str, Any]) -> None:
    assert verdict(report) == (
        "Closer to the reference in tone and width. At most 1.4\N{NO-BREAK SPACE}dB of limiting."
    )


def test_the_verdict_hides_no_loss(report: dict[str, Any]) -> None:
    report["verdict"] |= {"away": ["dynamics"], "limiting_max_db": 0.0}
    assert verdict(report).endswith("Further from it in dynamics.")
    report["verdict"] |= {"code": "not_closer", "closer": []}
    assert verdict(report).startswith("Further from the reference in dynamics.")


@pytest.mark.parametrize(
    ("code", "words"), [("untouched", "every amount is at 0"), ("nothing_needed", "little changed")]
)
def test_a_verdict_without_axes_is_told_too(report: dict[str, Any], code: str, words: str) -> None:
    report["verdict"] = {"code": code, "closer": [], "away": [], "limiting_max_db": 0.0}
    assert words in verdict(report)


def test_a_verdict_of_a_newer_engine_leaves_the_page_whole(report: dict[str, Any]) -> None:
    report["verdict"] = {"code": "sublime", "closer": [], "away": [], "limiting_max_db": 2.0}
    assert verdict(report).startswith("Your master is ready. At most 2.0")


def test_every_change_is_a_sentence_with_its_numbers(report: dict[str, Any]) -> None:
    told = {
        change.area: change.text.replace("\N{NO-BREAK SPACE}", " ") for change in changes(report)
    }
    assert told == {
        "Loudness": (
            "7.6 dB louder, now at −9.6 LUFS; the reference is at −8.9 LUFS. "
            "It stops there: more would need more limiting than you allow."
        ),
        "Vocal range": "2.7 dB more than before. Within 1.0 dB of the reference.",
        "Dynamics": (
            "Peaks stand 9.5 dB above the loudness around them; "
            "in the mix 14.0 dB, in the reference 8.0 dB."
        ),
        "Width": (
            "Wider: the sides are 2.6 dB up against the middle. About as wide as the reference."
        ),
        "Limiting": "Up to 4.2 dB, and more than 3 dB for 2 % of the song.",
        "Stopped at a limit": (
            "Tone stops at +4.0 dB near 9.1 kHz; the reference asked for +9.0 dB."
        ),
    }


def test_a_plot_comes_with_a_sentence_and_its_values_as_rows(report: dict[str, Any]) -> None:
    shown = {plot.kind: plot for plot in plots(report)}
    assert list(shown) == ["spectrum", "tone", "loudness", "limiting", "dynamics", "width"]
    assert all(plot.sentence.endswith(".") for plot in shown.values())
    assert [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in shown["spectrum"].rows[1]] == [
        "4 kHz",
        "1.0 dB",
        "2.0 dB",
        "1.8 dB",
    ]
    assert all(len(row) == len(plot.head) for plot in shown.values() for row in plot.rows)


def test_a_plot_without_values_is_left_out(report: dict[str, Any]) -> None:
    report["limiting"] = {
        "max_db": 0.0,
        "share_over_3_db": 0.0,
        "track": {"step_seconds": 0.1, "reduction_db": []},
    }
    assert "limiting" not in [plot.kind for plot in plots(report)]


def test_numbers_without_a_unit_have_two_decimals_and_unknown_ones_their_own_name() -> None:
    assert figure(0.814, "") == "0.81"
    assert figure(-9.42, "LUFS") == "−9.4"
    assert measure("stereo_drift") == "stereo drift"
