"""Dynamics: how loud the loud and the quiet moments are, brought to the reference's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from dsp.audio import Audio
from dsp.loudness import weighted_energies
from dsp.measure import QUANTILES, Profile
from dsp.moments import toward
from dsp.spectrum import Doubles, to_db

LEVEL_SECONDS: Final = 0.200  # follows phrases and beats, not the waveform
SMOOTHING_SECONDS: Final = 0.100
SLOPES: Final = (0.6, 1.3)  # of output level over input level, dB/dB
CAP_DB: Final = 3.0
QUIET_LU: Final = -10.0
QUIET_CAP_DB: Final = 2.0
SHRINK_DB: Final = 0.5


@dataclass(frozen=True, slots=True)
class DynamicsPlan:
    """The gain for every level, and what was wanted.

    Attributes
    ----------
    levels_lu : ndarray
        200 ms loudness relative to the integrated loudness, ascending.
    wanted_db, applied_db : ndarray, shape of ``levels_lu``
        Gain at those levels that would bring the reference's distribution; gain applied.
    reasons : tuple of str
        "capped".
    """

    levels_lu: Doubles
    wanted_db: Doubles
    applied_db: Doubles
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DynamicsStats:
    """What the stage did.

    Attributes
    ----------
    lowest_db, highest_db, mean_db : float
        Extremes of the gain, and mean of its magnitude.
    """

    lowest_db: float
    highest_db: float
    mean_db: float


def plan_dynamics(
    target: Profile, reference: Profile, *, amount: float, suitability: float = 1.0
) -> DynamicsPlan:
    """Return the gain by level that brings a target's loudness quantiles to a reference's."""
    levels = target.momentary_quantiles_lu
    full = reference.momentary_quantiles_lu - levels
    trusted = suitability * full**3 / (np.square(full) + SHRINK_DB**2)
    wanted = toward(trusted, full, amount)
    capped = np.clip(wanted, -CAP_DB, np.where(levels < QUIET_LU, QUIET_CAP_DB, CAP_DB))
    steps = np.maximum(np.diff(levels), 1e-3)
    slopes = np.clip(1.0 + np.diff(capped) / steps, *SLOPES) - 1.0
    applied = np.concatenate([[0.0], np.cumsum(slopes * steps)])
    middle = int(np.argmin(np.abs(QUANTILES - 50.0)))
    applied += capped[middle] - applied[middle]
    if not np.any(wanted):
        applied = np.zeros_like(levels)
    reasons = () if np.allclose(applied, wanted) else ("capped",)
    return DynamicsPlan(levels, full, np.clip(applied, -CAP_DB, CAP_DB), reasons)


def apply_dynamics(audio: Audio, plan: DynamicsPlan) -> tuple[Audio, DynamicsStats]:
    """Return audio with the planned gain by level, and what was done."""
    if not np.any(plan.applied_db):
        return audio, DynamicsStats(0.0, 0.0, 0.0)
    weighted = weighted_energies(audio)
    step = weighted.step_seconds
    loud = -0.691 + to_db(
        _smoothed(weighted.energies, np.hanning(round(LEVEL_SECONDS / step) + 2)[1:-1])
    )
    centre = np.percentile(loud[loud > -70.0], 50.0) - np.median(plan.levels_lu)
    gain_db = np.interp(loud - centre, plan.levels_lu, plan.applied_db)
    reach = np.arange(-40, 41) * (0.010 / SMOOTHING_SECONDS)
    gain_db = _smoothed(gain_db, np.exp(-0.5 * np.square(reach)))
    samples = np.empty_like(audio.samples)
    _apply_gain(audio.samples, 10.0 ** (gain_db / 20.0), step * audio.rate_hz, samples)
    stats = DynamicsStats(float(gain_db.min()), float(gain_db.max()), float(np.abs(gain_db).mean()))
    return Audio(samples, audio.rate_hz), stats


def _smoothed(values: Doubles, kernel: Doubles) -> Doubles:
    """Return values averaged under a kernel, the ends held."""
    half = kernel.size // 2
    padded = np.pad(values, (half, kernel.size - 1 - half), mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


@numba.njit(nogil=True, cache=True)
def _apply_gain(samples, gains, step_frames, out):  # type: ignore[no-untyped-def]
    """Multiply by gains given at the middle of every step, in between on straight lines."""
    frames = samples.shape[1]
    start = 0
    for step in range(gains.size + 1):
        before, after = gains[max(step - 1, 0)], gains[min(step, gains.size - 1)]
        middle = (step - 0.5) * step_frames  # of the step before
        stop = frames if step == gains.size else min(frames, int(middle + step_frames) + 1)
        slope = (after - before) / step_frames
        first = np.float32(before + slope * (start - middle))
        rise = np.float32(slope)
        for channel in range(samples.shape[0]):
            for frame in range(start, stop):
                gain = first + rise * np.float32(frame - start)
                out[channel, frame] = samples[channel, frame] * gain
        start = max(start, stop)
