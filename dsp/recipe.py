"""The exact processing of a master as data: every filter, gain and limiter setting, in order.

A recipe holds no plan and looks at no reference: applied to other audio, it filters and drives
that as it did the mix. Gains that follow the level follow the new audio's own, from the same
thresholds; the limiter has the same drive and ceiling, and so holds the peaks of whatever comes.
Applied to the same audio, it gives the same samples to the bit, because it does the same: also
the renders that were taken off again while the loudness was sought, since they round.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Self, TypeAlias

import numpy as np

from dsp.audio import Audio
from dsp.clipper import clip_in_place, unclip_in_place
from dsp.dynamics import DynamicsStats, Fast, Levels, repeat_dynamics
from dsp.equalizer import filter_mid_side
from dsp.errors import RecipeUnsupported
from dsp.filters import remove_dc
from dsp.limiter import limit_in_place, unlimit_in_place, usable_ceiling
from dsp.loudness import integrated_lufs, weighted_block_energies, weighted_energies
from dsp.maximizer import Maximized, Passes, total_reduction_db, undo_in_place
from dsp.moving_ceiling import FLOOR_SHARE, MovingCeiling, driven_peaks, slow_levels
from dsp.multiband import Bands, BandsStats, repeat_bands
from dsp.peaks import block_frames, block_peaks
from dsp.rides import Ride, apply_ride
from dsp.slopes import GROUPS_COMPARED
from dsp.spectrum import BAND_COUNT, Doubles
from dsp.units import db_to_amplitude

RECIPE_VERSION: Final = 1
MOST_STEPS: Final = 20


@dataclass(frozen=True, slots=True)
class RemoveDc:
    """The constant part is taken off."""


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    """Tone and width: a curve for the mid and one for the side, dB at the band centres."""

    mid_db: Doubles
    side_db: Doubles


@dataclass(frozen=True, slots=True)
class Limit:
    """The last stage: clip, drive and limiter. Of several, all but the last are undone again."""

    passes: Passes


Step: TypeAlias = RemoveDc | Filter | Bands | Levels | Ride | Limit

KINDS: Final[dict[str, type[Step]]] = {
    "remove_dc": RemoveDc,
    "filter": Filter,
    "bands": Bands,
    "levels": Levels,
    "ride": Ride,
    "limit": Limit,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a render did, and what it did it to.

    Attributes
    ----------
    engine : str
        The engine's version.
    rate_hz, frames, channels : int
        Of the mix.
    integrated_lufs : float
        Of the mix.
    max_limiting_db : float
        The most gain reduction that was allowed.
    steps : tuple of Step
        In order; empty where nothing was changed.
    """

    engine: str
    rate_hz: int
    frames: int
    channels: int
    integrated_lufs: float
    max_limiting_db: float
    steps: tuple[Step, ...] = field(default=())

    @property
    def sha256(self) -> str:
        """What tells two recipes apart."""
        text = json.dumps(self.to_dict(), separators=(",", ":"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def filter(self) -> Filter:
        """The filter; flat where there is none."""
        flat = np.zeros(BAND_COUNT)
        return next((each for each in self.steps if isinstance(each, Filter)), Filter(flat, flat))

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON-ready values; numbers are written to the bit."""
        names = {kind: name for name, kind in KINDS.items()}
        return {
            "recipe": RECIPE_VERSION,
            "engine": self.engine,
            "mix": {
                "rate_hz": self.rate_hz,
                "frames": self.frames,
                "channels": self.channels,
                "integrated_lufs": self.integrated_lufs,
            },
            "max_limiting_db": self.max_limiting_db,
            "steps": [{"do": names[type(each)], **_listed(asdict(each))} for each in self.steps],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the recipe made by :meth:`to_dict`.

        Raises
        ------
        RecipeUnsupported
            For another version, or anything that is not a whole recipe.
        """
        try:
            if values.get("recipe") != RECIPE_VERSION or len(values["steps"]) > MOST_STEPS:
                raise RecipeUnsupported("This recipe was written by another engine version.")
            return cls(
                engine=str(values["engine"]),
                **values["mix"],
                max_limiting_db=float(values["max_limiting_db"]),
                steps=tuple(_step(**each) for each in values["steps"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise RecipeUnsupported("This recipe is damaged or incomplete.") from error


@dataclass(frozen=True, slots=True)
class Repeated:
    """Audio after a recipe, and what its last two stages did to it; see :mod:`dsp.chain`."""

    audio: Audio
    dynamics: DynamicsStats
    maximized: Maximized | None


def repeat(
    audio: Audio,
    steps: Sequence[Step],
    *,
    in_place: bool = False,
    tell: Callable[[str, float], None] = lambda _stage, _share: None,
) -> Repeated:
    """Return audio processed as a recipe says.

    Parameters
    ----------
    audio : Audio
        Any length and rate, one or two channels.
    steps : sequence of Step
    in_place : bool
        Whether the samples may be overwritten.
    tell : callable, optional
        Told the name of each stage as it begins, and the share of the work done, 0 to 1.
    """
    stats = DynamicsStats(0.0, 0.0, 0.0)
    in_bands: BandsStats | None = None
    maximized: Maximized | None = None
    ours = in_place
    blocks: Doubles | None = None  # energies, as far as they are known
    for step in steps:
        before, known, blocks = audio, blocks, None
        if maximized is not None:
            undo_in_place(maximized)
            maximized = None
        match step:
            case RemoveDc():
                audio = remove_dc(audio)
            case Filter():
                tell("tone", 0.15)
                audio = filter_mid_side(audio, step.mid_db, step.side_db, in_place=ours)
            case Bands():
                audio, in_bands = repeat_bands(audio, step, in_place=ours)
            case Levels():
                tell("dynamics", 0.35)
                audio, stats, blocks = repeat_dynamics(audio, step, in_place=ours)
            case Ride():
                audio = apply_ride(audio, step, in_place=ours)
            case Limit():
                tell("limiting", 0.45)
                if not ours:
                    audio = Audio(audio.samples.copy(), audio.rate_hz)
                blocks = known
                maximized = _limited(audio, step.passes, known)
        ours |= audio is not before
    return Repeated(audio, replace(stats, bands=in_bands), maximized)


def _limited(audio: Audio, passes: Passes, known: Doubles | None) -> Maximized:
    """Return audio driven into the limiter again, overwriting the samples."""
    block = block_frames(audio.rate_hz)
    ceiling = usable_ceiling(passes.ceiling_dbtp)
    if passes.moving:
        peaks = block_peaks(audio, block, floor_share=FLOOR_SHARE)
    else:
        floor = ceiling / db_to_amplitude(max(passes.drives_db, default=0.0))
        if passes.clip_threshold is not None:
            floor = min(floor, passes.clip_threshold)
        peaks = block_peaks(audio, block, floor=floor)
    clipped = asked = None
    if passes.moving:
        blocks = weighted_block_energies(audio, block) if known is None else known
        asked = passes.moving.asked(peaks, slow_levels(blocks, audio.rate_hz))
    if passes.clip_threshold is not None:
        clipped = clip_in_place(audio, threshold=passes.clip_threshold, peaks=peaks)
        peaks = clipped.peaks
    limited = None
    for number, drive_db in enumerate(passes.drives_db):
        if limited is not None:
            unlimit_in_place(limited)
        if clipped and number == passes.unclipped_before:
            unclip_in_place(audio, clipped)
            clipped = None
        driven = peaks if asked is None else driven_peaks(peaks, asked, ceiling, drive_db)
        limited = limit_in_place(
            audio, ceiling_dbtp=passes.ceiling_dbtp, gain_db=drive_db, peaks=driven
        )
    if limited is None:
        raise RecipeUnsupported("This recipe has no drive.")
    highest_db, mean_db = total_reduction_db(clipped, limited)
    energies = weighted_energies(audio)
    lufs = integrated_lufs(energies)
    return Maximized(
        audio=audio,
        energies=energies,
        drive_db=passes.drives_db[-1],
        integrated_lufs=lufs,
        goal_lufs=lufs,
        held_by=None,
        limited=limited,
        clipped=clipped,
        max_reduction_db=highest_db,
        mean_reduction_db=mean_db,
        passes=passes,
    )


def _step(do: str, **values: Any) -> Step:
    kind = KINDS[do]
    if kind is Limit:
        passes = values["passes"]
        moving = passes.get("moving")
        given = {
            "drives_db": tuple(map(float, passes["drives_db"])),
            "moving": MovingCeiling(**moving) if moving else None,
        }
        return Limit(Passes(**passes | given))
    if kind is Levels:
        for name, part in (("ride", Ride), ("fast", Fast)):
            if values.get(name) is not None:
                values[name] = part(**values[name])
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = np.array(value, dtype=np.float64)
            if not np.all(np.isfinite(values[name])):
                raise ValueError(name)
    sizes = {Filter: BAND_COUNT, Bands: GROUPS_COMPARED}
    if kind in sizes and any(curve.shape != (sizes[kind],) for curve in values.values()):
        raise ValueError(do)
    return kind(**values)


def _listed(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in values.items()
    }
