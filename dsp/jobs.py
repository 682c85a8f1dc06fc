"""Whole pieces of work on files: what a worker's box and the command line run."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np

from dsp import files, release
from dsp.audio import Audio
from dsp.blends import Blend, Part, blend
from dsp.chain import Mastered, master
from dsp.checks import check_mix
from dsp.errors import InvalidSettings
from dsp.excerpt import master_excerpt
from dsp.formats import (
    CANONICAL_NAME,
    EXCERPT_NAME,
    LOSSLESS_NAME,
    PROFILE_NAME,
    PROXY_NAME,
    WRITABLE,
    Limits,
)
from dsp.frozen import master_frozen, recipe_of
from dsp.loudness import HOP_SECONDS, hop_lufs, weighted_energies
from dsp.measure import Profile, measure
from dsp.payload import digest_file
from dsp.peaks import sample_peak_dbfs
from dsp.profiles import PROFILE_VERSION, read_document
from dsp.recipe import Recipe
from dsp.report import describe
from dsp.settings import ENGINE_VERSION, MasterSettings
from dsp.stored import load_profile, load_reference, save_profile
from dsp.suitability import compare
from dsp.tags import Tags
from dsp.units import db_to_amplitude
from dsp.weights import Weights

WAVEFORM_NAME: Final = "waveform.json"
RELEASE_NAME: Final = "release.json"
RECIPE_NAME: Final = "recipe.json"
RECOMMENDED: Final = "wav24"  # the download that is there at once
LIBRARIES: Final = ("numpy", "scipy", "numba", "soxr", "soundfile", "av")  # that make the bytes
PROXY_MARGIN_DB: Final = 0.01  # for the rounding of its samples
SILENCE_LUFS: Final = -120.0  # stands for -inf, which JSON has not

Progress = Callable[[str, float], None]


def inspect(
    source: str, out_dir: str, limits: dict[str, Any], *, progress: Progress | None = None
) -> dict[str, Any]:
    """Decode, check and measure an upload; write its profile and what players need into a folder.

    Parameters
    ----------
    source, out_dir : path
        The upload; an existing folder.
    limits : dict
        Fields of :class:`dsp.formats.Limits`.
    progress : callable, optional
        Told the step, and the share done, 0 to 1.

    Returns
    -------
    dict
        ``facts``, ``findings`` and ``summary``, JSON-ready.
    """
    tell = progress or (lambda _step, _share: None)
    tell("checking", 0.0)
    loaded = files.load(source, Limits(**limits))
    facts = loaded.facts
    folder = Path(out_dir)
    with _listening_files(folder, lossless=True) as begin_listening_files:
        proxy_gain_db = begin_listening_files(loaded.audio)
        tell("measuring", 0.4)
        profile = measure(loaded.audio)
        findings = check_mix(loaded.audio, profile, lossy=facts.lossy, bits=facts.bits)
        tell("measuring", 0.7)
        save_profile(profile, folder / PROFILE_NAME)
    return {
        "facts": asdict(facts)
        | {
            "duration_seconds": facts.duration_seconds,
            "is_cut_short": facts.is_cut_short,
            "proxy_gain_db": proxy_gain_db,
        },
        "findings": [asdict(finding) for finding in findings],
        "summary": profile.summary(),
        "profile_version": PROFILE_VERSION,
    }


def inspect_profile(
    source: str, out_dir: str, *, progress: Progress | None = None
) -> dict[str, Any]:
    """Check a profile that came as a document; write it as a measured one is, into a folder.

    Returns
    -------
    dict
        As of :func:`inspect`; nothing can be found in a sound that is not there.
    """
    if progress:
        progress("checking", 0.0)
    profile = Profile.from_dict(read_document(Path(source).read_bytes()).profile)
    save_profile(profile, Path(out_dir) / PROFILE_NAME)
    return {
        "facts": {
            "rate_hz": profile.rate_hz,
            "channels": profile.channels,
            "duration_seconds": profile.duration_seconds,
        },
        "findings": [],
        "summary": profile.summary(),
        "profile_version": PROFILE_VERSION,
    }


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
    from, and once in the recommended format; its exact processing is left as ``RECIPE_NAME``.

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
    with _listening_files(folder) as begin_listening_files:
        reference = load_reference(reference_profile)
        mastered, frozen = _mastered(
            [files.read(mix, Limits(**limits))],
            reference,
            MasterSettings.from_dict(settings),
            recipe=None if recipe is None else Recipe.from_dict(recipe),
            profile=load_profile(mix_profile),
            progress=lambda step, share: tell(step, 0.1 + 0.7 * share),
            made=begin_listening_files,
        )
        outputs = {
            "wav32f": CANONICAL_NAME,
            RECOMMENDED: f"{RECOMMENDED}.{WRITABLE[RECOMMENDED].extension}",
        }
        for name, file in outputs.items():
            tell("encoding", 0.8)
            files.write(folder / file, mastered.audio, format=name)
        report = describe(mastered) | frozen
        provenance = _provenance(
            mastered, reference, report, {name: folder / file for name, file in outputs.items()}
        )
        made = recipe_of(mastered).to_dict() if recipe is None else recipe
        (folder / RECIPE_NAME).write_text(json.dumps(made, separators=(",", ":"), sort_keys=True))
        tell("encoding", 0.9)
    return {"report": report, "provenance": provenance, "outputs": outputs}


def export(
    source: str,
    out_dir: str,
    formats: list[str],
    rate_hz: int | None,
    tags: dict[str, str],
    cover: str | None,
    limits: dict[str, Any],
    archive: dict[str, Any] | None = None,
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write a master of ours as files for people, into a folder.

    Parameters
    ----------
    source, out_dir : path
        The master as it was rendered; an existing folder.
    formats : list of str
        Keys of ``dsp.formats.WRITABLE``.
    rate_hz : int or None
        Convert to this rate; None keeps the master's.
    tags : dict
        Fields of :class:`dsp.tags.Tags` that are text.
    cover : path or None
        A JPEG or PNG.
    limits : dict
        Fields of :class:`dsp.formats.Limits`.
    archive : dict, optional
        Put all into one ZIP: ``name`` of it, ``entries``, names within it by format, and
        ``files``, paths of further entries by name.
    progress : callable, optional
        Told the step, and the share done, 0 to 1.

    Returns
    -------
    dict
        ``files``: names of what was left in the folder; digests by format, as of the record of
        provenance, also of what went into the ZIP.
    """
    tell = progress or (lambda _step, _share: None)
    audio = files.read(source, Limits(**limits))
    picture = Path(cover).read_bytes() if cover else b""
    written = Tags(**tags, cover=picture)
    folder = Path(out_dir)
    made = {}
    for number, code in enumerate(formats):
        tell("encoding", 0.05 + 0.85 * number / len(formats))
        made[code] = folder / f"{code}.{WRITABLE[code].extension}"
        files.write(made[code], audio, format=code, rate_hz=rate_hz, tags=written)
    digests = _digests(made)
    if archive is not None:
        tell("packing", 0.9)
        entries = {name: Path(path) for name, path in archive["files"].items()}
        entries |= {archive["entries"][code]: path for code, path in made.items()}
        _pack(folder / archive["name"], entries)
        for path in made.values():
            path.unlink()
    return {"files": sorted(path.name for path in folder.iterdir()), **digests}


