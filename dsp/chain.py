"""The order of the stages: from a mix and a reference's profile to a master."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from dsp.audio import Audio
from dsp.dynamics import (
    DynamicsPlan,
    DynamicsStats,
    apply_dynamics,
    peak_to_loudness_db,
    plan_dynamics,
    range_overshoot_lu,
    ride_range,
)
from dsp.equalizer import TonePlan, plan_tone
from dsp.filters import remove_dc
from dsp.maximizer import Maximized, maximize
from dsp.measure import Profile, measure
from dsp.settings import MasterSettings
from dsp.stereo import WidthPlan, apply_tone_and_width, plan_width
from dsp.suitability import suitability

MAX_MEAN_LIMITING_DB: Final = 2.0  # over a whole piece; more is heard as pressed
RANGE_RIDES: Final = 2  # further renders, where limiting moved the loudness range away,
RANGE_TOLERANCE_LU: Final = 0.1  # by more than this, which a meter rounds to
DC_OFFSET: Final = 1e-2  # of the rms: −40 dB, under which nothing is gained by filtering
SAME_LOUDNESS_LU: Final = 0.1

Progress = Callable[[str, float], None]
Made = Callable[[Audio], None]


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


def master(
    target: Audio,
    reference: Profile,
    settings: MasterSettings,
    *,
    profile: Profile | None = None,
    progress: Progress | None = None,
    made: Made | None = None,
) -> Mastered:
    """Return a mix processed toward a reference.

    Parameters
    ----------
    target : Audio
        The mix.
    reference : Profile
        All that is needed of the reference.
    settings : MasterSettings
    profile : Profile, optional
        The target's own, where it has been measured before.
    progress : callable, optional
        Told the name of each stage as it begins, and the share of the work done, 0 to 1.
    made : callable, optional
        Given the master as soon as it is made, before it is measured; must not change it.

    Raises
    ------
    TooShort, SilentAudio
        Where the target cannot be measured.
    """
    tell = progress or (lambda _stage, _share: None)
    tell("measuring", 0.0)
    profile = profile or measure(target)
    likeness = suitability(profile, reference)
    tone = plan_tone(profile, reference, amount=settings.tone_amount)
    width = plan_width(profile, reference, amount=settings.width_amount)
    dynamics = plan_dynamics(
        profile, reference, amount=settings.dynamics_amount, suitability=likeness
    )
    goal_lufs = _goal_lufs(profile, reference, settings)
    changing = abs(goal_lufs - profile.integrated_lufs) > SAME_LOUDNESS_LU or any(
        np.any(plan.applied_db) for plan in (tone, width, dynamics)
    )
    audio, stats, maximized = target, DynamicsStats(0.0, 0.0, 0.0), None
    del target  # a caller that keeps no name for it gives its memory back to the stages

    if not settings.is_identity:
        tell("tone", 0.15)
        if changing:
            audio = _without_dc(audio, profile)
        audio = apply_tone_and_width(audio, tone, width)
        tell("dynamics", 0.35)
        audio, stats = apply_dynamics(audio, dynamics)
        tell("limiting", 0.45)
        maximized = _maximized(
            audio, dynamics, goal_lufs, settings, settings.max_limiting_db if changing else 0.0
        )
        audio = maximized.audio
    if made:
        made(audio)
    tell("verifying", 0.75)
    return Mastered(
        audio=audio,
        target=profile,
        reference=reference,
        result=profile if maximized is None else measure(audio),
        settings=settings,
        suitability=likeness,
        goal_lufs=goal_lufs,
        tone=tone,
        width=width,
        dynamics=dynamics,
        dynamics_stats=stats,
        maximized=maximized,
    )


def _maximized(
    audio: Audio,
    dynamics: DynamicsPlan,
    goal_lufs: float,
    settings: MasterSettings,
    max_limiting_db: float,
) -> Maximized:
    """Return audio at its loudness, its peaks and its loudness range no further than planned."""
    preferred = settings.ceiling_dbtp
    if dynamics.psr_db is not None and max_limiting_db > 0.0:
        preferred = min(preferred, goal_lufs + peak_to_loudness_db(audio, dynamics.psr_db))
    for rides_left in reversed(range(RANGE_RIDES + 1)):
        maximized = maximize(
            audio,
            goal_lufs=goal_lufs,
            ceiling_dbtp=settings.ceiling_dbtp,
            preferred_ceiling_dbtp=preferred,
            max_limiting_db=max_limiting_db,
            max_mean_limiting_db=MAX_MEAN_LIMITING_DB,
        )
        overshoot_lu = range_overshoot_lu(maximized.audio, dynamics) if rides_left else 0.0
        if abs(overshoot_lu) <= RANGE_TOLERANCE_LU:
            break
        audio = ride_range(audio, overshoot_lu)
    return maximized


def _goal_lufs(target: Profile, reference: Profile, settings: MasterSettings) -> float:
    """Return the loudness to aim at: the goal, or part of the way to it."""
    start = target.integrated_lufs
    end = (
        reference.integrated_lufs if settings.loudness == "reference" else float(settings.loudness)
    )
    return round(start + settings.effective_loudness_amount * (end - start), 3)


def _without_dc(audio: Audio, profile: Profile) -> Audio:
    """Return audio without its constant part, where it has one worth removing."""
    offset = np.abs(audio.samples.mean(axis=1, dtype=np.float64)).max()
    power = np.sum(10.0 ** (profile.mid_db / 10.0) + 10.0 ** (profile.side_db / 10.0))
    return remove_dc(audio) if float(offset) > DC_OFFSET * float(np.sqrt(power)) else audio
