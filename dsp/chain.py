"""The order of the stages: from a mix and a reference's profile to a master."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dsp.audio import Audio
from dsp.blends import Blend, mean_dynamics, mean_tone, mean_width
from dsp.dynamics import (
    DynamicsPlan,
    DynamicsStats,
    apply_dynamics,
    block_energies,
    plan_dynamics,
    range_overshoot_lu,
    under_ceiling,
)
from dsp.equalizer import TonePlan, plan_tone
from dsp.errors import InvalidSettings
from dsp.filters import remove_dc
from dsp.likeness import suitability
from dsp.maximizer import Maximized, maximize, undo_in_place
from dsp.measure import Profile, measure
from dsp.multiband import apply_bands
from dsp.passages import compare_passages
from dsp.ranges import find_ride
from dsp.recipe import Filter, Limit, RemoveDc, Step
from dsp.rides import apply_ride
from dsp.settings import MasterSettings, SectionPairs
from dsp.spectrum import Doubles
from dsp.stereo import WidthPlan, apply_tone_and_width, plan_width

MAX_MEAN_LIMITING_DB: Final = 2.0  # over a whole piece; more is heard as pressed
RANGE_RIDES: Final = 3  # further renders, where limiting moved the loudness range away,
RANGE_TOLERANCE_LU: Final = 0.05  # by more than this: half of what a meter rounds to
DC_OFFSET: Final = 1e-2  # of the rms: −40 dB, under which nothing is gained by filtering
SAME_LOUDNESS_LU: Final = 0.1

Progress = Callable[[str, float], None]
Made = Callable[[Audio], object]


@dataclass(frozen=True, slots=True)
class Mastered:
    """A master and all that was decided on the way.

    Attributes
    ----------
    audio : Audio
        Same rate, length and timing as the target.
    target, reference, result : Profile
        Measurements of the mix, of what it was brought toward, and of ``audio``.
    settings : MasterSettings
    suitability : float, 0 to 1
        How like the two tracks are.
    goal_lufs : float
        Integrated loudness aimed at.
    tone, width, dynamics : plans
        What each stage wanted, did, and was kept from.
    dynamics_stats : DynamicsStats
    maximized : Maximized or None
        The last stage; None where every amount is 0.
    section_pairs : tuple of (int, int)
        Which sections of the mix were compared with which of the reference; empty: all with all.
    steps : tuple
        All that was done to the samples, as numbers; see :mod:`dsp.recipe`.
    """

    audio: Audio
    target: Profile
    reference: Profile
    result: Profile
    settings: MasterSettings
    suitability: float
    goal_lufs: float
    tone: TonePlan
    width: WidthPlan
    dynamics: DynamicsPlan
    dynamics_stats: DynamicsStats
    maximized: Maximized | None
    section_pairs: SectionPairs = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that follows from two profiles and the settings, before any audio is touched.

    Attributes
    ----------
    target, reference : Profile
    settings : MasterSettings
    suitability, goal_lufs, tone, width, dynamics, section_pairs
        As in :class:`Mastered`.
    """

    target: Profile
    reference: Profile
    settings: MasterSettings
    suitability: float
    goal_lufs: float
    tone: TonePlan
    width: WidthPlan
    dynamics: DynamicsPlan
    section_pairs: SectionPairs = ()

    @property
    def changing(self) -> bool:
        """Whether anything but safe peaks is asked for."""
        louder = abs(self.goal_lufs - self.target.integrated_lufs) > SAME_LOUDNESS_LU
        bands = self.dynamics.bands
        return (
            louder
            or bool(self.dynamics.fast_db_per_lu)
            or (bands is not None and bool(np.any(bands.applied)))
            or any(np.any(plan.applied_db) for plan in (self.tone, self.width, self.dynamics))
        )


