"""Rounding to a fixed number of bits with triangular dither that never changes from run to run."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.filters import SAMPLES

BITS: Final = (8, 24)

_GOLDEN: Final = 0x9E3779B97F4A7C15  # SplitMix64 (Steele, Lea, Flood 2014)


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
    mixed = (seed * _GOLDEN) & 0xFFFF_FFFF_FFFF_FFFF
    _quantize(np.ascontiguousarray(samples), steps, np.uint64(mixed), first_frame, words)
    return words


def fits(samples: npt.NDArray[np.float32], bits: int) -> bool:
    """Return whether every sample already lies on a step of ``bits`` bits, none beyond them."""
    return bool(_fits(np.ascontiguousarray(samples), float(1 << (bits - 1))))


@njit(types.boolean(SAMPLES, types.float64), nogil=True, cache=True)
def _fits(samples: npt.NDArray[np.float32], steps: float) -> bool:
    for channel in range(samples.shape[0]):
        for sample in samples[channel]:
            value = sample * steps
            if not (-steps <= value <= steps - 1.0 and value == np.floor(value)):
                return False
    return True


@njit(
    types.void(SAMPLES, types.float64, types.uint64, types.int64, types.int32[:, ::1]),
    nogil=True,
    cache=True,
)
def _quantize(
    samples: npt.NDArray[np.float32],
    steps: float,
    seed: np.uint64,
    first_frame: int,
    words: npt.NDArray[np.int32],
) -> None:
    unit = 1.0 / 4294967296.0
    for channel in range(samples.shape[0]):
        for i in range(samples.shape[1]):
            place = np.uint64(2 * (first_frame + i) + channel)
            z = seed + place * np.uint64(0x9E3779B97F4A7C15)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z ^= z >> np.uint64(31)
            one = np.float64(np.int64(z >> np.uint64(32)))
            other = np.float64(np.int64(z & np.uint64(0xFFFFFFFF)))
            value = np.floor(samples[channel, i] * steps + (one - other) * unit + 0.5)
            words[channel, i] = np.int32(min(max(value, -steps), steps - 1.0))
