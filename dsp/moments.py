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
from scipy.linalg import solve_triangular

from dsp.measure import Profile
from dsp.neighbours import nearest_pairs
from dsp.slopes import (
    OVERALL_POWER,
    UNLIKENESS_DB,
    relative_loudness,
    slope_of,
    slopes_of_groups,
)
from dsp.spectrum import BAND_CENTRES_HZ, BAND_COUNT, Doubles, bands_between, smooth

Mask = npt.NDArray[np.bool_]
Groups = npt.NDArray[np.int64]

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

MIX_SIZES_DB: Final = (0.0, 1.0, 2.0, 3.5)  # standard deviations of what mixes get wrong,
MIX_ODDS: Final = (0.15, 0.20, 0.40, 0.25)  # and how often each is met
MUSIC_SIZES: Final = (0.6, 1.0, 1.7)  # of the music's part, of its usual size,
MUSIC_ODDS: Final = (0.3, 0.4, 0.3)
MUSIC_DB: Final = 0.6  # the usual size where roughness and spread are 1 dB, and their powers:
ROUGH_POWER: Final = 0.5  # the best for tone and width together, of known errors put on 37 tracks
SPREAD_POWER: Final = 0.75
LEAST_MUSIC_DB: Final = 0.05  # two masters of one mix differ by no less
OTHER_MUSIC_DB: Final = 3.5  # unlikeness that nine of ten sections of one track stay under,
OTHER_MUSIC_GROWTH: Final = 4.0  # and nine of ten pairs of tracks do not: growth of the size per dB
ROUGH_OCTAVES: Final = 0.3  # what is finer is music: no bell of a mix is as narrow
ROUGH_NEARBY_OCTAVES: Final = 3.0
ROUNDING_DB: Final = 0.01
LEVEL_DOUBT_DB: Final = 10.0  # a level common to all bands is not tone
DOUBT_OCTAVES: Final = 1.5
UNLIKE: Final = 0.4  # suitability of tracks so different that their likeness deceives
MIX_SLOPE: Final = 0.2  # standard deviation of what mixes get wrong, dB/dB
SLOPE_LIMITS: Final = (-0.4, 0.3)
LEADS: Final = np.linspace(0.0, 1.0, 51)
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


@dataclass(frozen=True, slots=True)
class Belief:
    """What is held to be the mix's part of a difference.

    Attributes
    ----------
    expected_db : ndarray, shape (BAND_COUNT,)
        Its expectation.
    doubt_db : ndarray, shape (BAND_COUNT,)
        Its standard deviation, given the likeliest sizes of the mix's and the music's part.
    """

    expected_db: Doubles
    doubt_db: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Moments of two tracks that are alike, and what each pair tells of each band.

    Attributes
    ----------
    mids, sides : pair of ndarray, shape (moments, BAND_COUNT)
        Levels of the loud moments of target and reference, dB.
    first, second : ndarray, shape (pairs,)
        Numbers of the moments of each pair.
    overall_db : ndarray, shape (pairs,)
        How far a pair differs in fine structure.
    weights : ndarray, shape (pairs, BAND_COUNT)
        Summing to 1 in each band.
    unlikeness_db : float
        As of :class:`Comparison`.
    """

    mids: tuple[Doubles, Doubles]
    sides: tuple[Doubles, Doubles]
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
    (our_mid, their_mid), (our_side, their_side) = pairs.mids, pairs.sides
    levels = (
        relative_loudness(our_mid, our_side)[first],
        relative_loudness(their_mid, their_side)[second],
    )
    slope, slope_doubt = slope_of(*levels, pairs.overall_db)
    group_slopes, group_doubts, group_rises_db = slopes_of_groups(
        pairs.mids, pairs.sides, (first, second), pairs.overall_db
    )
    ours, theirs = _levelled(our_mid), _levelled(their_mid)
    width, their_width = (
        np.clip(side - mid, *WIDTHS_DB) for mid, side in zip(pairs.mids, pairs.sides, strict=True)
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
    mids, sides = (loud[0][0], loud[1][0]), (loud[0][1], loud[1][1])
    # What is smoothed once for every moment need not be for every pair of them.
    ours, theirs = (mid - smooth(mid, DETAIL_OCTAVES) for mid in mids)
    used = bands_between(*DETAIL_HZ)
    first, second, squares = nearest_pairs(
        _limited(ours[:, used]),
        _limited(theirs[:, used]),
        NEIGHBOURS,
        None if loud[0][2] is None or loud[1][2] is None else (loud[0][2], loud[1][2]),
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
    return _Pairs(mids, sides, first, second, overall, weights, unlikeness)


def believed_tone(comparison: Comparison, valid: Mask) -> Belief:
    """Return the tonal difference that is the mix's, as far as can be told.

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
        comparison.unlikeness_db,
        shapes=0.6 * _bells(0.8) + 0.4 * _bells(3.0),  # like bells, and like shelves and tilts
        likeness=_music_likeness(0.15, 0.25, 0.6),
        common_db=LEVEL_DOUBT_DB,
    )


