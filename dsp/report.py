"""What a master's measurements say: the report, JSON-ready, with codes for every sentence.

The same facts serve the page, the API and the command line; wording lives with the pages.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from dsp.answers import ask, gentler, harm_of, left_for_the_mix, most_limited
from dsp.bands import (
    capped,
    listed,
    overall_correlation,
    overall_width_db,
    ranges,
    tilt,
    tone,
    width,
    width_distance,
)
from dsp.chain import Mastered
from dsp.dynamics_report import dynamics_report
from dsp.limiter import TRACK_STEP_SECONDS
from dsp.peaks import block_frames
from dsp.sections import Section
from dsp.settings import ENGINE_VERSION
from dsp.spectrum import (
    Floats,
)

REPORT_VERSION: Final = 2
SETTLED: Final = {"tone": 0.5, "loudness": 0.5, "dynamics": 0.5, "width": 0.5}  # dB or LU
REDUCTION_POINTS: Final = 1_200  # of the gain reduction that is drawn


def describe(mastered: Mastered) -> dict[str, Any]:
    """Return the report of a master.

    Parameters
    ----------
    mastered : Mastered

    Returns
    -------
    dict
        JSON-ready: lists, numbers, strings and None. Levels in dB, LUFS, LU or dBTP as named.
    """
    axes = _axes(mastered)
    limiting = _limiting(mastered)
    facts = {
        "version": REPORT_VERSION,
        "engine": ENGINE_VERSION,
        "settings": mastered.settings.as_dict(),
        "suitability": mastered.suitability,
        "verdict": _verdict(mastered, axes, limiting),
        "axes": axes,
        "loudness": _loudness(mastered),
        "numbers": _numbers(mastered),
        "ranges": ranges(mastered),
        "tone": tone(mastered),
        "width": width(mastered),
        "dynamics": dynamics_report(mastered),
        "limiting": limiting,
        "loudness_over_time": _loudness_over_time(mastered),
        "sections": mastered.target.summary()["sections"],
        "pairs": _pairs(mastered),
        "capped": capped(mastered),
        "notes": sorted({*mastered.tone.reasons, *mastered.width.reasons}),
    }
    softer = gentler(mastered.settings, facts)
    return facts | {
        "questions": ask(facts),
        "harm": harm_of(facts),
        "gentler": softer.as_dict() if softer else None,
        "fix_in_the_mix": left_for_the_mix(facts),
    }


def _axes(mastered: Mastered) -> dict[str, dict[str, Any]]:
    """Return the distance to the reference before and after, per axis."""
    tracks = (mastered.target, mastered.result)
    reference = mastered.reference
    aims = {
        "tone": [float(np.mean(np.abs(tilt(t) - tilt(reference)))) for t in tracks],
        "loudness": [abs(t.integrated_lufs - mastered.goal_lufs) for t in tracks],
        "dynamics": [abs(t.psr_db[1] - reference.psr_db[1]) for t in tracks],
        "width": [width_distance(t, reference) for t in tracks],
    }
    return {
        axis: {
            "before": round(before, 2),
            "after": round(after, 2),
            "moved": _moved(before, after, SETTLED[axis]),
        }
        for axis, (before, after) in aims.items()
    }


def _moved(before: float, after: float, settled: float) -> str:
    if after <= before - 0.1 * max(before, settled):
        return "closer"
    if after >= before + 0.1 * max(before, settled) and after > settled:
        return "away"
    return "kept"


def _verdict(
    mastered: Mastered, axes: dict[str, dict[str, Any]], limiting: dict[str, Any]
) -> dict[str, Any]:
    closer = [axis for axis, move in axes.items() if move["moved"] == "closer"]
    away = [axis for axis, move in axes.items() if move["moved"] == "away"]
    held_by = mastered.maximized and mastered.maximized.held_by
    if mastered.settings.is_identity:
        code = "untouched"
    elif not closer and not away:
        code = "nothing_needed"
    elif closer:
        code = "closer"
    elif away == ["loudness"] and held_by == "ceiling":
        code = "turned_down"
    else:
        code = "not_closer"
    hardest = most_limited(limiting["sections"])
    return {
        "code": code,
        "closer": closer,
        "away": away,
        "limiting_max_db": limiting["max_db"],
        "limiting_role": hardest and hardest["role"],
        "limiting_letter": hardest and hardest["letter"],
    }


def _loudness(mastered: Mastered) -> dict[str, Any]:
    return {
        "before_lufs": mastered.target.integrated_lufs,
        "reference_lufs": mastered.reference.integrated_lufs,
        "goal_lufs": mastered.goal_lufs,
        "after_lufs": mastered.result.integrated_lufs,
        "held_by": mastered.maximized.held_by if mastered.maximized else None,
        "ceiling_dbtp": mastered.settings.ceiling_dbtp,
    }


def _numbers(mastered: Mastered) -> list[dict[str, Any]]:
    tracks = (mastered.target, mastered.reference, mastered.result)
    rows: dict[str, tuple[str, list[float | None]]] = {
        "integrated_lufs": ("LUFS", [t.integrated_lufs for t in tracks]),
        "max_short_term_lufs": ("LUFS", [t.max_short_term_lufs for t in tracks]),
        "loudness_range_lu": ("LU", [t.loudness_range_lu for t in tracks]),
        "true_peak_dbtp": ("dBTP", [t.true_peak_dbtp for t in tracks]),
        "plr_db": ("dB", [t.plr_db for t in tracks]),
        "psr_db": ("dB", [t.psr_db[1] for t in tracks]),
        "width_db": ("dB", [overall_width_db(t) for t in tracks]),
        "correlation": ("", [overall_correlation(t) for t in tracks]),
    }
    return [
        {"key": key, "unit": unit, "before": before, "reference": reference, "after": after}
        for key, (unit, (before, reference, after)) in rows.items()
    ]


def _limiting(mastered: Mastered) -> dict[str, Any]:
    maximized = mastered.maximized
    reduction_db, step_seconds = _reduction(mastered)
    track = maximized.limited.reduction_db if maximized else np.zeros(0, dtype=np.float32)
    together = max(1, -(-track.size // REDUCTION_POINTS))
    starts = np.arange(0, track.size, together)
    clipped = maximized.clipped if maximized else None
    return {
        **_worked(reduction_db),
        "clipped_ms": round(clipped.clipped_ms, 1) if clipped else 0.0,
        "drive_db": round(maximized.drive_db, 2) if maximized else 0.0,
        "sections": [
            {
                "start_seconds": section.start_seconds,
                "end_seconds": section.end_seconds,
                "letter": section.letter,
                "role": section.role,
                **_worked(reduction_db[_steps(section, step_seconds, reduction_db.size)]),
            }
            for section in mastered.target.sections
        ],
        "track": {
            "step_seconds": together * TRACK_STEP_SECONDS,
            "reduction_db": listed(np.maximum.reduceat(track, starts) if starts.size else []),
        },
    }


def _reduction(mastered: Mastered) -> tuple[Floats, float]:
    """Return the gain reduction of clip and limiter together, dB, and the seconds of a step."""
    frames = block_frames(mastered.target.rate_hz)
    if mastered.maximized is None:
        nothing = np.zeros(-(-mastered.target.frames // frames), dtype=np.float32)
        return nothing, frames / mastered.target.rate_hz
    limited, clipped = mastered.maximized.limited, mastered.maximized.clipped
    reduction_db = limited.block_reduction_db
    if clipped is not None:
        reduction_db = reduction_db + clipped.block_reduction_db
    return reduction_db, frames / mastered.target.rate_hz


def _steps(section: Section, step_seconds: float, count: int) -> slice:
    first = min(int(section.start_seconds / step_seconds), count - 1)
    return slice(first, max(first + 1, int(section.end_seconds / step_seconds)))


def _worked(reduction_db: Floats) -> dict[str, float]:
    """Return how hard the last stage worked: most, mean, and the share of time over 1, 3, 6 dB."""
    return {
        "max_db": round(float(reduction_db.max(initial=0.0)), 2),
        "mean_db": round(float(reduction_db.mean(dtype=np.float64)), 2),
        **{
            f"share_over_{level}_db": round(float(np.mean(reduction_db > level)), 4)
            for level in (1, 3, 6)
        },
    }


def _loudness_over_time(mastered: Mastered) -> dict[str, Any]:
    return {
        name: {
            "step_seconds": round(track.duration_seconds / track.loudness_curve_lufs.size, 4),
            "lufs": listed(track.loudness_curve_lufs, 1),
        }
        for name, track in (
            ("before", mastered.target),
            ("reference", mastered.reference),
            ("after", mastered.result),
        )
    }


def _pairs(mastered: Mastered) -> list[dict[str, Any]]:
    """Return which sections were compared, with their times; nothing where all was with all."""
    return [
        {
            "mix": mine,
            "reference": theirs,
            "start_seconds": mastered.target.sections[mine].start_seconds,
            "end_seconds": mastered.target.sections[mine].end_seconds,
            "reference_start_seconds": mastered.reference.sections[theirs].start_seconds,
            "reference_end_seconds": mastered.reference.sections[theirs].end_seconds,
        }
        for mine, theirs in mastered.section_pairs
    ]
