"""What a report says of dynamics: of the whole, of notes and drums, and of bands."""

from __future__ import annotations

from typing import Any

import numpy as np

from dsp.chain import Mastered
from dsp.dynamics import DynamicsPlan, DynamicsStats
from dsp.rides import Ride
from dsp.slopes import GROUP_EDGES_HZ, GROUPS_COMPARED


def dynamics_report(mastered: Mastered) -> dict[str, Any]:
    """Return what the gains over time were asked for and did, JSON-ready."""
    plan, stats = mastered.dynamics, mastered.dynamics_stats
    return {
        "levels_lu": np.round(plan.levels_lu, 2).tolist(),
        "wanted_db": np.round(plan.wanted_db, 2).tolist(),
        "applied_db": np.round(plan.applied_db, 2).tolist(),
        "lowest_db": round(stats.lowest_db, 2),
        "highest_db": round(stats.highest_db, 2),
        "mean_db": round(stats.mean_db, 2),
        "fast_db_per_lu": plan.fast_db_per_lu,
        "fast_lowest_db": round(stats.fast_lowest_db, 2),
        "ride_db_per_lu": round(_ridden_db_per_lu(mastered), 3) + 0.0,
        "bands": _bands(plan, stats),
        "bands_reason": plan.bands.reason if plan.bands else None,
        "psr_before_db": mastered.target.psr_db[1],
        "psr_reference_db": mastered.reference.psr_db[1],
        "psr_after_db": mastered.result.psr_db[1],
        "psr_low_before_db": mastered.target.psr_db[0],
        "psr_low_reference_db": mastered.reference.psr_db[0],
        "psr_low_after_db": mastered.result.psr_db[0],
    }


def _ridden_db_per_lu(mastered: Mastered) -> float:
    """Return the slow gain that kept the loudness range from moving away, for each LU of 3 s."""
    rides = [step for step in mastered.steps if isinstance(step, Ride)]
    levels = mastered.dynamics_stats.levels
    if levels is not None and levels.ride is not None:
        rides.append(levels.ride)
    return sum(ride.db_per_lu for ride in rides)


def _bands(plan: DynamicsPlan, stats: DynamicsStats) -> list[dict[str, Any]]:
    """Return what each band of its own dynamics asked for, and got."""
    if plan.bands is None:
        return []
    edges = [0.0, *GROUP_EDGES_HZ, None]
    done = stats.bands
    return [
        {
            "low_hz": edges[band],
            "high_hz": edges[band + 1],
            "wanted_db_per_db": round(float(plan.bands.wanted[band]), 3),
            "applied_db_per_db": round(float(plan.bands.applied[band]), 3),
            "lowest_db": round(float(done.lowest_db[band]), 2) if done else 0.0,
            "highest_db": round(float(done.highest_db[band]), 2) if done else 0.0,
            "mean_db": round(float(done.mean_db[band]), 2) if done else 0.0,
        }
        for band in range(GROUPS_COMPARED)
    ]
