"""The plots by frequency: spectrum, tone curve, width, correlation."""

from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from mastering.messages import report as words
from mastering.plots.forms import Levels, Line, Plot, Report, asked_and_applied, by_frequency, three
from references.templatetags.audio import db, quantity, signed_db

NEAR_DB: Final = 2.0  # around the reference: hardly told apart
BEGIN_HZ: Final = {"low_end": 30, "low_mids": 120, "vocal_range": 500, "top_end": 4_000}


def spectrum(report: Report) -> Plot:
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
        lines=three(lambda key: tone[f"{key}_db"], "dB"),
        marks=_ranges(),
        near=NEAR_DB,
        note=_("The band is 2 dB around the reference."),
        **by_frequency(tone["bands_hz"]),
    )


def tone_curve(report: Report) -> Plot:
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
            *asked_and_applied(tone),
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
        **by_frequency(tone["curve_hz"]),
    )


def width(report: Report) -> Plot:
    width = report["width"]
    return Plot(
        kind="width",
        tab=_("Width"),
        title=_("Sides against middle, by frequency"),
        sentence=words.width_words(report),
        lines=three(lambda key: width[f"{key}_db"], "dB"),
        **by_frequency(width["bands_hz"]),
    )


def correlation(report: Report) -> Plot:
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
        lines=three(lambda key: width[f"correlation_{key}"], ""),
        has_zero=True,
        **by_frequency(width["curve_hz"]),
    )


def _ranges() -> list[dict[str, Any]]:
    names = words.range_names()
    return [{"at": hz, "label": names[code]} for code, hz in BEGIN_HZ.items()]


def _lowest(places: Sequence[float], values: Levels) -> tuple[float, float] | None:
    found = [
        (value, place) for place, value in zip(places, values, strict=True) if value is not None
    ]
    return (min(found)[1], min(found)[0]) if found else None
