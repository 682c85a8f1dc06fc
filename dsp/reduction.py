"""The limiter's gain: from the peaks of blocks to knots, and as a spline onto samples."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.filters import FLOATS, sliding_max
from dsp.peaks import block_frames
from dsp.units import amplitude_to_db

HOLD_SECONDS: Final = 0.010  # half a period of 50 Hz: no ripple above it
FAST_RELEASE_SECONDS: Final = 0.040  # back to the running mean of the demand
MEAN_SECONDS: Final = 0.400  # of the running mean
_MODULATION_MARGIN_DB: Final = 0.05  # what a moving gain adds between the samples
BEHIND_BLOCKS: Final = 3  # a knot reaches this far through the spline and the smoothing
AHEAD_BLOCKS: Final = 2
_NEPERS_PER_DB: Final = -math.log(10.0) / 20.0
_NEGLIGIBLE_DB: Final = 1e-6  # where a fading reduction becomes none

_NOTHING_ASKED: Final = np.zeros(0, dtype=np.float32)
_LEVELS: Final = types.Array(types.float32, 1, "C", readonly=True)
# Samples, drive, frames of a block, knots, and which blocks.
_SPLINE: Final = types.void(
    types.float32[:, ::1],
    types.float64,
    types.int64,
    FLOATS,
    types.Array(types.bool_, 1, "C", readonly=True),
)


def reduction_knots_db(
    peaks: npt.NDArray[np.float32], drive: float, ceiling: float, rate_hz: int
) -> npt.NDArray[np.float64]:
    """Return the gain reduction at the knots of the spline, dB ≥ 0.

    Parameters
    ----------
    peaks : ndarray of float32, shape (blocks,)
        True peak of each block before the drive, amplitude.
    drive, ceiling : float
        Amplitudes.
    rate_hz : int

    Returns
    -------
    ndarray of float64, shape (blocks + 3,)
        Block ``b`` lies under knots ``b`` to ``b + 3``.
    """
    if peaks.max(initial=0.0) * drive <= ceiling:
        return np.zeros(len(peaks) + 3)
    return released_knots_db(
        reached_levels_db(peaks, rate_hz), amplitude_to_db(drive / ceiling), rate_hz
    )


def reached_levels_db(levels: npt.NDArray[np.float32], rate_hz: int) -> npt.NDArray[np.float32]:
    """Return the highest of the blocks that the limiter awaits or holds at each place.

    Parameters
    ----------
    levels : ndarray of float32, shape (blocks,)
        Amplitudes.
    rate_hz : int

    Returns
    -------
    ndarray of float32, shape (blocks + 5,)
        dB, −inf for nothing; from two places before the first block to two after the last.
    """
    around = np.zeros(len(levels) + 5)
    around[2:-3] = levels
    held = BEHIND_BLOCKS + round(HOLD_SECONDS * rate_hz / block_frames(rate_hz))
    highest = sliding_max(around, held, AHEAD_BLOCKS)
    with np.errstate(divide="ignore"):
        np.log10(highest, out=highest)
    highest *= 20.0
    return highest.astype(np.float32)


def released_knots_db(
    reached_db: npt.NDArray[np.float32],
    drive_db: float,
    rate_hz: int,
    asked_db: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.float64]:
    """Return the knots of :func:`reduction_knots_db`: what is over 0 dB, released and smoothed.

    Parameters
    ----------
    reached_db : ndarray of float32, shape (blocks + 5,)
        From :func:`reached_levels_db`.
    drive_db : float
        Added to them: the drive over the ceiling.
    rate_hz : int
    asked_db : ndarray of float32, shape (blocks + 5,), optional
        The least that is to be taken at each place, whatever the drive; −inf for nothing.
    """
    step_seconds = block_frames(rate_hz) / rate_hz
    knots_db: npt.NDArray[np.float64] = _released_knots(
        reached_db,
        _NOTHING_ASKED if asked_db is None else asked_db,
        drive_db,
        math.exp(-step_seconds / FAST_RELEASE_SECONDS),
        math.exp(-step_seconds / MEAN_SECONDS),
    )
    return knots_db


def knot_gains(knots_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return the gain factors at knots, about: for sums over many of them."""
    gains = (knots_db * _NEPERS_PER_DB).astype(np.float32)
    return np.exp(gains, out=gains)


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
    reductions = np.log10(gains)
    reductions *= -20.0
    reductions += 0.0  # no −0.0
    return reductions.astype(np.float32)