def pack(
    entries: dict[str, str], out_dir: str, name: str, *, progress: Progress | None = None
) -> dict[str, Any]:
    """Put files into one ZIP in a folder, without compression, and delete them.

    Parameters
    ----------
    entries : dict
        Paths by the name within the ZIP.
    out_dir : path
        An existing folder.
    name : str
        Of the ZIP.
    """
    if progress:
        progress("packing", 0.9)
    paths = {entry: Path(path) for entry, path in entries.items()}
    _pack(Path(out_dir) / name, paths)
    for path in paths.values():
        path.unlink()
    return {}


def check_release(
    source: str,
    out_dir: str,
    ceiling_dbtp: float,
    limits: dict[str, Any],
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure what becomes of a master as lossy copies and in mono; leave ``release.json``."""
    if progress:
        progress("checking", 0.1)
    audio = files.read(source, Limits(**limits))
    folder = Path(out_dir)
    found = release.check_release(audio, folder, ceiling_dbtp=ceiling_dbtp)
    (folder / RELEASE_NAME).write_text(json.dumps(found, separators=(",", ":")))
    return found


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
    _write_outline(folder / WAVEFORM_NAME, excerpt)
    excerpt, gain_db = _within_full_scale(excerpt)
    files.write(folder / EXCERPT_NAME, excerpt, format="flac24")
    return {"gain_db": gain_db}


def convert(source: str, destination: str, output_format: str, limits: dict[str, Any]) -> None:
    """Write a master of ours in another format."""
    files.write(destination, files.read(source, Limits(**limits)), format=output_format)


def master_files(
    target: Path,
    reference: Path,
    output: Path,
    *,
    settings: MasterSettings,
    output_format: str | None = None,
) -> dict[str, Any]:
    """Master a file toward a track or a saved profile, write the result, return the report."""
    chosen = output_format or _format_of(output)
    profile = _reference_of(reference)
    mastered = master(files.read(target), profile, settings, in_place=True)
    files.write(output, mastered.audio, format=chosen)
    return describe(mastered)


def measure_file(path: Path) -> dict[str, Any]:
    """Return every number that is shown of a track."""
    return _profile_of(path).summary()


def check_file(path: Path) -> list[dict[str, Any]]:
    """Return what is worth knowing about a mix before it is mastered."""
    loaded = files.load(path)
    facts, audio = loaded.facts, loaded.audio
    found = check_mix(audio, measure(audio), lossy=facts.lossy, bits=facts.bits)
    return [asdict(finding) for finding in found]


def find_sections(path: Path) -> list[dict[str, Any]]:
    """Return the sections of a track."""
    sections: list[dict[str, Any]] = measure_file(path)["sections"]
    return sections


def suit_files(target: Path, reference: Path) -> dict[str, Any]:
    """Return how well a reference suits a mix."""
    return compare(_profile_of(target).summary(), _profile_of(reference).summary()).as_dict()


def write_profile(path: Path, output: Path) -> None:
    """Measure a track and save its profile."""
    save_profile(_profile_of(path), output)


def renew_profile(
    source: str, out_dir: str, limits: dict[str, Any], *, progress: Progress | None = None
) -> dict[str, Any]:
    """Measure a track again whose profile is of an older version; leave the new one in a folder."""
    if progress:
        progress("measuring", 0.0)
    profile = measure(files.read(source, Limits(**limits)))
    save_profile(profile, Path(out_dir) / PROFILE_NAME)
    return {}


def warm_up() -> None:
    """Run the whole chain once on made audio, so that every kernel is compiled and cached."""
    noise = np.random.default_rng(0)
    rate_hz = 44_100
    fade = np.linspace(0.02, 0.9, 8 * rate_hz, dtype=np.float32)
    for channels in (2, 1):
        target, reference = (
            Audio(
                np.ascontiguousarray(
                    noise.standard_normal((channels, fade.size), dtype=np.float32) * 0.2 * fade
                ),
                rate_hz,
            )
            for _ in range(2)
        )
        mastered = master(target, measure(reference), MasterSettings(loudness=-8.0))
        check_mix(target, mastered.target)
        describe(mastered)


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


@contextmanager
def _listening_files(folder: Path, *, lossless: bool = False) -> Iterator[Callable[[Audio], float]]:
    """Give a function that writes what players need of a track, beside other work.

    It returns by how many dB the files to listen to are quieter than the audio, as a gain ≤ 0.
    When the block ends, they are there.
    """
    writing = []
    with ThreadPoolExecutor(max_workers=1) as beside:

        def begin(audio: Audio) -> float:
            listened, gain_db = _within_full_scale(audio)
            writing.append(beside.submit(files.write_proxy, folder / PROXY_NAME, listened))
            writing.append(beside.submit(_write_outline, folder / WAVEFORM_NAME, audio))
            if lossless:
                path = folder / LOSSLESS_NAME
                writing.append(beside.submit(files.write, path, listened, format="flac24"))
            return gain_db

        yield begin
    for each in writing:
        each.result()


def _write_outline(path: Path, audio: Audio) -> None:
    """Write what is drawn of a track, and the loudness of each moment of it."""
    outline = {
        "duration_seconds": audio.duration_seconds,
        "channels": files.peaks(audio),
        "loudness": {
            "step_seconds": HOP_SECONDS,
            "lufs": np.maximum(hop_lufs(weighted_energies(audio)), SILENCE_LUFS).round(2).tolist(),
        },
    }
    path.write_text(json.dumps(outline, separators=(",", ":")))


def _within_full_scale(audio: Audio) -> tuple[Audio, float]:
    """Return audio that integers can hold, and the gain ≤ 0 dB that made it so."""
    peak_dbfs = sample_peak_dbfs(audio)
    if peak_dbfs <= 0.0:  # a float mix may pass full scale
        return audio, 0.0
    gain_db = -peak_dbfs - PROXY_MARGIN_DB
    quieter = Audio(audio.samples * np.float32(db_to_amplitude(gain_db)), audio.rate_hz)
    return quieter, round(gain_db, 3)


def _pack(path: Path, entries: dict[str, Path]) -> None:
    """Write a ZIP without compression, which audio does not take; equal entries, equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name)  # of the first day that a ZIP knows
            entry.file_size = entries[name].stat().st_size
            with entries[name].open("rb") as content, archive.open(entry, "w") as packed:
                shutil.copyfileobj(content, packed, 1 << 20)


