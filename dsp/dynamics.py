"""Dynamics: how far loud moments stand out, and peaks over them, brought to the reference's.

Two gains, both for all channels alike. One follows phrases and beats, the loudness of 200 ms, by
the believed difference of loudness quantiles; around onsets it is halved, so that it neither dulls
an attack nor is heard before it. The other follows notes and drums, the loudness of 50 ms over its
median: it takes back what makes a mix's peaks stand further over its loudness than the
reference's, and leaves the limiter only what is shorter. What bands do by themselves comes before
both; see :mod:`dsp.multiband`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dsp.audio import Audio
from dsp.beliefs import FULL_AMOUNT, Belief, believed_slope, toward
from dsp.distribution import GATE_LU, QUANTILES
from dsp.gains import bell, middle_of, onset_shares, smoothed, windowed_lufs, with_gain
from dsp.loudness import (
    WeightedEnergies,
    loudness_range_lu,
    step_starts,
    steps_of_blocks,
    weighted_block_energies,
)
from dsp.measure import Profile
from dsp.moments import compare
from dsp.multiband import BandsPlan, BandsStats, plan_bands
from dsp.peaks import block_frames
from dsp.rides import Ride, ridden_db, ride_into
from dsp.spectrum import Doubles

LEVEL_SECONDS: Final = 0.200  # follows phrases and beats, not the waveform
SMOOTHING_SECONDS: Final = 0.100
GUARDED_SHARE: Final = 0.5  # of that gain, given up around onsets
SLOPES: Final = (0.6, 1.3)  # of output level over input level, dB/dB
CAP_DB: Final = 3.0
QUIET_LU: Final = -10.0
QUIET_CAP_DB: Final = 2.0  # so that noise is not raised
PEAK_CAP_DB: Final = 4.0  # the most that peaks are brought nearer to the loudness
PEAK_GAP_DB: Final = 0.6  # between PSRs, that sections of one track pass as seldom as mixes miss it
PEAK_GAP_SPREAD_DB: Final = 0.25  # how fast the one grows likelier than the other
CLOSED_SHARE: Final = 0.85  # of a believed gap: the rest costs more in level than it gains in peaks
LEAST_CLOSED_DB: Final = 0.05  # less is not worth a gain
FAST_SECONDS: Final = 0.050  # notes and drums
FAST_SMOOTHING_SECONDS: Final = 0.010
FAST_SLOPE: Final = 0.055  # dB per dB, for each dB that peaks are brought nearer
CEILING_BITES_DB: Final = 1.0  # beyond the peaks asked for, where the fast gain has ended


@dataclass(frozen=True, slots=True)
class DynamicsPlan:
    """The gain for every level, and what was wanted.

    Attributes
    ----------
    levels_lu : ndarray
        Loudness of 400 ms relative to the integrated loudness, ascending.
    wanted_db, applied_db : ndarray, shape of ``levels_lu``
        Gain that would bring the reference's distribution; gain applied.
    psr_db : float or None
        Where the last stage should leave the median of true peak over short-term loudness, where
        the reference holds its peaks closer than the target; None asks for nothing.
    allowed_range_lu : (float, float) or None
        Between which the loudness range shall stay, so as not to move away from the reference's.
    reasons : tuple of str
        "capped": slopes or caps took from the gain.
    fast_db_per_lu : float
        Gain for every LU that 50 ms stand over their median, 0 or less.
    bands : BandsPlan or None
        What bands get by themselves, before the gains of the whole.
    """

    levels_lu: Doubles
    wanted_db: Doubles
    applied_db: Doubles
    psr_db: float | None
    allowed_range_lu: tuple[float, float] | None
    reasons: tuple[str, ...]
    fast_db_per_lu: float = 0.0
    bands: BandsPlan | None = None


@dataclass(frozen=True, slots=True)
class Fast:
    """A fast gain that falls with the loudness of 50 ms: dB per LU over a middle."""

    db_per_lu: float
    middle_lufs: float


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The gains that were put on, exactly, so that they can be put on again.

    Attributes
    ----------
    levels_lu, applied_db : ndarray
        As of :class:`DynamicsPlan`.
    middle_lufs : float or None
        The loudness from which the levels count; None where no gain goes by them.
    ride : Ride or None
        The slow gain that kept the loudness range.
    fast : Fast or None
        The gain that brought peaks nearer.
    guarded_share : float
        Of the gain by level, given up around onsets.
    """

    levels_lu: Doubles
    applied_db: Doubles
    middle_lufs: float | None
    ride: Ride | None
    fast: Fast | None = None
    guarded_share: float = 0.0


