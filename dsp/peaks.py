"""Sample peaks and true peaks: three meters in one filter bank, evaluated only where it matters.

Between two samples the signal is read at points given by a bank of short filters, each belonging
to one meter: 8 × oversampling with 48 taps, the filter of BS.1770-5 as printed, and the
interpolator of libebur128. ``true_peak_dbtp`` is the highest of the three, since no one of them
is the highest on every signal, and a ceiling must hold on whatever meter a listener owns.

Most of a piece cannot hold its highest peak. For a bank row ``h`` that reads at ``n + φ``, writing
each sample as the straight line through ``x[n]`` and ``x[n+1]`` plus second differences gives
``|y| ≤ a · max(|x[n]|, |x[n+1]|) + c · max |x[k−1] − 2 x[k] + x[k+1]|`` with constants of the row;
only blocks where this bound passes what is sought are filtered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.audio import Audio
from dsp.errors import NotFinite
from dsp.filters import (
    BANK_ROWS,
    BANK_TAPS,
    METERS,
    PEAK_REACH_FRAMES,
    SAMPLES,
    MeterBank,
    meter_bank,
)
from dsp.units import amplitude_to_db

WINDOW_SECONDS: Final = 0.100
SHORT_TERM_WINDOWS: Final = 30  # 3 s, the window of PSR

_BLOCK_FRAMES: Final = 16
_STRETCH_FRAMES: Final = 1024  # a power of two above every block
_BLOCK_SECONDS: Final = 0.00036  # 16 frames at 44.1 and 48 kHz


@dataclass(frozen=True, slots=True)
class MeterReadings:
    """The true peak as three unlike meters read it, dBTP.

    Attributes
    ----------
    polyphase_dbtp : float
        8 × oversampling with 48 taps a phase.
    itu_dbtp : float
        4 × oversampling with the filter printed in BS.1770-5, Annex 2.
    libebur128_dbtp : float
        The interpolator of libebur128: 4 × below 96 kHz, 2 × below 192 kHz, else none.
    """

    polyphase_dbtp: float
    itu_dbtp: float
    libebur128_dbtp: float


def require_finite(audio: Audio) -> None:
    """Refuse samples that are not numbers, infinite or absurdly large.

    Raises
    ------
    NotFinite
        Where the squares of a channel have no finite sum in single precision.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        finite = all(math.isfinite(np.dot(row, row)) for row in audio.samples)
    if not finite:
        raise NotFinite("The audio holds samples that are not finite numbers.")


def sample_peak_dbfs(audio: Audio) -> float:
    """Return the highest sample in dBFS; ``-inf`` for silence or no frames."""
    return amplitude_to_db(_sample_peak(audio.samples))


def true_peak_dbtp(audio: Audio) -> float:
    """Return the true peak: the highest reading of three meters, at or between all samples.

    Returns
    -------
    float
        dBTP; ``-inf`` for silence. At most 0.25 dB above the truth (BS.1770's own filter reads
        that high at a tenth and a quarter of the rate).

    References
    ----------
    ITU-R BS.1770-5, Annex 2.
    """
    return _peak_dbtp(audio, meter_bank(audio.rate_hz, METERS))


def read_meters(audio: Audio) -> MeterReadings:
    """Return what each of the three meters reads on its own."""
    return MeterReadings(
        polyphase_dbtp=_peak_dbtp(audio, meter_bank(audio.rate_hz, ("polyphase",))),
        itu_dbtp=_peak_dbtp(audio, meter_bank(audio.rate_hz, ("itu",))),
        libebur128_dbtp=_peak_dbtp(audio, meter_bank(audio.rate_hz, ("libebur128",))),
    )


