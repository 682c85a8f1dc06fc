"""What a master's measurements say: the report, JSON-ready, with codes for every sentence.

The same facts serve the page, the API and the command line; wording lives with the pages.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dsp.answers import ask, gentler, harm_of, left_for_the_mix, most_limited
from dsp.axes import RANGES_HZ
from dsp.chain import Mastered
from dsp.dynamics_report import dynamics_report
from dsp.equalizer import TonePlan
from dsp.features import LEVEL_HZ
from dsp.limiter import TRACK_STEP_SECONDS
from dsp.measure import Profile
from dsp.peaks import block_frames
from dsp.sections import Section
from dsp.settings import ENGINE_VERSION
from dsp.spectrum import (
    BAND_CENTRES_HZ,
    BAND_COUNT,
    THIRD_OCTAVES_HZ,
    Doubles,
    Floats,
    third_octaves,
    to_db,
)
from dsp.stereo import WidthPlan

REPORT_VERSION: Final = 2
PRESENCE_HZ: Final = (2_000.0, 5_000.0)  # where the ear is most sensitive (ISO 226)
AUDIBLE_WIDTH_DB: Final = -40.0  # a side further under the mid is no width
SETTLED: Final = {"tone": 0.5, "loudness": 0.5, "dynamics": 0.5, "width": 0.5}  # dB or LU
CAPPED_DB: Final = 0.1  # less was not held back
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
        "ranges": _ranges(mastered),
        "tone": _tone(mastered),
        "width": _width(mastered),
        "dynamics": dynamics_report(mastered),
        "limiting": limiting,
        "loudness_over_time": _loudness_over_time(mastered),
        "sections": mastered.target.summary()["sections"],
        "pairs": _pairs(mastered),
        "capped": _capped(mastered),
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


def _verdict(
    mastered: Mastered, axes: dict[str, dict[str, Any]], limiting: dict[str, Any]
) -> dict[str, Any]:
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
    for code, (low, high) in {**RANGES_HZ, "presence": PRESENCE_HZ}.items():
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
        **_shares(plan),
        "compared": plan.valid.tolist(),
        "bands": _by_third_octave(plan),
        "bands_compared": (_thirds_mean(plan.valid) > 0.5).tolist(),
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
        **_shares(plan),
        "bands": _by_third_octave(plan),
    }


def _shares(plan: TonePlan | WidthPlan) -> dict[str, list[float]]:
    """Return what the reference asked for: applied, capped, and left over by amount and belief."""
    return {
        "wanted_db": _listed(plan.wanted_db),
        "applied_db": _listed(plan.applied_db),
        "capped_db": _listed(plan.capped_db),
        "left_db": _listed(plan.wanted_db - plan.applied_db - plan.capped_db),
    }


def _by_third_octave(plan: TonePlan | WidthPlan) -> list[dict[str, float]]:
    """Return the same as means over the standard third octaves, one row each."""
    columns = {
        "hz": THIRD_OCTAVES_HZ,
        "wanted_db": _thirds_mean(plan.wanted_db),
        "applied_db": _thirds_mean(plan.applied_db),
        "capped_db": _thirds_mean(plan.capped_db),
    }
    columns["left_db"] = columns["wanted_db"] - columns["applied_db"] - columns["capped_db"]
    return [
        {name: round(float(column[band]), 2) for name, column in columns.items()}
        for band in range(THIRD_OCTAVES_HZ.size)
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
            "reduction_db": _listed(np.maximum.reduceat(track, starts) if starts.size else []),
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
            "lufs": _listed(track.loudness_curve_lufs, 1),
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


def _capped(mastered: Mastered) -> list[dict[str, Any]]:
    """Return every area where a cap held a stage back: where most, what was asked for and done."""
    found = []
    for stage, plan in (("tone", mastered.tone), ("width", mastered.width)):
        held = np.abs(plan.capped_db) >= CAPPED_DB
        edges = np.flatnonzero(np.diff(np.concatenate(([0], held.astype(np.int8), [0]))))
        for first, last in edges.reshape(-1, 2):
            band = int(first + np.argmax(np.abs(plan.capped_db[first:last])))
            found.append(
                {
                    "stage": stage,
                    "hz": round(float(BAND_CENTRES_HZ[band])),
                    "low_hz": round(float(BAND_CENTRES_HZ[first])),
                    "high_hz": round(float(BAND_CENTRES_HZ[last - 1])),
                    "wanted_db": round(float(plan.applied_db[band] + plan.capped_db[band]), 1),
                    "applied_db": round(float(plan.applied_db[band]), 1),
                }
            )
    return found


def _thirds_mean(bands: npt.ArrayLike) -> Doubles:
    """Return the mean over each standard third octave of values per band, shape (BAND_COUNT,)."""
    shares: Doubles = third_octaves(np.ones(BAND_COUNT))
    return third_octaves(bands) / shares


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
