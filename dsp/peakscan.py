"""Looking for the highest readings of the meters, between samples only where one could be.

Most of a piece cannot hold its highest peak. For a bank row ``h`` that reads at ``n + φ``, writing
each sample as the straight line through ``x[n]`` and ``x[n+1]`` plus second differences gives
``|y| ≤ a · max(|x[n]|, |x[n+1]|) + c · max |x[k−1] − 2 x[k] + x[k+1]|`` with constants of the row;
only blocks where this bound passes what is sought are filtered.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.filters import BANK_ROWS, BANK_TAPS, PEAK_REACH_FRAMES, SAMPLES

_STRETCH_FRAMES: Final = 1024  # a power of two above every block
_ROW: Final = types.Array(types.float32, 1, "C", readonly=True)
_READING: Final = types.float32(
    *(SAMPLES, types.int64, types.int64, SAMPLES),
    *(types.float32, types.float32, types.float32),
    *(types.float32[::1], types.float32[::1]),
)


@njit(
    types.void(_ROW, _ROW, types.float32[::1], types.float32[::1]),
    nogil=True,
    cache=True,
    fastmath={"nnan", "nsz"},
)
def _measure_frames(
    one: npt.NDArray[np.float32],
    other: npt.NDArray[np.float32],
    level: npt.NDArray[np.float32],
    bend: npt.NDArray[np.float32],
) -> None:
    """Set the higher magnitude and second difference of two channels at each frame but the ends."""
    for i in range(len(level)):
        level[i] = max(abs(one[i + 1]), abs(other[i + 1]))
        bend[i] = max(
            abs(one[i] - one[i + 1] - one[i + 1] + one[i + 2]),
            abs(other[i] - other[i + 1] - other[i + 1] + other[i + 2]),
        )


@njit(types.void(types.int32[::1], types.int64), nogil=True, cache=True)
def _fold(patterns: npt.NDArray[np.int32], count: int) -> None:
    """Set the first ``count`` values to the highest of each of as many even stretches.

    Bit patterns of magnitudes are in their order, and the highest of integers takes one step.
    """
    left = len(patterns)
    while left > count:
        left //= 2
        for i in range(left):
            patterns[i] = max(patterns[2 * i], patterns[2 * i + 1])


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

    Stretches of many blocks are measured frame by frame, then folded, which fills the vector units
    as loops over the few frames of a block do not.
    """
    channels, frames = samples.shape
    blocks = len(levels)
    blocks_at_once = _STRETCH_FRAMES // block_frames
    padded = np.zeros((2, _STRETCH_FRAMES + 2), dtype=np.float32)
    level = np.empty(_STRETCH_FRAMES, dtype=np.float32)
    bend = np.empty(_STRETCH_FRAMES, dtype=np.float32)
    for first in range(0, blocks, blocks_at_once):
        count = min(blocks_at_once, blocks - first)
        if not chosen[first : first + count].any():
            continue
        start = first * block_frames
        low, high = start - 1, start + _STRETCH_FRAMES + 1
        if low >= 0 and high <= frames:
            _measure_frames(samples[0, low:high], samples[channels - 1, low:high], level, bend)
        else:
            padded[:] = 0.0
            for channel in range(2):
                for i in range(max(low, 0), min(high, frames)):
                    padded[channel, i - low] = samples[min(channel, channels - 1), i]
            _measure_frames(padded[0], padded[1], level, bend)
            if start == 0:  # the bend at the zero before the first frame
                bend[0] = max(bend[0], level[0])
            last = frames - 1 - start
            if last < _STRETCH_FRAMES:  # … and at the zero after the last
                bend[last] = max(bend[last], level[last])
        _fold(level.view(np.int32), blocks_at_once)
        _fold(bend.view(np.int32), blocks_at_once)
        for i in range(count):
            levels[first + i] = level[i]
            bends[first + i] = bend[i]


@njit(
    types.float32[::1](types.float32[::1], types.float32, types.int64),
    nogil=True,
    cache=True,
    fastmath={"nnan", "nsz"},
)
def _bounds(bends: npt.NDArray[np.float32], bend: float, around: int) -> npt.NDArray[np.float32]:
    """Return what the bends may add to a reading in each block: the most of those around it."""
    blocks = len(bends)
    bounds = bends.copy()
    for by in range(1, min(around, blocks - 1) + 1):
        for block in range(blocks - by):
            bounds[block] = max(bounds[block], bends[block + by])
        for block in range(by, blocks):
            bounds[block] = max(bounds[block], bends[block - by])
    for block in range(blocks):
        bounds[block] *= bend
    return bounds


