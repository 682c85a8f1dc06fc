"""The forms of a plot: drawn, told in a sentence, shown as a table and given as CSV."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from mastering.messages import report as words
from references.templatetags.audio import quantity, seconds

Report = dict[str, Any]
Levels = Sequence[float | None]
Across = Literal["hertz", "clock", "units", "names"]

TABLE_ROWS: Final = 48
TRACKS: Final = {"before": "original", "reference": "reference", "after": "master"}
FADED_LU: Final = 30.0  # quieter moments than this are the silence around a song


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot: its values, the style it is drawn in everywhere, its name."""

    key: str
    style: str
    label: str
    unit: str
    values: Levels


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A plot in all its forms; ``x_key`` and the lines' keys with units head the CSV."""

    kind: str
    tab: str
    title: str
    sentence: str
    across: Across
    x_key: str
    x_label: str
    x: Sequence[float]
    lines: list[Line]
    names: list[str] = field(default_factory=list)  # of the places, where they have no number
    marks: list[dict[str, Any]] = field(default_factory=list)  # sections, or ranges of the spectrum
    near: float | None = None  # how far around the reference a band is drawn
    has_zero: bool = False
    floor: float | None = None  # what lies deeper would flatten all the rest
    note: str = ""

    @property
    def head(self) -> list[str]:
        return [self.x_label, *(line.label for line in self.lines)]

    @property
    def rows(self) -> list[list[str]]:
        """The table: at most ``TABLE_ROWS`` places, evenly chosen."""
        places = range(0, len(self.x), max(1, len(self.x) // TABLE_ROWS))
        return [
            [self._place(i), *(quantity(line.values[i], line.unit) for line in self.lines)]
            for i in places
        ]

    @property
    def drawn(self) -> dict[str, Any]:
        """What a script needs to draw it."""
        return {
            "across": self.across,
            "x": self.x,
            "names": self.names,
            "marks": self.marks,
            "near": self.near,
            "zero": self.has_zero,
            "floor": self.floor,
            "lines": [
                {"key": line.key, "style": line.style, "unit": line.unit, "values": line.values}
                for line in self.lines
            ],
        }

    @property
    def csv(self) -> str:
        """Every value, with units in the head (RFC 4180)."""
        text = io.StringIO()
        writer = csv.writer(text)
        units = {"%": "percent", "": "ratio"}
        writer.writerow(
            [self.x_key, *(f"{x.key}_{units.get(x.unit, x.unit).lower()}" for x in self.lines)]
        )
        for i, place in enumerate(self.names or self.x):
            values = (line.values[i] for line in self.lines)
            writer.writerow([place, *("" if value is None else value for value in values)])
        return text.getvalue()

    def _place(self, index: int) -> str:
        value = self.x[index]
        if self.across == "hertz":
            return words.frequency(value)
        if self.across == "clock":
            return seconds(value)
        return self.names[index] if self.names else quantity(value, "LU")


def three(values: Callable[[str], Levels], unit: str) -> list[Line]:
    """Return the lines of mix, reference and master, each in its own style."""
    labels = (_("Before"), _("Reference"), _("After"))
    return [
        Line(key, style, label, unit, values(key))
        for (key, style), label in zip(TRACKS.items(), labels, strict=True)
    ]


def asked_and_applied(plan: Report) -> list[Line]:
    return [
        Line("wanted", "asked", _("Asked for"), "dB", plan["wanted_db"]),
        Line("applied", "applied", _("Applied"), "dB", plan["applied_db"]),
    ]


def by_frequency(bands_hz: Sequence[float]) -> dict[str, Any]:
    return {"across": "hertz", "x_key": "frequency_hz", "x_label": _("Frequency"), "x": bands_hz}


def by_time(times: Sequence[float]) -> dict[str, Any]:
    return {"across": "clock", "x_key": "time_seconds", "x_label": _("Time"), "x": times}


def sections(report: Report) -> list[dict[str, Any]]:
    return [
        {"at": section["start_seconds"], "label": words.part_name(section)}
        for section in report["sections"]
    ]
