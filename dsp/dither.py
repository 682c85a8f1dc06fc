"""Rounding to a fixed number of bits with triangular dither that never changes from run to run."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, types

BITS: Final = (8, 24)

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
    steps = float(1 << (bits - 1))
    if fits(samples, bits):
        np.multiply(samples, np.float32(steps), out=words, casting="unsafe")
        return words
    key = np.uint32(seed * _GOLDEN & 0xFFFF_FFFF)
    for channel, row in enumerate(samples):
        first = np.uint32((2 * first_frame + channel) & 0xFFFF_FFFF)
        _quantize(np.ascontiguousarray(row), steps, key, first, words[channel])
    return words


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
