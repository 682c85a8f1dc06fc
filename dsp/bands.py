"""What a report tells of tone and width per band: before, toward, after, and what was held back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dsp.axes import RANGES_HZ
from dsp.chain import Mastered
from dsp.equalizer import TonePlan
from dsp.features import LEVEL_HZ
from dsp.measure import Profile
from dsp.spectrum import (
    BAND_CENTRES_HZ,
    BAND_COUNT,
    THIRD_OCTAVES_HZ,
    Doubles,
    third_octaves,
    to_db,
)
from dsp.stereo import WidthPlan

PRESENCE_HZ: Final = (2_000.0, 5_000.0)  # where the ear is most sensitive (ISO 226)
AUDIBLE_WIDTH_DB: Final = -40.0  # a side further under the mid is no width
CAPPED_DB: Final = 0.1  # less was not held back


def ranges(mastered: Mastered) -> list[dict[str, Any]]:
    """Return how far each range of the spectrum is from the reference, before and after, dB."""
    reference = tilt(mastered.reference)
    found = []
    for code, (low, high) in {**RANGES_HZ, "presence": PRESENCE_HZ}.items():
        inside = (THIRD_OCTAVES_HZ >= low) & (THIRD_OCTAVES_HZ < high)
        before, after = (
            round(float(np.mean((tilt(track) - reference)[inside])), 2)
            for track in (mastered.target, mastered.result)
        )
        found.append({"code": code, "before_db": before, "after_db": after})
    return found


def tone(mastered: Mastered) -> dict[str, Any]:
    """Return the tone per third octave before, toward and after, and what the stage did."""
    plan = mastered.tone
    return {
        **_of_tracks(mastered, tilt),
        **_shares(plan),
        "compared": plan.valid.tolist(),
        "bands": _by_third_octave(plan),
        "bands_compared": (_thirds_mean(plan.valid) > 0.5).tolist(),
    }


def width(mastered: Mastered) -> dict[str, Any]:
    """Return the width per third octave before, toward and after, and what the stage did."""
    plan = mastered.width
    return {
        **_of_tracks(mastered, _width_db),
        "correlation_before": listed(mastered.target.correlation, 3),
        "correlation_reference": listed(mastered.reference.correlation, 3),
        "correlation_after": listed(mastered.result.correlation, 3),
        **_shares(plan),
        "bands": _by_third_octave(plan),
    }


def _of_tracks(mastered: Mastered, levels: Callable[[Profile], Doubles]) -> dict[str, list[float]]:
    """Return a level per third octave before, toward and after, and where the plans' curves lie."""
    return {
        "bands_hz": listed(THIRD_OCTAVES_HZ, 1),
        "before_db": listed(levels(mastered.target)),
        "reference_db": listed(levels(mastered.reference)),
        "after_db": listed(levels(mastered.result)),
        "curve_hz": listed(BAND_CENTRES_HZ, 1),
    }


def _shares(plan: TonePlan | WidthPlan) -> dict[str, list[float]]:
    """Return what the reference asked for: applied, capped, and left over by amount and belief."""
    return {
        "wanted_db": listed(plan.wanted_db),
        "applied_db": listed(plan.applied_db),
        "capped_db": listed(plan.capped_db),
        "left_db": listed(plan.wanted_db - plan.applied_db - plan.capped_db),
    }


def _by_third_octave(plan: TonePlan | WidthPlan) -> list[dict[str, float]]:
    """Return the same as means over the standard third octaves, one row each."""
    columns = {
        "hz": THIRD_OCTAVES_HZ,
        "wanted_db": _thirds_mean(plan.wanted_db),
        "applied_db": _thirds_mean(plan.applied_db),
        "capped_db": _thirds_mean(plan.capped_db),
    }
    columns["left_db"] = columns["wanted_db"] - columns["applied_db"] - columns["capped_db"]
    return [
        {name: round(float(column[band]), 2) for name, column in columns.items()}
        for band in range(THIRD_OCTAVES_HZ.size)
    ]


def capped(mastered: Mastered) -> list[dict[str, Any]]:
    """Return every area where a cap held a stage back: where most, what was asked for and done."""
    found = []
    for stage, plan in (("tone", mastered.tone), ("width", mastered.width)):
        held = np.abs(plan.capped_db) >= CAPPED_DB
        edges = np.flatnonzero(np.diff(np.concatenate(([0], held.astype(np.int8), [0]))))
        for first, last in edges.reshape(-1, 2):
            band = int(first + np.argmax(np.abs(plan.capped_db[first:last])))
            found.append(
                {
                    "stage": stage,
                    "hz": round(float(BAND_CENTRES_HZ[band])),
                    "low_hz": round(float(BAND_CENTRES_HZ[first])),
                    "high_hz": round(float(BAND_CENTRES_HZ[last - 1])),
                    "wanted_db": round(float(plan.applied_db[band] + plan.capped_db[band]), 1),
                    "applied_db": round(float(plan.applied_db[band]), 1),
                }
            )
    return found


def _thirds_mean(bands: npt.ArrayLike) -> Doubles:
    """Return the mean over each standard third octave of values per band, shape (BAND_COUNT,)."""
    shares: Doubles = third_octaves(np.ones(BAND_COUNT))
    return third_octaves(bands) / shares


def tilt(profile: Profile) -> Doubles:
    """Return the third-octave levels of mid, less their mean over ``LEVEL_HZ``, dB."""
    levels = to_db(third_octaves(10.0 ** (profile.mid_db / 10.0)))
    inside = (THIRD_OCTAVES_HZ >= LEVEL_HZ[0]) & (THIRD_OCTAVES_HZ <= LEVEL_HZ[1])
    return levels - float(np.mean(levels[inside]))


def _width_db(profile: Profile) -> Doubles:
    mid, side = (
        to_db(third_octaves(10.0 ** (levels / 10.0)))
        for levels in (profile.mid_db, profile.side_db)
    )
    width: Doubles = np.maximum(side - mid, -60.0)
    return width


def width_distance(track: Profile, reference: Profile) -> float:
    """Return the mean distance of two widths over the third octaves, dB."""
    widths = [np.maximum(_width_db(each), AUDIBLE_WIDTH_DB) for each in (track, reference)]
    return float(np.mean(np.abs(widths[0] - widths[1])))


def overall_width_db(profile: Profile) -> float:
    """Return the power of the side over that of the mid, dB, no less than -60."""
    mid, side = (np.sum(10.0 ** (db / 10.0)) for db in (profile.mid_db, profile.side_db))
    return round(float(max(10.0 * np.log10(max(side, 1e-14) / mid), -60.0)), 2)


def overall_correlation(profile: Profile) -> float:
    """Return the correlation of left and right, each band by its power."""
    powers = 10.0 ** (profile.mid_db / 10.0) + 10.0 ** (profile.side_db / 10.0)
    return round(float(np.average(profile.correlation, weights=powers)), 3)


def listed(values: npt.ArrayLike, decimals: int = 2) -> list[float]:
    """Return numbers as a rounded list."""
    rounded: list[float] = np.round(np.asarray(values, dtype=np.float64), decimals).tolist()
    return rounded
