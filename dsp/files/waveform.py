"""The outline of a waveform, small enough to send to a page."""

from __future__ import annotations

from typing import Final

import numpy as np

from dsp.audio import Audio

FULL_SCALE: Final = 127


def peaks(audio: Audio, columns: int = 1600) -> list[list[int]]:
    """Return the lowest and highest sample of each column, for drawing.

    Parameters
    ----------
    audio : Audio
        Any length.
    columns : int
        Width of the drawing; fewer come back when there are fewer frames.

    Returns
    -------
    list of list of int, shape (channels, 2 × columns)
        ``[min, max, min, max, …]`` per channel, −127 to 127 for −1.0 to 1.0, rounded outward so
        that no peak looks smaller than it is.
    """
    columns = min(columns, audio.frames)
    if columns == 0:
        return [[] for _ in range(audio.channels)]
    starts = np.arange(columns) * audio.frames // columns
    lowest = np.floor(np.minimum.reduceat(audio.samples, starts, axis=1) * FULL_SCALE)
    highest = np.ceil(np.maximum.reduceat(audio.samples, starts, axis=1) * FULL_SCALE)
    pairs = np.stack((lowest, highest), axis=-1).clip(-FULL_SCALE, FULL_SCALE)
    outline: list[list[int]] = pairs.astype(int).reshape(audio.channels, -1).tolist()
    return outline
