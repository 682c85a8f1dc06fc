"""A ceiling that moves with the loudness: how far peaks may stand over what is heard around them.

One ceiling for a whole piece, low enough for the median of its peaks, holds the loudest passages
down by decibels and leaves the others alone: it takes peaks and loudness range together. One that
moves asks the same of every passage. It is no promise as the last stage's ceiling is, so it takes
no more from any peak than it may, and how much does not hang on the drive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from dsp.gains import windowed_lufs
from dsp.loudness import integrated_lufs, step_starts, steps_of_blocks
from dsp.peaks import block_frames
from dsp.rides import SLOW_SECONDS
from dsp.spectrum import Doubles
from dsp.units import db_to_amplitude

Peaks: TypeAlias = npt.NDArray[np.float32]

LOWEST_LU: Final = -6.0  # over the whole: peaks that stand out of less are a hush's, and stay
QUIETEST_LUFS: Final = -70.0  # where nothing passes a gate
FLOOR_SHARE: Final = db_to_amplitude(-12.0)  # of the highest, down to which peaks are told exactly


@dataclass(frozen=True, slots=True)
class MovingCeiling:
    """How far peaks may stand over the loudness around them, and how much that may take.

    Attributes
    ----------
    over_db : float
        True peak over the loudness of 3 s, dB.
    most_db : float
        The most taken from any peak, dB.
    """

    over_db: float
    most_db: float

    def asked(self, peaks: Peaks, slow: Peaks) -> Peaks:
        """Return what each block's peak is to be divided by, 1 where it stays.

        Parameters
        ----------
        peaks, slow : ndarray of float32, shape (blocks,)
            True peak of each block and :func:`slow_levels` there, amplitudes.
        """
        asked = peaks / (slow * np.float32(db_to_amplitude(self.over_db)))
        return np.clip(asked, 1.0, np.float32(db_to_amplitude(self.most_db)), out=asked)

    def asked_db(self, standing_db: Peaks) -> Peaks:
        """Return what is asked at places, dB; −inf where peaks stay.

        Parameters
        ----------
        standing_db : ndarray of float32
            How far the peaks there stand over :func:`slow_levels`, dB.
        """
        asked_db: Peaks = np.minimum(standing_db - np.float32(self.over_db), self.most_db)
        asked_db[asked_db <= 0.0] = -np.inf
        return asked_db


def slow_levels(energies: Doubles, rate_hz: int) -> Peaks:
    """Return the loudness of 3 s around each block as an amplitude, no lower than in a hush.

    Parameters
    ----------
    energies : ndarray, shape (blocks,)
        :func:`dsp.loudness.weighted_block_energies` in blocks of ``block_frames(rate_hz)``.
    rate_hz : int
    """
    block = block_frames(rate_hz)
    steps = steps_of_blocks(energies, block, rate_hz)
    lowest = max(integrated_lufs(steps), QUIETEST_LUFS) + LOWEST_LU
    lufs = np.maximum(windowed_lufs(steps, SLOW_SECONDS), lowest)
    counts = np.diff(step_starts(len(energies), block, rate_hz), append=len(energies))
    return np.repeat((10.0 ** (lufs / 20.0)).astype(np.float32), counts)


def driven_peaks(peaks: Peaks, asked: Peaks, ceiling: float, drive_db: float) -> Peaks:
    """Return peaks of blocks that bring a limiter under a drive to all that is asked of it.

    The true ones, but where a moving ceiling asks for more than the drive does: there as much
    higher as it takes.

    Parameters
    ----------
    peaks : ndarray of float32, shape (blocks,)
        True peaks, amplitudes.
    asked : ndarray of float32, shape (blocks,)
        Of :meth:`MovingCeiling.asked`.
    ceiling : float
        Of the limiter, amplitude.
    """
    higher = asked * np.float32(ceiling / db_to_amplitude(drive_db))
    higher[asked <= 1.0] = 0.0
    np.maximum(peaks, higher, out=higher)
    return higher
