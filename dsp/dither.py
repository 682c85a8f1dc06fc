"""Rounding to a fixed number of bits with triangular dither that never changes from run to run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.filters import SAMPLES

BITS: Final = (8, 24)

_TOGETHER: Final = 4  # blocks quantised at once: few calls, and still little room
_ROW: Final = types.Array(types.float32, 1, "C", readonly=True)
_UNIT: Final = 2.0**-16
_GOLDEN: Final = 0x9E3779B9  # 2^32 over the golden ratio: seeds far apart
# A hash of 32 bits with little bias (C. Wellons, Prospecting for hash functions, 2018).
_FIRST_FACTOR: Final = np.uint32(0x7FEB352D)
_SECOND_FACTOR: Final = np.uint32(0x846CA68B)


def quantize(
    samples: npt.NDArray[np.float32], bits: int, *, seed: int, first_frame: int = 0
) -> npt.NDArray[np.int32]:
    """Return samples as integers, dithered with triangular noise of two steps peak to peak.

    Parameters
    ----------
    samples : ndarray of float32, shape (channels, frames)
        Full scale ±1.0, finite; what lies beyond is clipped.
    bits : int, 8 to 24
        Word length of the result.
    seed : int
        The noise depends on the seed, the channel and the frame alone, so a piece may be
        quantised in stretches: pass the same seed and each stretch's first frame.
    first_frame : int
        Place of the first frame in the piece.

    Returns
    -------
    ndarray of int32, shape (channels, frames)
        −2^(bits − 1) to 2^(bits − 1) − 1. Samples that all lie on the steps already are told
        exactly, without noise: silence stays silence, an untouched file keeps its values.

    References
    ----------
    Lipshitz, Wannamaker, Vanderkooy: Quantization and dither, JAES 40 (1992).
    """
    if not BITS[0] <= bits <= BITS[1]:
        raise ValueError(f"bits must be {BITS[0]} to {BITS[1]}: {bits}")
    words = np.empty(samples.shape, dtype=np.int32)
    whole = max(1, samples.shape[1])
    rows = np.ascontiguousarray(samples)
    _quantize_blocks(rows, 0, whole, float(1 << (bits - 1)), _key(seed), first_frame, words)
    return words


def quantized(
    samples: npt.NDArray[np.float32], bits: int, *, seed: int, block_frames: int
) -> Iterator[npt.NDArray[np.int32]]:
    """Yield a piece as :func:`quantize` makes integers of its blocks, several blocks at a time."""
    steps = float(1 << (bits - 1))
    for start in range(0, samples.shape[1], _TOGETHER * block_frames):
        count = min(_TOGETHER * block_frames, samples.shape[1] - start)
        words = np.empty((samples.shape[0], count), dtype=np.int32)
        _quantize_blocks(samples, start, block_frames, steps, _key(seed), start, words)
        yield words


def _key(seed: int) -> np.uint32:
    return np.uint32(seed * _GOLDEN & 0xFFFF_FFFF)


def fits(samples: npt.NDArray[np.float32], bits: int) -> bool:
    """Return whether every sample already lies on a step of ``bits`` bits, none beyond them."""
    steps = float(1 << (bits - 1))
    return all(_fits(np.ascontiguousarray(row), steps) for row in samples)


@njit(types.boolean(_ROW, types.float64), nogil=True, cache=True)
def _fits(row: npt.NDArray[np.float32], steps: float) -> bool:
    for sample in row:
        value = sample * steps
        if not (-steps <= value <= steps - 1.0 and value == np.floor(value)):
            return False
    return True


@njit(
    types.void(_ROW, types.float64, types.uint32, types.uint32, types.int32[::1]),
    nogil=True,
    cache=True,
    fastmath={"nnan"},
)
def _quantize(
    row: npt.NDArray[np.float32],
    steps: float,
    key: np.uint32,
    first: np.uint32,
    words: npt.NDArray[np.int32],
) -> None:
    """Round with the difference of two uniform numbers of 16 bits, both from one hash."""
    highest = steps - 1.0
    for i in range(min(len(row), len(words))):
        h = np.uint32(first + np.uint32(np.uint32(i) << np.uint32(1))) ^ key
        h = np.uint32((h ^ (h >> np.uint32(16))) * _FIRST_FACTOR)
        h = np.uint32((h ^ (h >> np.uint32(15))) * _SECOND_FACTOR)
        h ^= h >> np.uint32(16)
        noise = np.int32(h >> np.uint32(16)) - np.int32(h & np.uint32(0xFFFF))
        value = np.floor(row[i] * steps + (np.float64(np.int32(noise)) * _UNIT + 0.5))
        words[i] = np.int32(min(max(value, -steps), highest))


@njit(
    types.void(
        SAMPLES,
        types.int64,
        types.int64,
        types.float64,
        types.uint32,
        types.int64,
        types.int32[:, ::1],
    ),
    nogil=True,
    cache=True,
)
def _quantize_blocks(
    samples: npt.NDArray[np.float32],
    start: int,
    block_frames: int,
    steps: float,
    key: np.uint32,
    first_frame: int,
    words: npt.NDArray[np.int32],
) -> None:
    """Quantise the samples from ``start`` on, block by block: with noise where one is off a step.

    The first of them is number ``first_frame`` of the piece.
    """
    channels, frames = words.shape
    for first in range(0, frames, block_frames):
        last = min(first + block_frames, frames)
        exact = True
        for channel in range(channels):
            exact = exact and _fits(samples[channel, start + first : start + last], steps)
        for channel in range(channels):
            row = samples[channel, start + first : start + last]
            into = words[channel, first:last]
            if exact:
                for i in range(len(row)):
                    into[i] = np.int32(row[i] * steps)
            else:
                place = np.uint32(2 * (first_frame + first) + channel)
                _quantize(row, steps, key, place, into)
