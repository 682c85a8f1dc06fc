"""Like moments of two tracks compared: how their sound differs, and how far to trust that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dsp.measure import Profile
from dsp.spectrum import Doubles, bands_between, smooth

NEIGHBOURS: Final = 8
DETAIL_OCTAVES: Final = 1.0  # what is smoother than this may be the mix, what is finer is the music
DETAIL_HZ: Final = (80.0, 8_000.0)
DETAIL_LIMIT_DB: Final = 15.0
LOUD_DB: Final = 20.0  # moments this far under the loudest tenth are not compared
TRUST_OCTAVES: Final = 1.5
DOUBT: Final = 0.8
FULL_AMOUNT: Final = 0.7  # up to here the trusted correction grows, from here on the whole one


@dataclass(frozen=True, slots=True)
class Difference:
    """What a reference has that a target has not, per band, level apart.

    Attributes
    ----------
    whole_db : ndarray, shape (BAND_COUNT,)
        Difference of the average spectra of mid.
    like_db : ndarray, shape (BAND_COUNT,)
        Difference at like moments.
    trusted_db : ndarray, shape (BAND_COUNT,)
        The part of it that is the mix rather than the music, as far as can be told.
    """

    whole_db: Doubles
    like_db: Doubles
    trusted_db: Doubles


def compare(target: Profile, reference: Profile) -> Difference:
    """Return how the reference differs from the target in tone."""
    whole = _levelled(reference.mid_db - target.mid_db)
    like = _levelled(_like_difference(_loud(target), _loud(reference)))
    broad = smooth(like, TRUST_OCTAVES)
    rest = smooth(np.square(like - broad), TRUST_OCTAVES)
    size = smooth(np.square(broad), TRUST_OCTAVES)
    trust = np.maximum(0.0, 1.0 - DOUBT**2 * rest / np.maximum(size, 1e-9))
    return Difference(whole, like, trust * broad)


def toward(trusted: Doubles, full: Doubles, amount: float) -> Doubles:
    """Return a correction for an amount: at ``FULL_AMOUNT`` the trusted one, at 1 the full one.

    The trusted correction is cut to where it brings the whole nearest, so that the distance to
    the reference falls from amount to amount.
    """
    shares = np.linspace(0.0, 1.0, 101)
    distances = np.mean(np.abs(full - shares[:, None] * trusted), axis=1)
    best = shares[int(np.argmin(distances))] * trusted
    if amount <= FULL_AMOUNT:
        return best * (amount / FULL_AMOUNT)
    blended: Doubles = best + (full - best) * ((amount - FULL_AMOUNT) / (1.0 - FULL_AMOUNT))
    return blended


def _loud(profile: Profile) -> Doubles:
    mid, _ = profile.moments_db()
    level = 10.0 * np.log10(np.mean(10.0 ** (mid / 10.0), axis=1))
    loud: Doubles = mid[level > np.percentile(level, 90.0) - LOUD_DB]
    return loud


def _like_difference(target: Doubles, reference: Doubles) -> Doubles:
    """Return reference less target over pairs of moments of like fine structure, both ways."""
    used = bands_between(*DETAIL_HZ)
    details = [
        np.clip(part - smooth(part, DETAIL_OCTAVES), -DETAIL_LIMIT_DB, DETAIL_LIMIT_DB)[:, used]
        for part in (target, reference)
    ]
    apart = _distances(details[0], details[1])
    forth = _matched(reference, apart) - target
    back = reference - _matched(target, apart.T)
    return (forth.mean(axis=0) + back.mean(axis=0)) / 2.0


def _distances(first: Doubles, second: Doubles) -> Doubles:
    squares = np.square(first).sum(axis=1)[:, None] + np.square(second).sum(axis=1)[None]
    return np.sqrt(np.maximum(squares - 2.0 * first @ second.T, 0.0) / first.shape[1])


def _matched(pool: Doubles, apart: Doubles) -> Doubles:
    """Return, for each row of distances, the mean of its nearest moments weighted by closeness."""
    count = min(NEIGHBOURS, pool.shape[0])
    nearest = np.argpartition(apart, count - 1, axis=1)[:, :count]
    distance = np.take_along_axis(apart, nearest, axis=1)
    weights = np.exp(
        -0.5 * np.square(distance / np.maximum(distance.min(axis=1, keepdims=True), 0.1))
    )
    weights /= weights.sum(axis=1, keepdims=True)
    matched: Doubles = np.einsum("ij,ijb->ib", weights, pool[nearest])
    return matched


def _levelled(difference: Doubles) -> Doubles:
    """Return a difference without its mean over 100 Hz to 8 kHz."""
    inside = bands_between(100.0, 8_000.0)
    return difference - difference[inside].mean()
