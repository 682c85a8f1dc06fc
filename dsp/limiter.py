"""The last stage: a look-ahead limiter that holds a ceiling on every true-peak meter.

The audio is never resampled. Its true peak in blocks of about 0.36 ms says how far the gain must
fall; that demand is held, released and smoothed at the rate of the blocks, and a cubic B-spline
carries the gain to every sample. All weights are positive and sum to one over a span in which the
held demand covers the peak, so the gain never arrives late. What the change of gain itself adds
between the samples is then measured with the same three meters and taken back where it occurs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dsp.audio import Audio
from dsp.filters import PEAK_REACH_FRAMES, sliding_max
from dsp.loudness import STEP_SECONDS, step_starts
from dsp.peaks import block_frames, block_peaks, require_finite
from dsp.reduction import (
    AHEAD_BLOCKS,
    BEHIND_BLOCKS,
    apply_spline,
    block_gains,
    gains_to_reductions_db,
    reduction_knots_db,
    take_off_spline,
)
from dsp.units import db_to_amplitude

TRACK_STEP_SECONDS: Final = STEP_SECONDS

# Dither and rounding to 16 bits move a sample by 1.5 steps of 2^-15 at most, and a reading
# between samples by 2.65 times that.
QUANTISING_MARGIN: Final = 1.25e-4

_FINER_DB: Final = 0.003  # what finer meters find between the eighths
_MAX_CORRECTIONS: Final = 12
_PAD: Final = 3  # knots that lie beyond either end


@dataclass(frozen=True, slots=True)
class Limited:
    """A limited piece and what the limiter did.

    Attributes
    ----------
    audio : Audio
        The piece under the ceiling; the same object that came in where nothing was to be done.
    reduction_db : ndarray of float32, shape (ceil(duration / 10 ms),)
        The most gain reduction of each 10 ms, ≥ 0.
    max_reduction_db, mean_reduction_db : float
        Over the whole piece.
    share_over_1_db, share_over_3_db, share_over_6_db : float, 0 to 1
        Share of the time under more reduction than that.
    block_reduction_db : ndarray of float32, shape (blocks,)
        The reduction of every block of ``block_frames(rate)``.
    steps : tuple
        What :func:`unlimit_in_place` goes by.
    """

    audio: Audio
    reduction_db: npt.NDArray[np.float32]
    max_reduction_db: float
    mean_reduction_db: float
    share_over_1_db: float
    share_over_3_db: float
    share_over_6_db: float
    block_reduction_db: npt.NDArray[np.float32]
    steps: tuple[_Step, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """A gain and a spline over it that were multiplied in: the knots that are not 0, by place."""

    drive: float
    places: npt.NDArray[np.int64]
    knots_db: npt.NDArray[np.float64]


def limit(audio: Audio, *, ceiling_dbtp: float) -> Limited:
    """Return the audio limited so that no meter reads above the ceiling.

    Parameters
    ----------
    audio : Audio
        Any length and level.
    ceiling_dbtp : float
        Highest true peak of the result, dBTP, also after dither to 16 bits or more.

    Returns
    -------
    Limited
        Same shape, rate and timing; ``audio`` itself where nothing exceeds the ceiling.

    Raises
    ------
    NotFinite
        NaN, infinite or absurd samples.

    References
    ----------
    P. Hämäläinen, Smoothing of the control signal without clipped output in digital peak
    limiters, DAFx-02.
    """
    require_finite(audio)
    block = block_frames(audio.rate_hz)
    ceiling = usable_ceiling(ceiling_dbtp)
    peaks = block_peaks(audio, block, floor=ceiling)
    if peaks.max(initial=0.0) <= ceiling:
        return _described(audio, np.zeros(len(peaks), dtype=np.float32))
    copy = Audio(audio.samples.copy(), audio.rate_hz)
    return limit_in_place(copy, ceiling_dbtp=ceiling_dbtp, gain_db=0.0, peaks=peaks)


def limit_in_place(
    audio: Audio, *, ceiling_dbtp: float, gain_db: float, peaks: npt.NDArray[np.float32]
) -> Limited:
    """Apply a gain and limit, overwriting the samples.

    Parameters
    ----------
    audio : Audio
        Any length and level; its samples become the result.
    ceiling_dbtp : float
        As for :func:`limit`.
    gain_db : float
        Gain before the limiter.
    peaks : ndarray of float32, shape (blocks,)
        :func:`dsp.peaks.block_peaks` of ``audio`` in blocks of ``block_frames(rate)``. What is
        told too low is found and corrected afterwards.
    """
    block = block_frames(audio.rate_hz)
    drive = db_to_amplitude(gain_db)
    ceiling = usable_ceiling(ceiling_dbtp)
    knots_db = reduction_knots_db(peaks, drive, ceiling, audio.rate_hz)
    touched = np.ones(len(peaks), dtype=np.bool_)
    apply_spline(audio.samples, drive, block, knots_db, touched)
    steps = [_step(drive, knots_db)]
    if not knots_db.any():
        return _described(audio, gains_to_reductions_db(block_gains(knots_db)), steps)
    for _ in range(_MAX_CORRECTIONS):
        excess_db = _excess_db(audio, block, ceiling, touched)
        if not excess_db.any():
            break
        correction_db = _eased(excess_db)
        steps.append(_step(1.0, correction_db))
        knots_db += correction_db
        touched = _under(correction_db > 0.0)
        apply_spline(audio.samples, 1.0, block, correction_db, touched)
        touched = _widened(touched, -(-PEAK_REACH_FRAMES // block))
    else:
        trim_db = _trim_db(audio, ceiling)
        steps.append(_step(db_to_amplitude(-trim_db), np.zeros(0)))
        knots_db += trim_db
    return _described(audio, gains_to_reductions_db(block_gains(knots_db)), steps)


def unlimit_in_place(limited: Limited) -> None:
    """Give the samples back as they were before :func:`limit_in_place`, but for their rounding.

    That is 2^-24 of every sample or so, 140 dB under it; a copy kept for a second attempt would
    take as much room as the piece.
    """
    audio, block = limited.audio, block_frames(limited.audio.rate_hz)
    for step in reversed(limited.steps):
        knots_db = np.zeros(len(limited.block_reduction_db) + 3)
        knots_db[step.places] = step.knots_db
        chosen = np.full(len(limited.block_reduction_db), step.drive != 1.0)
        take_off_spline(audio.samples, step.drive, block, knots_db, chosen | _under(knots_db > 0.0))


def usable_ceiling(ceiling_dbtp: float) -> float:
    """Return the amplitude that peaks may reach so that neither dither nor finer meters pass it."""
    return db_to_amplitude(ceiling_dbtp - _FINER_DB) - QUANTISING_MARGIN


def _excess_db(
    limited: Audio, block: int, ceiling: float, touched: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return by how much each touched block still passes the ceiling, dB, 0 where it does not."""
    peaks = block_peaks(limited, block, floor=ceiling, chosen=touched).astype(np.float64)
    excess = np.zeros(len(peaks))
    over = peaks > ceiling
    excess[over] = 20.0 * np.log10(peaks[over] / ceiling) + _FINER_DB
    return excess


