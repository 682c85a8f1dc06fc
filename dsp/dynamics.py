"""Dynamics: how far loud moments stand out, and peaks over them, brought to the reference's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

from dsp.audio import Audio
from dsp.loudness import weighted_energies
from dsp.measure import GATE_LU, QUANTILES, Profile
from dsp.moments import FULL_AMOUNT, believed_slope, compare, toward
from dsp.spectrum import Doubles, to_db

LEVEL_SECONDS: Final = 0.200  # follows phrases and beats, not the waveform
SMOOTHING_SECONDS: Final = 0.100
SLOPES: Final = (0.6, 1.3)  # of output level over input level, dB/dB
CAP_DB: Final = 3.0
QUIET_LU: Final = -10.0
QUIET_CAP_DB: Final = 2.0  # so that noise is not raised
RANGE_PERCENTS: Final = (10.0, 95.0)  # EBU Tech 3342


@dataclass(frozen=True, slots=True)
class DynamicsPlan:
    """The gain for every level, and what was wanted.

    Attributes
    ----------
    levels_lu : ndarray
        Loudness of 400 ms relative to the integrated loudness, ascending.
    wanted_db, applied_db : ndarray, shape of ``levels_lu``
        Gain that would bring the reference's distribution; gain applied.
    peak_to_loudness_db : float or None
        The most the last stage should leave between true peak and integrated loudness, where the
        reference holds its peaks closer than the target; None asks for nothing.
    reasons : tuple of str
        "capped": slopes or caps took from the gain; "range": the loudness range would have moved
        away from the reference's.
    """

    levels_lu: Doubles
    wanted_db: Doubles
    applied_db: Doubles
    peak_to_loudness_db: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DynamicsStats:
    """What the stage did: extremes of its gain, and the mean of its magnitude."""

    lowest_db: float
    highest_db: float
    mean_db: float


def plan_dynamics(
    target: Profile, reference: Profile, *, amount: float, suitability: float = 1.0
) -> DynamicsPlan:
    """Return the gain by level that brings a target's dynamics to a reference's.

    Parameters
    ----------
    target, reference : Profile
    amount : float, 0 to 1
        0 does nothing, 0.7 what can be trusted to be the mix, 1 comes as near as the caps allow.
    suitability : float, 0 to 1
        How like the two tracks are; less does less.
    """
    levels = target.momentary_quantiles_lu
    full = reference.momentary_quantiles_lu - levels
    slope = believed_slope(compare(target, reference), suitability=suitability)
    middle = int(np.argmin(np.abs(QUANTILES - 50.0)))
    believed = slope * np.maximum(0.0, levels - levels[middle])
    wanted = toward(believed, full - full[middle], amount)
    applied = _limited(levels, wanted, middle)
    reasons = [] if np.allclose(applied, wanted, atol=0.05) else ["capped"]
    kept = _range_share(target, reference, levels, applied)
    if kept < 1.0:
        applied = kept * applied
        reasons.append("range")
    return DynamicsPlan(
        levels_lu=levels,
        wanted_db=full - full[middle],
        applied_db=np.round(applied, 3),
        peak_to_loudness_db=_peak_goal_db(target, reference, amount),
        reasons=tuple(reasons),
    )


def apply_dynamics(audio: Audio, plan: DynamicsPlan) -> tuple[Audio, DynamicsStats]:
    """Return audio with the planned gain by level, and what was done.

    The same samples where nothing is to be done. The gain follows 200 ms loudness without delay.
    """
    if not np.any(plan.applied_db):
        return audio, DynamicsStats(0.0, 0.0, 0.0)
    weighted = weighted_energies(audio)
    step = weighted.step_seconds
    window = np.hanning(round(LEVEL_SECONDS / step) + 3)[1:-1]
    loud = -0.691 + to_db(_smoothed(weighted.energies, window))
    counted = loud[loud > loud.max() - 2.0 * GATE_LU]
    middle = np.median(counted[counted > np.median(counted) - GATE_LU])
    gain_db = np.interp(loud - middle + np.median(plan.levels_lu), plan.levels_lu, plan.applied_db)
    reach = np.arange(-4.0, 4.0 + 1e-9, step / SMOOTHING_SECONDS)
    gain_db = _smoothed(gain_db, np.exp(-0.5 * np.square(reach)))
    samples = np.empty_like(audio.samples)
    _apply_gain(audio.samples, 10.0 ** (gain_db / 20.0), step * audio.rate_hz, samples)
    stats = DynamicsStats(float(gain_db.min()), float(gain_db.max()), float(np.abs(gain_db).mean()))
    return Audio(samples, audio.rate_hz), stats


def _limited(levels: Doubles, wanted: Doubles, middle: int) -> Doubles:
    """Return a gain by level within the caps, whose output rises neither too flat nor too steep."""
    if not np.any(wanted):
        return np.zeros_like(levels)
    capped = np.clip(wanted, -CAP_DB, np.where(levels < QUIET_LU, QUIET_CAP_DB, CAP_DB))
    steps = np.maximum(np.diff(levels), 1e-3)
    slopes = np.clip(1.0 + np.diff(capped) / steps, *SLOPES) - 1.0
    gain = np.concatenate([[0.0], np.cumsum(slopes * steps)])
    limited: Doubles = np.clip(gain - gain[middle] + capped[middle], -CAP_DB, CAP_DB)
    return limited


def _range_share(target: Profile, reference: Profile, levels: Doubles, applied: Doubles) -> float:
    """Return how much of a gain keeps the loudness range from moving away from the reference's."""
    if target.loudness_range_lu is None or reference.loudness_range_lu is None:
        return 1.0
    curve = target.loudness_curve_lufs - target.integrated_lufs
    curve = curve[curve > -GATE_LU]
    offset = target.loudness_range_lu - reference.loudness_range_lu
    before = np.ptp(np.percentile(curve, RANGE_PERCENTS))
    for share in np.linspace(1.0, 0.0, 11):
        moved = curve + share * np.interp(curve, levels, applied)
        after = np.ptp(np.percentile(moved, RANGE_PERCENTS))
        if abs(offset + after - before) <= abs(offset):
            break
    return float(share)


def _peak_goal_db(target: Profile, reference: Profile, amount: float) -> float | None:
    excess = target.plr_db - reference.plr_db
    if excess <= 0.0 or amount <= 0.0:
        return None
    return round(target.plr_db - min(1.0, amount / FULL_AMOUNT) * excess, 3)


def _smoothed(values: Doubles, kernel: Doubles) -> Doubles:
    """Return values averaged under a kernel, the ends held."""
    half = kernel.size // 2
    padded = np.pad(values, (half, kernel.size - 1 - half), mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


@njit(nogil=True, cache=True)
def _apply_gain(samples, gains, step_frames, out):  # type: ignore[no-untyped-def]
    """Multiply by gains given at the middle of every step, in between on straight lines."""
    frames = samples.shape[1]
    start = 0
    for step in range(gains.size + 1):
        before, after = gains[max(step - 1, 0)], gains[min(step, gains.size - 1)]
        middle = (step - 0.5) * step_frames - 0.5  # of the step before
        stop = frames if step == gains.size else min(frames, int(middle + step_frames) + 1)
        slope = (after - before) / step_frames
        first = np.float32(before + slope * (start - middle))
        rise = np.float32(slope)
        for channel in range(samples.shape[0]):
            for frame in range(start, stop):
                gain = first + rise * np.float32(frame - start)
                out[channel, frame] = samples[channel, frame] * gain
        start = max(start, stop)
