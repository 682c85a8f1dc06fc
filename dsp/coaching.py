"""What a new mix does better and worse than the one before, against the same reference.

Pure Python on what uploads are measured to, for the web process.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dsp.axes import RANGES_HZ
from dsp.features import LEVEL_HZ

Summary = Mapping[str, Any]
Finding = Mapping[str, Any]

# What counts as one step, so that unlike things can be put in order: about what is heard.
STEP: Final = {"tone": 1.0, "width": 2.0, "density": 1.5, "loudness_range": 2.0}
LEAST_STEPS: Final = 0.5
FINDING_STEPS: Final = {"warning": 4.0, "note": 1.5}
FAR_FEWER: Final = 2.0  # times as many places, for one finding in both mixes
SILENT_SIDE_DB: Final = -60.0


def compare_mixes(
    before: Summary,
    after: Summary,
    reference: Summary,
    *,
    findings_before: Sequence[Finding] = (),
    findings_after: Sequence[Finding] = (),
) -> list[dict[str, Any]]:
    """Return what got better and what got worse, the largest first.

    Parameters
    ----------
    before, after, reference : dict
        Summaries of profiles: of the earlier mix, the new one, and of the reference of both.
    findings_before, findings_after : sequence of dict
        What the mix check found.

    Returns
    -------
    list of dict
        ``code``; ``kind`` ("tone", "width", "density", "loudness_range" or "finding"); ``better``;
        ``steps``, the size of the change in audible steps. Distances have ``before`` and
        ``after``, track less reference in dB or LU; findings have their ``value`` in both.
    """
    distances = [
        _distance(code, kind, *values)
        for code, kind, values in _measures(before, after, reference)
        if None not in values
    ]
    found = [
        *(one for one in distances if one["steps"] >= LEAST_STEPS),
        *_findings(findings_before, findings_after),
    ]
    return sorted(found, key=lambda one: (-float(one["steps"]), str(one["code"])))


def _measures(
    before: Summary, after: Summary, reference: Summary
) -> list[tuple[str, str, tuple[Any, Any]]]:
    tracks = (before, after)
    aim = _tone(reference)
    ranges = {code: [_mean(_tone(track), aim, span, track) for track in tracks]
              for code, span in RANGES_HZ.items()}  # fmt: skip
    aims = {
        "width": ("width", _width_db),
        "density": ("density", lambda track: track["psr_db"]["p50"]),
        "loudness_range": ("loudness_range", lambda track: track["loudness_range_lu"]),
    }
    others = [
        (code, kind, tuple(_less(read(track), read(reference)) for track in tracks))
        for code, (kind, read) in aims.items()
    ]
    return [
        *((code, "tone", (pair[0], pair[1])) for code, pair in ranges.items()),
        *((code, kind, (pair[0], pair[1])) for code, kind, pair in others),
    ]


def _distance(code: str, kind: str, before: float, after: float) -> dict[str, Any]:
    moved = abs(before) - abs(after)
    return {
        "code": code,
        "kind": kind,
        "better": moved > 0.0,
        "before": round(before, 1),
        "after": round(after, 1),
        "steps": round(abs(moved) / STEP[kind], 2),
    }


def _findings(before: Sequence[Finding], after: Sequence[Finding]) -> list[dict[str, Any]]:
    was, now = ({one["code"]: one for one in found} for found in (before, after))
    told = []
    for code in {**was, **now}:
        old, new = was.get(code), now.get(code)
        steps = FINDING_STEPS.get((old or new or {}).get("severity", "note"), 1.5)
        if old and new:
            share = _ratio(old, new)
            if max(share, 1.0 / share) < FAR_FEWER:
                continue
            better, steps = share > 1.0, steps / 2.0
        else:
            better = new is None
        told.append(
            {
                "code": code,
                "kind": "finding",
                "better": better,
                "is_gone": new is None,
                "is_new": old is None,
                "before": old and old.get("value"),
                "after": new and new.get("value"),
                "unit": (old or new or {}).get("unit", ""),
                "steps": steps,
            }
        )
    return told


def _ratio(old: Finding, new: Finding) -> float:
    """Return how many times as much was found before, for what is counted; 1 for the rest."""
    if old.get("unit") not in ("runs", "s") or not old.get("value") or not new.get("value"):
        return 1.0
    return float(old["value"]) / float(new["value"])


def _tone(track: Summary) -> list[float]:
    """Return the third-octave levels of the middle, less their mean over ``LEVEL_HZ``, dB."""
    inside = [
        level
        for hz, level in zip(track["third_octaves_hz"], track["mid_db"], strict=True)
        if LEVEL_HZ[0] <= hz <= LEVEL_HZ[1]
    ]
    mean = sum(inside) / len(inside)
    return [level - mean for level in track["mid_db"]]


def _mean(
    tone: Sequence[float], aim: Sequence[float], span: tuple[float, float], track: Summary
) -> float:
    rest = [
        mine - theirs
        for hz, mine, theirs in zip(track["third_octaves_hz"], tone, aim, strict=True)
        if span[0] <= hz < span[1]
    ]
    return sum(rest) / len(rest)


def _width_db(track: Summary) -> float:
    mid, side = (sum(10.0 ** (level / 10.0) for level in track[f"{name}_db"])
                 for name in ("mid", "side"))  # fmt: skip
    return max(10.0 * math.log10(max(side, 1e-14) / max(mid, 1e-14)), SILENT_SIDE_DB)


def _less(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other
