"""A report in words: the verdict, what changed, and the sentence and the table of each plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.translation import gettext as _

from references.templatetags.audio import (
    db,
    khz,
    lufs,
    number,
    percent,
    quantity,
    seconds,
    signed_db,
)

register = template.Library()

Report = dict[str, Any]
Levels = Sequence[float | None]

SMALL_DB = 0.5  # a difference nobody is told of
CLOSE_DB = 1.0
TABLE_ROWS = 48


@dataclass(frozen=True)
class Change:
    """One sentence of "What changed", and what it speaks of."""

    area: str
    text: str


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
def verdict(report: Report) -> str:
    """Return the line over a result: what came closer, what the limiter did, what held it back."""
    closer = [name for name, before, after in _distances(report) if after < before - SMALL_DB / 2]
    if closer:
        told = _("Closer to the reference in %(aspects)s.") % {"aspects": _listed(closer)}
    else:
        told = _("The mix was close to the reference already; little was changed.")
    return f"{told} {_limiting_words(report)}"


@register.simple_tag
def changes(report: Report) -> list[Change]:
    """Return what the master did, area by area, each with its numbers."""
    return [
        Change(_("Loudness"), _loudness_words(report)),
        *_tone_changes(report["tone"]),
        Change(_("Width"), _width_words(report["width"])),
        Change(_("Limiting"), _limiting_words(report)),
    ]


@register.simple_tag
def plots(report: Report) -> list[Plot]:
    """Return the plots that the report holds the values of."""
    return [plot for plot in (build(report) for build in _PLOTS) if plot.rows]


@register.filter
def measure(key: str) -> str:
    """Return the name of a number of the report."""
    names = {
        "integrated_lufs": _("Loudness"),
        "loudness_range_lu": _("Loudness range"),
        "true_peak_dbtp": _("True peak"),
        "plr_lu": _("Peak to loudness"),
        "psr_lu": _("Peak to short-term loudness"),
        "width_db": _("Sides against middle"),
        "correlation": _("Correlation"),
    }
    return names.get(key, key.replace("_", " "))


@register.filter
def figure(value: float | None, unit: str) -> str:
    """Return a number whose unit stands elsewhere; what has none gets two decimals."""
    return number(value, 1 if unit else 2)


# Words


def _loudness_words(report: Report) -> str:
    loudness = report["loudness"]
    before, after = loudness["before_lufs"], loudness["after_lufs"]
    values = {
        "move": db(abs(after - before)),
        "after": lufs(after),
        "reference": lufs(loudness["reference_lufs"]),
    }
    if abs(after - before) < SMALL_DB:
        text = _("As loud as before, at %(after)s; the reference is at %(reference)s.")
    elif after > before:
        text = _("%(move)s louder, now at %(after)s; the reference is at %(reference)s.")
    else:
        text = _("%(move)s quieter, now at %(after)s; the reference is at %(reference)s.")
    return " ".join(filter(None, (text % values, _held_words(loudness["held_by"]))))


def _held_words(code: str | None) -> str:
    return {
        None: "",
        "max_limiting": _("It stops there: more would need more limiting than you allow."),
        "mean_limiting": _("It stops there: more would keep the limiter working all the time."),
        "saturation": _("It stops there: more drive would only flatten it, not make it louder."),
        "silence": _("There is too little sound in it to bring to a level."),
    }.get(code, "")


def _tone_changes(tone: Report) -> list[Change]:
    areas = (  # ranges people speak of, Hz
        (_("Low end"), 30, 120),
        (_("Low mids"), 120, 500),
        (_("Vocal range"), 1000, 4000),
        (_("Top end"), 6000, 16000),
    )
    told = []
    for name, low, high in areas:
        bands = [i for i, band_hz in enumerate(tone["bands_hz"]) if low <= band_hz <= high]
        moved = _mean_difference(tone["after_db"], tone["before_db"], bands)
        left = _mean_difference(tone["after_db"], tone["reference_db"], bands)
        if moved is not None and left is not None:
            told.append(Change(name, f"{_moved_words(moved)} {_left_words(left)}"))
    return told


def _moved_words(moved_db: float) -> str:
    if abs(moved_db) < SMALL_DB:
        return _("Left as it was.")
    if moved_db > 0:
        return _("%(db)s more than before.") % {"db": db(moved_db)}
    return _("%(db)s less than before.") % {"db": db(-moved_db)}


def _left_words(left_db: float) -> str:
    if abs(left_db) < CLOSE_DB:
        return _("Within %(db)s of the reference.") % {"db": db(CLOSE_DB)}
    if left_db > 0:
        return _("Still %(db)s above the reference.") % {"db": db(left_db)}
    return _("Still %(db)s below the reference.") % {"db": db(-left_db)}


def _width_words(width: Report) -> str:
    moved = _mean_difference(width["after_db"], width["before_db"])
    if moved is None or abs(moved) < SMALL_DB:
        return _("Left as it was.")
    if moved > 0:
        return _("Wider: the sides are %(db)s up against the middle.") % {"db": db(moved)}
    return _("Narrower: the sides are %(db)s down against the middle.") % {"db": db(-moved)}


def _limiting_words(report: Report) -> str:
    limiting = report["limiting"]
    values = {"most": db(limiting["max_db"]), "share": percent(limiting["share_over_3_db"])}
    if limiting["max_db"] < 0.1:
        return _("No peak had to be held back.")
    if limiting["share_over_3_db"] < 0.005:
        return _("The limiter holds back up to %(most)s, at the highest peaks only.") % values
    return _("The limiter holds back up to %(most)s, and over 3 dB for %(share)s of the song.") % (
        values
    )


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    return _("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}


def _distances(report: Report) -> list[tuple[str, float, float]]:
    """Return how far each aspect was and is from the reference, dB."""
    tone, loudness, width = report["tone"], report["loudness"], report["width"]
    found = [
        (_("tone"), *_mean_gaps(tone)),
        (
            _("loudness"),
            abs(loudness["before_lufs"] - loudness["reference_lufs"]),
            abs(loudness["after_lufs"] - loudness["reference_lufs"]),
        ),
        (_("width"), *_mean_gaps(width)),
    ]
    return [(name, before, after) for name, before, after in found]


def _mean_gaps(part: Report) -> tuple[float, float]:
    reference = part["reference_db"]
    return _mean_gap(part["before_db"], reference), _mean_gap(part["after_db"], reference)


def _mean_gap(levels_db: Levels, reference_db: Levels) -> float:
    gaps = [abs(a - b) for a, b in zip(levels_db, reference_db, strict=True) if _both(a, b)]  # type: ignore[operator]
    return sum(gaps) / len(gaps) if gaps else 0.0


def _mean_difference(of: Levels, against: Levels, at: Sequence[int] | None = None) -> float | None:
    places = range(len(of)) if at is None else at
    found = [of[i] - against[i] for i in places if _both(of[i], against[i])]  # type: ignore[operator]
    return sum(found) / len(found) if found else None


def _both(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None


# Plots


def _spectrum(report: Report) -> Plot:
    tone = report["tone"]
    before, after = _mean_gaps(tone)
    return Plot(
        kind="spectrum",
        tab=_("Spectrum"),
        title=_("Spectrum"),
        sentence=_(
            "Level differences aside, the mix was %(before)s from the reference on average; "
            "the master is %(after)s from it."
        )
        % {"before": db(before), "after": db(after)},
        lines=_three(),
        head=[_("Frequency"), *_three_names()],
        rows=_by_frequency(tone["bands_hz"], *_three_columns(tone, "db"), unit="dB"),
    )


def _tone_curve(report: Report) -> Plot:
    tone = report["tone"]
    wanted, applied = tone["wanted_db"], tone["applied_db"]
    most = max(range(len(applied)), key=lambda i: abs(applied[i]), default=0)
    sentence = _("The curve that was applied to the mix, and the one the reference asks for.")
    if applied:
        sentence += " " + _("The largest move is %(db)s at %(hz)s.") % {
            "db": signed_db(applied[most]),
            "hz": _frequency(tone["curve_hz"][most]),
        }
    return Plot(
        kind="tone",
        tab=_("Tone curve"),
        title=_("Tone curve"),
        sentence=sentence,
        lines=[
            Line("wanted", "reference", _("Asked for")),
            Line("applied", "master", _("Applied")),
        ],
        head=[_("Frequency"), _("Asked for"), _("Applied")],
        rows=_by_frequency(tone["curve_hz"], wanted, applied, unit="dB"),
    )


def _loudness(report: Report) -> Plot:
    part = report["loudness_over_time"]
    return Plot(
        kind="loudness",
        tab=_("Loudness"),
        title=_("Loudness over time"),
        sentence=_loudness_words(report),
        lines=_three(),
        head=[_("Time"), *_three_names()],
        rows=_by_time(part["step_seconds"], *_three_columns(part, "lufs"), unit="LUFS"),
    )


def _limiting(report: Report) -> Plot:
    track = report["limiting"]["track"]
    reduction = [-abs(value) for value in track["reduction_db"]]
    return Plot(
        kind="limiting",
        tab=_("Limiting"),
        title=_("Gain reduction over time"),
        sentence=_limiting_words(report),
        lines=[Line("reduction", "master", _("Gain reduction"))],
        head=[_("Time"), _("Gain reduction")],
        rows=_by_time(track["step_seconds"], reduction, unit="dB"),
    )


def _width(report: Report) -> Plot:
    width = report["width"]
    return Plot(
        kind="width",
        tab=_("Width"),
        title=_("Sides against middle"),
        sentence=_width_words(width),
        lines=_three(),
        head=[_("Frequency"), *_three_names()],
        rows=_by_frequency(width["bands_hz"], *_three_columns(width, "db"), unit="dB"),
    )


_PLOTS = (_spectrum, _tone_curve, _loudness, _limiting, _width)


def _three_names() -> list[str]:
    return [_("Before"), _("Reference"), _("After")]


def _three() -> list[Line]:
    keys, tracks = ("before", "reference", "after"), ("original", "reference", "master")
    return [Line(*line) for line in zip(keys, tracks, _three_names(), strict=True)]


def _three_columns(part: Report, unit: str) -> list[Levels]:
    return [part[f"{key}_{unit}"] for key in ("before", "reference", "after")]


def _by_frequency(bands_hz: Sequence[float], *columns: Levels, unit: str) -> list[list[str]]:
    return [
        [_frequency(bands_hz[i]), *(_cell(column, i, unit) for column in columns)]
        for i in _some(len(bands_hz))
    ]


def _by_time(step_seconds: float, *columns: Levels, unit: str) -> list[list[str]]:
    return [
        [seconds(i * step_seconds), *(_cell(column, i, unit) for column in columns)]
        for i in _some(max(map(len, columns)))
    ]


def _some(length: int) -> range:
    return range(0, length, max(1, length // TABLE_ROWS))


def _cell(column: Levels, index: int, unit: str) -> str:
    value = column[index] if index < len(column) else None
    return quantity(value, unit)


def _frequency(value_hz: float) -> str:
    return khz(round(value_hz, -2)) if value_hz >= 1000 else quantity(value_hz, "Hz")