@dataclass(frozen=True, slots=True)
class DynamicsStats:
    """What the stage did: extremes of its gain, and the mean of its magnitude.

    ``fast_lowest_db`` is the most that the fast gain took alone; ``levels`` repeats it all, and is
    None where nothing was done. ``bands`` is what was done in bands before.
    """

    lowest_db: float
    highest_db: float
    mean_db: float
    fast_lowest_db: float = 0.0
    levels: Levels | None = None
    bands: BandsStats | None = None


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
    comparison = compare(target, reference)
    bands = plan_bands(comparison, amount=amount)
    in_bands = float(bands.applied.mean())  # what they take from the whole already
    slope = believed_slope(comparison, suitability=suitability)
    middle = int(np.argmin(np.abs(QUANTILES - 50.0)))
    over = np.maximum(0.0, levels - levels[middle])
    believed = (max(0.0, slope) + min(0.0, slope - in_bands)) * over
    full -= in_bands * over
    wanted = toward(Belief(believed, np.zeros_like(believed)), full - full[middle], amount)
    applied = _limited(levels, wanted, middle)
    reasons = () if np.allclose(applied, wanted, atol=0.05) else ("capped",)
    closed = _peaks_closed_db(target, reference, amount)
    hits = _peaks_closed_db(target, reference, min(amount, FULL_AMOUNT))
    hits *= 1.0 - _beyond(amount)  # the levels take over
    return DynamicsPlan(
        levels_lu=levels,
        wanted_db=full - full[middle],
        applied_db=np.round(applied, 3),
        psr_db=_peaks_goal_db(target, reference, closed, amount),
        allowed_range_lu=_allowed_range_lu(target, reference) if amount > 0.0 else None,
        reasons=reasons,
        fast_db_per_lu=round(min(0.0, -FAST_SLOPE * hits - in_bands), 4) + 0.0,
        bands=bands,
    )


def under_ceiling(
    plan: DynamicsPlan, target: Profile, *, goal_lufs: float, ceiling_dbtp: float
) -> DynamicsPlan:
    """Return a plan that leaves to a ceiling what the ceiling does by itself.

    Where a loud goal under it brings peaks nearer to the loudness than they were asked to come,
    the fast gain would only take from what the reference has.
    """
    if plan.psr_db is None or not plan.fast_db_per_lu:
        return plan
    short = target.loudness_curve_lufs
    middle = float(np.median(short[short > target.integrated_lufs - GATE_LU]))
    left_db = ceiling_dbtp - goal_lufs - (middle - target.integrated_lufs)
    share = 1.0 - float(np.clip((plan.psr_db - left_db) / CEILING_BITES_DB, 0.0, 1.0))
    return replace(plan, fast_db_per_lu=round(share * plan.fast_db_per_lu, 4) + 0.0)


def apply_dynamics(
    audio: Audio,
    plan: DynamicsPlan,
    *,
    in_place: bool = False,
    blocks: Doubles | None = None,
    middle_shift_lu: float = 0.0,
) -> tuple[Audio, DynamicsStats]:
    """Return audio with the planned gain by level, and what was done.

    The same samples where nothing is to be done. The gains follow the loudness without delay.

    Parameters
    ----------
    audio : Audio
    plan : DynamicsPlan
    in_place : bool
        Whether the samples may be overwritten, which saves the room of a copy.
    blocks : ndarray, optional
        :func:`block_energies` of the audio, where they are known. They become the result's.
    middle_shift_lu : float
        How far over the audio's own the middle lies from which levels count.
    """
    leveled = bool(np.any(plan.applied_db))
    if plan.allowed_range_lu is None and not leveled and not plan.fast_db_per_lu:
        return audio, DynamicsStats(0.0, 0.0, 0.0)
    blocks = block_energies(audio) if blocks is None else blocks
    energies = _control(audio, blocks)
    middle = middle_lufs(energies) + middle_shift_lu if leveled else None
    fast = None
    if plan.fast_db_per_lu:
        fast_middle = middle_lufs(energies, FAST_SECONDS) + middle_shift_lu
        fast = Fast(plan.fast_db_per_lu, fast_middle)
    levels = Levels(plan.levels_lu, plan.applied_db, middle, None, fast, GUARDED_SHARE)
    gain_db, fast_db = _gains_db(energies, levels)
    if plan.allowed_range_lu is not None:
        ride = ride_into(energies, gain_db, plan.allowed_range_lu)
        if ride is not None:
            levels = replace(levels, ride=ride)
            gain_db = gain_db + ridden_db(energies, ride)
    evened, stats = _with_gains(audio, energies, levels, gain_db, fast_db, in_place=in_place)
    if evened is not audio:
        _put_on(blocks, gain_db, audio.rate_hz)
    return evened, stats


def repeat_dynamics(
    audio: Audio, levels: Levels, *, in_place: bool = False
) -> tuple[Audio, DynamicsStats, Doubles]:
    """Return audio with gains found before, maybe on other audio, what was done, and energies.

    On the same audio, the result is the same too, and so are its :func:`block_energies`.
    ``in_place`` allows to overwrite the samples.
    """
    blocks = block_energies(audio)
    energies = _control(audio, blocks)
    gain_db, fast_db = _gains_db(energies, levels)
    if levels.ride is not None:
        gain_db = gain_db + ridden_db(energies, levels.ride)
    evened, stats = _with_gains(audio, energies, levels, gain_db, fast_db, in_place=in_place)
    if evened is not audio:
        _put_on(blocks, gain_db, audio.rate_hz)
    return evened, stats, blocks


