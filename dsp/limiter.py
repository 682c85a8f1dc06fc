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
from numba import njit, types

from dsp.audio import Audio
from dsp.filters import FLOATS, PEAK_REACH_FRAMES, sliding_max
from dsp.peaks import block_frames, block_peaks, require_finite
from dsp.units import db_to_amplitude

TRACK_STEP_SECONDS: Final = 0.010

HOLD_SECONDS: Final = 0.010  # half a period of 50 Hz: no ripple above it
FAST_RELEASE_SECONDS: Final = 0.040  # back to the running mean of the demand
MEAN_SECONDS: Final = 0.400  # of the running mean

# Dither and rounding to 16 bits move a sample by 1.5 steps of 2^-15 at most, and a reading
# between samples by 2.65 times that.
QUANTISING_MARGIN: Final = 1.25e-4

# What a moving gain adds between the samples, and finer meters find between the eighths.
_MODULATION_MARGIN_DB: Final = 0.05
_CORRECTION_MARGIN_DB: Final = 0.003
_MAX_CORRECTIONS: Final = 12
_BEHIND_BLOCKS: Final = 3  # a knot reaches this far through the spline and the smoothing …
_AHEAD_BLOCKS: Final = 2
_PAD: Final = 3  # … so that many knots lie beyond either end
_NEPERS_PER_DB: Final = -math.log(10.0) / 20.0
_NEGLIGIBLE_DB: Final = 1e-6  # where a fading reduction becomes none


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
    _apply(audio.samples, drive, block, knots_db, touched)
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
        _apply(audio.samples, 1.0, block, correction_db, touched)
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
        _take_off(audio.samples, step.drive, block, knots_db, chosen | _under(knots_db > 0.0))


def usable_ceiling(ceiling_dbtp: float) -> float:
    """Return the amplitude under which peaks must stay so that dither cannot lift them over."""
    return db_to_amplitude(ceiling_dbtp) - QUANTISING_MARGIN


def reduction_knots_db(
    peaks: npt.NDArray[np.float32], drive: float, ceiling: float, rate_hz: int
) -> npt.NDArray[np.float64]:
    """Return the gain reduction at the knots of the spline, dB ≥ 0.

    Parameters
    ----------
    peaks : ndarray, shape (blocks,)
        True peak of each block before the drive, amplitude.
    drive, ceiling : float
        Amplitudes.

    Returns
    -------
    ndarray of float64, shape (blocks + 3,)
        Block ``b`` lies under knots ``b`` to ``b + 3``.
    """
    if peaks.max(initial=0.0) * drive <= ceiling:
        return np.zeros(len(peaks) + 3)
    step_seconds = block_frames(rate_hz) / rate_hz
    return _reduction_knots(
        peaks,
        drive / (ceiling * db_to_amplitude(-_MODULATION_MARGIN_DB)),
        _BEHIND_BLOCKS + round(HOLD_SECONDS / step_seconds),
        math.exp(-step_seconds / FAST_RELEASE_SECONDS),
        math.exp(-step_seconds / MEAN_SECONDS),
    )


