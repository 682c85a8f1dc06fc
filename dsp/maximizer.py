"""Bringing a piece to a loudness under a ceiling, and no further than the limits allow.

Loudness after limiting grows with the drive but ever more slowly. The limiter's gain is known
exactly from the peaks of its blocks, which scale with the drive, so a model of blocks (their
peaks, their K-weighted energy) tells the loudness of any drive within hundredths of an LU for a
few milliseconds. The drive is solved on the model, the audio rendered, measured, and rendered
again where the model was off.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from dsp.audio import Audio
from dsp.clipper import Clipped, clip_in_place, unclip_in_place
from dsp.forecast import BUDGET_MARGIN_DB, HeldBy, Limits, Model
from dsp.limiter import (
    Limited,
    limit_in_place,
    unlimit_in_place,
)
from dsp.loudness import (
    WeightedEnergies,
    integrated_lufs,
    loudness_range_lu,
    weighted_energies,
)
from dsp.moving_ceiling import MovingCeiling
from dsp.peaks import require_finite
from dsp.units import db_to_amplitude

TOLERANCE_LU: Final = 0.02
LOWEST_SLOPE: Final = 0.3  # LU gained per dB of drive under which more drive only flattens

_AIM_LU: Final = 0.010  # a render this close to the goal is not improved
_MAX_RENDERS: Final = 4
_DRIVE_STEP_DB: Final = 0.002  # drives closer than this are the same
_CEILING_STEP_DB: Final = (
    0.1  # of a moving ceiling; also kept free of the limits, for what the model does not know
)
_RANGE_TAKEN_LU: Final = 0.2  # by a moving ceiling: as much as a ride gives back
_STRIDE: Final = 1.5  # dB of drive tried at first per LU that is missing
_ROOT_TOLERANCE: Final = 0.002  # LU or dB


@dataclass(frozen=True, slots=True)
class Passes:
    """How a result was reached, so that it can be reached again; see :mod:`dsp.recipe`.

    Attributes
    ----------
    ceiling_dbtp : float
        Of the limiter.
    clip_threshold : float or None
        Amplitude over which short peaks were clipped first.
    drives_db : tuple of float
        Gain before the limiter, of each render; all but the last were taken off again.
    unclipped_before : int or None
        The render before which the clip was taken back.
    moving : MovingCeiling or None
        What peaks were held to besides.
    """

    ceiling_dbtp: float
    clip_threshold: float | None
    drives_db: tuple[float, ...]
    unclipped_before: int | None = None
    moving: MovingCeiling | None = None


@dataclass(frozen=True, slots=True)
class Maximized:
    """A piece brought to its loudness, and what that took.

    Attributes
    ----------
    audio : Audio
        The result.
    energies : WeightedEnergies
        Of the result.
    drive_db : float
        Gain before the limiter.
    integrated_lufs : float
        Measured on the result.
    goal_lufs : float
        What was asked for.
    held_by : str or None
        Why the goal was not reached: ``max_limiting`` (more drive would take more than the most
        gain reduction allowed), ``mean_limiting`` (… than the mean allowed), ``saturation`` (more
        drive would hardly be louder), ``silence`` (nothing passes the loudness gate), ``ceiling``
        (peaks stand at it, and no gain reduction is allowed at all).
    limited : Limited
        What the limiter did.
    clipped : Clipped or None
        What the clip of short peaks before it did; None where no peak reached the ceiling.
    max_reduction_db, mean_reduction_db : float
        Of both together, over the whole piece.
    passes : Passes
        How it was reached.
    """

    audio: Audio
    energies: WeightedEnergies
    drive_db: float
    integrated_lufs: float
    goal_lufs: float
    held_by: HeldBy | None
    limited: Limited
    clipped: Clipped | None
    max_reduction_db: float
    mean_reduction_db: float
    passes: Passes


def maximize(
    audio: Audio,
    *,
    goal_lufs: float,
    ceiling_dbtp: float,
    psr_goal_db: float | None = None,
    moving: MovingCeiling | None = None,
    kept_range_lu: tuple[float, float] | None = None,
    max_limiting_db: float = 6.0,
    max_mean_limiting_db: float = 2.0,
    in_place: bool = False,
    block_energies: npt.NDArray[np.float64] | None = None,
) -> Maximized:
    """Return the audio at a loudness, or as near below it as the limits allow.

    Parameters
    ----------
    audio : Audio
        Any length and level.
    goal_lufs : float
        Integrated loudness asked for, LUFS.
    ceiling_dbtp : float
        Highest true peak of the result, dBTP.
    psr_goal_db : float, optional
        Median of true peak over short-term loudness to leave, dB, by a moving ceiling, as far as
        the goal is still reached.
    moving : MovingCeiling, optional
        One that was found before, to be kept to as far; without a ``psr_goal_db``.
    kept_range_lu : (float, float), optional
        Loudness range that a moving ceiling must leave, about.
    max_limiting_db : float
        The most gain reduction at any moment, dB; 0 for none at all.
    max_mean_limiting_db : float
        The most gain reduction averaged over the whole piece, dB.
    in_place : bool
        Whether the samples may be overwritten, which saves the room of a copy.
    block_energies : ndarray, shape (blocks,), optional
        :func:`dsp.loudness.weighted_block_energies` of the audio in blocks of
        ``block_frames(rate)``, where they are known and the audio is finite; a hundredth of a dB
        off does no harm.

    Returns
    -------
    Maximized
        Within ``TOLERANCE_LU`` of the goal where ``held_by`` is None. The limits hold in the
        delivered audio.
    """
    if block_energies is None:
        require_finite(audio)
    if not in_place:
        audio = Audio(audio.samples.copy(), audio.rate_hz)
    limits = Limits(max_limiting_db, max_mean_limiting_db)
    model = Model(audio, ceiling_dbtp, limits, block_energies)
    silent = math.isinf(model.forecast(min(0.0, model.headroom_db)).lufs)
    if not silent and (psr_goal_db is not None or moving is not None):
        moving = _kept_ceiling(model, moving, psr_goal_db, goal_lufs, limits, kept_range_lu)
    model.follow(moving)
    held_by: HeldBy | None
    if silent:
        drive_db, held_by = min(0.0, model.headroom_db), "silence"
    else:
        drive_db, held_by = _planned_drive(model, goal_lufs, limits)
    clipped = None if moving else _soften(audio, model, drive_db)
    clip_threshold = _clip_threshold(model, drive_db) if clipped else None
    if clipped:
        model.take_clip(clipped)
        drive_db, held_by = _planned_drive(model, goal_lufs, limits)

    cap_db = drive_db if held_by else model.highest_drive_db
    slope = model.slope(drive_db)
    renders = 0
    drives_db: list[float] = []
    unclipped_before = None
    while True:
        drives_db.append(drive_db)
        limited = limit_in_place(
            audio,
            ceiling_dbtp=ceiling_dbtp,
            gain_db=drive_db,
            peaks=model.driven_peaks(drive_db),
        )
        renders += 1
        highest_db, mean_db = total_reduction_db(clipped, limited)
        over_max_db, over_mean_db = highest_db - limits.highest_db, mean_db - limits.mean_db
        energies = weighted_energies(audio)
        lufs = integrated_lufs(energies)
        error_lu = lufs - goal_lufs
        if over_max_db > 0.0 or over_mean_db > 0.0:
            held_by = limits.held_by if over_max_db > over_mean_db else "mean_limiting"
            drive_db -= 1.5 * max(over_max_db, over_mean_db) + _DRIVE_STEP_DB
            cap_db = drive_db
            if renders >= _MAX_RENDERS:
                cap_db = drive_db = min(drive_db, model.unclipped_headroom_db)
        elif abs(error_lu) <= _AIM_LU or renders >= _MAX_RENDERS or held_by == "silence":
            break
        elif error_lu < 0.0 and drive_db >= cap_db:
            held_by = held_by or limits.held_by
            break
        else:
            drive_db = min(cap_db, drive_db - error_lu / slope)
        unlimit_in_place(limited)
        if clipped and drive_db <= model.unclipped_headroom_db:
            unclip_in_place(audio, clipped)
            clipped, unclipped_before = None, renders
    return Maximized(
        audio=audio,
        energies=energies,
        drive_db=drive_db,
        integrated_lufs=lufs,
        goal_lufs=goal_lufs,
        held_by=held_by if error_lu < -TOLERANCE_LU else None,
        limited=limited,
        clipped=clipped,
        max_reduction_db=highest_db,
        mean_reduction_db=mean_db,
        passes=Passes(ceiling_dbtp, clip_threshold, tuple(drives_db), unclipped_before, moving),
    )


def undo_in_place(maximized: Maximized) -> None:
    """Give the samples back as they were before an in-place :func:`maximize`, but for rounding."""
    unlimit_in_place(maximized.limited)
    if maximized.clipped:
        unclip_in_place(maximized.audio, maximized.clipped)


def _kept_ceiling(
    model: Model,
    wanted: MovingCeiling | None,
    psr_goal_db: float | None,
    goal_lufs: float,
    limits: Limits,
    kept_range_lu: tuple[float, float] | None,
) -> MovingCeiling | None:
    """Return a moving ceiling no lower than one, under which goal and loudness range are kept.

    The one wanted is given, or the median PSR that it is to leave.
    """
    goal_lufs += TOLERANCE_LU
    within = Limits(
        max(0.0, limits.highest_db - _CEILING_STEP_DB), max(0.0, limits.mean_db - _CEILING_STEP_DB)
    )
    least_db = _reaching_drive(model, goal_lufs)  # a ceiling takes loudness: under it, no less
    if least_db is None or not _allowed(model, least_db, within):
        return None
    if wanted is None and psr_goal_db is not None:
        wanted = model.moving_ceiling(psr_goal_db, least_db)
    if wanted is None:
        return None

    def kept(ceiling: MovingCeiling) -> bool:
        model.follow(ceiling)
        if not _allowed(model, least_db, within):
            return False
        drive_db = _reaching_drive(model, goal_lufs, least_db)
        if drive_db is None or not _allowed(model, drive_db, within):
            return False
        if kept_range_lu is None:
            return True
        least, most = kept_range_lu
        range_lu = loudness_range_lu(model.limited(drive_db))
        return least - _RANGE_TAKEN_LU <= range_lu <= most + _RANGE_TAKEN_LU

    if kept(wanted):
        return wanted
    found, low_db, high_db = None, wanted.over_db, wanted.over_db + wanted.most_db
    while high_db - low_db > _CEILING_STEP_DB:
        tried = replace(wanted, over_db=(low_db + high_db) / 2.0)
        if kept(tried):
            found, high_db = tried, tried.over_db
        else:
            low_db = tried.over_db
    return found


def _soften(audio: Audio, model: Model, drive_db: float) -> Clipped | None:
    """Clip short peaks where a drive lifts any over the ceiling, in place."""
    if drive_db <= model.unclipped_headroom_db:
        return None
    threshold = _clip_threshold(model, drive_db)
    return clip_in_place(audio, threshold=threshold, peaks=model.unclipped_peaks)


def _clip_threshold(model: Model, drive_db: float) -> float:
    return model.ceiling / db_to_amplitude(drive_db)


def total_reduction_db(clipped: Clipped | None, limited: Limited) -> tuple[float, float]:
    """Return the highest and the mean reduction of clip and limiter together."""
    total_db = limited.block_reduction_db
    if clipped:
        total_db = total_db + clipped.block_reduction_db
    if not total_db.size:
        return 0.0, 0.0
    return float(total_db.max()), float(total_db.mean(dtype=np.float64))


def _planned_drive(model: Model, goal_lufs: float, limits: Limits) -> tuple[float, HeldBy | None]:
    """Return the drive that should reach the goal, or the most that is allowed and why."""
    reaching_db = _reaching_drive(model, goal_lufs)
    drive_db = model.highest_drive_db if reaching_db is None else reaching_db
    held_by = limits.held_by if reaching_db is None else None
    low_db = model.unclipped_headroom_db
    if drive_db > low_db:
        for limit, excess in _excesses(model, limits):
            if excess(drive_db) > 0.0:
                drive_db, held_by = rising_root(excess, low_db, drive_db), limit
    return drive_db, held_by


def _reaching_drive(model: Model, goal_lufs: float, low_db: float | None = None) -> float | None:
    """Return the drive that reaches a goal, looked for upwards; None where the highest does not."""

    def over_lu(drive_db: float) -> float:
        return model.forecast(drive_db).lufs - goal_lufs

    if low_db is None:
        low_db = min(model.headroom_db, model.highest_drive_db)
        while over_lu(low_db) > 0.0:
            low_db -= 6.0
    high_db = low_db
    while (missing_lu := -over_lu(high_db)) > 0.0:
        if high_db >= model.highest_drive_db:
            return None
        low_db = high_db
        high_db = min(model.highest_drive_db, high_db + _STRIDE * missing_lu + _DRIVE_STEP_DB)
    return rising_root(over_lu, low_db, high_db)


def _excesses(model: Model, limits: Limits) -> tuple[tuple[HeldBy, Callable[[float], float]], ...]:
    """Return by what a drive goes past each limit, which rises with it."""
    most_db = max(0.0, limits.highest_db - BUDGET_MARGIN_DB / 2.0)
    most_mean_db = limits.mean_db - _ROOT_TOLERANCE
    return (
        (limits.held_by, lambda db: model.forecast(db).max_reduction_db - most_db),
        ("mean_limiting", lambda db: model.forecast(db).mean_reduction_db - most_mean_db),
        ("saturation", lambda db: LOWEST_SLOPE - model.slope(db)),
    )


def _allowed(model: Model, drive_db: float, limits: Limits) -> bool:
    """Tell whether a drive keeps all limits."""
    if drive_db <= model.unclipped_headroom_db:
        return True
    return all(excess(drive_db) <= 0.0 for _limit, excess in _excesses(model, limits))


def rising_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a rising function passes 0, by the Illinois form of regula falsi."""
    at_low, at_high = function(low), function(high)
    kept = 0
    middle = low
    while high - low > _DRIVE_STEP_DB and at_low < 0.0 < at_high:
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        value = function(middle)
        if abs(value) <= _ROOT_TOLERANCE:
            return middle
        if value < 0.0:
            low, at_low = middle, value
            at_high *= 0.5 if kept > 0 else 1.0
            kept = 1
        else:
            high, at_high = middle, value
            at_low *= 0.5 if kept < 0 else 1.0
            kept = -1
    return low if at_low >= 0.0 or at_high > 0.0 else high
