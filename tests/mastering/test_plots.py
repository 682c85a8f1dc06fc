"""Plots of a report: drawn, told, tabled and exported from the same values."""

import copy
from typing import Any

import pytest

from dsp.axes import RANGES_HZ
from mastering.plots import plot_of_report, plots_of_report
from mastering.plots.forms import Plot
from tests.reports import REPORT, plain

KINDS = [
    "spectrum", "tone", "loudness", "limiting", "width", "correlation", "dynamics", "levels",
    "platforms",
]  # fmt: skip


@pytest.fixture
def report(db) -> dict[str, Any]:
    return copy.deepcopy(REPORT)


def plot(report: dict[str, Any], kind: str) -> Plot:
    found = plot_of_report(report, kind)
    assert found is not None
    return found


def values(of: Plot) -> dict[str, list[float | None]]:
    return {line.key: list(line.values) for line in of.lines}


def test_every_plot_is_there_with_a_sentence_built_from_numbers(report):
    shown = plots_of_report(report)
    assert [each.kind for each in shown] == KINDS
    for each in shown:
        assert each.sentence.endswith(".")
        assert any(sign.isdigit() for sign in each.sentence), each.kind
        assert all(len(line.values) == len(each.x) for line in each.lines)
        assert all(len(row) == len(each.head) for row in each.rows)


def test_a_table_has_the_values_with_their_units(report):
    rows = [[plain(cell) for cell in row] for row in plot(report, "spectrum").rows]
    assert rows[1] == ["1 kHz", "−1.0 dB", "1.0 dB", "0.5 dB"]


def test_a_table_stays_readable_and_the_csv_has_every_value(report):
    report["limiting"]["track"] = {"step_seconds": 0.1, "reduction_db": [1.0] * 1200}
    long = plot(report, "limiting")
    assert len(long.rows) <= 48
    head, *rows = long.csv.splitlines()
    assert head == "time_seconds,reduction_db"
    assert rows[1] == "0.1,-1.0"
    assert len(rows) == 1200


def test_a_plot_without_values_is_left_out(report):
    report["limiting"]["track"]["reduction_db"] = []
    assert "limiting" not in [each.kind for each in plots_of_report(report)]
    assert plot_of_report(report, "limiting") is None


def test_tracks_keep_their_styles_everywhere(report):
    styles = {"before": "original", "reference": "reference", "after": "master"}
    for each in plots_of_report(report):
        for line in each.lines:
            assert line.style == styles.get(line.key, line.style)


def test_caps_are_marked_where_they_held_the_curve_back(report):
    report["tone"]["capped_db"] = [0.0, 0.6]
    assert values(plot(report, "tone"))["capped"] == [None, 1.4]


def test_loudness_runs_by_one_clock_and_shows_the_sections(report):
    report["loudness_over_time"] = {
        "before": {"step_seconds": 1.0, "lufs": [-20.0, -18.0]},
        "reference": {"step_seconds": 0.5, "lufs": [-9.0, -8.0, -7.0, -6.0, -5.0]},
        "after": {"step_seconds": 1.0, "lufs": [-10.0, -9.0]},
    }
    drawn = plot(report, "loudness")
    assert drawn.x == [0.0, 1.0, 2.0]
    assert values(drawn) == {
        "before": [-20.0, -18.0, None],
        "reference": [-9.0, -7.0, -5.0],
        "after": [-10.0, -9.0, None],
    }
    assert drawn.floor == -35.0
    assert [mark["label"] for mark in drawn.marks] == ["Intro", "Part B"]


def test_the_spectrum_names_its_ranges_as_the_words_do_and_tells_what_is_near(report):
    drawn = plot(report, "spectrum").drawn
    assert [(mark["at"], mark["label"]) for mark in drawn["marks"]] == [
        (30, "Low end"), (120, "Low mids"), (500, "Vocal range"), (4_000, "Top end"),
    ]  # fmt: skip
    assert [hz for hz, _ in RANGES_HZ.values()] == [mark["at"] for mark in drawn["marks"]]
    assert drawn["near"] == 2.0
    assert plot(report, "loudness").drawn["near"] is None


def test_dynamics_are_the_share_of_time_at_each_loudness(report):
    report["loudness_over_time"]["after"]["lufs"] = [-9.4, -9.0, -8.0, -60.0]
    drawn = plot(report, "dynamics")
    shares = dict(zip(drawn.x, values(drawn)["after"], strict=True))
    assert shares[0.5] == pytest.approx(66.67)
    assert shares[1.5] == pytest.approx(33.33)
    assert sum(share or 0.0 for share in shares.values()) == pytest.approx(
        100.0, abs=0.05
    )  # the silence is left out


def test_platforms_play_all_three_by_their_rules(report):
    played = values(plot(report, "platforms"))
    names = plot(report, "platforms").names
    spotify = names.index("Spotify")
    assert (played["before"][spotify], played["after"][spotify]) == (-16.0, -14.0)
    assert played["target"][spotify] == -14.0
    assert "turns this master down, by 4.6 dB to 6.6 dB" in plain(
        plot(report, "platforms").sentence
    )
    report["numbers"][0]["after"] = report["numbers"][0]["before"] = -20.0
    assert "No platform" in plot(report, "platforms").sentence


def test_what_was_not_measured_is_no_number(report):
    report["numbers"][0]["reference"] = None
    assert set(values(plot(report, "platforms"))["reference"]) == {None}
    assert set(values(plot(report, "dynamics"))["reference"]) == {None}
