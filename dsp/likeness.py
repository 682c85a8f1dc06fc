"""How like two tracks are, to the stages: whether what differs is the mix, or the music."""

from __future__ import annotations

from typing import Final

import numpy as np

from dsp.measure import Profile
from dsp.spectrum import smooth

TONE_DB: Final = 5.0
DETAIL_DB: Final = 6.0
PEAK_DB: Final = 5.0
RANGE_LU: Final = 8.0


def suitability(target: Profile, reference: Profile) -> float:
    """Return how like two tracks are, 0 to 1: the product of soft scores of what differs."""
    difference = reference.mid_db - target.mid_db
    difference = difference - difference.mean()
    broad = smooth(difference, 2.5)
    scores = [
        float(np.mean(np.abs(broad))) / TONE_DB,
        float(np.mean(np.abs(smooth(difference, 1 / 3) - broad))) / DETAIL_DB,
        (reference.psr_db[1] - target.psr_db[1]) / PEAK_DB,
    ]
    if target.loudness_range_lu is not None and reference.loudness_range_lu is not None:
        scores.append((reference.loudness_range_lu - target.loudness_range_lu) / RANGE_LU)
    return round(float(np.exp(-np.sum(np.square(scores)))), 4)
