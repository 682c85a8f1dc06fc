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
from dsp.filters import SAMPLES
from dsp.peaks import block_peaks
from dsp.units import db_to_amplitude

TRACK_STEP_SECONDS: Final = 0.010

HOLD_SECONDS: Final = 0.007  # half a period of 70 Hz: no ripple above it
FAST_RELEASE_SECONDS: Final = 0.040  # back to the running mean of the demand
MEAN_ATTACK_SECONDS: Final = 0.200
MEAN_RELEASE_SECONDS: Final = 0.400

# Dither and rounding to 16 bits move a sample by 1.5 steps of 2^-15 at most, and a reading
# between samples by 2.65 times that.
QUANTISING_MARGIN: Final = 1.25e-4

_BLOCK_SECONDS: Final = 0.00036  # 16 frames at 44.1 and 48 kHz
_MODULATION_MARGIN_DB: Final = 0.02  # most of what a moving gain adds between the samples
_CORRECTION_MARGIN_DB: Final = 0.003
_MAX_CORRECTIONS: Final = 12
_AHEAD_BLOCKS: Final = 2  # half the smoothing and the spline
_PAD: Final = 4  # knots of the spline and of the smoothing beyond either end
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
    """

    audio: Audio
    reduction_db: npt.NDArray[np.float32]
    max_reduction_db: float
    mean_reduction_db: float
    share_over_1_db: float
    share_over_3_db: float
    share_over_6_db: float
    block_reduction_db: npt.NDArray[np.float32]


def limit(
    audio: Audio,
    *,
    ceiling_dbtp: float,
    gain_db: float = 0.0,
    peaks: npt.NDArray[np.float32] | None = None,
) -> Limited:
    """Return the audio with a gain, limited so that no meter reads above the ceiling.

    Parameters
    ----------
    audio : Audio
        Any length and level.
    ceiling_dbtp : float
        Highest true peak of the result, dBTP, also after dither to 16 bits or more.
    gain_db : float
        Gain before the limiter.
    peaks : ndarray, shape (blocks,), optional
        :func:`dsp.peaks.block_peaks` of ``audio`` in blocks of ``block_frames(rate)``, where they
        are known already; exact wherever they reach the ceiling after the gain.

    Returns
    -------
    Limited
        Same shape, rate and timing.

    References
    ----------
    P. Hämäläinen, Smoothing of the control signal without clipped output in digital peak
    limiters, DAFx-02.
    """
    block = block_frames(audio.rate_hz)
    drive = db_to_amplitude(gain_db)
    ceiling = usable_ceiling(ceiling_dbtp)
    if peaks is None:
        peaks = block_peaks(audio, block, floor=ceiling / drive)
    if not peaks.size or float(peaks.max()) * drive <= ceiling:
        return _described(_amplified(audio, drive), np.zeros(len(peaks), dtype=np.float32), block)

    knots = reduction_knots_db(peaks, drive, ceiling, audio.rate_hz)
    limited = Audio(np.empty_like(audio.samples), audio.rate_hz)
    touched = np.ones(len(peaks), dtype=np.bool_)
    for _ in range(_MAX_CORRECTIONS):
        _render(audio.samples, drive, block, knots_to_gain(knots), touched, limited.samples)
        excess = _excess_db(limited, block, ceiling, touched)
        if not excess.any():
            break
        correction = _eased(excess)
        knots += correction
        touched = _near(correction > 0.0)
    else:
        _trim(limited.samples, knots, ceiling, block_peaks(limited, block, floor=ceiling))
    return _described(limited, block_reductions_db(knots), block)


def block_frames(rate_hz: int) -> int:
    """Return the frames of a block of the limiter: a power of two, about 0.36 ms, at least 4."""
    return max(4, 1 << round(math.log2(_BLOCK_SECONDS * rate_hz)))


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
    step_seconds = block_frames(rate_hz) / rate_hz
    goal = ceiling * db_to_amplitude(-_MODULATION_MARGIN_DB)
    return _reduction_knots(
        peaks,
        drive / goal,
        round(HOLD_SECONDS / step_seconds),
        math.exp(-step_seconds / FAST_RELEASE_SECONDS),
        math.exp(-step_seconds / MEAN_ATTACK_SECONDS),
        math.exp(-step_seconds / MEAN_RELEASE_SECONDS),
    )


def knots_to_gain(knots_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the gain factors of reductions in dB; exactly 1 for 0."""
    gains = np.ones_like(knots_db)
    active = knots_db > 0.0
    gains[active] = 10.0 ** (knots_db[active] / -20.0)
    return gains


