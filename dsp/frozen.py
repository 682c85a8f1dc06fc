"""Frozen settings: the exact processing of one master, applied to another file of the song."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np

from dsp.audio import Audio
from dsp.blends import Blend
from dsp.chain import Made, Mastered, Progress, plan_master
from dsp.equalizer import TonePlan
from dsp.measure import Profile, measure
from dsp.recipe import Recipe, repeat
from dsp.settings import ENGINE_VERSION, MasterSettings
from dsp.spectrum import Doubles
from dsp.stereo import WidthPlan

SAME_SECONDS: Final = 0.05  # exports of one session differ by no more
LEVEL_LU: Final = 6.0  # an instrumental is seldom this far under its song

P = TypeVar("P", TonePlan, WidthPlan)


@dataclass(frozen=True, slots=True)
class Oddity:
    """What makes a file an unlikely version of the song, or changes what the processing does.

    Attributes
    ----------
    code : str
        "length_differs" (s), "rate_differs" (Hz), "channels_differ", "level_differs" (LUFS),
        "limiting_exceeds" (dB), "engine_differs".
    mix, file : float or None
        The number of the mix that the settings come from (of the limiting: the most allowed), and
        that of the file.
    """

    code: str
    mix: float | None = None
    file: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {"code": self.code, "mix": self.mix, "file": self.file}


def master_frozen(
    target: Audio,
    reference: Profile | Blend,
    recipe: Recipe,
    settings: MasterSettings,
    *,
    profile: Profile | None = None,
    in_place: bool = False,
    progress: Progress | None = None,
    made: Made | None = None,
) -> tuple[Mastered, tuple[Oddity, ...]]:
    """Return a file processed by a recipe, and what is odd about that.

    Parameters
    ----------
    target : Audio
        Another version of the song; at another rate, the same curves are made for that rate.
    reference : Profile or Blend
        What the recipe came from, to compare with; it decides nothing.
    recipe : Recipe
    settings : MasterSettings
        Of the master that the recipe came from, for the report.
    profile, in_place, progress, made
        As of :func:`dsp.chain.master`.
    """
    tell = progress or (lambda _stage, _share: None)
    tell("measuring", 0.0)
    profile = profile or measure(target)
    plan = plan_master(profile, reference, replace(settings, sections="whole"))
    repeated = repeat(target, recipe.steps, in_place=in_place, tell=tell)
    del target
    if made:
        made(repeated.audio)
    tell("verifying", 0.75)
    maximized = repeated.maximized
    result = profile
    if recipe.steps:
        result = measure(repeated.audio, energies=maximized.energies if maximized else None)
    curves = recipe.filter
    mastered = Mastered(
        audio=repeated.audio,
        target=profile,
        reference=plan.reference,
        result=result,
        settings=settings,
        suitability=plan.suitability,
        goal_lufs=result.integrated_lufs,
        tone=_as_done(plan.tone, curves.mid_db),
        width=_as_done(plan.width, curves.side_db - curves.mid_db),
        dynamics=plan.dynamics,
        dynamics_stats=repeated.dynamics,
        maximized=maximized,
        steps=recipe.steps,
    )
    return mastered, _oddities(profile, recipe, mastered)


def recipe_of(mastered: Mastered) -> Recipe:
    """Return the exact processing of a master, to be applied to other files."""
    return Recipe(
        engine=ENGINE_VERSION,
        rate_hz=mastered.target.rate_hz,
        frames=mastered.target.frames,
        channels=mastered.target.channels,
        integrated_lufs=mastered.target.integrated_lufs,
        max_limiting_db=mastered.settings.max_limiting_db,
        steps=mastered.steps,
    )


def _as_done(plan: P, applied_db: Doubles) -> P:
    return replace(
        plan,
        applied_db=applied_db,
        capped_db=np.zeros_like(applied_db),
        left_db=plan.wanted_db - applied_db,
        reasons=(),
    )


def _oddities(profile: Profile, recipe: Recipe, mastered: Mastered) -> tuple[Oddity, ...]:
    found = []
    mix_seconds = recipe.frames / recipe.rate_hz
    if abs(profile.duration_seconds - mix_seconds) > SAME_SECONDS:
        found.append(
            Oddity("length_differs", round(mix_seconds, 3), round(profile.duration_seconds, 3))
        )
    if profile.rate_hz != recipe.rate_hz:
        found.append(Oddity("rate_differs", recipe.rate_hz, profile.rate_hz))
    if profile.channels != recipe.channels:
        found.append(Oddity("channels_differ", recipe.channels, profile.channels))
    if abs(profile.integrated_lufs - recipe.integrated_lufs) > LEVEL_LU:
        found.append(Oddity("level_differs", recipe.integrated_lufs, profile.integrated_lufs))
    most_db = mastered.maximized.max_reduction_db if mastered.maximized else 0.0
    if most_db > recipe.max_limiting_db + 0.05:
        found.append(Oddity("limiting_exceeds", recipe.max_limiting_db, round(most_db, 2)))
    if recipe.engine != ENGINE_VERSION:
        found.append(Oddity("engine_differs"))
    return tuple(found)
