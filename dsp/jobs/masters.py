"""Masters and what they are mastered toward: whole, as a part to be heard first, and blends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from dsp import files
from dsp.audio import Audio
from dsp.blends import Blend, Part, blend
from dsp.chain import Mastered, master
from dsp.excerpt import master_excerpt
from dsp.formats import CANONICAL_NAME, EXCERPT_NAME, PROFILE_NAME, WRITABLE, Limits
from dsp.frozen import master_frozen, recipe_of
from dsp.jobs.listening import (
    WAVEFORM_NAME,
    Progress,
    listening_files,
    within_full_scale,
    write_outline,
)
from dsp.jobs.provenance import provenance_of
from dsp.measure import Profile
from dsp.recipe import Recipe
from dsp.report import describe
from dsp.settings import MasterSettings
from dsp.stored import load_profile, load_reference, save_profile
from dsp.weights import Weights

RECIPE_NAME: Final = "recipe.json"
RECOMMENDED: Final = "wav24"  # the download that is there at once


def render(
    mix: str,
    mix_profile: str,
    reference_profile: str,
    out_dir: str,
    settings: dict[str, Any],
    limits: dict[str, Any],
    recipe: dict[str, Any] | None = None,
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Master a mix; write the master and what the player needs into a folder.

    The master is written once as it is (``CANONICAL_NAME``), which every other format is made
    from, and once in the recommended format, which is whole before ``verifying`` is told; its
    exact processing is left as ``RECIPE_NAME``.

    Parameters
    ----------
    mix, mix_profile, reference_profile, out_dir : path
        The mix, the stored profiles of it and of the reference, and an existing folder.
    settings, limits : dict
        Fields of :class:`MasterSettings` and of :class:`dsp.formats.Limits`.
    recipe : dict, optional
        Do exactly this instead, as :class:`dsp.recipe.Recipe` writes itself; the settings are
        those it came from, and ``report`` tells under ``frozen`` what is odd about it.
    progress : callable, optional
        Told the step, and the share done, 0 to 1.

    Returns
    -------
    dict
        ``report`` and ``provenance``, JSON-ready, and ``outputs``: file names by format, the
        canonical one under ``wav32f``.
    """
    tell = progress or (lambda _step, _share: None)
    tell("checking", 0.0)
    folder = Path(out_dir)
    outputs = {
        "wav32f": CANONICAL_NAME,
        RECOMMENDED: f"{RECOMMENDED}.{WRITABLE[RECOMMENDED].extension}",
    }
    with listening_files(folder) as begin_listening_files:

        def begin_files(audio: Audio) -> None:
            files.write(folder / outputs[RECOMMENDED], audio, format=RECOMMENDED)
            begin_listening_files(audio)

        reference = load_reference(reference_profile)
        mastered, frozen = _mastered(
            [files.read(mix, Limits(**limits))],
            reference,
            MasterSettings.from_dict(settings),
            recipe=None if recipe is None else Recipe.from_dict(recipe),
            profile=load_profile(mix_profile),
            progress=lambda step, share: tell(step, 0.1 + 0.7 * share),
            made=begin_files,
        )
        tell("encoding", 0.8)
        files.write(folder / CANONICAL_NAME, mastered.audio, format="wav32f")
        report = describe(mastered) | frozen
        provenance = provenance_of(
            mastered, reference, report, {name: folder / file for name, file in outputs.items()}
        )
        made = recipe_of(mastered).to_dict() if recipe is None else recipe
        (folder / RECIPE_NAME).write_text(json.dumps(made, separators=(",", ":"), sort_keys=True))
        tell("encoding", 0.9)
    return {"report": report, "provenance": provenance, "outputs": outputs}


def preview(
    mix: str,
    mix_profile: str,
    reference_profile: str,
    out_dir: str,
    settings: dict[str, Any],
    part: tuple[float, float],
    limits: dict[str, Any],
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write a part of the master that settings would give, to be heard before the whole is made.

    Parameters
    ----------
    mix, mix_profile, reference_profile, out_dir, settings, limits, progress
        As of :func:`render`.
    part : (float, float)
        Where it starts and ends in the mix, seconds.

    Returns
    -------
    dict
        ``gain_db``: by how much the file is lowered, ≤ 0.
    """
    tell = progress or (lambda _step, _share: None)
    tell("checking", 0.0)
    audio = files.read(mix, Limits(**limits))
    tell("limiting", 0.3)
    excerpt = master_excerpt(
        audio,
        load_reference(reference_profile),
        MasterSettings.from_dict(settings),
        profile=load_profile(mix_profile),
        start_seconds=part[0],
        end_seconds=part[1],
    )
    tell("encoding", 0.9)
    folder = Path(out_dir)
    write_outline(folder / WAVEFORM_NAME, excerpt)
    excerpt, gain_db = within_full_scale(excerpt)
    files.write(folder / EXCERPT_NAME, excerpt, format="flac24")
    return {"gain_db": gain_db}


def mix_references(
    profiles: list[str],
    weights: list[dict[str, float]],
    out_dir: str,
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write the blend of several references into a folder, as a profile to master toward.

    Parameters
    ----------
    profiles : list of path
        Stored profiles of single references.
    weights : list of dict
        Fields of :class:`dsp.weights.Weights`, one for each.
    out_dir : path
        An existing folder.
    progress : callable, optional
        Told the step, and the share done, 0 to 1.

    Returns
    -------
    dict
        ``summary`` of the mean, JSON-ready.
    """
    if progress:
        progress("measuring", 0.2)
    parts = [
        Part(load_profile(path), Weights.from_dict(each))
        for path, each in zip(profiles, weights, strict=True)
    ]
    blended = blend(parts)
    save_profile(blended, Path(out_dir) / PROFILE_NAME)
    if not isinstance(blended, Blend):
        return {"summary": blended.summary()}
    of_one_track = ("rate_hz", "channels", "duration_seconds")
    summary = blended.profile.summary()
    return {"summary": {name: each for name, each in summary.items() if name not in of_one_track}}


def _mastered(
    handed_on: list[Audio],
    reference: Profile | Blend,
    settings: MasterSettings,
    *,
    recipe: Recipe | None,
    profile: Profile,
    progress: Progress,
    made: Callable[[Audio], object],
) -> tuple[Mastered, dict[str, Any]]:
    """Return a master, and what its report tells of frozen settings."""
    if recipe is None:
        mastered = master(
            handed_on.pop(),
            reference,
            settings,
            profile=profile,
            in_place=True,
            progress=progress,
            made=made,
        )
        return mastered, {}
    mastered, oddities = master_frozen(
        handed_on.pop(),
        reference,
        recipe,
        settings,
        profile=profile,
        in_place=True,
        progress=progress,
        made=made,
    )
    told = {"recipe_sha256": recipe.sha256, "oddities": [each.as_dict() for each in oddities]}
    return mastered, {"frozen": told, "gentler": None}
