"""The plots of a report: what is drawn, told in a sentence, shown as a table and given as CSV."""

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from mastering.messages import report as words
from mastering.models import current_platforms
from references.templatetags.audio import db, lufs, percent, quantity, seconds, signed_db

Report = dict[str, Any]
Levels = Sequence[float | None]
Across = Literal["hertz", "clock", "units", "names"]

TABLE_ROWS: Final = 48
TRACKS: Final = {"before": "original", "reference": "reference", "after": "master"}
SPREAD_LU: Final = (-20, 8)  # around a song's own loudness
NEAR_DB: Final = 2.0  # around the reference: hardly told apart
BEGIN_HZ: Final = {"low_end": 30, "low_mids": 120, "vocal_range": 500, "top_end": 4_000}
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


def plots_of_report(report: Report) -> list[Plot]:
    """Return the plots that the report holds the values of, in the order of their tabs."""
    return [plot for plot in (build(report) for build in _PLOTS.values()) if len(plot.x)]


def plot_of_report(report: Report, kind: str) -> Plot | None:
    """Return one of the plots; None for a kind that there is none of."""
    plot = _PLOTS[kind](report) if kind in _PLOTS else None
    return plot if plot and len(plot.x) else None


def _spectrum(report: Report) -> Plot:
    tone, gap = report["tone"], report["axes"]["tone"]
    text = _(
        "Level differences aside, the mix was %(before)s from the reference on average; "
        "the master is %(after)s from it."
    )
    return Plot(
        kind="spectrum",
        tab=_("Spectrum"),
        title=_("Spectrum, at equal level"),
        sentence=text % {"before": db(gap["before"]), "after": db(gap["after"])},
        lines=_three(lambda key: tone[f"{key}_db"], "dB"),
        marks=_ranges(),
        near=NEAR_DB,
        note=_("The band is 2 dB around the reference."),
        **_by_frequency(tone["bands_hz"]),
    )


def _tone_curve(report: Report) -> Plot:
    tone = report["tone"]
    applied, capped = tone["applied_db"], tone["capped_db"]
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
            *_asked_and_applied(tone),
            Line(
                "capped",
                "capped",
                _("Stopped at its limit"),
                "dB",
                [a if abs(c) >= 0.1 else None for a, c in zip(applied, capped, strict=True)],
            ),
        ],
        marks=_ranges(),
        has_zero=True,
        **_by_frequency(tone["curve_hz"]),
    )


def _loudness(report: Report) -> Plot:
    tracks = report["loudness_over_time"]
    step = tracks["after"]["step_seconds"]
    longest = max(len(track["lufs"]) * track["step_seconds"] for track in tracks.values())
    times = [round(place * step, 3) for place in range(math.ceil(longest / step))]

    def at_times(key: str) -> Levels:
        values, own_step = tracks[key]["lufs"], tracks[key]["step_seconds"]
        places = (int(time / own_step) for time in times)
        return [values[place] if place < len(values) else None for place in places]

    lines = _three(at_times, "LUFS")
    top = max((value for line in lines for value in line.values if value is not None), default=0.0)
    return Plot(
        kind="loudness",
        tab=_("Loudness"),
        title=_("Loudness over time"),
        sentence=words.loudness_words(report),
        lines=lines,
        floor=top - FADED_LU,
        marks=_sections(report),
        note=_("The sections are those of your mix; the reference runs by its own clock."),
        **_by_time(times),
    )


def _limiting(report: Report) -> Plot:
    track = report["limiting"]["track"]
    reduction = [-abs(value) for value in track["reduction_db"]]
    return Plot(
        kind="limiting",
        tab=_("Limiting"),
        title=_("Gain reduction over time"),
        sentence=words.limiting_words(report),
        lines=[Line("reduction", "reduction", _("Gain reduction"), "dB", reduction)],
        has_zero=True,
        marks=_sections(report),
        **_by_time([round(i * track["step_seconds"], 3) for i in range(len(reduction))]),
    )


def _width(report: Report) -> Plot:
    width = report["width"]
    return Plot(
        kind="width",
        tab=_("Width"),
        title=_("Sides against middle, by frequency"),
        sentence=words.width_words(report),
        lines=_three(lambda key: width[f"{key}_db"], "dB"),
        **_by_frequency(width["bands_hz"]),
    )


def _correlation(report: Report) -> Plot:
    width = report["width"]
    lowest = _lowest(width["curve_hz"], width["correlation_after"])
    sentence = _("1 is mono, 0 has nothing in common, below 0 the channels cancel in mono.")
    if lowest:
        text = _("The master's lowest is %(value)s, at %(hz)s.")
        values = {"value": quantity(lowest[1], ""), "hz": words.frequency(lowest[0])}
        sentence = f"{text % values} {sentence}"
    return Plot(
        kind="correlation",
        tab=_("Correlation"),
        title=_("Correlation of left and right, by frequency"),
        sentence=sentence,
        lines=_three(lambda key: width[f"correlation_{key}"], ""),
        has_zero=True,
        **_by_frequency(width["curve_hz"]),
    )