@njit(
    types.float64[::1](_LEVELS, _LEVELS, types.float64, types.float64, types.float64),
    nogil=True,
    cache=True,
    fastmath={"contract"},
)
def _released_knots(
    reached_db: npt.NDArray[np.float32],
    asked_db: npt.NDArray[np.float32],
    drive_db: float,
    fast: float,
    slow: float,
) -> npt.NDArray[np.float64]:
    # Each choice of two as a selection: the processor cannot guess which way one goes.
    mean = reduction = before = two_before = 0.0
    knots = np.empty(len(reached_db) - 2)
    asks = len(asked_db) > 0
    for place in range(len(reached_db)):
        level_db = reached_db[place] + drive_db
        if asks:
            asked = asked_db[place]
            level_db = asked if asked > level_db else level_db
        level_db += _MODULATION_MARGIN_DB
        held = level_db if level_db > 0.0 else 0.0
        if held > 0.0 or reduction > 0.0:
            mean = mean * slow + held * (1.0 - slow)
            falling = reduction * fast + mean * (1.0 - fast)
            reduction = held if held > falling else falling
            if reduction < _NEGLIGIBLE_DB:
                reduction = mean = 0.0
        if place >= 2:
            knots[place - 2] = 0.25 * (two_before + 2.0 * before + reduction)
        two_before, before = before, reduction
    return knots


@njit(types.float64(types.float64), nogil=True, cache=True)
def knot_gain(reduction_db: float) -> float:
    """Return the gain factor of a reduction in dB; exactly 1 for none."""
    return math.exp(reduction_db * _NEPERS_PER_DB) if reduction_db > 0.0 else 1.0


@njit(types.float64[::1](FLOATS), nogil=True, cache=True)
def _block_gains(knots_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    gains = np.empty(len(knots_db) - 3)
    g0, g1, g2 = knot_gain(knots_db[0]), knot_gain(knots_db[1]), knot_gain(knots_db[2])
    for block in range(len(gains)):
        g3 = knot_gain(knots_db[block + 3])
        gains[block] = (g0 + 23.0 * (g1 + g2) + g3) / 48.0
        g0, g1, g2 = g1, g2, g3
    return gains


@njit(
    _SPLINE,
    nogil=True,
    cache=True,
    fastmath={"contract"},
)
def apply_spline(
    samples: npt.NDArray[np.float32],
    drive: float,
    block_frames: int,
    knots_db: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.bool_],
) -> None:
    """Multiply the chosen blocks by the drive and the cubic B-spline of the gains, in place."""
    channels, frames = samples.shape
    places = np.arange(block_frames).astype(np.float32)
    g0 = g1 = g2 = g3 = 1.0
    before = -2  # the last block whose gains are known
    for block in range(len(chosen)):
        if not chosen[block]:
            continue
        start = block * block_frames
        stop = min(start + block_frames, frames)
        if block == before + 1:
            g0, g1, g2 = g1, g2, g3
        else:
            g0, g1, g2 = (
                knot_gain(knots_db[block]),
                knot_gain(knots_db[block + 1]),
                knot_gain(knots_db[block + 2]),
            )
        g3 = knot_gain(knots_db[block + 3])
        before = block
        if g0 == 1.0 and g1 == 1.0 and g2 == 1.0 and g3 == 1.0:
            level = np.float32(drive)
            for channel in range(channels):
                for i in range(start, stop):
                    samples[channel, i] *= level
            continue
        a0 = np.float32(drive * (g0 + 4.0 * g1 + g2) / 6.0)
        a1 = np.float32(drive * (g2 - g0) / 2.0 / block_frames)
        a2 = np.float32(drive * (g0 - 2.0 * g1 + g2) / 2.0 / block_frames**2)
        a3 = np.float32(drive * (g3 - g0 + 3.0 * (g1 - g2)) / 6.0 / block_frames**3)
        for channel in range(channels):
            part = samples[channel, start:stop]
            for i in range(len(part)):
                u = places[i]
                part[i] *= a0 + u * (a1 + u * (a2 + u * a3))


@njit(_SPLINE, nogil=True, cache=True)
def take_off_spline(
    samples: npt.NDArray[np.float32],
    drive: float,
    block_frames: int,
    knots_db: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.bool_],
) -> None:
    """Divide the chosen blocks by what :func:`apply_spline` multiplied them by."""
    gains = np.empty((1, block_frames), dtype=np.float32)
    one = np.ones(1, dtype=np.bool_)
    for block in range(len(chosen)):
        if not chosen[block]:
            continue
        gains[:] = 1.0
        apply_spline(gains, drive, block_frames, knots_db[block : block + 4], one)
        start = block * block_frames
        count = min(block_frames, samples.shape[1] - start)
        for channel in range(samples.shape[0]):
            for i in range(count):
                samples[channel, start + i] /= gains[0, i]
