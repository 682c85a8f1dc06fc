"""Sums over blocks of 50 ms: the resolution of every time range that a check tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from dsp.audio import Audio
from dsp.spectrum import Doubles

BLOCK_SECONDS: Final = 0.050


@dataclass(frozen=True, slots=True)
class Blocks:
    """Means over blocks.

    Attributes
    ----------
    means, powers : ndarray, shape (channels, blocks)
        Of the samples, and of their squares.
    cross : ndarray, shape (blocks,)
        Of the product of both channels; 0 in mono.
    """

    means: Doubles
    powers: Doubles
    cross: Doubles


def measure_blocks(audio: Audio) -> Blocks:
    """Return the sums of audio; the last block may be shorter."""
    size = max(1, round(BLOCK_SECONDS * audio.rate_hz))
    count = -(-audio.frames // size)
    means, powers = np.zeros((audio.channels, count)), np.zeros((audio.channels, count))
    cross = np.zeros(count)
    _sum_blocks(audio.samples, size, means, powers, cross)
    return Blocks(means, powers, cross)


@numba.njit(nogil=True, cache=True)
def _sum_blocks(samples, size, means, powers, cross):  # type: ignore[no-untyped-def]
    frames = samples.shape[1]
    for block in range(cross.size):
        first, last = block * size, min(frames, (block + 1) * size)
        for channel in range(samples.shape[0]):
            total = square = 0.0
            for frame in range(first, last):
                value = np.float64(samples[channel, frame])
                total += value
                square += value * value
            means[channel, block] = total / (last - first)
            powers[channel, block] = square / (last - first)
        if samples.shape[0] == 2:
            product = 0.0
            for frame in range(first, last):
                product += np.float64(samples[0, frame]) * np.float64(samples[1, frame])
            cross[block] = product / (last - first)