def _provenance(
    mastered: Mastered,
    reference: Profile | Blend,
    report: dict[str, Any],
    outputs: dict[str, Path],
) -> dict[str, Any]:
    """Return the record by which a master can be explained, repeated and recognised."""
    return {
        "engine": ENGINE_VERSION,
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "settings": mastered.settings.as_dict(),
        "mix_profile_sha256": _profile_sha256(mastered.target),
        "reference_profile_sha256": _profile_sha256(reference),
        **({"frozen": report["frozen"]} if "frozen" in report else {}),
        "numbers": report["numbers"],
        "loudness": report["loudness"],
        "measured": {
            name: profile.summary()
            for name, profile in (
                ("mix", mastered.target),
                ("reference", mastered.reference),
                ("master", mastered.result),
            )
        },
        **_digests(outputs),
    }


def _digests(outputs: dict[str, Path]) -> dict[str, dict[str, str]]:
    """Return by which files, and the samples in them, are recognised; SHA-256 by format."""
    digests = {name: digest_file(path) for name, path in outputs.items()}
    return {
        "outputs_sha256": {name: each.file for name, each in digests.items()},
        "outputs_audio_sha256": {name: each.audio for name, each in digests.items() if each.audio},
    }


def _profile_sha256(profile: Profile | Blend) -> str:
    text = json.dumps(profile.to_dict(), separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _reference_of(path: Path) -> Profile | Blend:
    """Return what a file is mastered toward as: measured, or read where it is a profile."""
    if path.name.endswith((".json", ".json.gz")):
        return load_reference(path)
    return measure(files.read(path))


def _profile_of(path: Path) -> Profile:
    """Return the profile of a track, or the one that a profile file holds."""
    if path.name.endswith((".json", ".json.gz")):
        return load_profile(path)
    return measure(files.read(path))


def _format_of(path: Path) -> str:
    """Return the export format that a file name asks for: the best of its kind."""
    ending = path.suffix.lstrip(".").lower()
    matching = [code for code, each in WRITABLE.items() if each.extension == ending]
    if not matching:
        raise InvalidSettings(f"Name an output that ends in {_endings()}, or give a format.")
    return matching[0]


def _endings() -> str:
    return ", ".join(sorted({f".{each.extension}" for each in WRITABLE.values()}))
