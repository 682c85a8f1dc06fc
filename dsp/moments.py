"""Like moments of two tracks compared: what differs in their mixes rather than in their music.

A mix error is smooth over frequency; what tells one musical moment from another (harmonics,
drums, gaps) is the fine structure of the spectrum, which a smooth correction does not change. So
moments of like fine structure are looked up in both tracks, and the difference between them is
read where they are most alike. How much of it to believe follows from how far the pairs disagree
and from how rough the difference is: both grow with what is music in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from dsp.measure import Profile
from dsp.spectrum import BAND_CENTRES_HZ, BAND_COUNT, Doubles, bands_between, smooth

Mask = npt.NDArray[np.bool_]

# Settled by the recovery trial of ``bench.sound`` on 37 tracks.
LOUD_DB: Final = 20.0  # moments this far under the loudest tenth are left out
DETAIL_OCTAVES: Final = 2.0  # the music is what is finer than this
DETAIL_HZ: Final = (80.0, 8_000.0)
DETAIL_LIMIT_DB: Final = 25.0
NEIGHBOURS: Final = 3  # nearest moments looked up for each, both ways
NEARBY_OCTAVES: Final = 3.0  # likeness also counts around the band itself, over this width
UNLIKENESS_DB: Final = 0.5  # of moments alike to the rounding of their levels
OVERALL_POWER: Final = 5.0  # how steeply unlike pairs lose weight,
NEARBY_POWER: Final = 2.0  # over all bands and around a band
LEVEL_HZ: Final = (100.0, 8_000.0)  # where the level, which is not tone, is read
WIDTHS_DB: Final = (-45.0, 20.0)  # of the side over the mid; what is fainter is none

MIX_DB: Final = 2.5  # standard deviation of what mixes get wrong
LEVEL_DOUBT_DB: Final = 10.0  # a level common to all bands is not tone
DOUBT_OCTAVES: Final = 1.5
LEAST_DOUBT_DB: Final = 0.05
FULL_AMOUNT: Final = 0.7  # up to here the believed correction grows, from here on the whole one


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a reference has that a target has not, read at like moments.

    Attributes
    ----------
    tone_db, width_db : ndarray, shape (BAND_COUNT,)
        Difference of the mid, level removed; of the side against the mid.
    tone_spread, width_spread : ndarray, shape (BAND_COUNT,)
        Variance over pairs of the difference, smoothed over an octave, dB².
    unlikeness_db : float
        How far the pairs differ in fine structure where they count, root mean square; next to
        nothing where both tracks hold the same programme.
    """

    tone_db: Doubles
    tone_spread: Doubles
    width_db: Doubles
    width_spread: Doubles
    unlikeness_db: float


@lru_cache(maxsize=4)
def compare(target: Profile, reference: Profile) -> Comparison:
    """Return how the reference differs from the target at like moments."""
    mids, sides = zip(_loud(target), _loud(reference), strict=True)
    first, second, overall = _pairs(*mids)
    apart = mids[1][second] - mids[0][first]
    apart -= apart[:, bands_between(*LEVEL_HZ)].mean(axis=1, keepdims=True)
    nearby = smooth(np.square(_limited(apart - smooth(apart, DETAIL_OCTAVES))), NEARBY_OCTAVES)
    weights = (nearby + UNLIKENESS_DB**2) ** -NEARBY_POWER
    weights *= (np.square(overall)[:, None] + UNLIKENESS_DB**2) ** -OVERALL_POWER
    weights /= weights.sum(axis=0)

    wider = np.clip(sides[1] - mids[1], *WIDTHS_DB)[second]
    wider -= np.clip(sides[0] - mids[0], *WIDTHS_DB)[first]
    return Comparison(
        tone_db=_mean(apart, weights),
        tone_spread=_spread(apart, weights),
        width_db=_mean_width(mids[1][second], sides[1][second], weights)
        - _mean_width(mids[0][first], sides[0][first], weights),
        width_spread=_spread(wider, weights),
        unlikeness_db=float(np.sqrt(np.mean(_mean(nearby, weights)))),
    )


def believed_tone(comparison: Comparison, valid: Mask) -> Doubles:
    """Return the tonal difference that is the mix's, as far as can be told, dB.

    Parameters
    ----------
    comparison : Comparison
    valid : ndarray of bool, shape (BAND_COUNT,)
        Bands to go by; the others follow them.
    """
    return _believed(
        comparison.tone_db,
        comparison.tone_spread,
        valid,
        shapes=0.6 * _bells(0.8) + 0.4 * _bells(3.0),  # like bells, and like shelves and tilts
        common_db=LEVEL_DOUBT_DB,
    )


def believed_width(comparison: Comparison, valid: Mask) -> Doubles:
    """Return the difference in width that is the mix's, as far as can be told, dB."""
    return _believed(
        comparison.width_db,
        comparison.width_spread,
        valid,
        shapes=0.8 + 0.2 * _bells(2.0),  # mostly one gain for the whole side
        common_db=0.0,
    )