def block_gains(knots_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the gain factor in the middle of each block; exactly 1 where nothing is reduced.

    Parameters
    ----------
    knots_db : ndarray of float64, shape (blocks + 3,)
        From :func:`reduction_knots_db`.
    """
    gains: npt.NDArray[np.float64] = _block_gains(knots_db)
    return gains


def gains_to_reductions_db(gains: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return gain factors ≤ 1 as reductions in dB ≥ 0."""
    reductions = np.zeros(len(gains), dtype=np.float32)
    active = np.flatnonzero(gains < 1.0)
    reductions[active] = -20.0 * np.log10(gains[active])
    return reductions


def _excess_db(
    limited: Audio, block: int, ceiling: float, touched: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return by how much each touched block still passes the ceiling, dB, 0 where it does not."""
    peaks = block_peaks(limited, block, floor=ceiling, chosen=touched).astype(np.float64)
    excess = np.zeros(len(peaks))
    over = peaks > ceiling
    excess[over] = 20.0 * np.log10(peaks[over] / ceiling) + _CORRECTION_MARGIN_DB
    return excess


def _eased(excess_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return knots of a short dip around every excess, at least as deep as it is."""
    return _smoothed(sliding_max(np.pad(excess_db, _PAD), _BEHIND_BLOCKS, _AHEAD_BLOCKS))


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
    step_of_block = (
        np.arange(len(reductions_db)) * block_frames(audio.rate_hz) * 100 // audio.rate_hz
    )
    track = np.zeros(steps, dtype=np.float32)
    np.maximum.at(track, np.minimum(step_of_block, steps - 1), reductions_db)
    return track


@njit(
    types.float64[::1](
        types.Array(types.float32, 1, "C", readonly=True),
        types.float64,
        types.int64,
        types.float64,
        types.float64,
    ),
    nogil=True,
    cache=True,
)
def _reduction_knots(
    peaks: npt.NDArray[np.float32],
    scale: float,
    behind: int,
    fast: float,
    slow: float,
) -> npt.NDArray[np.float64]:
    """Return the demand of the peaks held, released and smoothed, in one pass.

    The highest demand from ``behind`` blocks before to ``_AHEAD_BLOCKS`` after each place comes
    from a wedge of falling candidates (Lemire 2006), kept in a ring.
    """
    blocks = len(peaks)
    size = 1
    while size < behind + _AHEAD_BLOCKS + 2:
        size *= 2
    ring = size - 1
    places = np.zeros(size, dtype=np.int64)
    demands = np.zeros(size)
    head = tail = incoming = 0
    mean = reduction = before = two_before = 0.0
    knots = np.empty(blocks + 3)
    for place in range(-2, blocks + 3):
        while incoming < blocks and incoming <= place + _AHEAD_BLOCKS:
            level = peaks[incoming] * scale
            if level > 1.0:
                demand = 20.0 * math.log10(level)
                while tail > head and demands[(tail - 1) & ring] <= demand:
                    tail -= 1
                places[tail & ring] = incoming
                demands[tail & ring] = demand
                tail += 1
            incoming += 1
        while tail > head and places[head & ring] < place - behind:
            head += 1
        held = demands[head & ring] if tail > head else 0.0
        if held > 0.0 or reduction > 0.0 or mean > 0.0:
            mean = held + (mean - held) * slow
            reduction = max(held, mean + (reduction - mean) * fast)
            if held == 0.0 and reduction < _NEGLIGIBLE_DB:
                reduction = mean = 0.0
        if place >= 0:
            knots[place] = 0.25 * (two_before + 2.0 * before + reduction)
        two_before, before = before, reduction
    return knots


@njit(types.float64(types.float64), nogil=True, cache=True)
def _gain(reduction_db: float) -> float:
    return math.exp(reduction_db * _NEPERS_PER_DB) if reduction_db > 0.0 else 1.0


@njit(types.float64[::1](FLOATS), nogil=True, cache=True)
def _block_gains(knots_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    gains = np.empty(len(knots_db) - 3)
    g0, g1, g2 = _gain(knots_db[0]), _gain(knots_db[1]), _gain(knots_db[2])
    for block in range(len(gains)):
        g3 = _gain(knots_db[block + 3])
        gains[block] = (g0 + 23.0 * (g1 + g2) + g3) / 48.0
        g0, g1, g2 = g1, g2, g3
    return gains


@njit(
    types.void(
        types.float32[:, ::1],
        types.float64,
        types.int64,
        FLOATS,
        types.Array(types.bool_, 1, "C", readonly=True),
    ),
    nogil=True,
    cache=True,
    fastmath={"contract"},
)
def _apply(
    samples: npt.NDArray[np.float32],
    drive: float,
    block_frames: int,
    knots_db: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.bool_],
) -> None:
    """Multiply the chosen blocks by the drive and the cubic B-spline of the gains, in place."""
    channels, frames = samples.shape
    for block in range(len(chosen)):
        if not chosen[block]:
            continue
        start = block * block_frames
        stop = min(start + block_frames, frames)
        d0, d1, d2, d3 = knots_db[block : block + 4]
        if d0 == 0.0 and d1 == 0.0 and d2 == 0.0 and d3 == 0.0:
            level = np.float32(drive)
            for channel in range(channels):
                for i in range(start, stop):
                    samples[channel, i] *= level
            continue
        g0, g1, g2, g3 = _gain(d0), _gain(d1), _gain(d2), _gain(d3)
        a0 = np.float32(drive * (g0 + 4.0 * g1 + g2) / 6.0)
        a1 = np.float32(drive * (g2 - g0) / 2.0 / block_frames)
        a2 = np.float32(drive * (g0 - 2.0 * g1 + g2) / 2.0 / block_frames**2)
        a3 = np.float32(drive * (g3 - g0 + 3.0 * (g1 - g2)) / 6.0 / block_frames**3)
        for channel in range(channels):
            for i in range(start, stop):
                u = np.float32(i - start)
                samples[channel, i] *= a0 + u * (a1 + u * (a2 + u * a3))


@njit(
    types.void(
        types.float32[:, ::1],
        types.float64,
        types.int64,
        FLOATS,
        types.Array(types.bool_, 1, "C", readonly=True),
    ),
    nogil=True,
    cache=True,
)
def _take_off(
    samples: npt.NDArray[np.float32],
    drive: float,
    block_frames: int,
    knots_db: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.bool_],
) -> None:
    """Divide the chosen blocks by what :func:`_apply` multiplied them by."""
    gains = np.empty((1, block_frames), dtype=np.float32)
    one = np.ones(1, dtype=np.bool_)
    for block in range(len(chosen)):
        if not chosen[block]:
            continue
        gains[:] = 1.0
        _apply(gains, drive, block_frames, knots_db[block : block + 4], one)
        start = block * block_frames
        count = min(block_frames, samples.shape[1] - start)
        for channel in range(samples.shape[0]):
            for i in range(count):
                samples[channel, start + i] /= gains[0, i]
