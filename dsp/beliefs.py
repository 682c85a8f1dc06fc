"""What of a measured difference is held to be the mix's, and how far to follow it.

How much of it to believe follows from how far like moments disagree and from how rough the
difference is: both grow with what is music in it. What is believed then becomes a correction for
every amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from dsp.moments import Comparison
from dsp.spectrum import BAND_CENTRES_HZ, BAND_COUNT, Doubles, smooth

Mask = npt.NDArray[np.bool_]

# Settled by the recovery trial of ``bench.sound`` on 37 tracks.
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
