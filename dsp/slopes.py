"""How much more, or less, one track's level grows than another's at like moments."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from dsp.filters import k_weighting_db
from dsp.spectrum import BAND_CENTRES_HZ, Doubles

Moments = npt.NDArray[np.int64]

UNLIKENESS_DB: Final = 0.5  # of moments alike to the rounding of their levels
OVERALL_POWER: Final = 5.0  # how steeply unlike pairs lose weight
UNLIKE_SLOPE_PER_DB: Final = 0.07
LEAST_LEVEL_VARIANCE: Final = 0.1  # LU², under which no bend can be seen
WEIGHTING_RATE_HZ: Final = 48_000  # the K weighting is the same at every rate below 16 kHz
GROUP_EDGES_HZ: Final = (120.0, 600.0, 4_000.0)  # between bass, low mids, high mids and treble
GROUPS_COMPARED: Final = len(GROUP_EDGES_HZ) + 1


def slopes_of_groups(
    powers: tuple[Doubles, Doubles],
    pairs: tuple[Moments, Moments],
    unlikeness_db: Doubles,
) -> tuple[Doubles, Doubles, Doubles]:
    """Return slope and doubt of the level of each group of bands, and how far its peaks rise.

    Parameters
    ----------
    powers : pair of ndarray, shape (moments, BAND_COUNT)
        Of mid and side together in the moments of target and reference.
    pairs : pair of ndarray, shape (pairs,)
        Numbers of like moments.
    unlikeness_db : ndarray, shape (pairs,)
        How far each pair differs.

    Returns
    -------
    three of ndarray, shape (GROUPS_COMPARED,)
        dB/dB as of :func:`slope_of`, twice; dB that the loudest twentieth of the target's moments
        stands over their median.
    """
    numbers = np.searchsorted(GROUP_EDGES_HZ, BAND_CENTRES_HZ, side="right")
    found = np.zeros((3, GROUPS_COMPARED))
    for group in range(GROUPS_COMPARED):
        levels = [10.0 * np.log10(power[:, numbers == group].sum(axis=1)) for power in powers]
        first, second = (level - np.median(level) for level in levels)
        found[:2, group] = slope_of(first[pairs[0]], second[pairs[1]], unlikeness_db)
        found[2, group] = np.percentile(first, 95.0)
    return found[0], found[1], found[2]


def relative_loudness(power: Doubles) -> Doubles:
    """Return the K-weighted loudness of moments of a power against their median, LU."""
    weights = 10.0 ** (k_weighting_db(BAND_CENTRES_HZ, WEIGHTING_RATE_HZ) / 10.0)
    loudness = 10.0 * np.log10(power @ weights)
    relative: Doubles = loudness - np.median(loudness)
    return relative


def slope_of(
    target_lu: Doubles, reference_lu: Doubles, unlikeness_db: Doubles
) -> tuple[float, float]:
    """Return slope and doubt of the loudness difference of pairs over their loudness.

    Weighted least squares of a bend at the median. Pairs that are less alike tell less than their
    number says, which the residuals do not show: their unlikeness is doubt of its own.
    """
    weights = (np.square(unlikeness_db) + UNLIKENESS_DB**2) ** -OVERALL_POWER
    weights /= weights.sum()
    above = np.maximum(0.0, (target_lu + reference_lu) / 2.0)
    difference = reference_lu - target_lu
    mean_above, mean_difference = weights @ above, weights @ difference
    variance = weights @ np.square(above - mean_above)
    if variance < LEAST_LEVEL_VARIANCE:
        return 0.0, np.inf
    slope = weights @ ((above - mean_above) * (difference - mean_difference)) / variance
    rest = difference - mean_difference - slope * (above - mean_above)
    scatter = weights @ np.square(rest) * (weights @ weights) / variance
    unlike = UNLIKE_SLOPE_PER_DB**2 * (weights @ np.square(unlikeness_db))
    return float(slope), float(np.sqrt(scatter + unlike))
