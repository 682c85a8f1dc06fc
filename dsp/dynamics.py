"""Dynamics: how far loud moments stand out, and peaks over them, brought to the reference's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

from dsp.audio import Audio
from dsp.distribution import GATE_LU, QUANTILES
from dsp.loudness import (
    WeightedEnergies,
    loudness_range_lu,
    step_starts,
    steps_of_blocks,
    weighted_block_energies,
    weighted_energies,
)
from dsp.measure import Profile
from dsp.moments import FULL_AMOUNT, Belief, believed_slope, compare, toward
from dsp.peaks import block_frames
from dsp.spectrum import Doubles, to_db

LEVEL_SECONDS: Final = 0.200  # follows phrases and beats, not the waveform
SMOOTHING_SECONDS: Final = 0.100
SLOPES: Final = (0.6, 1.3)  # of output level over input level, dB/dB
CAP_DB: Final = 3.0
QUIET_LU: Final = -10.0
QUIET_CAP_DB: Final = 2.0  # so that noise is not raised
PEAK_CAP_DB: Final = 4.0  # the most that peaks are brought nearer to the loudness
PEAK_GAP_DB: Final = 0.8  # between PSRs, that sections of one track pass as seldom as mixes miss it
PEAK_GAP_SPREAD_DB: Final = 0.5  # how fast the one grows likelier than the other
RANGE_TOLERANCE_LU: Final = 0.02
SLOW_SECONDS: Final = 3.0  # EBU Tech 3342: what the loudness range is made of
STRONGEST_RIDE: Final = 0.3  # dB of slow gain per LU of slow loudness
RIDE_CAP_DB: Final = 1.5
RIDE_STEPS: Final = 10


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
    allowed_range_lu : (float, float) or None
        Between which the loudness range shall stay, so as not to move away from the reference's.
    reasons : tuple of str
        "capped": slopes or caps took from the gain.
    """

    levels_lu: Doubles
    wanted_db: Doubles
    applied_db: Doubles
    psr_db: float | None
    allowed_range_lu: tuple[float, float] | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ride:
    """A slow gain that grows with the loudness of 3 s: dB per LU over a middle."""

    db_per_lu: float
    middle_lufs: float


@dataclass(frozen=True, slots=True)
class DynamicsStats:
    """What the stage did: extremes of its gain, and the mean of its magnitude.

    ``middle_lufs`` and ``ride`` are what it read from the audio: the loudness from which the
    planned levels count, and the slow gain that kept the loudness range; None where not needed.
    """

    lowest_db: float
    highest_db: float
    mean_db: float
    middle_lufs: float | None = None
    ride: Ride | None = None


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
    wanted = toward(Belief(believed, np.zeros_like(believed)), full - full[middle], amount)
    applied = _limited(levels, wanted, middle)
    reasons = () if np.allclose(applied, wanted, atol=0.05) else ("capped",)
    return DynamicsPlan(
        levels_lu=levels,
        wanted_db=full - full[middle],
        applied_db=np.round(applied, 3),
        psr_db=_psr_goal_db(target, reference, amount),
        allowed_range_lu=_allowed_range_lu(target, reference) if amount > 0.0 else None,
        reasons=reasons,
    )


def apply_dynamics(
    audio: Audio,
    plan: DynamicsPlan,
    *,
    in_place: bool = False,
    blocks: Doubles | None = None,
) -> tuple[Audio, DynamicsStats]:
    """Return audio with the planned gain by level, and what was done.

    The same samples where nothing is to be done. The gain follows 200 ms loudness without delay.

    Parameters
    ----------
    audio : Audio
    plan : DynamicsPlan
    in_place : bool
        Whether the samples may be overwritten, which saves the room of a copy.
    blocks : ndarray, optional
        :func:`block_energies` of the audio, where they are known. They become the result's.
    """
    if plan.allowed_range_lu is None and not np.any(plan.applied_db):
        return audio, DynamicsStats(0.0, 0.0, 0.0)
    blocks = block_energies(audio) if blocks is None else blocks
    energies = _control(audio, blocks)
    middle = _middle_lufs(energies) if np.any(plan.applied_db) else None
    ride = None
    if plan.allowed_range_lu is not None:
        gain_db = _gain_db(energies, plan.levels_lu, plan.applied_db, middle)
        ride = _ride_into(energies, gain_db, plan.allowed_range_lu)
    evened, stats, gain_db = _with_gain(
        audio, energies, plan.levels_lu, plan.applied_db, middle, ride, in_place=in_place
    )
    if evened is not audio:
        starts = step_starts(len(blocks), block_frames(audio.rate_hz), audio.rate_hz)
        blocks *= np.repeat(10.0 ** (gain_db / 10.0), np.diff(starts, append=len(blocks)))
    return evened, stats


