"""A soft clip of single short peaks, so that the limiter need not duck the music for them.

A peak is short where it stands alone: the demand on the limiter, with gaps of up to a period of
100 Hz filled and then everything shorter than 3 ms taken away, is what lasts; only what rises
above that is clipped, and by half of it at most. Tones and everything periodic last, and are left
to the limiter whole. The clip is computed at four times the rate from the few peaks concerned;
what it takes away is brought back to the rate and subtracted, so all other samples stay as they
are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.audio import Audio
from dsp.filters import FLOATS, STRETCH, fold_ahead, fractional_delays
from dsp.peaks import block_frames, block_peaks
from dsp.units import db_to_amplitude

MAX_CLIP_DB: Final = 2.0
MAX_SHARE: Final = 0.01  # of the time
SHORT_SECONDS: Final = 0.003
GAP_SECONDS: Final = 0.010

_SMALLEST_CLIP_DB: Final = 0.25  # less is not worth a change
_BEHIND_SECONDS: Final = 0.020  # no lower than the highest peak this long before …
_AHEAD_SECONDS: Final = 0.010  # … or after it, since the limiter is down for that one
_OVERSAMPLING: Final = 4
_TAPS: Final = 48
_KAISER_BETA: Final = 8.0


@dataclass(frozen=True, slots=True)
class Clipped:
    """What the clipper did.

    Attributes
    ----------
    peaks : ndarray of float32, shape (blocks,)
        True peaks of the blocks after the clip, exact above the threshold.
    block_reduction_db : ndarray of float32, shape (blocks,)
        By how much each clipped block's peak fell, 0 to ``MAX_CLIP_DB``.
    clipped_ms : float
        Time during which any channel was changed.
    max_reduction_db : float
        The most of these.
    before : tuple of (int, ndarray of float32)
        First frame and samples of what was changed, as they were.
    """

    peaks: npt.NDArray[np.float32]
    block_reduction_db: npt.NDArray[np.float32]
    clipped_ms: float
    max_reduction_db: float
    before: tuple[tuple[int, npt.NDArray[np.float32]], ...]


def clip_in_place(audio: Audio, *, threshold: float, peaks: npt.NDArray[np.float32]) -> Clipped:
    """Soften short peaks above a threshold, overwriting the samples.

    Parameters
    ----------
    audio : Audio
        Any length; changed only around the peaks that are clipped.
    threshold : float
        Amplitude above which a limiter would start to work.
    peaks : ndarray of float32, shape (blocks,)
        :func:`dsp.peaks.block_peaks` in blocks of ``block_frames(rate)``, exact above the
        threshold.
    """
    plan = _plan(peaks, threshold, audio.rate_hz)
    block = block_frames(audio.rate_hz)
    bank = fractional_delays(_OVERSAMPLING, _TAPS, _KAISER_BETA)
    reach = -(-_TAPS // (2 * block))
    touched = np.zeros(len(peaks), dtype=np.bool_)
    clipped = np.zeros(len(peaks), dtype=np.bool_)
    clipped_frames = 0.0
    before = []
    for peak in plan:
        first_frame = max(0, peak.first * block - _TAPS)
        stop_frame = min(audio.frames, peak.end * block + _TAPS)
        before.append((first_frame, audio.samples[:, first_frame:stop_frame].copy()))
        clipped_frames += _clip(
            audio.samples,
            bank,
            peak.first * block,
            peak.end * block,
            peak.knee,
            peak.top,
            peak.strength,
        )
        touched[max(0, peak.first - reach) : peak.end + reach] = True
        clipped[peak.first : peak.end] = True
    after = np.where(touched, block_peaks(audio, block, floor=threshold, chosen=touched), peaks)
    lower = np.flatnonzero(clipped & (after < peaks))
    reduction_db = np.zeros(len(peaks), dtype=np.float32)
    # A block at the edge of a peak may lose more, having been hardly above the threshold.
    reduction_db[lower] = np.minimum(20.0 * np.log10(peaks[lower] / after[lower]), MAX_CLIP_DB)
    return Clipped(
        peaks=after,
        block_reduction_db=reduction_db,
        clipped_ms=1000.0 * clipped_frames / audio.rate_hz,
        max_reduction_db=float(reduction_db.max(initial=0.0)),
        before=tuple(before),
    )


def unclip_in_place(audio: Audio, clipped: Clipped) -> None:
    """Give the samples back as they were before :func:`clip_in_place`."""
    for first_frame, samples in reversed(clipped.before):
        audio.samples[:, first_frame : first_frame + samples.shape[1]] = samples


@dataclass(frozen=True, slots=True)
class _ShortPeak:
    """Blocks ``first`` up to ``end``, and the curve ``x − strength · (x − knee)²`` above a knee."""

    first: int
    end: int
    knee: float
    top: float
    strength: float


def _plan(peaks: npt.NDArray[np.float32], threshold: float, rate_hz: int) -> list[_ShortPeak]:
    """Return the short peaks worth clipping, the neediest first as far as the time allows."""

    def blocks(seconds: float) -> int:
        return round(seconds * rate_hz / block_frames(rate_hz))

    demand_db = np.zeros(len(peaks))
    over = peaks > threshold
    demand_db[over] = 20.0 * np.log10(peaks[over] / threshold)
    gap, short = blocks(GAP_SECONDS), blocks(SHORT_SECONDS)
    lasting_db = _lasting(demand_db, gap, short)
    behind, ahead = blocks(_BEHIND_SECONDS), blocks(_AHEAD_SECONDS)

    found = []
    edges = np.flatnonzero(np.diff(demand_db > lasting_db, prepend=False, append=False))
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        top_db = float(demand_db[first:end].max())
        beside_db = max(
            demand_db[max(0, first - behind) : first].max(initial=0.0),
            demand_db[end : end + ahead].max(initial=0.0),
        )
        top = threshold * db_to_amplitude(top_db)
        knee = threshold * db_to_amplitude(float(lasting_db[first:end].max()))
        take = min(
            0.5 * (top - knee),
            top * (1.0 - db_to_amplitude(-MAX_CLIP_DB)),
            top - threshold * db_to_amplitude(beside_db),
        )
        if take > top * (1.0 - db_to_amplitude(-_SMALLEST_CLIP_DB)):
            found.append((take, _ShortPeak(first, end, knee, top, take / (top - knee) ** 2)))

    left = int(MAX_SHARE * len(peaks))
    kept = []
    for _, peak in sorted(found, key=lambda pair: -pair[0]):
        left -= peak.end - peak.first
        if left < 0:
            break
        kept.append(peak)
    return kept


@njit(types.float64[::1](FLOATS, types.int64, types.int64), nogil=True, cache=True)
def _lasting(demand_db: npt.NDArray[np.float64], gap: int, short: int) -> npt.NDArray[np.float64]:
    """Return the demand with gaps filled and then everything too short taken away.

    A closing over ``gap`` blocks and an opening over ``short``: the highest ahead, the lowest on
    both sides, the highest behind. Nothing is asked for before and after the piece.
    """
    count = len(demand_db)
    reach = gap + short
    lasting = np.empty(count)
    near = np.empty(STRETCH + 2 * reach)
    for start in range(0, count, STRETCH):
        stop = min(start + STRETCH, count)
        first = start - reach
        low, high = max(first, 0), min(stop + reach, count)
        near[:] = 0.0
        inside = near[low - first :]
        for i in range(high - low):
            inside[i] = demand_db[low + i]
        wanted = fold_ahead(near, stop - first + reach, gap + 1)
        for i in range(wanted):
            near[i] = -near[i]
        wanted = fold_ahead(near, wanted, reach + 1)
        for i in range(wanted):
            near[i] = -near[i]
        fold_ahead(near, wanted, short + 1)
        lasting[start:stop] = near[: stop - start]
    return lasting


@njit(
    types.float64(
        types.float32[:, ::1],
        types.Array(types.float64, 2, "C", readonly=True),
        types.int64,
        types.int64,
        types.float64,
        types.float64,
        types.float64,
    ),
    nogil=True,
    cache=True,
)
def _clip(
    samples: npt.NDArray[np.float32],
    bank: npt.NDArray[np.float64],
    start: int,
    stop: int,
    knee: float,
    top: float,
    strength: float,
) -> float:
    """Bend what rises above the knee between two frames; return for how many frames it did."""
    channels, frames = samples.shape
    phases, taps = bank.shape
    reach = taps // 2
    taken = np.zeros(stop - start + taps)
    points = np.zeros((phases + 1) * (stop - start), dtype=np.bool_)
    for channel in range(channels):
        taken[:] = 0.0
        for n in range(start, min(stop, frames)):
            for phase in range(phases + 1):
                value = 0.0
                if phase == 0:
                    value = float(samples[channel, n])
                else:
                    for k in range(taps):
                        place = n + k - reach + 1
                        if 0 <= place < frames:
                            value += bank[phase - 1, k] * samples[channel, place]
                over = min(abs(value), top) - knee
                if over <= 0.0:
                    continue
                points[(phases + 1) * (n - start) + phase] = True
                loss = math.copysign(strength * over * over, value) / (phases + 1)
                if phase == 0:
                    taken[n - start + reach - 1] += loss
                else:
                    for k in range(taps):
                        taken[n - start + k] += loss * bank[phase - 1, k]
        for i in range(len(taken)):
            place = start - reach + 1 + i
            if 0 <= place < frames:
                samples[channel, place] -= taken[i]
    return float(points.sum() / (phases + 1))
