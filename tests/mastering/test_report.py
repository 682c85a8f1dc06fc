from itertools import product
from typing import Any

import pytest

from mastering.messages.answers import answers, fixes
from mastering.messages.report import caps, changes, harm_words, limited_sections, part_name
from mastering.messages.report import measure_name as measure
from mastering.messages.report import verdict_words as verdict
from mastering.templatetags.report import figure, table_rows
from tests.reports import REPORT, plain


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
            "goal_lufs": -8.9,
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
            "mean_db": 0.6,
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
    ("code", "words"),
    [("untouched", "every amount is at 0"), ("nothing_needed", "Nothing needed changing")],
)
def test_a_verdict_without_axes_is_told_too(report: dict[str, Any], code: str, words: str) -> None:
    report["verdict"] = {"code": code, "closer": [], "away": [], "limiting_max_db": 0.0}
    assert words in verdict(report)


def test_a_verdict_of_a_newer_engine_leaves_the_page_whole(report: dict[str, Any]) -> None:
    report["verdict"] = {"code": "sublime", "closer": [], "away": [], "limiting_max_db": 2.0}
    assert verdict(report).startswith("Your master is ready. At most 2.0")


def test_every_change_is_a_sentence_with_its_numbers(report: dict[str, Any]) -> None:
    told = {change.area: plain(change.text) for change in changes(report)}
    assert told == {
        "Loudness": (
            "7.6 dB louder, now at −9.6 LUFS; the reference is at −8.9 LUFS. "
            "More would need more limiting than you allow."
        ),
        "Vocal range": "2.7 dB more than before. Within 1.0 dB of the reference.",
        "Dynamics": (
            "Peaks stand 9.5 dB above the loudness around them; "
            "in the mix 14.0 dB, in the reference 8.0 dB."
        ),
        "Width": (
            "Wider: the sides are 2.6 dB up against the middle. About as wide as the reference."
        ),
        "Limiting": "Up to 4.2 dB, 0.6 dB on average, and more than 3 dB for 2 % of the song.",
    }


@pytest.mark.parametrize(("ride", "growing"), [(0.2, "alike"), (-0.2, "apart")])
def test_a_slow_gain_that_kept_the_range_is_told_of(
    report: dict[str, Any], ride: float, growing: str
) -> None:
    def told() -> str:
        return next(change.text for change in changes(report) if change.area == "Dynamics")

    report["dynamics"]["ride_db_per_lu"] = 0.0
    assert "slow gain" not in told()
    report["dynamics"]["ride_db_per_lu"] = ride
    assert plain(told()).endswith(f"A slow gain kept loud and quiet parts from growing {growing}.")


def test_hits_and_bands_that_were_evened_are_told_of(report: dict[str, Any]) -> None:
    report["dynamics"] |= {
        "fast_lowest_db": -1.4,
        "bands": [{"lowest_db": -2.2}, {"lowest_db": 0.0}],
    }
    told = next(change.text for change in changes(report) if change.area == "Dynamics")
    assert plain(told).endswith(
        "Strong hits were taken back by up to 1.4 dB. "
        "Bass or treble that swelled by itself was evened by up to 2.2 dB."
    )


def test_what_was_stopped_at_a_limit_is_told_with_what_was_asked_for(
    report: dict[str, Any],
) -> None:
    assert [plain(one) for one in caps(report)] == [
        "Tone stopped at +4.0 dB near 9.1 kHz; the reference asked for +9.0 dB.",
        "Loudness stopped at −9.6 LUFS, where −8.9 LUFS was aimed at. "
        "More would need more limiting than you allow.",
    ]


def test_the_five_questions_are_answered_with_their_numbers() -> None:
    told = {one.code: (plain(one.text), one.severity) for one in answers(REPORT)}
    assert told == {
        "low_end": (
            "Yes: it is within 1.0 dB of the reference. In the mix it was 2.0 dB below.",
            "good",
        ),
        "vocal_range": (
            "Neither: from 500 Hz to 4 kHz it is within 1.0 dB of the reference. "
            "In the mix it was 2.0 dB below.",
            "good",
        ),
        "loudness": (
            "Yes: the mix was 9.0 dB quieter than the reference, at −18.0 LUFS. "
            "The master is as loud as the reference, at −9.4 LUFS.",
            "good",
        ),
        "compression": (
            "No, but it is dense: in its densest tenth, peaks stand 7.5 dB above the loudness. "
            "In the mix it was 13.0 dB, in the reference 8.0 dB.",
            "note",
        ),
        "width": (
            "Neither: the sides are within 2.0 dB of the reference's, against the middle.",
            "good",
        ),
    }


