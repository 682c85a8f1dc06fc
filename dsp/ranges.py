"""The loudness range kept with the last stage in the loop."""

from __future__ import annotations

from typing import Final

from dsp.audio import Audio
from dsp.forecast import BUDGET_MARGIN_DB, Limits, Model
from dsp.gains import windowed_lufs
from dsp.loudness import integrated_lufs, loudness_range_lu, weighted_energies
from dsp.maximizer import Maximized, rising_root
from dsp.rides import SLOW_SECONDS, Ride, ridden_db, slow_middle_lufs

MOST_RIDE: Final = 1.0  # dB of slow gain per LU of slow loudness: limiting takes most of it


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
    middle = slow_middle_lufs(windowed_lufs(energies, SLOW_SECONDS))
    limits = Limits(maximized.max_reduction_db + BUDGET_MARGIN_DB, maximized.mean_reduction_db)
    model = Model(audio, maximized.passes.ceiling_dbtp, limits)
    model.follow(maximized.passes.moving)
    if maximized.clipped:
        model.take_clip(maximized.clipped)
    before = model.limited(maximized.drive_db)
    goal_lufs, goal_lu = integrated_lufs(before), loudness_range_lu(before) - overshoot_lu

    def missing_lu(db_per_lu: float) -> float:
        ridden = model.ridden(ridden_db(energies, Ride(db_per_lu, middle)))
        drive_db = maximized.drive_db
        drive_db += (goal_lufs - ridden.forecast(drive_db).lufs) / ridden.slope(drive_db)
        if maximized.held_by:
            drive_db = min(drive_db, ridden.highest_drive_db)
        return loudness_range_lu(ridden.limited(drive_db)) - goal_lu

    ways = (-MOST_RIDE, 0.0) if overshoot_lu > 0.0 else (0.0, MOST_RIDE)
    return Ride(rising_root(missing_lu, *ways), middle)