def repeat_dynamics(
    audio: Audio,
    levels_lu: Doubles,
    applied_db: Doubles,
    *,
    middle_lufs: float | None,
    ride: Ride | None,
    in_place: bool = False,
) -> tuple[Audio, DynamicsStats]:
    """Return audio with a gain by level found before, maybe on other audio, and what was done.

    Parameters
    ----------
    audio : Audio
    levels_lu, applied_db : ndarray
        As of :class:`DynamicsPlan`.
    middle_lufs, ride
        As :class:`DynamicsStats` told them: on the same audio, the result is the same too.
    in_place : bool
        Whether the samples may be overwritten.
    """
    energies = _control(audio, block_energies(audio))
    return _with_gain(audio, energies, levels_lu, applied_db, middle_lufs, ride, in_place=in_place)[
        :2
    ]


def block_energies(audio: Audio) -> Doubles:
    """Return the K-weighted energies of audio in the blocks that the level stages share."""
    return weighted_block_energies(audio, block_frames(audio.rate_hz))


def range_overshoot_lu(energies: WeightedEnergies, plan: DynamicsPlan) -> float:
    """Return how far the loudness range has left what is allowed, LU; 0 within."""
    if plan.allowed_range_lu is None:
        return 0.0
    reached = loudness_range_lu(energies)
    return reached - float(np.clip(reached, *plan.allowed_range_lu))


def ride_range(audio: Audio, overshoot_lu: float, *, in_place: bool = False) -> Audio:
    """Return audio ridden slowly so that its loudness range makes up for a later overshoot.

    Parameters
    ----------
    audio : Audio
        What went into the stage that moved the range.
    overshoot_lu : float
        By which the range left what is allowed after that stage.
    in_place : bool
        Whether the samples may be overwritten.
    """
    return apply_ride(audio, find_ride(audio, overshoot_lu), in_place=in_place)


def find_ride(audio: Audio, overshoot_lu: float) -> Ride:
    """Return the slow gain of :func:`ride_range`."""
    energies = weighted_energies(audio)
    goal = loudness_range_lu(energies) - overshoot_lu
    return _ride_into(energies, np.zeros_like(energies.energies), (goal, goal)) or Ride(0.0, 0.0)


def apply_ride(audio: Audio, ride: Ride, *, in_place: bool = False) -> Audio:
    """Return audio with a slow gain; ``in_place`` allows to overwrite the samples."""
    energies = weighted_energies(audio)
    gain_db = _ridden(ride.db_per_lu, _slow_lufs(energies) - ride.middle_lufs)
    samples = audio.samples if in_place else np.empty_like(audio.samples)
    step_frames = energies.step_seconds * audio.rate_hz
    _apply_gain(audio.samples, 10.0 ** (gain_db / 20.0), step_frames, samples)
    return Audio(samples, audio.rate_hz)


def _with_gain(
    audio: Audio,
    energies: WeightedEnergies,
    levels_lu: Doubles,
    applied_db: Doubles,
    middle_lufs: float | None,
    ride: Ride | None,
    *,
    in_place: bool,
) -> tuple[Audio, DynamicsStats, Doubles]:
    """Return audio with both gains, what they were, and their sum over time."""
    gain_db = _gain_db(energies, levels_lu, applied_db, middle_lufs)
    if ride is not None:
        gain_db += _ridden(ride.db_per_lu, _slow_lufs(energies) - ride.middle_lufs)
    if not np.any(gain_db):
        return audio, DynamicsStats(0.0, 0.0, 0.0), gain_db
    step_frames = energies.step_seconds * audio.rate_hz
    samples = audio.samples if in_place else np.empty_like(audio.samples)
    _apply_gain(audio.samples, 10.0 ** (gain_db / 20.0), step_frames, samples)
    stats = DynamicsStats(
        lowest_db=float(gain_db.min()),
        highest_db=float(gain_db.max()),
        mean_db=float(np.abs(gain_db).mean()),
        middle_lufs=middle_lufs,
        ride=ride,
    )
    return Audio(samples, audio.rate_hz), stats, gain_db