ANSWERS = {
    "low_end": ("close", "thin", "heavy"),
    "vocal_range": ("close", "sharp", "recessed", "forward"),
    "loudness": ("alike", "louder", "quieter", "much_quieter"),
    "compression": ("open", "dense", "over_compressed"),
    "width": ("close", "narrow", "wide", "artificial"),
}


@pytest.mark.parametrize("code", ANSWERS)
def test_every_answer_that_the_engine_gives_has_words(code: str) -> None:
    question = next(one for one in REPORT["questions"] if one["code"] == code)
    for before, answer in product(ANSWERS[code], repeat=2):
        (told,) = answers({"questions": [question | {"before": before, "answer": answer}]})
        assert told.text.endswith(".")
        assert "%(" not in told.text
        assert any(letter.isdigit() for letter in told.text)


@pytest.mark.parametrize(
    "found",
    [
        {"code": "too_much", "hz": 251.2, "low_hz": 199.5, "high_hz": 316.2, "left_db": 4.1},
        {"code": "too_little", "hz": 8000.0, "low_hz": 8000.0, "high_hz": 8000.0, "left_db": -5.0},
        {"code": "not_as_loud", "missing_lu": 2.4, "held_by": "max_limiting"},
        {"code": "pressed_before", "psr_low_before_db": 5.1},
        {"code": "peaks_too_high", "mean_db": 1.8, "share_over_3_db": 0.2},
        {"code": "too_wide", "left_db": 3.4},
        {"code": "too_narrow", "left_db": -3.4},
    ],
    ids=lambda found: str(found["code"]),
)
def test_everything_left_for_the_mix_says_where_by_how_much_and_what_to_do(
    found: dict[str, Any],
) -> None:
    (told,) = fixes({"fix_in_the_mix": [found]})
    assert told.title
    assert "%(" not in told.text
    assert any(letter.isdigit() for letter in told.text)
    assert told.advice.endswith(".")
    assert told.guide


def test_a_bump_is_named_by_its_range_its_size_and_its_side() -> None:
    (told,) = fixes(REPORT)
    assert plain(told.title) == "Too much around 251 Hz"
    assert plain(told.text) == (
        "From 200 Hz to 316 Hz, most near 251 Hz, the master stays 4.1 dB above the reference."
    )


def test_an_axis_that_moved_away_is_said(report: dict[str, Any]) -> None:
    report["harm"] = [{"axis": "width", "before": 1.0, "after": 2.5}]
    assert [plain(one) for one in harm_words(report)] == [
        "In width the master is 2.5 dB from the reference; the mix was 1.0 dB away."
    ]


def test_limiting_is_told_section_by_section() -> None:
    rows = limited_sections(REPORT)
    assert [row["name"] for row in rows] == ["Intro", "Part B"]
    assert plain(rows[1]["max"]) == "1.4 dB"
    assert rows[1]["time"] == "0:08–0:16"


def test_a_section_without_a_sure_role_is_called_by_its_letter() -> None:
    assert part_name({"role": "chorus", "letter": "B"}) == "Chorus"
    assert part_name({"role": None, "letter": "B"}) == "Part B"


def test_the_verdict_says_where_the_limiter_worked_most(report: dict[str, Any]) -> None:
    report["verdict"] |= {"limiting_role": "chorus", "limiting_letter": "B"}
    assert plain(verdict(report)).endswith("At most 1.4 dB of limiting, most of it in the chorus.")


def test_a_report_of_an_older_engine_is_told_as_far_as_it_goes(report: dict[str, Any]) -> None:
    assert not answers(report)
    assert not fixes(report)
    assert not harm_words(report)
    assert not limited_sections(report)


def test_numbers_without_a_unit_have_two_decimals_and_unknown_ones_their_own_name() -> None:
    assert figure(0.814, "") == "0.81"
    assert figure(-9.42, "LUFS") == "−9.4"
    assert measure("stereo_drift") == "stereo drift"


def test_a_table_shows_its_cells_as_text_each_row_after_its_head() -> None:
    rows = [["<b>", "1 & 2", "3"], ["0:10", "–", "4"]]
    assert table_rows(rows) == (
        '<tr><th scope="row">&lt;b&gt;</th><td>1 &amp; 2</td><td>3</td></tr>'
        '<tr><th scope="row">0:10</th><td>–</td><td>4</td></tr>'
    )