def _dynamics(report: Report) -> Plot:
    tracks = report["loudness_over_time"]
    numbers = {row["key"]: row for row in report["numbers"]}
    own = numbers["integrated_lufs"]
    edges = range(*SPREAD_LU)
    spread = {key: _spread(tracks[key]["lufs"], own[key]) for key in TRACKS}
    above = {
        key: percent(sum(share or 0.0 for share in shares[-SPREAD_LU[0] :]) / 100.0)
        for key, shares in spread.items()
    }
    text = _(
        "The master is louder than its own average for %(after)s of the time, "
        "the mix for %(before)s, the reference for %(reference)s."
    )
    return Plot(
        kind="dynamics",
        tab=_("Dynamics"),
        title=_("How long each song is louder or quieter than its own average"),
        sentence=f"{text % above} {words.dynamics_words(report)}",
        across="units",
        x_key="from_own_loudness_lu",
        x_label=_("Against its own loudness"),
        x=[edge + 0.5 for edge in edges] if any(spread.values()) else [],
        lines=_three(lambda key: spread[key], "%"),
        has_zero=True,
    )


def _level_curve(report: Report) -> Plot:
    dynamics = report["dynamics"]
    return Plot(
        kind="levels",
        tab=_("Level curve"),
        title=_("Gain by loudness"),
        sentence=_(
            "What the dynamics stage did to moments of each loudness: at most %(high)s up "
            "and %(low)s down, within the song."
        )
        % {
            "high": db(max(dynamics["highest_db"], 0.0)),
            "low": db(max(-dynamics["lowest_db"], 0.0)),
        },
        across="units",
        x_key="from_song_loudness_lu",
        x_label=_("Against the song's loudness"),
        x=dynamics["levels_lu"],
        lines=_asked_and_applied(dynamics),
        has_zero=True,
    )


def _platforms(report: Report) -> Plot:
    numbers = {row["key"]: row for row in report["numbers"]}
    loudness, peaks = numbers["integrated_lufs"], numbers["true_peak_dbtp"]
    rules = current_platforms()

    def played(key: str) -> Levels:
        if loudness[key] is None or peaks[key] is None:
            return [None] * len(rules)
        levels = {"loudness_lufs": loudness[key], "true_peak_dbtp": peaks[key]}
        return [round(rule.played_lufs(**levels), 2) for rule in rules]

    after = {"loudness_lufs": loudness["after"], "true_peak_dbtp": peaks["after"]}
    gains = [rule.gain_db(**after) for rule in rules]
    values = {
        "least": db(abs(max(gains))),
        "most": db(-min(gains)),
        "lufs": lufs(loudness["after"]),
    }
    if max(gains) < -0.05:
        sentence = _("Every platform turns this master down, by %(least)s to %(most)s.")
    elif min(gains) < -0.05:
        sentence = _("Some platforms turn this master down, by up to %(most)s.")
    else:
        sentence = _("No platform turns this master down; it is delivered at %(lufs)s.")
    return Plot(
        kind="platforms",
        tab=_("Platforms"),
        title=_("How loud platforms play it"),
        sentence=sentence % values,
        across="names",
        x_key="platform",
        x_label=_("Platform"),
        x=list(range(len(rules))),
        names=[rule.name for rule in rules],
        lines=[
            *_three(played, "LUFS"),
            Line("target", "target", _("Target"), "LUFS", [rule.target_lufs for rule in rules]),
        ],
    )


_PLOTS: Final[dict[str, Callable[[Report], Plot]]] = {
    "spectrum": _spectrum,
    "tone": _tone_curve,
    "loudness": _loudness,
    "limiting": _limiting,
    "width": _width,
    "correlation": _correlation,
    "dynamics": _dynamics,
    "levels": _level_curve,
    "platforms": _platforms,
}
KINDS: Final = tuple(_PLOTS)


def _three(values: Callable[[str], Levels], unit: str) -> list[Line]:
    """Return the lines of mix, reference and master, each in its own style."""
    labels = (_("Before"), _("Reference"), _("After"))
    return [
        Line(key, style, label, unit, values(key))
        for (key, style), label in zip(TRACKS.items(), labels, strict=True)
    ]


def _asked_and_applied(plan: Report) -> list[Line]:
    return [
        Line("wanted", "asked", _("Asked for"), "dB", plan["wanted_db"]),
        Line("applied", "applied", _("Applied"), "dB", plan["applied_db"]),
    ]


def _by_frequency(bands_hz: Sequence[float]) -> dict[str, Any]:
    return {"across": "hertz", "x_key": "frequency_hz", "x_label": _("Frequency"), "x": bands_hz}


def _by_time(times: Sequence[float]) -> dict[str, Any]:
    return {"across": "clock", "x_key": "time_seconds", "x_label": _("Time"), "x": times}


def _sections(report: Report) -> list[dict[str, Any]]:
    return [
        {"at": section["start_seconds"], "label": words.part_name(section)}
        for section in report["sections"]
    ]


def _ranges() -> list[dict[str, Any]]:
    names = words.range_names()
    return [{"at": hz, "label": names[code]} for code, hz in BEGIN_HZ.items()]


def _spread(levels: Levels, own_lufs: float | None) -> Levels:
    """Return the share of time, in percent, at each LU around a song's own loudness."""
    heard = list(_against(levels, own_lufs))
    low, high = SPREAD_LU
    if not heard:
        return [None] * (high - low)
    counts = [0] * (high - low)
    for level in heard:
        counts[min(max(math.floor(level), low), high - 1) - low] += 1
    return [round(100.0 * count / len(heard), 2) for count in counts]


def _against(levels: Levels, own_lufs: float | None) -> Iterator[float]:
    for level in levels:
        if level is not None and own_lufs is not None and level > own_lufs - FADED_LU:
            yield level - own_lufs


def _lowest(places: Sequence[float], values: Levels) -> tuple[float, float] | None:
    found = [
        (value, place) for place, value in zip(places, values, strict=True) if value is not None
    ]
    return (min(found)[1], min(found)[0]) if found else None