def believed_width(comparison: Comparison, valid: Mask) -> Belief:
    """Return the difference in width that is the mix's, as far as can be told."""
    return _believed(
        comparison.width_db,
        comparison.width_spread,
        valid,
        comparison.unlikeness_db,
        shapes=0.95 + 0.05 * _bells(2.0),  # mostly one gain for the whole side
        likeness=_music_likeness(0.3, 0.6, 0.1),  # instruments are placed one by one
        common_db=0.0,
    )


def believed_slope(comparison: Comparison, *, suitability: float = 1.0) -> float:
    """Return the part of the slope that is the mix's, as far as can be told, dB/dB."""
    share = _fitness(suitability) * MIX_SLOPE**2 / (MIX_SLOPE**2 + comparison.slope_doubt**2)
    return float(np.clip(share * comparison.slope, *SLOPE_LIMITS))


def toward(
    belief: Belief,
    full: Doubles,
    amount: float,
    *,
    end: Doubles | None = None,
    whatever_level: bool = False,
) -> Doubles:
    """Return a correction for an amount: at ``FULL_AMOUNT`` the believed one, at 1 the end.

    The distance to the reference falls from amount to amount. The mean of
    ``abs(full - share * correction)`` is convex in the share, so it falls all the way where it
    still falls at the end. A belief that would lead past that is first led toward the full
    difference, not beyond its doubt, then lessened until it does; a smoother end is led toward the
    full difference likewise.

    Parameters
    ----------
    belief : Belief
    full : ndarray, shape (BAND_COUNT,)
        The whole difference to the reference, dB.
    amount : float, 0 to 1
    end : ndarray, shape (BAND_COUNT,), optional
        What is reached at 1, where that is smoother than the whole difference.
    whatever_level : bool
        Whether a level common to all bands counts for nothing in the distance.
    """

    def falls(correction: Doubles, step: Doubles | None = None) -> bool:
        """Return whether the distance still falls at the end of a step that leads there."""
        left = full - correction
        level = np.median(left) if whatever_level else 0.0
        step = correction if step is None else step
        return bool(np.sum(np.sign(left - level) * step) >= 0.0)

    kept = believed = belief.expected_db
    for lead in LEADS:
        kept = believed + np.clip(lead * (full - believed), -belief.doubt_db, belief.doubt_db)
        if falls(kept):
            break
    kept = next((share * kept for share in LEADS[::-1] if falls(share * kept)), kept)
    beyond = max(0.0, amount - FULL_AMOUNT) / (1.0 - FULL_AMOUNT)
    rest = full - kept
    if end is not None:
        ends = (end + lead * (full - end) - kept for lead in LEADS)
        rest = next((each for each in ends if falls(kept + each, each)), rest)
    correction: Doubles = min(1.0, amount / FULL_AMOUNT) * kept + beyond * rest
    return correction


