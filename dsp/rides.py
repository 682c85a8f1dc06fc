"""Slow rides: gains that grow with the loudness of 3 s, so that the loudness range stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dsp.audio import Audio
from dsp.distribution import GATE_LU
from dsp.forecast import BUDGET_MARGIN_DB, Limits, Model
from dsp.gains import windowed_lufs, with_gain
from dsp.loudness import (
    WeightedEnergies,
    integrated_lufs,
    loudness_range_lu,
    weighted_energies,
)
from dsp.maximizer import Maximized, rising_root
from dsp.spectrum import Doubles

RANGE_TOLERANCE_LU: Final = 0.02
SLOW_SECONDS: Final = 3.0  # EBU Tech 3342: what the loudness range is made of
STRONGEST_RIDE: Final = 0.3  # dB of slow gain per LU of slow loudness,
MOST_RIDE: Final = 1.0  # and where limiting takes most of it
RIDE_CAP_DB: Final = 1.5
RIDE_STEPS: Final = 10


@dataclass(frozen=True, slots=True)
class Ride:
    """A slow gain that grows with the loudness of 3 s: dB per LU over a middle."""

    db_per_lu: float
    middle_lufs: float


def find_ride(audio: Audio, overshoot_lu: float, maximized: Maximized) -> Ride:
    """Return the slow gain before the last stage that makes up for what that did to the range.

    Limiting takes most of what a ride gives to the loudest seconds, so what is left of it is
    forecast, at the loudness and under the ceiling that were reached without it.

    Parameters
    ----------
    audio : Audio
        What went into the last stage.
    overshoot_lu : float
        By which the loudness range left what is allowed after it.
    maximized : Maximized
        What the last stage did.
    """
    energies = weighted_energies(audio)
    slow = windowed_lufs(energies, SLOW_SECONDS)
    middle = float(np.median(slow[slow > slow.max() - GATE_LU]))
    limits = Limits(maximized.max_reduction_db + BUDGET_MARGIN_DB, maximized.mean_reduction_db)
    model = Model(audio, maximized.passes.ceiling_dbtp, limits)
    if maximized.clipped:
        model.take_clip(maximized.clipped)
    before = model.limited(maximized.drive_db)
    goal_lufs, goal_lu = integrated_lufs(before), loudness_range_lu(before) - overshoot_lu

    def missing_lu(db_per_lu: float) -> float:
        ridden = model.ridden(_ridden(db_per_lu, slow - middle))
        drive_db = maximized.drive_db
        drive_db += (goal_lufs - ridden.forecast(drive_db).lufs) / ridden.slope(drive_db)
        if maximized.held_by:
            drive_db = min(drive_db, ridden.highest_drive_db)
        return loudness_range_lu(ridden.limited(drive_db)) - goal_lu

    ways = (-MOST_RIDE, 0.0) if overshoot_lu > 0.0 else (0.0, MOST_RIDE)
    return Ride(rising_root(missing_lu, *ways), middle)


def apply_ride(audio: Audio, ride: Ride, *, in_place: bool = False) -> Audio:
    """Return audio with a slow gain; ``in_place`` allows to overwrite the samples."""
    energies = weighted_energies(audio)
    return with_gain(audio, ridden_db(energies, ride), energies.step_seconds, in_place=in_place)


def ridden_db(energies: WeightedEnergies, ride: Ride) -> Doubles:
    """Return the gain of a ride over time, one value per step."""
    return _ridden(ride.db_per_lu, windowed_lufs(energies, SLOW_SECONDS) - ride.middle_lufs)


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
    middle = float(np.median(slow[slow > slow.max() - GATE_LU]))
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