def toward(believed: Doubles, full: Doubles, amount: float) -> Doubles:
    """Return a correction for an amount: at ``FULL_AMOUNT`` the believed one, at 1 the full one.

    The believed one is first led as far toward the full one as it takes for the distance to the
    reference to fall from amount to amount. The mean of ``abs(full - share * correction)`` is
    convex in the share, so it falls all the way where it still falls at the end.
    """
    for lead in np.linspace(0.0, 1.0, 51):
        led = believed + lead * (full - believed)
        if np.sum(np.sign(full - led) * led) >= 0.0:
            break
    if amount <= FULL_AMOUNT:
        return led * (amount / FULL_AMOUNT)
    blended: Doubles = led + (full - led) * ((amount - FULL_AMOUNT) / (1.0 - FULL_AMOUNT))
    return blended


def _believed(
    measured: Doubles, spread: Doubles, valid: Mask, *, shapes: Doubles, common_db: float
) -> Doubles:
    """Return the expected mix error given a measured difference of mix and music.

    Both are Gaussian processes over log frequency: the mix's of a size and smoothness that mixes
    have, the music's rougher and as large as the pairs' disagreement and the difference's own
    roughness say (Rasmussen and Williams, Gaussian Processes for Machine Learning, eq. 2.23).
    """
    if not np.any(valid):
        return np.zeros(BAND_COUNT)
    rough = smooth(
        np.square(measured - smooth(measured, 1.0, weights=valid)), DOUBT_OCTAVES, weights=valid
    )
    doubt = np.sqrt(rough * smooth(spread, DOUBT_OCTAVES, weights=valid)) + LEAST_DOUBT_DB**2
    scale = np.sqrt(doubt)
    music = 0.15 * np.eye(BAND_COUNT) + 0.25 * _notes(0.4) + 0.6 * _notes(3.0)
    mix = MIX_DB**2 * shapes
    total = mix + scale[:, None] * scale * music + common_db**2
    weights = np.linalg.solve(total[np.ix_(valid, valid)], measured[valid])
    expected: Doubles = mix[:, valid] @ weights
    return expected


def _bells(octaves: float) -> Doubles:
    """Return how alike the gain of bells of a width is in two bands."""
    return np.exp(-0.5 * np.square(_octaves_apart() / octaves))


def _notes(octaves: float) -> Doubles:
    """Return how alike musical differences are in two bands: rougher than bells (Matern 3/2)."""
    scaled = np.sqrt(3.0) * _octaves_apart() / octaves
    return (1.0 + scaled) * np.exp(-scaled)


def _octaves_apart() -> Doubles:
    octaves = np.log2(BAND_CENTRES_HZ)
    return np.abs(np.subtract.outer(octaves, octaves))


def _loud(profile: Profile) -> tuple[Doubles, Doubles]:
    """Return the mid and side levels of the moments that are not quiet, dB."""
    mid, side = profile.moments_db()
    level = 10.0 * np.log10(np.mean(10.0 ** (mid / 10.0), axis=1))
    loud = level > np.percentile(level, 90.0) - LOUD_DB
    return mid[loud], side[loud]


def _limited(detail: Doubles) -> Doubles:
    return np.clip(detail, -DETAIL_LIMIT_DB, DETAIL_LIMIT_DB)


def _pairs(
    target: Doubles, reference: Doubles
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Doubles]:
    """Return the pairs of moments nearest in fine structure, either way, and their distances."""
    used = bands_between(*DETAIL_HZ)
    first, second = (
        _limited(mid - smooth(mid, DETAIL_OCTAVES))[:, used] for mid in (target, reference)
    )
    squares = np.square(first).sum(axis=1)[:, None] + np.square(second).sum(axis=1)
    apart = np.sqrt(np.maximum(squares - 2.0 * first @ second.T, 0.0) / first.shape[1])
    chosen = np.zeros(apart.shape, dtype=bool)
    for axis in (0, 1):
        count = min(NEIGHBOURS, apart.shape[axis])
        nearest = np.argpartition(apart, count - 1, axis=axis)
        np.put_along_axis(chosen, nearest.take(range(count), axis=axis), values=1, axis=axis)
    rows, columns = np.nonzero(chosen)
    return rows, columns, apart[rows, columns]


def _mean(values: Doubles, weights: Doubles) -> Doubles:
    """Return the mean over pairs, by each band's own weights."""
    return np.einsum("pb,pb->b", values, weights)


def _spread(values: Doubles, weights: Doubles) -> Doubles:
    """Return the variance over pairs of values smoothed over an octave."""
    broad = smooth(values, 1.0)
    return _mean(np.square(broad - _mean(broad, weights)), weights)


def _mean_width(mid: Doubles, side: Doubles, weights: Doubles) -> Doubles:
    """Return the level of the side against the mid by mean power, each moment at one loudness."""
    level = mid.mean(axis=1, keepdims=True)
    mid_power, side_power = (_mean(10.0 ** ((x - level) / 10.0), weights) for x in (mid, side))
    lowest = 10.0 ** (WIDTHS_DB[0] / 10.0)
    return 10.0 * np.log10(np.maximum(side_power / mid_power, lowest))
