"""A report on a page: its sentences, and the sentence and the table of each plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.translation import gettext as _

from mastering.messages import answers as judged
from mastering.messages import report as words
from references.templatetags.audio import db, number, quantity, seconds, signed_db

register = template.Library()

Report = dict[str, Any]
Levels = Sequence[float | None]

TABLE_ROWS = 48

verdict = register.simple_tag(words.verdict_words, name="verdict")
for tell in (
    judged.answers,
    judged.fixes,
    words.caps,
    words.changes,
    words.harm_words,
    words.limited_sections,
    words.tone_rows,
):
    register.simple_tag(tell)
register.filter(words.part_name)
register.filter("measure", words.measure_name)


@dataclass(frozen=True)
class Line:
    """A line of a plot: the key of its values, the track it belongs to, its name."""

    key: str
    track: str
    label: str


@dataclass(frozen=True)
class Plot:
    kind: str
    tab: str
    title: str
    sentence: str
    lines: list[Line]
    head: list[str]
    rows: list[list[str]]


@register.simple_tag
def plots(report: Report) -> list[Plot]:
    """Return the plots that the report holds the values of."""
    return [plot for plot in (build(report) for build in _PLOTS) if plot.rows]


@register.filter
def figure(value: float | None, unit: str) -> str:
    """Return a number whose unit stands elsewhere; what has none gets two decimals."""
    return number(value, 1 if unit else 2)


# Plots


def _spectrum(report: Report) -> Plot:
    tone, gap = report["tone"], report["axes"]["tone"]
    return Plot(
        kind="spectrum",
        tab=_("Spectrum"),
        title=_("Spectrum, at equal level"),
        sentence=_(
            "Level differences aside, the mix was %(before)s from the reference on average; "
            "the master is %(after)s from it."
        )
        % {"before": db(gap["before"]), "after": db(gap["after"])},
        lines=_three(),
        head=[_("Frequency"), *_three_names()],
        rows=_by_frequency(tone["bands_hz"], *_three_columns(tone), unit="dB"),
    )


def _tone_curve(report: Report) -> Plot:
    tone = report["tone"]
    wanted, applied = tone["wanted_db"], tone["applied_db"]
    most = max(range(len(applied)), key=lambda i: abs(applied[i]), default=0)
    sentence = _("The curve that was applied to the mix, and the one the reference asks for.")
    if applied:
        sentence += " " + _("The largest move is %(db)s at %(hz)s.") % {
            "db": signed_db(applied[most]),
            "hz": words.frequency(tone["curve_hz"][most]),
        }
    return Plot(
        kind="tone",
        tab=_("Tone curve"),
        title=_("Gain by frequency"),
        sentence=sentence,
        lines=[
            Line("wanted", "reference", _("Asked for")),
            Line("applied", "master", _("Applied")),
            Line("capped", "capped", _("Stopped at its limit")),
        ],
        head=[_("Frequency"), _("Asked for"), _("Applied")],
        rows=_by_frequency(tone["curve_hz"], wanted, applied, unit="dB"),
    )


def _loudness(report: Report) -> Plot:
    tracks = [report["loudness_over_time"][key] for key in ("before", "reference", "after")]
    longest = max(len(track["lufs"]) * track["step_seconds"] for track in tracks)
    times = [longest * place / TABLE_ROWS for place in range(TABLE_ROWS)]
    return Plot(
        kind="loudness",
        tab=_("Loudness"),
        title=_("Loudness over time"),
        sentence=words.loudness_words(report),
        lines=_three(),
        head=[_("Time"), *_three_names()],
        rows=[
            [
                seconds(time),
                *(_cell(t["lufs"], int(time / t["step_seconds"]), "LUFS") for t in tracks),
            ]
            for time in times
        ],
    )


def _limiting(report: Report) -> Plot:
    track = report["limiting"]["track"]
    reduction = [-abs(value) for value in track["reduction_db"]]
    return Plot(
        kind="limiting",
        tab=_("Limiting"),
        title=_("Gain reduction over time"),
        sentence=words.limiting_words(report),
        lines=[Line("reduction", "master", _("Gain reduction"))],
        head=[_("Time"), _("Gain reduction")],
        rows=[
            [seconds(i * track["step_seconds"]), _cell(reduction, i, "dB")]
            for i in _some(len(reduction))
        ],
    )


def _dynamics(report: Report) -> Plot:
    dynamics = report["dynamics"]
    columns = dynamics["wanted_db"], dynamics["applied_db"]
    return Plot(
        kind="dynamics",
        tab=_("Dynamics"),
        title=_("Gain by loudness"),
        sentence=words.dynamics_words(report),
        lines=[
            Line("wanted", "reference", _("Asked for")),
            Line("applied", "master", _("Applied")),
        ],
        head=[_("Against the song's loudness"), _("Asked for"), _("Applied")],
        rows=[
            [quantity(level, "LU"), *(_cell(column, i, "dB") for column in columns)]
            for i, level in enumerate(dynamics["levels_lu"])
        ],
    )


def _width(report: Report) -> Plot:
    width = report["width"]
    return Plot(
        kind="width",
        tab=_("Width"),
        title=_("Sides against middle, by frequency"),
        sentence=words.width_words(report),
        lines=_three(),
        head=[_("Frequency"), *_three_names()],
        rows=_by_frequency(width["bands_hz"], *_three_columns(width), unit="dB"),
    )


_PLOTS = (_spectrum, _tone_curve, _loudness, _limiting, _dynamics, _width)


def _three_names() -> list[str]:
    return [_("Before"), _("Reference"), _("After")]


def _three() -> list[Line]:
    keys, tracks = ("before", "reference", "after"), ("original", "reference", "master")
    return [Line(*line) for line in zip(keys, tracks, _three_names(), strict=True)]


def _three_columns(part: Report) -> list[Levels]:
    return [part[f"{key}_db"] for key in ("before", "reference", "after")]


def _by_frequency(bands_hz: Sequence[float], *columns: Levels, unit: str) -> list[list[str]]:
    return [
        [words.frequency(bands_hz[i]), *(_cell(column, i, unit) for column in columns)]
        for i in _some(len(bands_hz))
    ]


def _some(length: int) -> range:
    return range(0, length, max(1, length // TABLE_ROWS))


def _cell(column: Levels, index: int, unit: str) -> str:
    value = column[index] if index < len(column) else None
    return quantity(value, unit)
