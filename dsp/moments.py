"""Like moments of two tracks compared: what differs in their mixes rather than in their music.

A mix error is smooth over frequency; what tells one musical moment from another (harmonics,
drums, gaps) is the fine structure of the spectrum, which a smooth correction does not change. So
moments of like fine structure are looked up in both tracks, and the difference between them is
read where they are most alike. How much of it to believe is told by :mod:`dsp.beliefs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from dsp.codes import decoded_db, decoded_power
from dsp.measure import Profile
from dsp.neighbours import nearest_pairs
from dsp.slopes import (
    OVERALL_POWER,
    UNLIKENESS_DB,
    relative_loudness,
    slope_of,
    slopes_of_groups,
)
from dsp.spectrum import Doubles, bands_between, smooth

Mask = npt.NDArray[np.bool_]

# Settled by the recovery trial of ``bench.sound`` on 37 tracks.
LOUD_DB: Final = 20.0  # moments this far under the loudest tenth are left out
DETAIL_OCTAVES: Final = 2.0  # the music is what is finer than this
DETAIL_HZ: Final = (80.0, 8_000.0)
DETAIL_LIMIT_DB: Final = 25.0
NEIGHBOURS: Final = 3  # nearest moments looked up for each, both ways
NEARBY_OCTAVES: Final = 3.0  # likeness also counts around the band itself, over this width
NEARBY_POWER: Final = 2.0  # how steeply pairs lose weight that are unlike around a band
LEVEL_HZ: Final = (100.0, 8_000.0)  # where the level, which is not tone, is read
MOMENTS_SHARE: Final = 0.8  # of the difference in width; the rest is that of the whole tracks
WIDTHS_DB: Final = (-45.0, 20.0)  # of the side over the mid; what is fainter is none


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
        How far the pairs differ in fine structure where they count beyond what all of them do,
        root mean square; next to nothing where both tracks hold the same programme.
    slope, slope_doubt : float
        How much louder the reference grows for every dB that moments grow louder beyond the
        median, dB/dB: below 0 it is compressed against the target. And its standard deviation.
    group_slopes, group_doubts : ndarray, shape (GROUPS_COMPARED,)
        The same of the level of each group of bands alone.
    group_rises_db : ndarray, shape (GROUPS_COMPARED,)
        How far the loudest twentieth of the target's moments stands over the median in a group.
    """

    tone_db: Doubles
    tone_spread: Doubles
    width_db: Doubles
    width_spread: Doubles
    unlikeness_db: float
    slope: float
    slope_doubt: float
    group_slopes: Doubles
    group_doubts: Doubles
    group_rises_db: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Moments of two tracks that are alike, and what each pair tells of each band.

    Attributes
    ----------
    loud : pair of ndarray of bool
        Which moments of target and reference are not quiet; the others are in no pair.
    mids : pair of ndarray, shape (loud moments, BAND_COUNT)
        Their levels, dB.
    first, second : ndarray, shape (pairs,)
        Numbers of the moments of each pair.
    overall_db : ndarray, shape (pairs,)
        How far a pair differs in fine structure.
    weights : ndarray, shape (pairs, BAND_COUNT)
        Summing to 1 in each band.
    unlikeness_db : float
        As of :class:`Comparison`.
    """

    loud: tuple[Mask, Mask]
    mids: tuple[Doubles, Doubles]
    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    overall_db: Doubles
    weights: Doubles
    unlikeness_db: float


@lru_cache(maxsize=4)
def compare(target: Profile, reference: Profile) -> Comparison:
    """Return how the reference differs from the target at like moments."""
    pairs = _paired(target, reference)
    first, second, weights = pairs.first, pairs.second, pairs.weights
    _paired.cache_clear()  # large, and not asked for again
    our_mid, their_mid = pairs.mids
    our_side, their_side = sides = (
        decoded_db(target.moments_side[pairs.loud[0]]),
        decoded_db(reference.moments_side[pairs.loud[1]]),
    )
    powers = _power(target, pairs.loud[0]), _power(reference, pairs.loud[1])
    levels = relative_loudness(powers[0])[first], relative_loudness(powers[1])[second]
    slope, slope_doubt = slope_of(*levels, pairs.overall_db)
    group_slopes, group_doubts, group_rises_db = slopes_of_groups(
        powers, (first, second), pairs.overall_db
    )
    ours, theirs = _levelled(our_mid), _levelled(their_mid)
    width, their_width = (
        np.clip(side - mid, *WIDTHS_DB) for mid, side in zip(pairs.mids, sides, strict=True)
    )
    wider = _mean_width(their_mid, their_side, second, weights)
    wider -= _mean_width(our_mid, our_side, first, weights)
    wider_overall = np.clip(reference.side_db - reference.mid_db, *WIDTHS_DB)
    wider_overall -= np.clip(target.side_db - target.mid_db, *WIDTHS_DB)
    return Comparison(
        tone_db=_mean(_apart(ours, theirs, first, second), weights),
        tone_spread=_spread(ours, theirs, pairs),
        width_db=MOMENTS_SHARE * wider + (1.0 - MOMENTS_SHARE) * wider_overall,
        width_spread=_spread(width, their_width, pairs),
        unlikeness_db=pairs.unlikeness_db,
        slope=slope,
        slope_doubt=slope_doubt,
        group_slopes=group_slopes,
        group_doubts=group_doubts,
        group_rises_db=group_rises_db,
    )


def unlikeness_db(target: Profile, reference: Profile) -> float:
    """Return ``compare(target, reference).unlikeness_db`` at half the work."""
    return _paired(target, reference).unlikeness_db


@lru_cache(maxsize=2)
def _paired(target: Profile, reference: Profile) -> _Pairs:
    """Return the pairs of like moments of two tracks."""
    loud = _loud(target), _loud(reference)
    mids = decoded_db(target.moments_mid[loud[0]]), decoded_db(reference.moments_mid[loud[1]])
    # What is smoothed once for every moment need not be for every pair of them.
    ours, theirs = (mid - smooth(mid, DETAIL_OCTAVES) for mid in mids)
    used = bands_between(*DETAIL_HZ)
    first, second, squares = nearest_pairs(
        _limited(ours[:, used]),
        _limited(theirs[:, used]),
        NEIGHBOURS,
        None
        if target.groups is None or reference.groups is None
        else (target.groups[loud[0]], reference.groups[loud[1]]),
    )
    overall = np.sqrt(squares / np.count_nonzero(used))
    detail = _apart(ours, theirs, first, second)
    np.clip(detail, -DETAIL_LIMIT_DB, DETAIL_LIMIT_DB, out=detail)
    nearby = smooth(np.square(detail), NEARBY_OCTAVES)
    nearby += UNLIKENESS_DB**2
    nearby **= NEARBY_POWER
    weights = np.divide(1.0, nearby, out=nearby)
    weights *= (np.square(overall)[:, None] + UNLIKENESS_DB**2) ** -OVERALL_POWER
    weights /= weights.sum(axis=0)
    unlikeness = float(np.sqrt(np.mean(_variance(detail, weights))))
    return _Pairs(loud, mids, first, second, overall, weights, unlikeness)


def _loud(profile: Profile) -> Mask:
    """Return which moments are not quiet."""
    level = 10.0 * np.log10(np.mean(decoded_power(profile.moments_mid), axis=1))
    loud: Mask = level > np.percentile(level, 90.0) - LOUD_DB
    return loud


def _limited(detail: Doubles) -> Doubles:
    return np.clip(detail, -DETAIL_LIMIT_DB, DETAIL_LIMIT_DB)


def _apart(
    ours: Doubles, theirs: Doubles, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]
) -> Doubles:
    """Return the second of each pair less the first; many pairs take room, so that once."""
    apart: Doubles = np.take(theirs, second, axis=0)
    apart -= np.take(ours, first, axis=0)
    return apart


def _mean(values: Doubles, weights: Doubles) -> Doubles:
    """Return the mean over pairs, by each band's own weights."""
    mean: Doubles = np.einsum("pb,pb->b", values, weights)
    return mean