def _believed(
    measured: Doubles,
    spread: Doubles,
    valid: Mask,
    unlikeness_db: float,
    *,
    shapes: Doubles,
    likeness: Doubles,
    common_db: float,
) -> Belief:
    """Return the expected mix error given a measured difference of mix and music.

    Both are Gaussian processes over log frequency: the mix's smooth, the music's rougher
    (Rasmussen and Williams, Gaussian Processes for Machine Learning, eqs. 2.23 and 2.24). How
    large each is, is not known: every size of ``MIX_SIZES_DB``, none at all among them, is tried
    with every one of ``MUSIC_SIZES``, and counts by how well it explains what was measured
    (eq. 2.30). A difference that music alone explains is left alone; one that music of such fine
    structure hardly makes is followed nearly whole. Beyond the unlikeness of sections of one track
    the pairs are of other music, whose smooth part differs by more than its roughness says.

    ``shapes`` and ``likeness`` are the covariances of the mix's and the music's part over bands,
    for a size of 1 dB; ``common_db`` is the doubt of a level common to all bands.
    """
    if not np.any(valid):
        return Belief(np.zeros(BAND_COUNT), np.zeros(BAND_COUNT))
    music = _music_db(measured, spread, valid)
    music *= 1.0 + OTHER_MUSIC_GROWTH * max(0.0, unlikeness_db - OTHER_MUSIC_DB)
    music = music[:, None] * music * likeness
    seen = np.ix_(valid, valid)
    evidence, expected, roots = [], [], []
    for size_db, size_odds in zip(MIX_SIZES_DB, MIX_ODDS, strict=True):
        mix = size_db**2 * shapes
        for size, odds in zip(MUSIC_SIZES, MUSIC_ODDS, strict=True):
            total = mix[seen] + size**2 * music[seen] + common_db**2
            total[np.diag_indices_from(total)] += ROUNDING_DB**2
            root = np.linalg.cholesky(total)
            white = solve_triangular(root, measured[valid], lower=True)
            fit = -0.5 * white @ white - np.log(np.diag(root)).sum()
            evidence.append(fit + np.log(size_odds * odds))
            expected.append(mix[:, valid] @ solve_triangular(root, white, lower=True, trans=1))
            roots.append((size_db, root))
    weights = np.exp(np.array(evidence) - max(evidence))
    weights /= weights.sum()
    mean = weights @ np.array(expected)
    size_db, root = roots[int(np.argmax(weights))]
    known = solve_triangular(root, size_db**2 * shapes[valid], lower=True)
    variance = size_db**2 * np.diag(shapes) - np.square(known).sum(axis=0)
    return Belief(mean, np.sqrt(np.maximum(variance, 0.0)))


def _music_db(measured: Doubles, spread: Doubles, valid: Mask) -> Doubles:
    """Return the usual size of the music's part of a difference around each band, dB.

    From how rough the difference is, finer than any equaliser makes it, and from how far the
    pairs disagree; by the product of powers that served best where the errors were known.
    """
    rough = np.square(measured - smooth(measured, ROUGH_OCTAVES, weights=valid))
    rough = np.sqrt(smooth(rough, ROUGH_NEARBY_OCTAVES, weights=valid))
    spread = np.sqrt(smooth(spread, DOUBT_OCTAVES, weights=valid))
    size: Doubles = MUSIC_DB * rough**ROUGH_POWER * spread**SPREAD_POWER + LEAST_MUSIC_DB
    return size


@lru_cache(maxsize=2)
def _music_likeness(alone: float, narrow: float, broad: float) -> Doubles:
    """Return how alike the music's part of a difference is in two bands: notes, voices, parts."""
    likeness: Doubles = alone * np.eye(BAND_COUNT) + narrow * _notes(0.4) + broad * _notes(3.0)
    return likeness


def _fitness(suitability: float) -> float:
    return float(np.clip(suitability / UNLIKE, 0.25, 1.0))


def _bells(octaves: float) -> Doubles:
    """Return how alike the gain of bells of a width is in two bands."""
    return np.exp(-0.5 * np.square(_octaves_apart() / octaves))


def _notes(octaves: float) -> Doubles:
    """Return how alike musical differences are in two bands: rougher than bells (Matern 3/2)."""
    scaled = np.sqrt(3.0) * _octaves_apart() / octaves
    likeness: Doubles = (1.0 + scaled) * np.exp(-scaled)
    return likeness


def _octaves_apart() -> Doubles:
    octaves = np.log2(BAND_CENTRES_HZ)
    return np.abs(np.subtract.outer(octaves, octaves))


def _loud(profile: Profile) -> tuple[Doubles, Doubles, Groups | None]:
    """Return the mid and side levels of the moments that are not quiet, dB, and their groups."""
    mid, side = profile.moments_db()
    level = 10.0 * np.log10(np.mean(10.0 ** (mid / 10.0), axis=1))
    loud = level > np.percentile(level, 90.0) - LOUD_DB
    return mid[loud], side[loud], None if profile.groups is None else profile.groups[loud]


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