def _control(audio: Audio, blocks: Doubles) -> WeightedEnergies:
    """Return the energies that the gain follows."""
    return steps_of_blocks(blocks, block_frames(audio.rate_hz), audio.rate_hz)


def _loud_lufs(energies: WeightedEnergies) -> Doubles:
    """Return the loudness that the gain follows, one value per step."""
    window = np.hanning(round(LEVEL_SECONDS / energies.step_seconds) + 3)[1:-1]
    return -0.691 + to_db(_smoothed(energies.energies, window))


def _middle_lufs(energies: WeightedEnergies) -> float:
    """Return the loudness from which levels count: the median of what is not far quieter."""
    loud = _loud_lufs(energies)
    counted = loud[loud > loud.max() - 2.0 * GATE_LU]
    return float(np.median(counted[counted > np.median(counted) - GATE_LU]))


def _gain_db(
    energies: WeightedEnergies, levels_lu: Doubles, applied_db: Doubles, middle_lufs: float | None
) -> Doubles:
    """Return the gain by level over time, one value per step."""
    if middle_lufs is None:
        return np.zeros_like(energies.energies)
    step = energies.step_seconds
    levels = _loud_lufs(energies) - middle_lufs + np.median(levels_lu)
    gain_db = np.interp(levels, levels_lu, applied_db)
    reach = np.arange(-4.0, 4.0 + 1e-9, step / SMOOTHING_SECONDS)
    return _smoothed(gain_db, np.exp(-0.5 * np.square(reach)))


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


def _allowed_range_lu(target: Profile, reference: Profile) -> tuple[float, float]:
    """Return between which loudness ranges the distance to the reference's has not grown."""
    distance = abs(target.loudness_spread_lu - reference.loudness_spread_lu)
    return reference.loudness_spread_lu - distance, reference.loudness_spread_lu + distance


def _ride_into(
    energies: WeightedEnergies, gain_db: Doubles, allowed_lu: tuple[float, float]
) -> Ride | None:
    """Return the slow gain that keeps the loudness range where it is allowed; mostly none."""

    def range_after(extra_db: Doubles) -> float:
        changed = energies.energies * 10.0 ** ((gain_db + extra_db) / 10.0)
        return loudness_range_lu(WeightedEnergies(changed, energies.step_seconds))

    low, high = allowed_lu
    before = range_after(np.zeros_like(gain_db))
    if low - RANGE_TOLERANCE_LU <= before <= high + RANGE_TOLERANCE_LU:
        return None
    edge = high if before > high else low
    slow = _slow_lufs(energies)
    middle = float(np.median(slow[slow > slow.max() - GATE_LU]))
    weakest, strongest = 0.0, STRONGEST_RIDE if before < edge else -STRONGEST_RIDE
    for _ in range(RIDE_STEPS):
        ride = (weakest + strongest) / 2.0
        if (range_after(_ridden(ride, slow - middle)) < edge) == (before < edge):
            weakest = ride
        else:
            strongest = ride
    return Ride(strongest, middle)


def _slow_lufs(energies: WeightedEnergies) -> Doubles:
    """Return the loudness that a ride follows, one value per step."""
    window = np.hanning(round(SLOW_SECONDS / energies.step_seconds) + 3)[1:-1]
    return -0.691 + to_db(_smoothed(energies.energies, window))


def _ridden(db_per_lu: float, slow_lu: Doubles) -> Doubles:
    gain_db = db_per_lu * np.clip(slow_lu, -GATE_LU, GATE_LU)
    return np.clip(gain_db, -RIDE_CAP_DB, RIDE_CAP_DB)


def _psr_goal_db(target: Profile, reference: Profile, amount: float) -> float | None:
    """Return where peaks shall stand over the short-term loudness; None to leave them alone.

    Sections of one track differ in this too, so that at the default amount only a gap that they
    seldom make is closed: its size times the odds that it is the mix's.
    """
    gap = min(target.psr_db[1] - reference.psr_db[1], PEAK_CAP_DB)
    if gap <= 0.0 or amount <= 0.0:
        return None
    believed = gap / (1.0 + np.exp((PEAK_GAP_DB - gap) / PEAK_GAP_SPREAD_DB))
    beyond = max(0.0, amount - FULL_AMOUNT) / (1.0 - FULL_AMOUNT)
    closed = min(1.0, amount / FULL_AMOUNT) * believed + beyond * (gap - believed)
    return round(float(target.psr_db[1] - closed), 3)


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
