"""What a master's measurements say: the report, JSON-ready, with codes for every sentence.

The same facts serve the page, the API and the command line; wording lives with the pages.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dsp.chain import Mastered
from dsp.limiter import TRACK_STEP_SECONDS
from dsp.measure import Profile
from dsp.settings import ENGINE_VERSION
from dsp.spectrum import BAND_CENTRES_HZ, THIRD_OCTAVES_HZ, Doubles, third_octaves, to_db

REPORT_VERSION: Final = 1
LEVEL_HZ: Final = (100.0, 8_000.0)  # over which a tone curve's level is its mean
RANGES_HZ: Final = {
    "low_end": (30.0, 120.0),
    "low_mids": (120.0, 500.0),
    "vocal_range": (500.0, 4_000.0),
    "top_end": (4_000.0, 16_000.0),
}
AUDIBLE_WIDTH_DB: Final = -40.0  # a side further under the mid is no width
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
    return {
        "version": REPORT_VERSION,
        "engine": ENGINE_VERSION,
        "settings": mastered.settings.as_dict(),
        "suitability": mastered.suitability,
        "verdict": _verdict(mastered, axes),
        "axes": axes,
        "loudness": _loudness(mastered),
        "numbers": _numbers(mastered),
        "ranges": _ranges(mastered),
        "tone": _tone(mastered),
        "width": _width(mastered),
        "dynamics": _dynamics(mastered),
        "limiting": _limiting(mastered),
        "loudness_over_time": _loudness_over_time(mastered),
        "sections": mastered.target.summary()["sections"],
        "capped": _capped(mastered),
        "notes": sorted({*mastered.tone.reasons, *mastered.width.reasons}),
    }


def _axes(mastered: Mastered) -> dict[str, dict[str, Any]]:
    """Return the distance to the reference before and after, per axis."""
    tracks = (mastered.target, mastered.result)
    reference = mastered.reference
    aims = {
        "tone": [float(np.mean(np.abs(_tilt(t) - _tilt(reference)))) for t in tracks],
        "loudness": [abs(t.integrated_lufs - mastered.goal_lufs) for t in tracks],
        "dynamics": [abs(t.psr_db[1] - reference.psr_db[1]) for t in tracks],
        "width": [_width_distance(t, reference) for t in tracks],
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


def _verdict(mastered: Mastered, axes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    closer = [axis for axis, move in axes.items() if move["moved"] == "closer"]
    away = [axis for axis, move in axes.items() if move["moved"] == "away"]
    if mastered.settings.is_identity:
        code = "untouched"
    elif not closer and not away:
        code = "nothing_needed"
    elif closer:
        code = "closer"
    else:
        code = "not_closer"
    maximized = mastered.maximized
    return {
        "code": code,
        "closer": closer,
        "away": away,
        "limiting_max_db": round(maximized.max_reduction_db, 2) if maximized else 0.0,
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
        "width_db": ("dB", [_overall_width_db(t) for t in tracks]),
        "correlation": ("", [_overall_correlation(t) for t in tracks]),
    }
    return [
        {"key": key, "unit": unit, "before": before, "reference": reference, "after": after}
        for key, (unit, (before, reference, after)) in rows.items()
    ]


def _ranges(mastered: Mastered) -> list[dict[str, Any]]:
    """Return how far each range of the spectrum is from the reference, before and after, dB."""
    reference = _tilt(mastered.reference)
    found = []
    for code, (low, high) in RANGES_HZ.items():
        inside = (THIRD_OCTAVES_HZ >= low) & (THIRD_OCTAVES_HZ < high)
        before, after = (
            round(float(np.mean((_tilt(track) - reference)[inside])), 2)
            for track in (mastered.target, mastered.result)
        )
        found.append({"code": code, "before_db": before, "after_db": after})
    return found


def _tone(mastered: Mastered) -> dict[str, Any]:
    plan = mastered.tone
    return {
        "bands_hz": _listed(THIRD_OCTAVES_HZ, 1),
        "before_db": _listed(_tilt(mastered.target)),
        "reference_db": _listed(_tilt(mastered.reference)),
        "after_db": _listed(_tilt(mastered.result)),
        "curve_hz": _listed(BAND_CENTRES_HZ, 1),
        "wanted_db": _listed(plan.wanted_db),
        "applied_db": _listed(plan.applied_db),
        "capped_db": _listed(plan.capped_db),
        "left_db": _listed(plan.left_db),
        "compared": plan.valid.tolist(),
    }


def _width(mastered: Mastered) -> dict[str, Any]:
    plan = mastered.width
    return {
        "bands_hz": _listed(THIRD_OCTAVES_HZ, 1),
        "before_db": _listed(_width_db(mastered.target)),
        "reference_db": _listed(_width_db(mastered.reference)),
        "after_db": _listed(_width_db(mastered.result)),
        "curve_hz": _listed(BAND_CENTRES_HZ, 1),
        "correlation_before": _listed(mastered.target.correlation, 3),
        "correlation_reference": _listed(mastered.reference.correlation, 3),
        "correlation_after": _listed(mastered.result.correlation, 3),
        "wanted_db": _listed(plan.wanted_db),
        "applied_db": _listed(plan.applied_db),
        "capped_db": _listed(plan.capped_db),
    }


def _dynamics(mastered: Mastered) -> dict[str, Any]:
    plan, stats = mastered.dynamics, mastered.dynamics_stats
    return {
        "levels_lu": _listed(plan.levels_lu),
        "wanted_db": _listed(plan.wanted_db),
        "applied_db": _listed(plan.applied_db),
        "lowest_db": round(stats.lowest_db, 2),
        "highest_db": round(stats.highest_db, 2),
        "mean_db": round(stats.mean_db, 2),
        "psr_before_db": mastered.target.psr_db[1],
        "psr_reference_db": mastered.reference.psr_db[1],
        "psr_after_db": mastered.result.psr_db[1],
    }


def _limiting(mastered: Mastered) -> dict[str, Any]:
    if mastered.maximized is None:
        return {
            "max_db": 0.0,
            "mean_db": 0.0,
            "share_over_1_db": 0.0,
            "share_over_3_db": 0.0,
            "share_over_6_db": 0.0,
            "clipped_ms": 0.0,
            "drive_db": 0.0,
            "track": {"step_seconds": TRACK_STEP_SECONDS, "reduction_db": []},
        }
    maximized, limited = mastered.maximized, mastered.maximized.limited
    together = max(1, -(-limited.reduction_db.size // REDUCTION_POINTS))
    starts = np.arange(0, limited.reduction_db.size, together)
    drawn = np.maximum.reduceat(limited.reduction_db, starts) if starts.size else starts
    return {
        "max_db": round(maximized.max_reduction_db, 2),
        "mean_db": round(maximized.mean_reduction_db, 2),
        "share_over_1_db": round(limited.share_over_1_db, 4),
        "share_over_3_db": round(limited.share_over_3_db, 4),
        "share_over_6_db": round(limited.share_over_6_db, 4),
        "clipped_ms": round(maximized.clipped.clipped_ms, 1) if maximized.clipped else 0.0,
        "drive_db": round(maximized.drive_db, 2),
        "track": {
            "step_seconds": together * TRACK_STEP_SECONDS,
            "reduction_db": _listed(drawn),
        },
    }


def _loudness_over_time(mastered: Mastered) -> dict[str, Any]:
    return {
        name: {
            "step_seconds": round(track.duration_seconds / track.loudness_curve_lufs.size, 4),
            "lufs": _listed(track.loudness_curve_lufs, 1),
        }
        for name, track in (
            ("before", mastered.target),
            ("reference", mastered.reference),
            ("after", mastered.result),
        )
    }


def _capped(mastered: Mastered) -> list[dict[str, Any]]:
    """Return where a cap held a stage back most: what was asked for, and what was done."""
    found = []
    for stage, plan in (("tone", mastered.tone), ("width", mastered.width)):
        band = int(np.argmax(np.abs(plan.capped_db)))
        if abs(plan.capped_db[band]) >= 0.1:
            found.append(
                {
                    "stage": stage,
                    "hz": round(float(BAND_CENTRES_HZ[band])),
                    "wanted_db": round(float(plan.applied_db[band] + plan.capped_db[band]), 1),
                    "applied_db": round(float(plan.applied_db[band]), 1),
                }
            )
    return found


def _tilt(profile: Profile) -> Doubles:
    """Return the third-octave levels of mid, less their mean over ``LEVEL_HZ``, dB."""
    levels = to_db(third_octaves(10.0 ** (profile.mid_db / 10.0)))
    inside = (THIRD_OCTAVES_HZ >= LEVEL_HZ[0]) & (THIRD_OCTAVES_HZ <= LEVEL_HZ[1])
    return levels - float(np.mean(levels[inside]))


def _width_db(profile: Profile) -> Doubles:
    mid, side = (
        to_db(third_octaves(10.0 ** (levels / 10.0)))
        for levels in (profile.mid_db, profile.side_db)
    )
    width: Doubles = np.maximum(side - mid, -60.0)
    return width


def _width_distance(track: Profile, reference: Profile) -> float:
    widths = [np.maximum(_width_db(each), AUDIBLE_WIDTH_DB) for each in (track, reference)]
    return float(np.mean(np.abs(widths[0] - widths[1])))


def _overall_width_db(profile: Profile) -> float:
    mid, side = (np.sum(10.0 ** (db / 10.0)) for db in (profile.mid_db, profile.side_db))
    return round(float(max(10.0 * np.log10(max(side, 1e-14) / mid), -60.0)), 2)


def _overall_correlation(profile: Profile) -> float:
    powers = 10.0 ** (profile.mid_db / 10.0) + 10.0 ** (profile.side_db / 10.0)
    return round(float(np.average(profile.correlation, weights=powers)), 3)


def _listed(values: npt.ArrayLike, decimals: int = 2) -> list[float]:
    rounded: list[float] = np.round(np.asarray(values, dtype=np.float64), decimals).tolist()
    return rounded