def block_reductions_db(knots_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return the gain reduction in the middle of each block, dB ≥ 0."""
    gains = knots_to_gain(knots_db)
    middle = (gains[:-3] + 23.0 * (gains[1:-2] + gains[2:-1]) + gains[3:]) / 48.0
    return np.asarray(np.maximum(-20.0 * np.log10(middle), 0.0), dtype=np.float32)


def _amplified(audio: Audio, drive: float) -> Audio:
    if drive == 1.0:
        return audio
    return Audio(audio.samples * np.float32(drive), audio.rate_hz)


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
    """Return knots of a short dip around every excess, as deep as it is."""
    padded = np.pad(excess_db, 2 * _PAD)
    held = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AHEAD_BLOCKS + 2).max(axis=1)
    smooth = 0.25 * (held[:-2] + 2.0 * held[1:-1] + held[2:])
    first = (len(smooth) - (len(excess_db) + 3)) // 2
    return np.asarray(smooth[first : first + len(excess_db) + 3])


def _near(knots_changed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the blocks under any changed knot."""
    changed = knots_changed
    return np.asarray(changed[:-3] | changed[1:-2] | changed[2:-1] | changed[3:])


def _trim(
    samples: npt.NDArray[np.float32],
    knots_db: npt.NDArray[np.float64],
    ceiling: float,
    peaks: npt.NDArray[np.float32],
) -> None:
    """Turn the whole piece down to the ceiling: the last resort for noise near half the rate."""
    highest = float(peaks.max())
    if highest > ceiling:
        trim = ceiling / highest * (1.0 - 1e-6)
        samples *= np.float32(trim)
        knots_db -= 20.0 * math.log10(trim)


def _described(audio: Audio, reductions_db: npt.NDArray[np.float32], block: int) -> Limited:
    return Limited(
        audio=audio,
        reduction_db=_track_db(reductions_db, audio, block),
        max_reduction_db=float(reductions_db.max(initial=0.0)),
        mean_reduction_db=_mean(reductions_db),
        share_over_1_db=_mean(reductions_db > 1.0),
        share_over_3_db=_mean(reductions_db > 3.0),
        share_over_6_db=_mean(reductions_db > 6.0),
        block_reduction_db=reductions_db,
    )


def _mean(values: npt.NDArray[np.float32] | npt.NDArray[np.bool_]) -> float:
    return float(values.mean(dtype=np.float64)) if values.size else 0.0


def _track_db(
    reductions_db: npt.NDArray[np.float32], audio: Audio, block: int
) -> npt.NDArray[np.float32]:
    steps = math.ceil(audio.duration_seconds / TRACK_STEP_SECONDS)
    if not steps:
        return np.zeros(0, dtype=np.float32)
    step_of_block = np.arange(len(reductions_db)) * block * 100 // audio.rate_hz
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
        types.float64,
    ),
    nogil=True,
    cache=True,
)
def _reduction_knots(
    peaks: npt.NDArray[np.float32],
    scale: float,
    hold_blocks: int,
    fast: float,
    mean_attack: float,
    mean_release: float,
) -> npt.NDArray[np.float64]:
    blocks = len(peaks)
    demand = np.zeros(blocks)
    for block in range(blocks):
        level = peaks[block] * scale
        if level > 1.0:
            demand[block] = 20.0 * math.log10(level)

    # held[j] is the highest demand of blocks j − hold − 3 to j + 2, for j from −_PAD on: every
    # knot whose smoothing and spline reach into a block. A wedge of falling candidates gives it.
    span = blocks + 3 + 2
    reach_back = hold_blocks + _AHEAD_BLOCKS + 1
    wedge = np.empty(blocks + 1, dtype=np.int64)
    head = tail = 0
    released = np.empty(span)
    mean = 0.0
    reduction = 0.0
    incoming = 0
    for i in range(span):
        j = i - 2
        while incoming < blocks and incoming <= j + _AHEAD_BLOCKS:
            while tail > head and demand[wedge[tail - 1]] <= demand[incoming]:
                tail -= 1
            wedge[tail] = incoming
            tail += 1
            incoming += 1
        while tail > head and wedge[head] < j - reach_back:
            head += 1
        held = demand[wedge[head]] if tail > head else 0.0
        pole = mean_attack if held > mean else mean_release
        mean = held + (mean - held) * pole
        reduction = max(held, mean + (reduction - mean) * fast)
        if reduction < _NEGLIGIBLE_DB:
            reduction = 0.0
        if mean < _NEGLIGIBLE_DB:
            mean = 0.0
        released[i] = reduction
    knots = np.empty(blocks + 3)
    for k in range(blocks + 3):
        knots[k] = 0.25 * (released[k] + 2.0 * released[k + 1] + released[k + 2])
    return knots


@njit(
    types.void(
        SAMPLES,
        types.float64,
        types.int64,
        types.Array(types.float64, 1, "C", readonly=True),
        types.Array(types.bool_, 1, "C", readonly=True),
        types.float32[:, ::1],
    ),
    nogil=True,
    cache=True,
    fastmath={"contract"},
)
def _render(
    samples: npt.NDArray[np.float32],
    drive: float,
    block_frames: int,
    gains: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.bool_],
    rendered: npt.NDArray[np.float32],
) -> None:
    """Apply drive and the cubic B-spline of the gains to the chosen blocks."""
    channels, frames = samples.shape
    for block in range(len(chosen)):
        if not chosen[block]:
            continue
        start = block * block_frames
        stop = min(start + block_frames, frames)
        g0, g1, g2, g3 = gains[block], gains[block + 1], gains[block + 2], gains[block + 3]
        if g0 == 1.0 and g1 == 1.0 and g2 == 1.0 and g3 == 1.0:
            level = np.float32(drive)
            for channel in range(channels):
                for i in range(start, stop):
                    rendered[channel, i] = samples[channel, i] * level
            continue
        a0 = np.float32(drive * (g0 + 4.0 * g1 + g2) / 6.0)
        a1 = np.float32(drive * (g2 - g0) / 2.0 / block_frames)
        a2 = np.float32(drive * (g0 - 2.0 * g1 + g2) / 2.0 / block_frames**2)
        a3 = np.float32(drive * (g3 - g0 + 3.0 * (g1 - g2)) / 6.0 / block_frames**3)
        for channel in range(channels):
            for i in range(start, stop):
                u = np.float32(i - start)
                rendered[channel, i] = samples[channel, i] * (a0 + u * (a1 + u * (a2 + u * a3)))
