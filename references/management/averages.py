"""One profile from several tracks: the statistics of a style, of which no track can be had back.

Levels are averaged in dB per band, distributions by their quantiles. What belongs to a single
track is left out: its fingerprint, its parts, its tempo, and the order of its moments.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from dsp.codes import Codes
from dsp.measure import Profile
from dsp.sections import Section
from dsp.spectrum import Doubles

MOMENTS: Final = 240  # in all, from every track as many
CEILING_DBTP: Final = -1.0

_MEANS: Final = (
    "mid_db", "side_db", "floor_db", "correlation", "micro_quantiles_lu",
    "momentary_quantiles_lu", "activity_db", "variation_db", "detail_db",
)  # fmt: skip
_NUMBERS: Final = ("loudness_spread_lu", "onsets_per_second", "density")


def average(profiles: Sequence[Profile], *, loudness_lufs: float) -> Profile:
    """Return the average of several profiles, each first brought to one loudness.

    Parameters
    ----------
    profiles : sequence of Profile
        At least two: of one track an average would be its portrait.
    loudness_lufs : float
        What the average reads; releases of one style are no guide, as they differ by 15 LU.
    """
    if len(profiles) < 2:
        raise ValueError("an average takes two tracks or more")
    levelled = [_at(profile, loudness_lufs) for profile in profiles]
    rate_hz = min(profile.rate_hz for profile in levelled)
    seconds = float(np.mean([profile.duration_seconds for profile in levelled]))
    cutoffs = [profile.cutoff_hz for profile in levelled if profile.cutoff_hz is not None]
    ranges = [each.loudness_range_lu for each in levelled if each.loudness_range_lu is not None]
    mid, side = _pooled(levelled)
    middle = (np.arange(len(mid)) + 0.5) * seconds / len(mid)
    averaged: dict[str, Any] = {name: _mean_of(levelled, name) for name in _MEANS}
    averaged |= {name: _mean(levelled, name) for name in _NUMBERS}
    return replace(
        levelled[0],
        rate_hz=rate_hz,
        frames=round(seconds * rate_hz),
        channels=2,
        integrated_lufs=loudness_lufs,
        loudness_range_lu=round(float(np.mean(ranges)), 3) if ranges else None,
        max_momentary_lufs=_mean(levelled, "max_momentary_lufs"),
        max_short_term_lufs=_mean(levelled, "max_short_term_lufs"),
        true_peak_dbtp=CEILING_DBTP,
        sample_peak_dbfs=CEILING_DBTP,
        plr_db=CEILING_DBTP - loudness_lufs,
        psr_db=tuple(np.mean([each.psr_db for each in levelled], axis=0).round(3).tolist()),
        cutoff_hz=min(cutoffs, default=None),  # above it, nothing of the average is music
        tempo_bpm=None,
        tempo_confidence=0.0,
        fingerprint=np.zeros((0, 2), dtype=np.uint8),
        sections=(Section(0.0, round(seconds, 3), "A", None, loudness_lufs, 0.0),),
        loudness_curve_lufs=np.array([loudness_lufs]),
        moments_mid=mid,
        moments_side=side,
        moments_seconds=middle.round(3),
        **averaged,
    )


def _at(profile: Profile, loudness_lufs: float) -> Profile:
    """Return what a gain to that loudness would make of a profile."""
    gain_db = loudness_lufs - profile.integrated_lufs
    moved: dict[str, Any] = {
        name: getattr(profile, name) + gain_db
        for name in ("mid_db", "side_db", "floor_db", "max_momentary_lufs", "max_short_term_lufs")
    }
    return replace(profile, integrated_lufs=loudness_lufs, **moved)


def _mean_of(profiles: Sequence[Profile], name: str) -> Doubles:
    mean: Doubles = np.mean([getattr(profile, name) for profile in profiles], axis=0).round(3)
    return mean


def _mean(profiles: Sequence[Profile], name: str) -> float:
    return round(float(np.mean([getattr(profile, name) for profile in profiles])), 3)


def _pooled(profiles: Sequence[Profile]) -> tuple[Codes, Codes]:
    """Return moments of every track by how loud they are, so that no order in time is left."""
    each = math.ceil(MOMENTS / len(profiles))
    mid, side = [], []
    for profile in profiles:
        levels = profile.moments_mid.sum(axis=1, dtype=np.int64)
        places = np.linspace(0, len(levels) - 1, min(each, len(levels))).round().astype(np.int64)
        chosen = np.argsort(levels, kind="stable")[places]
        mid.append(profile.moments_mid[chosen])
        side.append(profile.moments_side[chosen])
    joined = np.concatenate(mid), np.concatenate(side)
    order = np.argsort(joined[0].sum(axis=1, dtype=np.int64), kind="stable")
    return joined[0][order], joined[1][order]