def true_peak_per_window_dbtp(audio: Audio) -> npt.NDArray[np.float64]:
    """Return the true peak of every 100 ms, whose highest is ``true_peak_dbtp``.

    Returns
    -------
    ndarray of float64, shape (ceil(frames / (rate / 10)),)
        dBTP, ``-inf`` where silent; window edges lie within 16 frames of the exact places.
    """
    windows = -(-audio.frames * 10 // audio.rate_hz)
    starts = np.arange(windows + 1) * audio.rate_hz // (10 * _BLOCK_FRAMES)
    starts[-1] = -(-audio.frames // _BLOCK_FRAMES)
    with np.errstate(divide="ignore"):
        levels: npt.NDArray[np.float64] = 20.0 * np.log10(
            _window_peaks(audio, starts, meter_bank(audio.rate_hz, METERS)).astype(np.float64)
        )
    return levels


def block_peaks(
    audio: Audio,
    block_frames: int,
    *,
    floor: float = 0.0,
    floor_share: float = 0.0,
    chosen: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.float32]:
    """Return the highest true peak of each block of frames, exact where above a floor.

    Parameters
    ----------
    audio : Audio
        Any length. What the filters ring before the first and after the last frame belongs to
        the first and the last block.
    block_frames : int
        Frames in a block.
    floor : float
        Amplitude up to which a block's peak may be told too low.
    floor_share : float, 0 to 1
        Another such floor, as a share of the highest sample of the chosen blocks.
    chosen : ndarray of bool, shape (blocks,), optional
        Blocks to look at; the others give 0.

    Returns
    -------
    ndarray of float32, shape (ceil(frames / block_frames),)
        Amplitudes over all channels and all three meters.
    """
    blocks = -(-audio.frames // block_frames)
    if chosen is None:
        chosen = np.ones(blocks, dtype=np.bool_)
    bank = meter_bank(audio.rate_hz, METERS)
    peaks = np.zeros(blocks, dtype=np.float32)
    _scan_blocks(
        audio.samples,
        block_frames,
        bank.taps,
        bank.line,
        bank.bend,
        floor,
        floor_share,
        chosen,
        peaks,
    )
    return peaks


def block_frames(rate_hz: int) -> int:
    """Return the frames of the level stages' blocks: a power of two, at least 4, near 0.36 ms."""
    return max(4, 1 << round(math.log2(_BLOCK_SECONDS * rate_hz)))


def plr_db(true_peak_dbtp: float, integrated_lufs: float) -> float:
    """Return the peak to loudness ratio; NaN for silence."""
    return true_peak_dbtp - integrated_lufs


def psr_db(
    window_peaks_dbtp: npt.NDArray[np.float64], short_term_lufs: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the peak to short-term loudness ratio every 100 ms; NaN where silent.

    Parameters
    ----------
    window_peaks_dbtp : ndarray, shape (windows,)
        From :func:`true_peak_per_window_dbtp`.
    short_term_lufs : ndarray, shape (n,)
        ``Loudness.short_term_lufs`` of the same piece.

    Returns
    -------
    ndarray of float64, shape (n,)
        Highest true peak within the 3 s of each short-term value, less that value, dB.

    References
    ----------
    Shepherd, Grimm, Tapper, Kahsnitz, Kerr: The peak to short-term loudness ratio, AES 143.
    """
    if not short_term_lufs.size:
        return np.zeros(0)
    highest = np.lib.stride_tricks.sliding_window_view(window_peaks_dbtp, SHORT_TERM_WINDOWS)
    ratio = np.full(short_term_lufs.size, np.nan)
    sounding = np.isfinite(short_term_lufs)
    ratio[sounding] = (
        highest.max(axis=1)[: short_term_lufs.size][sounding] - short_term_lufs[sounding]
    )
    return ratio


def _peak_dbtp(audio: Audio, bank: MeterBank) -> float:
    whole = np.array([0, -(-audio.frames // _BLOCK_FRAMES)])
    return amplitude_to_db(float(_window_peaks(audio, whole, bank).max(initial=0.0)))


def _window_peaks(
    audio: Audio, starts: npt.NDArray[np.int64], bank: MeterBank
) -> npt.NDArray[np.float32]:
    peaks = np.zeros(len(starts) - 1, dtype=np.float32)
    if audio.frames:
        _scan_windows(audio.samples, _BLOCK_FRAMES, starts, bank.taps, bank.line, bank.bend, peaks)
    return peaks


@njit(types.float32(SAMPLES), nogil=True, cache=True, fastmath={"nnan", "nsz"})
def _sample_peak(samples: npt.NDArray[np.float32]) -> float:
    peak = np.float32(0.0)
    for channel in range(samples.shape[0]):
        row = samples[channel]
        for i in range(row.shape[0]):
            peak = max(peak, abs(row[i]))
    return float(peak)


@njit(
    types.void(
        SAMPLES,
        types.int64,
        types.Array(types.bool_, 1, "C", readonly=True),
        types.float32[::1],
        types.float32[::1],
    ),
    nogil=True,
    cache=True,
    fastmath={"nnan", "nsz"},
)
def _measure_blocks(
    samples: npt.NDArray[np.float32],
    block_frames: int,
    chosen: npt.NDArray[np.bool_],
    levels: npt.NDArray[np.float32],
    bends: npt.NDArray[np.float32],
) -> None:
    """Set the highest sample and the highest second difference of the chosen blocks at least.

    Stretches of many blocks are folded in halves, which fills the vector units as loops over the
    few frames of a block do not.
    """
    channels, frames = samples.shape
    blocks = len(levels)
    blocks_at_once = _STRETCH_FRAMES // block_frames
    near = np.zeros(_STRETCH_FRAMES + 2, dtype=np.float32)
    level = np.empty(_STRETCH_FRAMES, dtype=np.float32)
    bend = np.empty(_STRETCH_FRAMES, dtype=np.float32)
    for first in range(0, blocks, blocks_at_once):
        count = min(blocks_at_once, blocks - first)
        if not chosen[first : first + count].any():
            continue
        start = first * block_frames
        for channel in range(channels):
            low = max(start - 1, 0)
            high = min(start + _STRETCH_FRAMES + 1, frames)
            near[: low - start + 1] = 0.0
            near[low - start + 1 : high - start + 1] = samples[channel, low:high]
            near[high - start + 1 :] = 0.0
            for i in range(_STRETCH_FRAMES):
                level[i] = abs(near[i + 1])
                bend[i] = abs(near[i] - near[i + 1] - near[i + 1] + near[i + 2])
            if start == 0:  # the bend at the zero before the first frame
                bend[0] = max(bend[0], abs(near[1]))
            if high == frames:  # … and at the zero after the last
                last = frames - 1 - start
                bend[last] = max(bend[last], abs(near[last + 1]))
            folds = _STRETCH_FRAMES
            while folds > blocks_at_once:
                folds //= 2
                for i in range(folds):
                    level[i] = max(level[2 * i], level[2 * i + 1])
                    bend[i] = max(bend[2 * i], bend[2 * i + 1])
            for i in range(count):
                levels[first + i] = max(levels[first + i], level[i])
                bends[first + i] = max(bends[first + i], bend[i])


@njit(
    types.float32(
        SAMPLES,
        types.int64,
        types.int64,
        SAMPLES,
        types.float32,
        types.float32,
        types.float32[::1],
        types.float32[::1],
    ),
    nogil=True,
    cache=True,
    fastmath={"contract", "nnan", "nsz"},
)
def _read_between(
    samples: npt.NDArray[np.float32],
    start: int,
    stop: int,
    taps: npt.NDArray[np.float32],
    line: float,
    needed: float,
    near: npt.NDArray[np.float32],
    sums: npt.NDArray[np.float32],
) -> np.float32:
    """Return the highest reading after frames ``start`` to ``stop`` that may exceed ``needed``.

    ``needed`` is for ``line · max(|x[n]|, |x[n+1]|)``; ``near`` and ``sums`` are scratch.
    """
    channels, frames = samples.shape
    peak = np.float32(0.0)
    first = start - PEAK_REACH_FRAMES + 1
    for channel in range(channels):
        for i in range(stop - start + BANK_TAPS - 1):
            place = first + i
            near[i] = samples[channel, place] if 0 <= place < frames else np.float32(0.0)
        for n in range(stop - start):
            if (
                line * max(abs(near[n + PEAK_REACH_FRAMES - 1]), abs(near[n + PEAK_REACH_FRAMES]))
                <= needed
            ):
                continue
            for row in range(BANK_ROWS):
                sums[row] = 0.0
            # Eight taps at a time: a running sum alone would wait for each addition.
            for k in range(0, BANK_TAPS, 8):
                i = n + k
                x0, x1, x2, x3 = near[i], near[i + 1], near[i + 2], near[i + 3]
                x4, x5, x6, x7 = near[i + 4], near[i + 5], near[i + 6], near[i + 7]
                for row in range(BANK_ROWS):
                    sums[row] += (
                        (taps[k, row] * x0 + taps[k + 1, row] * x1)
                        + (taps[k + 2, row] * x2 + taps[k + 3, row] * x3)
                    ) + (
                        (taps[k + 4, row] * x4 + taps[k + 5, row] * x5)
                        + (taps[k + 6, row] * x6 + taps[k + 7, row] * x7)
                    )
            for row in range(BANK_ROWS):
                peak = max(peak, abs(sums[row]))
    return peak


@njit(
    types.void(
        SAMPLES,
        types.int64,
        SAMPLES,
        types.float32,
        types.float32,
        types.float32,
        types.float32,
        types.Array(types.bool_, 1, "C", readonly=True),
        types.float32[::1],
    ),
    nogil=True,
    cache=True,
)
def _scan_blocks(
    samples: npt.NDArray[np.float32],
    block_frames: int,
    taps: npt.NDArray[np.float32],
    line: float,
    bend: float,
    floor: float,
    floor_share: float,
    chosen: npt.NDArray[np.bool_],
    peaks: npt.NDArray[np.float32],
) -> None:
    blocks = len(peaks)
    around = -(-(PEAK_REACH_FRAMES + 1) // block_frames)
    measured = np.zeros(blocks, dtype=np.bool_)
    for block in range(blocks):
        if chosen[block]:
            measured[max(0, block - around) : block + around + 1] = True
    levels = np.zeros(blocks, dtype=np.float32)
    bends = np.zeros(blocks, dtype=np.float32)
    _measure_blocks(samples, block_frames, measured, levels, bends)
    floor = max(floor, floor_share * levels.max()) if blocks else floor
    near = np.zeros(block_frames + 2 * PEAK_REACH_FRAMES + BANK_TAPS, dtype=np.float32)
    sums = np.zeros(BANK_ROWS, dtype=np.float32)
    for block in range(blocks):
        if not chosen[block]:
            continue
        highest_bend = np.float32(0.0)
        for other in range(max(0, block - around), min(blocks, block + around + 1)):
            highest_bend = max(highest_bend, bends[other])
        level = levels[block]
        after = levels[block + 1] if block + 1 < blocks else np.float32(0.0)
        peaks[block] = level
        needed = max(floor, level) - bend * highest_bend
        if line * max(level, after) > needed:
            start = block * block_frames - (PEAK_REACH_FRAMES if block == 0 else 0)
            stop = (block + 1) * block_frames
            if block == blocks - 1:
                stop = samples.shape[1] + PEAK_REACH_FRAMES
            found = _read_between(samples, start, stop, taps, line, needed, near, sums)
            peaks[block] = max(level, found)


@njit(
    types.void(
        SAMPLES,
        types.int64,
        types.Array(types.int64, 1, "C", readonly=True),
        SAMPLES,
        types.float32,
        types.float32,
        types.float32[::1],
    ),
    nogil=True,
    cache=True,
)
def _scan_windows(
    samples: npt.NDArray[np.float32],
    block_frames: int,
    starts: npt.NDArray[np.int64],
    taps: npt.NDArray[np.float32],
    line: float,
    bend: float,
    peaks: npt.NDArray[np.float32],
) -> None:
    """Set the highest reading of each window of blocks, from its likeliest block on."""
    blocks = -(-samples.shape[1] // block_frames)
    around = -(-(PEAK_REACH_FRAMES + 1) // block_frames)
    levels = np.zeros(blocks, dtype=np.float32)
    bends = np.zeros(blocks, dtype=np.float32)
    _measure_blocks(samples, block_frames, np.ones(blocks, dtype=np.bool_), levels, bends)
    bounds = np.zeros(blocks, dtype=np.float32)  # of what the bends may add
    for block in range(blocks):
        for other in range(max(0, block - around), min(blocks, block + around + 1)):
            bounds[block] = max(bounds[block], bend * bends[other])
    near = np.zeros(block_frames + 2 * PEAK_REACH_FRAMES + BANK_TAPS, dtype=np.float32)
    sums = np.zeros(BANK_ROWS, dtype=np.float32)
    for window in range(len(peaks)):
        first, last = starts[window], starts[window + 1]
        peak = np.float32(0.0)
        likeliest = first
        likely = np.float32(-1.0)
        for block in range(first, last):
            peak = max(peak, levels[block])
            if levels[block] + bounds[block] > likely:
                likely = levels[block] + bounds[block]
                likeliest = block
        for turn in range(first - 1, last):
            block = turn if turn >= first else likeliest
            after = levels[block + 1] if block + 1 < blocks else np.float32(0.0)
            needed = peak - bounds[block]
            if line * max(levels[block], after) > needed:
                start = block * block_frames - (PEAK_REACH_FRAMES if block == 0 else 0)
                stop = (block + 1) * block_frames
                if block == blocks - 1:
                    stop = samples.shape[1] + PEAK_REACH_FRAMES
                found = _read_between(samples, start, stop, taps, line, needed, near, sums)
                peak = max(peak, found)
        peaks[window] = peak
