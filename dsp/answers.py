"""What a report's numbers answer: five questions, what did harm, what is left for the mix.

Pure Python on the report's own facts, so that whoever holds a report can ask again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

from dsp.settings import MasterSettings

Facts = Mapping[str, Any]

CLOSE_DB: Final = 1.0  # a mean difference over a range that nobody points at
SHARP_DB: Final = 1.5  # of 2 to 5 kHz, where the ear is most sensitive (ISO 226)
MUCH_LU: Final = 6.0
WIDE_DB: Final = 2.0  # of the side against the middle
ARTIFICIAL_CORRELATION: Final = 0.2  # left and right have hardly anything in common
DENSE_PSR_DB: Final = 8.0  # P10 of peak to short-term loudness; see AES TD1008 on PSR under 8
CRUSHED_PSR_DB: Final = 6.0
LEFT_DB: Final = 3.0  # over an octave; less is as much the music as the mix
LEFT_HZ: Final = (40.0, 14_000.0)
MOST_LEFT: Final = 3  # areas that are told of
HELD_LU: Final = 1.0
HEAVY_MEAN_DB: Final = 1.5
HEAVY_SHARE: Final = 0.1  # of the time under more than 3 dB of limiting
WIDTH_LEFT_DB: Final = 3.0


def ask(facts: Facts) -> list[dict[str, Any]]:
    """Return the answers to the five questions, each with the numbers it was read from.

    Parameters
    ----------
    facts : dict
        ``ranges``, ``loudness``, ``dynamics``, ``limiting`` and ``numbers`` of a report.

    Returns
    -------
    list of dict
        ``code``, ``before`` and ``answer`` (what is true of the mix, and of the master), and
        numbers with their units in their names. Differences are track less reference.
    """
    ranges = {part["code"]: part for part in facts["ranges"]}
    numbers = {row["key"]: row for row in facts["numbers"]}
    low, vocal, presence = (ranges[code] for code in ("low_end", "vocal_range", "presence"))
    loudness, dynamics = facts["loudness"], facts["dynamics"]
    width, correlation = numbers["width_db"], numbers["correlation"]
    return [
        {
            "code": "low_end",
            "before": _low_end(low["before_db"]),
            "answer": _low_end(low["after_db"]),
            "before_db": low["before_db"],
            "after_db": low["after_db"],
        },
        {
            "code": "vocal_range",
            "before": _vocal_range(vocal["before_db"], presence["before_db"]),
            "answer": _vocal_range(vocal["after_db"], presence["after_db"]),
            "before_db": vocal["before_db"],
            "after_db": vocal["after_db"],
            "presence_before_db": presence["before_db"],
            "presence_after_db": presence["after_db"],
        },
        {
            "code": "loudness",
            "before": _loudness(loudness["before_lufs"] - loudness["reference_lufs"]),
            "answer": _loudness(loudness["after_lufs"] - loudness["reference_lufs"]),
            "before_lufs": loudness["before_lufs"],
            "reference_lufs": loudness["reference_lufs"],
            "after_lufs": loudness["after_lufs"],
        },
        {
            "code": "compression",
            "before": _density(dynamics["psr_low_before_db"]),
            "answer": _density(dynamics["psr_low_after_db"]),
            "psr_before_db": dynamics["psr_before_db"],
            "psr_reference_db": dynamics["psr_reference_db"],
            "psr_after_db": dynamics["psr_after_db"],
            "psr_low_after_db": dynamics["psr_low_after_db"],
            "limiting_mean_db": facts["limiting"]["mean_db"],
            "limiting_max_db": facts["limiting"]["max_db"],
        },
        {
            "code": "width",
            "before": _width(width["before"] - width["reference"], correlation["before"]),
            "answer": _width(width["after"] - width["reference"], correlation["after"]),
            "before_db": width["before"],
            "reference_db": width["reference"],
            "after_db": width["after"],
            "correlation_after": correlation["after"],
        },
    ]


def harm_of(facts: Facts) -> list[dict[str, Any]]:
    """Return the axes on which the master is further from the reference than the mix was."""
    return [
        {"axis": axis, "before": move["before"], "after": move["after"]}
        for axis, move in facts["axes"].items()
        if move["moved"] == "away"
    ]


def gentler(settings: MasterSettings, facts: Facts) -> MasterSettings | None:
    """Return settings that hold back what did harm; None where nothing did.

    A stage that moved away from the reference gets half its amount. Where limiting took the peaks
    below the reference's, or the tone away from where the equaliser had led it, half of the
    limiting that was used is allowed, and loudness yields. What was turned down as a whole, for its
    peaks to stay under the ceiling, no setting holds back.
    """
    axes = [one["axis"] for one in harm_of(facts)]
    if not axes:
        return None
    changes: dict[str, float] = {}
    limited = "tone" in axes and facts["limiting"]["max_db"] > 0.0 and _led_closer(facts["tone"])
    for stage in ("tone", "width", "dynamics"):
        if stage in axes and not (stage == "tone" and limited):
            changes[stage] = round(getattr(settings, f"{stage}_amount") / 2.0, 2)
    dynamics = facts["dynamics"]
    pressed = "dynamics" in axes and dynamics["psr_after_db"] < dynamics["psr_reference_db"]
    louder = "loudness" in axes and facts["loudness"]["held_by"] != "ceiling"
    if pressed or limited or louder:
        changes["max_limiting_db"] = round(facts["limiting"]["max_db"] / 2.0, 1)
    if not changes:
        return None
    return replace(settings, **changes)  # type: ignore[arg-type]  # each takes a float


def _led_closer(tone: Facts) -> bool:
    """Return whether the equaliser alone would have ended no further from the reference."""
    before = [
        level - aim for level, aim in zip(tone["before_db"], tone["reference_db"], strict=True)
    ]
    after = [level + band["applied_db"] for level, band in zip(before, tone["bands"], strict=True)]
    level = sum(after) / len(after)
    return bool(sum(abs(each - level) for each in after) <= sum(map(abs, before)) + 1e-9)


def left_for_the_mix(facts: Facts) -> list[dict[str, Any]]:
    """Return what mastering does not mend here, the largest first: codes with their numbers.

    Parameters
    ----------
    facts : dict
        ``tone``, ``loudness``, ``dynamics``, ``limiting``, ``numbers`` and ``settings``.
    """
    return [
        *_tone_left(facts["tone"]),
        *_loudness_left(facts["loudness"]),
        *_dynamics_left(facts),
        *_width_left(facts),
    ]


def most_limited(sections: Sequence[Facts]) -> Facts | None:
    """Return the section that the limiter worked hardest in, where one stands out."""
    ranked = sorted(sections, key=lambda section: -float(section["mean_db"]))
    if len(ranked) < 2 or ranked[0]["mean_db"] < max(0.1, 1.5 * ranked[-1]["mean_db"]):
        return None
    return ranked[0]


def _low_end(difference_db: float) -> str:
    if abs(difference_db) < CLOSE_DB:
        return "close"
    return "heavy" if difference_db > 0 else "thin"


def _vocal_range(difference_db: float, presence_db: float) -> str:
    if presence_db >= SHARP_DB:
        return "sharp"
    if difference_db <= -CLOSE_DB:
        return "recessed"
    return "close" if difference_db < CLOSE_DB else "forward"


def _loudness(difference_lu: float) -> str:
    if abs(difference_lu) < CLOSE_DB:
        return "alike"
    if difference_lu > 0:
        return "louder"
    return "much_quieter" if difference_lu <= -MUCH_LU else "quieter"


def _density(psr_low_db: float) -> str:
    if psr_low_db < CRUSHED_PSR_DB:
        return "over_compressed"
    return "dense" if psr_low_db < DENSE_PSR_DB else "open"


def _width(difference_db: float, correlation: float) -> str:
    if correlation < ARTIFICIAL_CORRELATION:
        return "artificial"
    if abs(difference_db) < WIDE_DB:
        return "close"
    return "wide" if difference_db > 0 else "narrow"


def _tone_left(tone: Facts) -> list[dict[str, Any]]:
    """Return the areas of the spectrum that stay far from the reference, an octave at a time."""
    inside = [
        LEFT_HZ[0] <= hz <= LEFT_HZ[1] and compared
        for hz, compared in zip(tone["bands_hz"], tone["bands_compared"], strict=True)
    ]
    rest = [after - aim for after, aim in zip(tone["after_db"], tone["reference_db"], strict=True)]
    broad = []
    for band in range(len(rest)):
        octave = [i for i in range(band - 1, band + 2) if 0 <= i < len(rest) and inside[i]]
        broad.append(sum(rest[i] for i in octave) / len(octave) if octave else 0.0)
    sides = [
        (1 if level > 0 else -1) if within and abs(level) >= LEFT_DB else 0
        for level, within in zip(broad, inside, strict=True)
    ]
    areas = []
    for side, group in groupby(range(len(sides)), key=lambda i: sides[i]):
        bands = list(group)
        if side:
            worst = max(bands, key=lambda i: abs(broad[i]))
            areas.append(
                {
                    "code": "too_much" if side > 0 else "too_little",
                    "hz": tone["bands_hz"][worst],
                    "low_hz": tone["bands_hz"][bands[0]],
                    "high_hz": tone["bands_hz"][bands[-1]],
                    "left_db": round(broad[worst], 1),
                }
            )
    return sorted(areas, key=lambda area: -abs(float(area["left_db"])))[:MOST_LEFT]


def _loudness_left(loudness: Facts) -> list[dict[str, Any]]:
    missing_lu = round(loudness["goal_lufs"] - loudness["after_lufs"], 1)
    if loudness["held_by"] in {None, "ceiling"} or missing_lu < HELD_LU:
        return []
    return [{"code": "not_as_loud", "missing_lu": missing_lu, "held_by": loudness["held_by"]}]


def _dynamics_left(facts: Facts) -> list[dict[str, Any]]:
    dynamics, limiting = facts["dynamics"], facts["limiting"]
    if dynamics["psr_low_before_db"] < CRUSHED_PSR_DB:
        return [{"code": "pressed_before", "psr_low_before_db": dynamics["psr_low_before_db"]}]
    if limiting["mean_db"] >= HEAVY_MEAN_DB or limiting["share_over_3_db"] >= HEAVY_SHARE:
        return [
            {
                "code": "peaks_too_high",
                "mean_db": limiting["mean_db"],
                "share_over_3_db": limiting["share_over_3_db"],
            }
        ]
    return []


def _width_left(facts: Facts) -> list[dict[str, Any]]:
    width = next(row for row in facts["numbers"] if row["key"] == "width_db")
    left_db = round(width["after"] - width["reference"], 1)
    if abs(left_db) < WIDTH_LEFT_DB:
        return []
    return [{"code": "too_wide" if left_db > 0 else "too_narrow", "left_db": left_db}]
