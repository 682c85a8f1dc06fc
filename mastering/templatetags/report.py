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
AUDIBLE_DB = 0.1
SMALL_SHARE = 0.005
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
    """Return the line over a result: what came closer, what did not, what the limiter did."""
    found = report["verdict"]
    names = {
        "tone": _("tone"),
        "loudness": _("loudness"),
        "dynamics": _("dynamics"),
        "width": _("width"),
    }
    values = {
        part: _listed([names[axis] for axis in found[part]]) if found[part] else ""
        for part in ("closer", "away")
    }
    told = {
        "untouched": _("Nothing was changed: every amount is at 0."),
        "nothing_needed": _("The mix was as close to the reference as it gets; little changed."),
        "closer": _("Closer to the reference in %(closer)s."),
        "not_closer": _("Further from the reference in %(away)s. Another one may suit better."),
    }.get(found["code"], _("Your master is ready."))
    sentences = [told % values]
    if found["code"] == "closer" and found["away"]:
        sentences.append(_("Further from it in %(away)s.") % values)
    if found["limiting_max_db"] >= AUDIBLE_DB:
        sentences.append(_("At most %(db)s of limiting.") % {"db": db(found["limiting_max_db"])})
    return " ".join(sentences)


@register.simple_tag
def changes(report: Report) -> list[Change]:
    """Return what the master did, area by area, each with its numbers."""
    return [
        Change(_("Loudness"), _loudness_words(report)),
        *(_range_change(part) for part in report["ranges"]),
        Change(_("Dynamics"), _dynamics_words(report)),
        Change(_("Width"), _width_words(report)),
        Change(_("Limiting"), _limiting_words(report)),
        *(Change(_("Stopped at a limit"), _cap_words(cap)) for cap in report["capped"]),
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
        "max_short_term_lufs": _("Loudest 3 seconds"),
        "loudness_range_lu": _("Loudness range"),
        "true_peak_dbtp": _("True peak"),
        "plr_db": _("Peak to loudness"),
        "psr_db": _("Peak to loudness, over 3 seconds"),
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
    held = {
        "max_limiting": _("It stops there: more would need more limiting than you allow."),
        "mean_limiting": _("It stops there: more would keep the limiter working all the time."),
        "saturation": _("It stops there: more drive would flatten it, not make it louder."),
        "silence": _("There is too little sound in it to bring to a level."),
    }
    return f"{text % values} {held.get(loudness['held_by'], '')}".rstrip()


def _range_change(part: Report) -> Change:
    names = {
        "low_end": _("Low end"),
        "low_mids": _("Low mids"),
        "vocal_range": _("Vocal range"),
        "top_end": _("Top end"),
    }
    moved, left = part["after_db"] - part["before_db"], part["after_db"]
    if abs(moved) < SMALL_DB:
        text = _("Left as it was.")
    elif moved > 0:
        text = _("%(db)s more than before.") % {"db": db(moved)}
    else:
        text = _("%(db)s less than before.") % {"db": db(-moved)}
    if abs(left) < CLOSE_DB:
        rest = _("Within %(db)s of the reference.") % {"db": db(CLOSE_DB)}
    elif left > 0:
        rest = _("%(db)s above the reference.") % {"db": db(left)}
    else:
        rest = _("%(db)s below the reference.") % {"db": db(-left)}
    return Change(names.get(part["code"], ""), f"{text} {rest}")


def _dynamics_words(report: Report) -> str:
    dynamics = report["dynamics"]
    return _(
        "Peaks stand %(after)s above the loudness around them; "
        "in the mix %(before)s, in the reference %(reference)s."
    ) % {key: db(dynamics[f"psr_{key}_db"]) for key in ("before", "reference", "after")}


def _width_words(report: Report) -> str:
    row = next(row for row in report["numbers"] if row["key"] == "width_db")
    moved = row["after"] - row["before"]
    values = {"db": db(abs(moved)), "left": db(abs(row["after"] - row["reference"]))}
    if abs(moved) < SMALL_DB:
        text = _("Left as it was.")
    elif moved > 0:
        text = _("Wider: the sides are %(db)s up against the middle.")
    else:
        text = _("Narrower: the sides are %(db)s down against the middle.")
    if abs(row["after"] - row["reference"]) < CLOSE_DB:
        rest = _("About as wide as the reference.")
    elif row["after"] < row["reference"]:
        rest = _("%(left)s narrower than the reference.")
    else:
        rest = _("%(left)s wider than the reference.")
    return f"{text} {rest}" % values


def _limiting_words(report: Report) -> str:
    limiting = report["limiting"]
    values = {"most": db(limiting["max_db"]), "share": percent(limiting["share_over_3_db"])}
    if limiting["max_db"] < AUDIBLE_DB:
        return _("No peak had to be held back.")
    if limiting["share_over_3_db"] < SMALL_SHARE:
        return _("Up to %(most)s, at the highest peaks only.") % values
    return _("Up to %(most)s, and more than 3 dB for %(share)s of the song.") % values


def _cap_words(cap: Report) -> str:
    values = {
        "hz": _frequency(cap["hz"]),
        "wanted": signed_db(cap["wanted_db"]),
        "applied": signed_db(cap["applied_db"]),
    }
    if cap["stage"] == "width":
        return _("Width stops at %(applied)s near %(hz)s; the reference asked for %(wanted)s.") % (
            values
        )
    return _("Tone stops at %(applied)s near %(hz)s; the reference asked for %(wanted)s.") % values


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    return _("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}


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
            "hz": _frequency(tone["curve_hz"][most]),
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
        sentence=_loudness_words(report),
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
        sentence=_limiting_words(report),
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
        sentence=_dynamics_words(report),
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
        sentence=_width_words(report),
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
        [_frequency(bands_hz[i]), *(_cell(column, i, unit) for column in columns)]
        for i in _some(len(bands_hz))
    ]


def _some(length: int) -> range:
    return range(0, length, max(1, length // TABLE_ROWS))


def _cell(column: Levels, index: int, unit: str) -> str:
    value = column[index] if index < len(column) else None
    return quantity(value, unit)


def _frequency(value_hz: float) -> str:
    return khz(round(value_hz, -2)) if value_hz >= 1000 else quantity(value_hz, "Hz")