def _spread(ours: Doubles, theirs: Doubles, pairs: _Pairs) -> Doubles:
    """Return the variance over pairs of the difference of values smoothed over an octave."""
    ours, theirs = smooth(ours, 1.0), smooth(theirs, 1.0)
    return _variance(_apart(ours, theirs, pairs.first, pairs.second), pairs.weights)


def _power(profile: Profile, moments: Mask) -> Doubles:
    """Return the power of mid and side together at some moments."""
    power = decoded_power(profile.moments_mid[moments])
    power += decoded_power(profile.moments_side[moments])
    return power


def _levelled(mid: Doubles) -> Doubles:
    """Return the levels of moments without the level common to their bands."""
    levelled: Doubles = mid - mid[:, bands_between(*LEVEL_HZ)].mean(axis=1, keepdims=True)
    return levelled


def _variance(values: Doubles, weights: Doubles) -> Doubles:
    centred = values - _mean(values, weights)
    return _mean(np.square(centred, out=centred), weights)


def _mean_width(
    mid: Doubles, side: Doubles, moments: npt.NDArray[np.int64], weights: Doubles
) -> Doubles:
    """Return the level of the side against the mid by mean power, each moment at one loudness."""
    level = mid.mean(axis=1, keepdims=True)
    mid_power, side_power = (
        _mean((10.0 ** ((x - level) / 10.0))[moments], weights) for x in (mid, side)
    )
    lowest = 10.0 ** (WIDTHS_DB[0] / 10.0)
    width: Doubles = 10.0 * np.log10(np.maximum(side_power / mid_power, lowest))
    return width