def plan_master(target: Profile, reference: Profile | Blend, settings: MasterSettings) -> Plan:
    """Return what the stages are to do with a mix.

    Raises
    ------
    InvalidSettings
        Where a chosen section is not there; a blend has none to choose.
    """
    if isinstance(reference, Blend):
        return _plan_toward_blend(target, reference, settings)
    likeness = suitability(target, reference)
    compared = compare_passages(target, reference, settings.sections)
    tracks = (compared.target, compared.reference)
    goal_lufs = _goal_lufs(target, compared.reference_lufs, settings)
    dynamics = plan_dynamics(*tracks, amount=settings.dynamics_amount, suitability=likeness)
    return Plan(
        target=target,
        reference=reference,
        settings=settings,
        suitability=likeness,
        goal_lufs=goal_lufs,
        tone=plan_tone(*tracks, amount=settings.tone_amount),
        width=plan_width(*tracks, amount=settings.width_amount),
        dynamics=under_ceiling(
            dynamics, target, goal_lufs=goal_lufs, ceiling_dbtp=settings.ceiling_dbtp
        ),
        section_pairs=compared.pairs,
    )


def process(
    audio: Audio,
    plan: Plan,
    *,
    goal_lufs: float | None = None,
    in_place: bool = False,
    progress: Progress | None = None,
    steps: list[Step] | None = None,
    middle_shift_lu: float = 0.0,
) -> tuple[Audio, DynamicsStats, Maximized | None]:
    """Return audio after all stages, what the dynamics stage did, and the last one.

    Parameters
    ----------
    audio : Audio
        A caller that keeps no name for it gives its memory back to the stages.
    plan : Plan
    goal_lufs : float, optional
        Loudness to bring the audio to, where that is another than the plan's.
    in_place : bool
        Whether the samples of ``audio`` may be overwritten.
    progress : callable, optional
        As of :func:`master`.
    steps : list, optional
        Takes what is done, as numbers. They repeat it to the bit where ``in_place`` is true.
    middle_shift_lu : float
        How far over the audio's own the level lies from which dynamics count.
    """
    tell = progress or (lambda _stage, _share: None)
    done: list[Step] = [] if steps is None else steps
    if plan.settings.is_identity:
        return audio, DynamicsStats(0.0, 0.0, 0.0), None
    ours = in_place  # whether the samples may be overwritten

    def take(changed: Audio) -> None:
        nonlocal audio, ours
        ours |= changed is not audio
        audio = changed

    tell("tone", 0.15)
    changing = plan.changing
    if changing and _has_dc(audio, plan.target):
        take(remove_dc(audio))
        done.append(RemoveDc())
    take(apply_tone_and_width(audio, plan.tone, plan.width, in_place=ours))
    done.append(Filter(plan.tone.applied_db, plan.tone.applied_db + plan.width.applied_db))
    tell("dynamics", 0.35)
    in_bands = None
    if plan.dynamics.bands is not None:
        split, in_bands, bands = apply_bands(
            audio, plan.dynamics.bands, in_place=ours, middle_shift_db=middle_shift_lu
        )
        take(split)
        del split
        if bands is not None:
            done.append(bands)
    blocks = block_energies(audio)
    evened, stats = apply_dynamics(
        audio, plan.dynamics, in_place=ours, blocks=blocks, middle_shift_lu=middle_shift_lu
    )
    take(evened)
    if stats.levels is not None:
        done.append(stats.levels)
    del evened
    tell("limiting", 0.45)
    goal_lufs = plan.goal_lufs if goal_lufs is None else goal_lufs
    maximized = _maximized(audio, plan, goal_lufs, done, blocks, in_place=ours)
    return maximized.audio, replace(stats, bands=in_bands), maximized