@njit(
    _READING,
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
    known: np.float32 | float,
    bound: np.float32 | float,
    near: npt.NDArray[np.float32],
    sums: npt.NDArray[np.float32],
) -> np.float32:
    """Return the highest reading after frames ``start`` to ``stop``, exact where over ``known``.

    No reading there exceeds ``line · max(|x[n]|, |x[n+1]|) + bound``; ``near`` and ``sums`` are
    scratch.
    """
    channels, frames = samples.shape
    peak = np.float32(0.0)
    needed = known - bound
    first = start - PEAK_REACH_FRAMES + 1
    count = stop - start + BANK_TAPS - 1
    for channel in range(channels):
        low, high = max(first, 0), min(first + count, frames)
        near[:count] = 0.0
        inside = near[low - first :]
        here = samples[channel, low:high]
        for i in range(len(here)):
            inside[i] = here[i]
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
            if peak - bound > needed:
                needed = peak - bound
    return peak


@njit(
    _READING,
    nogil=True,
    cache=True,
)
def _read_block(
    samples: npt.NDArray[np.float32],
    block: int,
    block_frames: int,
    taps: npt.NDArray[np.float32],
    line: float,
    known: np.float32 | float,
    bound: np.float32 | float,
    near: npt.NDArray[np.float32],
    sums: npt.NDArray[np.float32],
) -> np.float32:
    """Return the highest reading of a block: of the first and last also what rings beyond."""
    start, stop = block * block_frames, (block + 1) * block_frames
    if block == 0:
        start -= PEAK_REACH_FRAMES
    if stop >= samples.shape[1]:
        stop = samples.shape[1] + PEAK_REACH_FRAMES
    return _read_between(samples, start, stop, taps, line, known, bound, near, sums)


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
def scan_blocks(
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
    """Set the highest reading of each chosen block, exact where above the floor."""
    blocks = len(peaks)
    around = -(-(PEAK_REACH_FRAMES + 1) // block_frames)
    measured = np.zeros(blocks, dtype=np.bool_)
    marked = 0
    for block in range(blocks):
        if chosen[block]:
            for near_by in range(max(marked, block - around), min(block + around + 1, blocks)):
                measured[near_by] = True
            marked = block + around + 1
    levels = np.zeros(blocks, dtype=np.float32)
    bends = np.zeros(blocks, dtype=np.float32)
    _measure_blocks(samples, block_frames, measured, levels, bends)
    floor = max(floor, floor_share * levels.max()) if blocks else floor
    bounds = _bounds(bends, bend, around)
    near = np.zeros(block_frames + 2 * PEAK_REACH_FRAMES + BANK_TAPS, dtype=np.float32)
    sums = np.zeros(BANK_ROWS, dtype=np.float32)
    for block in range(blocks):
        if not chosen[block]:
            continue
        level = levels[block]
        after = levels[block + 1] if block + 1 < blocks else np.float32(0.0)
        peaks[block] = level
        known = max(floor, level)
        if line * max(level, after) > known - bounds[block]:
            found = _read_block(
                samples, block, block_frames, taps, line, known, bounds[block], near, sums
            )
            peaks[block] = max(level, found)


@njit(
    types.float32(
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
def scan_windows(
    samples: npt.NDArray[np.float32],
    block_frames: int,
    starts: npt.NDArray[np.int64],
    taps: npt.NDArray[np.float32],
    line: float,
    bend: float,
    peaks: npt.NDArray[np.float32],
) -> float:
    """Set the highest reading of each window of blocks, from its likeliest block on.

    Returns the highest sample.
    """
    blocks = -(-samples.shape[1] // block_frames)
    around = -(-(PEAK_REACH_FRAMES + 1) // block_frames)
    levels = np.zeros(blocks, dtype=np.float32)
    bends = np.zeros(blocks, dtype=np.float32)
    _measure_blocks(samples, block_frames, np.ones(blocks, dtype=np.bool_), levels, bends)
    bounds = _bounds(bends, bend, around)
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
            if line * max(levels[block], after) > peak - bounds[block]:
                found = _read_block(
                    samples, block, block_frames, taps, line, peak, bounds[block], near, sums
                )
                peak = max(peak, found)
        peaks[window] = peak
    return float(levels.max()) if blocks else 0.0
