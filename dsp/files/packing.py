"""Integers as the bytes of WAV and AIFF: interleaved, in as many bytes each as they need."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, types


def packed(words: npt.NDArray[np.int32], bits: int, *, big_endian: bool) -> memoryview:
    """Return integers as they lie in a file.

    Parameters
    ----------
    words : ndarray of int32, shape (channels, frames)
        Within ``bits`` bits.
    bits : int
        16 or 24.
    big_endian : bool
        Highest byte first, as AIFF has it.

    Returns
    -------
    memoryview
        ``channels · frames · bits / 8`` bytes.
    """
    interleaved = np.zeros(-(-words.size // 4) * 4, dtype=np.int32)
    _interleave(words, interleaved)
    if bits == 16:
        return interleaved[: words.size].astype(">i2" if big_endian else "<i2").view(np.uint8).data
    lowest_24 = interleaved.view(np.uint32)
    if big_endian:
        lowest_24 = lowest_24.byteswap() >> np.uint32(8)
    octets = np.empty(interleaved.size // 4 * 3, dtype="<u4")
    _pack_24(lowest_24, octets)
    return octets.view(np.uint8)[: 3 * words.size].data


@njit(types.void(types.int32[:, ::1], types.int32[::1]), nogil=True, cache=True)
def _interleave(words: npt.NDArray[np.int32], interleaved: npt.NDArray[np.int32]) -> None:
    channels, frames = words.shape
    if channels == 2:
        for frame in range(frames):
            interleaved[2 * frame] = words[0, frame]
            interleaved[2 * frame + 1] = words[1, frame]
    else:
        for frame in range(frames):
            interleaved[frame] = words[0, frame]


@njit(types.void(types.uint32[::1], types.uint32[::1]), nogil=True, cache=True)
def _pack_24(words: npt.NDArray[np.uint32], octets: npt.NDArray[np.uint32]) -> None:
    """Write the lower 24 bits of every four words into three: vector units have no 24 bits."""
    byte = np.uint32(8)
    lower = np.uint32(0xFF_FFFF)
    for four in range(octets.size // 3):
        w0, w1 = words[4 * four] & lower, words[4 * four + 1] & lower
        w2, w3 = words[4 * four + 2] & lower, words[4 * four + 3] & lower
        octets[3 * four] = w0 | (w1 << np.uint32(24))
        octets[3 * four + 1] = (w1 >> byte) | (w2 << np.uint32(16))
        octets[3 * four + 2] = (w2 >> np.uint32(16)) | (w3 << byte)