def middle_lufs(energies: WeightedEnergies, seconds: float = LEVEL_SECONDS) -> float:
    """Return the loudness from which levels count: the median of what is not far quieter."""
    return middle_of(windowed_lufs(energies, seconds), GATE_LU)


def block_energies(audio: Audio) -> Doubles:
    """Return the K-weighted energies of audio in the blocks that the level stages share."""
    return weighted_block_energies(audio, block_frames(audio.rate_hz))


def range_overshoot_lu(energies: WeightedEnergies, plan: DynamicsPlan) -> float:
    """Return how far the loudness range has left what is allowed, LU; 0 within."""
    if plan.allowed_range_lu is None:
        return 0.0
    reached = loudness_range_lu(energies)
    return reached - float(np.clip(reached, *plan.allowed_range_lu))


def _with_gains(
    audio: Audio,
    energies: WeightedEnergies,
    levels: Levels,
    gain_db: Doubles,
    fast_db: Doubles,
    *,
    in_place: bool,
) -> tuple[Audio, DynamicsStats]:
    """Return audio under a gain, and what that was."""
    if not np.any(gain_db):
        return audio, DynamicsStats(0.0, 0.0, 0.0)
    stats = DynamicsStats(
        lowest_db=float(gain_db.min()),
        highest_db=float(gain_db.max()),
        mean_db=float(np.abs(gain_db).mean()),
        fast_lowest_db=float(fast_db.min()) + 0.0,
        levels=levels,
    )
    return with_gain(audio, gain_db, energies.step_seconds, in_place=in_place), stats


def _put_on(blocks: Doubles, gain_db: Doubles, rate_hz: int) -> None:
    """Put a gain given for every step on the energies of blocks."""
    starts = step_starts(len(blocks), block_frames(rate_hz), rate_hz)
    blocks *= np.repeat(10.0 ** (gain_db / 10.0), np.diff(starts, append=len(blocks)))


def _control(audio: Audio, blocks: Doubles) -> WeightedEnergies:
    """Return the energies that the gains follow."""
    return steps_of_blocks(blocks, block_frames(audio.rate_hz), audio.rate_hz)


def _gains_db(energies: WeightedEnergies, levels: Levels) -> tuple[Doubles, Doubles]:
    """Return the gain by level and the fast one together, and the fast one alone, per step."""
    gain_db, fast_db = np.zeros_like(energies.energies), np.zeros_like(energies.energies)
    if levels.middle_lufs is not None:
        loud = windowed_lufs(energies, LEVEL_SECONDS)
        over = loud - levels.middle_lufs + np.median(levels.levels_lu)
        gain_db = np.interp(over, levels.levels_lu, levels.applied_db)
        gain_db = smoothed(gain_db, bell(SMOOTHING_SECONDS, energies.step_seconds))
        if levels.guarded_share:
            gain_db *= 1.0 - levels.guarded_share * onset_shares(energies)
    if levels.fast is not None:
        over = np.maximum(0.0, windowed_lufs(energies, FAST_SECONDS) - levels.fast.middle_lufs)
        fast_db = np.clip(levels.fast.db_per_lu * over, -CAP_DB, CAP_DB)
        fast_db = smoothed(fast_db, bell(FAST_SMOOTHING_SECONDS, energies.step_seconds))
    return gain_db + fast_db, fast_db


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


def _peaks_closed_db(target: Profile, reference: Profile, amount: float) -> float:
    """Return by how much peaks shall come nearer to the short-term loudness; 0 to leave them.

    Sections of one track differ in this too, so that at the default amount only a gap that they
    seldom make is closed: its size times the odds that it is the mix's.
    """
    gap = min(target.psr_db[1] - reference.psr_db[1], PEAK_CAP_DB)
    if gap <= 0.0 or amount <= 0.0:
        return 0.0
    odds = 1.0 / (1.0 + np.exp((PEAK_GAP_DB - gap) / PEAK_GAP_SPREAD_DB))
    believed = CLOSED_SHARE * odds * gap
    closed = float(min(1.0, amount / FULL_AMOUNT) * believed + _beyond(amount) * (gap - believed))
    return closed if closed >= LEAST_CLOSED_DB else 0.0


def _peaks_goal_db(
    target: Profile, reference: Profile, closed: float, amount: float
) -> float | None:
    """Return where the median PSR is to be left; None to leave it.

    Another tone lifts peaks too. Up to the default amount that is taken for the mix's own sound;
    at 1 the reference's PSR is the goal, also where the mix had none to close.
    """
    if closed:
        return round(float(target.psr_db[1]) - closed, 3)
    beyond = _beyond(amount)
    return round(float(reference.psr_db[1]) + (1.0 - beyond) * PEAK_CAP_DB, 3) if beyond else None


def _beyond(amount: float) -> float:
    """Return how far an amount lies between the default, 0, and the end, 1."""
    return max(0.0, amount - FULL_AMOUNT) / (1.0 - FULL_AMOUNT)
