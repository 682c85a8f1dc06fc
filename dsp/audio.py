"""The one shape in which audio travels through the engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Audio:
    """Samples with their rate.

    Attributes
    ----------
    samples : ndarray of float32, shape (channels, frames)
        One or two channels, C-contiguous, full scale ±1.0, finite.
    rate_hz : int
        Sample rate, 8 000 to 192 000 Hz.
    """

    samples: npt.NDArray[np.float32]
    rate_hz: int

    def __post_init__(self) -> None:
        """Refuse other shapes and types, which would be a programming error."""
        if self.samples.ndim != 2 or self.samples.shape[0] not in (1, 2):
            raise ValueError(f"samples must be (1 or 2 channels, frames): {self.samples.shape}")
        if self.samples.dtype != np.float32 or not self.samples.flags.c_contiguous:
            raise ValueError("samples must be C-contiguous float32")

    @property
    def channels(self) -> int:
        """Number of channels, 1 or 2."""
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.samples.shape[1])

    @property
    def duration_seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate_hz
