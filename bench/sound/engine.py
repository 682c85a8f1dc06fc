"""The engine as it ships, on arrays."""

from __future__ import annotations

import numpy as np

from dsp.audio import Audio
from dsp.chain import master
from dsp.measure import Profile, measure
from dsp.settings import MasterSettings


def profile(samples: np.ndarray, rate: int) -> Profile:
    """Return the profile of samples."""
    return measure(Audio(np.ascontiguousarray(samples, dtype=np.float32), rate))


def matched(samples: np.ndarray, rate: int, reference: Profile, amount: float) -> np.ndarray:
    """Return the master of samples toward a profile at an amount."""
    mix = Audio(np.ascontiguousarray(samples, dtype=np.float32), rate)
    return master(mix, reference, MasterSettings(amount=amount)).audio.samples
