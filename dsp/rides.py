"""Slow rides: gains that grow with the loudness of 3 s, so that the loudness range stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dsp.audio import Audio
from dsp.distribution import GATE_LU
from dsp.gains import windowed_lufs, with_gain
from dsp.loudness import WeightedEnergies, loudness_range_lu, weighted_energies
from dsp.spectrum import Doubles

RANGE_TOLERANCE_LU: Final = 0.02
SLOW_SECONDS: Final = 3.0  # EBU Tech 3342: what the loudness range is made of
STRONGEST_RIDE: Final = 0.3  # dB of slow gain per LU of slow loudness
RIDE_CAP_DB: Final = 1.5
RIDE_STEPS: Final = 10


@dataclass(frozen=True, slots=True)
class Ride:
    """A slow gain that grows with the loudness of 3 s: dB per LU over a middle."""

    db_per_lu: float
    middle_lufs: float


def apply_ride(audio: Audio, ride: Ride, *, in_place: bool = False) -> Audio:
    """Return audio with a slow gain; ``in_place`` allows to overwrite the samples."""
    energies = weighted_energies(audio)
    return with_gain(audio, ridden_db(energies, ride), energies.step_seconds, in_place=in_place)


def ridden_db(energies: WeightedEnergies, ride: Ride) -> Doubles:
    """Return the gain of a ride over time, one value per step."""
    return _ridden(ride.db_per_lu, windowed_lufs(energies, SLOW_SECONDS) - ride.middle_lufs)


def slow_middle_lufs(slow_lufs: Doubles) -> float:
    """Return the level from which rides count: the median of what passes the gate."""
    return float(np.median(slow_lufs[slow_lufs > slow_lufs.max() - GATE_LU]))


def ride_into(
    energies: WeightedEnergies, gain_db: Doubles, allowed_lu: tuple[float, float]
) -> Ride | None:
    """Return the slow gain that keeps the loudness range where it is allowed; mostly none.

    Parameters
    ----------
    energies : WeightedEnergies
    gain_db : ndarray, shape (steps,)
        Of other gains that are put on them.
    allowed_lu : (float, float)
        Lowest and highest loudness range.
    """

    def range_after(extra_db: Doubles) -> float:
        changed = energies.energies * 10.0 ** ((gain_db + extra_db) / 10.0)
        return loudness_range_lu(WeightedEnergies(changed, energies.step_seconds))

    low, high = allowed_lu
    before = range_after(np.zeros_like(gain_db))
    if low - RANGE_TOLERANCE_LU <= before <= high + RANGE_TOLERANCE_LU:
        return None
    edge = high if before > high else low
    slow = windowed_lufs(energies, SLOW_SECONDS)
    middle = slow_middle_lufs(slow)
    weakest, strongest = 0.0, STRONGEST_RIDE if before < edge else -STRONGEST_RIDE
    for _ in range(RIDE_STEPS):
        ride = (weakest + strongest) / 2.0
        if (range_after(_ridden(ride, slow - middle)) < edge) == (before < edge):
            weakest = ride
        else:
            strongest = ride
    return Ride(strongest, middle)


def _ridden(db_per_lu: float, slow_lu: Doubles) -> Doubles:
    gain_db = db_per_lu * np.clip(slow_lu, -GATE_LU, GATE_LU)
    return np.clip(gain_db, -RIDE_CAP_DB, RIDE_CAP_DB)