def master(
    target: Audio,
    reference: Profile | Blend,
    settings: MasterSettings,
    *,
    profile: Profile | None = None,
    in_place: bool = False,
    progress: Progress | None = None,
    made: Made | None = None,
) -> Mastered:
    """Return a mix processed toward a reference.

    Parameters
    ----------
    target : Audio
        The mix.
    reference : Profile or Blend
        All that is needed of the reference.
    settings : MasterSettings
    profile : Profile, optional
        The target's own, where it has been measured before.
    in_place : bool
        Whether the target's samples may be overwritten; the chain then needs no room but theirs.
    progress : callable, optional
        Told the name of each stage as it begins, and the share of the work done, 0 to 1.
    made : callable, optional
        Given the master as soon as it is made, before it is measured; must not change it.

    Raises
    ------
    TooShort, NotFinite, SilentAudio
        Where the target cannot be measured.
    InvalidSettings
        Where a chosen section is not there.
    """
    tell = progress or (lambda _stage, _share: None)
    tell("measuring", 0.0)
    plan = plan_master(profile or measure(target), reference, settings)
    handed_on = [target]
    del target
    steps: list[Step] = []
    audio, stats, maximized = process(
        handed_on.pop(), plan, in_place=in_place, progress=tell, steps=steps
    )
    if made:
        made(audio)
    tell("verifying", 0.75)
    return Mastered(
        audio=audio,
        target=plan.target,
        reference=plan.reference,
        result=plan.target if maximized is None else measure(audio, energies=maximized.energies),
        settings=settings,
        suitability=plan.suitability,
        goal_lufs=plan.goal_lufs,
        tone=plan.tone,
        width=plan.width,
        dynamics=plan.dynamics,
        dynamics_stats=stats,
        maximized=maximized,
        section_pairs=plan.section_pairs,
        steps=tuple(steps),
    )


def _maximized(
    audio: Audio,
    plan: Plan,
    goal_lufs: float,
    done: list[Step],
    blocks: Doubles | None,
    *,
    in_place: bool,
) -> Maximized:
    """Return audio at its loudness, its peaks and its loudness range no further than planned."""
    changing = plan.changing
    psr_goal_db, moving = plan.dynamics.psr_db if changing else None, None
    for rides_left in reversed(range(RANGE_RIDES + 1)):
        maximized = maximize(
            audio,
            goal_lufs=goal_lufs,
            ceiling_dbtp=plan.settings.ceiling_dbtp,
            psr_goal_db=psr_goal_db,
            moving=moving,
            kept_range_lu=plan.dynamics.allowed_range_lu,
            max_limiting_db=plan.settings.max_limiting_db if changing else 0.0,
            max_mean_limiting_db=MAX_MEAN_LIMITING_DB,
            in_place=in_place,
            block_energies=blocks,
        )
        psr_goal_db, moving = None, maximized.passes.moving
        done.append(Limit(maximized.passes))
        overshoot_lu = range_overshoot_lu(maximized.energies, plan.dynamics) if rides_left else 0.0
        if abs(overshoot_lu) <= RANGE_TOLERANCE_LU:
            break
        if in_place:
            undo_in_place(maximized)
        ride, blocks = find_ride(audio, overshoot_lu, maximized), None
        audio, in_place = apply_ride(audio, ride, in_place=in_place), True
        done.append(ride)
    return maximized


def _goal_lufs(target: Profile, reference_lufs: float, settings: MasterSettings) -> float:
    """Return the loudness to aim at: the goal, or part of the way to it."""
    start = target.integrated_lufs
    end = reference_lufs if settings.loudness == "reference" else float(settings.loudness)
    return round(start + settings.effective_loudness_amount * (end - start), 3)


def _has_dc(audio: Audio, profile: Profile) -> bool:
    """Tell whether audio has a constant part worth removing."""
    offset = np.abs(audio.samples.mean(axis=1)).max()  # summed in pairs: exact enough
    power = np.sum(10.0 ** (profile.mid_db / 10.0) + 10.0 ** (profile.side_db / 10.0))
    return float(offset) > DC_OFFSET * float(np.sqrt(power))


def _plan_toward_blend(target: Profile, blend: Blend, settings: MasterSettings) -> Plan:
    """Return the mean, aspect by aspect, of what would be done toward each part of a blend."""
    if not isinstance(settings.sections, str):
        raise InvalidSettings("Sections are paired by hand with a single reference only.")
    plans = [plan_master(target, part.profile, settings) for part in blend.parts]
    goal_lufs = blend.mean("loudness", [plan.goal_lufs for plan in plans])
    return Plan(
        target=target,
        reference=blend.profile,
        settings=settings,
        suitability=round(blend.mean_of_all([plan.suitability for plan in plans]), 4),
        goal_lufs=round(goal_lufs, 3),
        tone=mean_tone([plan.tone for plan in plans], blend.shares("tone")),
        width=mean_width([plan.width for plan in plans], blend.shares("width")),
        dynamics=mean_dynamics(target, [plan.dynamics for plan in plans], blend.shares("dynamics")),
    )