def _eased(excess_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return knots of a short dip around every excess, at least as deep as it is."""
    return _smoothed(sliding_max(np.pad(excess_db, _PAD), BEHIND_BLOCKS, AHEAD_BLOCKS))


def _smoothed(padded_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the knots under blocks with ``_PAD`` more at either end, weighted 1 2 1."""
    smooth = 0.25 * (padded_db[:-2] + 2.0 * padded_db[1:-1] + padded_db[2:])
    return np.ascontiguousarray(smooth[_PAD - 2 : _PAD - 2 + len(padded_db) - 2 * _PAD + 3])


def _under(knots_changed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the blocks that lie under any changed knot."""
    changed = knots_changed
    return np.asarray(changed[:-3] | changed[1:-2] | changed[2:-1] | changed[3:])


def _widened(blocks: npt.NDArray[np.bool_], by: int) -> npt.NDArray[np.bool_]:
    """Return the blocks and their neighbours on both sides."""
    return np.asarray(sliding_max(blocks.astype(np.float64), by, by) > 0.0)


def _trim_db(audio: Audio, ceiling: float) -> float:
    """Turn the whole piece down to the ceiling and return by how much: the last resort."""
    highest = float(block_peaks(audio, block_frames(audio.rate_hz), floor=ceiling).max())
    trim = min(1.0, ceiling / highest * (1.0 - 1e-6))
    np.multiply(audio.samples, np.float32(trim), out=audio.samples)
    return -20.0 * math.log10(trim)


def _step(drive: float, knots_db: npt.NDArray[np.float64]) -> _Step:
    places = np.flatnonzero(knots_db)
    return _Step(drive, places, knots_db[places])


def _described(
    audio: Audio, reductions_db: npt.NDArray[np.float32], steps: list[_Step] | None = None
) -> Limited:
    return Limited(
        audio=audio,
        reduction_db=_track_db(reductions_db, audio),
        max_reduction_db=float(reductions_db.max(initial=0.0)),
        mean_reduction_db=_mean(reductions_db),
        share_over_1_db=_mean(reductions_db > 1.0),
        share_over_3_db=_mean(reductions_db > 3.0),
        share_over_6_db=_mean(reductions_db > 6.0),
        block_reduction_db=reductions_db,
        steps=tuple(steps or ()),
    )


def _mean(values: npt.NDArray[np.float32] | npt.NDArray[np.bool_]) -> float:
    return float(values.mean(dtype=np.float64)) if values.size else 0.0


def _track_db(reductions_db: npt.NDArray[np.float32], audio: Audio) -> npt.NDArray[np.float32]:
    steps = math.ceil(audio.duration_seconds / TRACK_STEP_SECONDS)
    if not steps:
        return np.zeros(0, dtype=np.float32)
    starts = step_starts(len(reductions_db), block_frames(audio.rate_hz), audio.rate_hz)
    track = np.zeros(steps, dtype=np.float32)  # no block may begin in the last step
    track[: len(starts)] = np.maximum.reduceat(reductions_db, starts)
    return track
