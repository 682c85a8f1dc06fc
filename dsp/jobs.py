"""Whole pieces of work on files: what a worker's box and the command line run."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from dsp import files
from dsp.audio import Audio
from dsp.chain import Mastered, master
from dsp.checks import check_mix
from dsp.errors import InvalidSettings, ProfileUnsupported
from dsp.formats import CANONICAL_NAME, LOSSLESS_NAME, PROXY_NAME, WRITABLE, Limits
from dsp.loudness import HOP_SECONDS, hop_lufs, weighted_energies
from dsp.measure import Profile, measure
from dsp.peaks import sample_peak_dbfs
from dsp.report import describe
from dsp.settings import ENGINE_VERSION, MasterSettings
from dsp.suitability import suitability
from dsp.units import db_to_amplitude

PROFILE_NAME: Final = "profile.json.gz"
WAVEFORM_NAME: Final = "waveform.json"
RECOMMENDED: Final = "wav24"  # the download that is there at once
PROXY_MARGIN_DB: Final = 0.01  # for the rounding of its samples
SILENCE_LUFS: Final = -120.0  # stands for -inf, which JSON has not
LARGEST_PROFILE_BYTES: Final = 8_000_000  # unpacked; a real one is a tenth of it

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
    folder = Path(out_dir)
    with _listening_files(folder, lossless=True) as begin_listening_files:
        proxy_gain_db = begin_listening_files(loaded.audio)
        tell("measuring", 0.4)
        profile = measure(loaded.audio)
        findings = check_mix(loaded.audio, profile)
        tell("measuring", 0.7)
        save_profile(profile, folder / PROFILE_NAME)
    return {
        "facts": asdict(loaded.facts)
        | {
            "duration_seconds": loaded.facts.duration_seconds,
            "is_cut_short": loaded.facts.is_cut_short,
            "proxy_gain_db": proxy_gain_db,
        },
        "findings": [asdict(finding) for finding in findings],
        "summary": profile.summary(),
    }


def render(
    mix: str,
    mix_profile: str,
    reference_profile: str,
    out_dir: str,
    settings: dict[str, Any],
    limits: dict[str, Any],
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Master a mix; write the master and what the player needs into a folder.

    The master is written once as it is (``CANONICAL_NAME``), which every other format is made
    from, and once in the recommended format.

    Parameters
    ----------
    mix, mix_profile, reference_profile, out_dir : path
        The mix, the stored profiles of it and of the reference, and an existing folder.
    settings, limits : dict
        Fields of :class:`MasterSettings` and of :class:`dsp.formats.Limits`.
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
        mastered = master(
            files.read(mix, Limits(**limits)),
            load_profile(reference_profile),
            MasterSettings.from_dict(settings),
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
        report = describe(mastered)
        provenance = _provenance(
            mastered, report, {name: folder / file for name, file in outputs.items()}
        )
        tell("encoding", 0.9)
    return {"report": report, "provenance": provenance, "outputs": outputs}


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
    profile = _profile_of(reference)
    mastered = master(files.read(target), profile, settings)
    files.write(output, mastered.audio, format=chosen)
    return describe(mastered)


def measure_file(path: Path) -> dict[str, Any]:
    """Return every number that is shown of a track."""
    return _profile_of(path).summary()


def check_file(path: Path) -> list[dict[str, Any]]:
    """Return what is worth knowing about a mix before it is mastered."""
    audio = files.read(path)
    return [asdict(finding) for finding in check_mix(audio, measure(audio))]


def find_sections(path: Path) -> list[dict[str, Any]]:
    """Return the sections of a track."""
    sections: list[dict[str, Any]] = measure_file(path)["sections"]
    return sections


def suit_files(target: Path, reference: Path) -> dict[str, Any]:
    """Return how well a reference suits a mix."""
    return {"suitability": suitability(_profile_of(target), _profile_of(reference))}


def write_profile(path: Path, output: Path) -> None:
    """Measure a track and save its profile."""
    save_profile(_profile_of(path), output)


def save_profile(profile: Profile, path: Path) -> None:
    """Write a profile as gzipped JSON; equal profiles give equal bytes."""
    text = json.dumps(profile.to_dict(), separators=(",", ":"), sort_keys=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def load_profile(path: str | Path) -> Profile:
    """Read a profile written by :func:`save_profile`.

    Raises
    ------
    ProfileUnsupported
        Not a profile of this version.
    """
    try:
        with gzip.open(path) as file:
            text = file.read(LARGEST_PROFILE_BYTES + 1)
        if len(text) > LARGEST_PROFILE_BYTES:
            raise ProfileUnsupported("This profile is larger than any profile is.")
        return Profile.from_dict(json.loads(text))
    except (gzip.BadGzipFile, EOFError, ValueError) as error:
        raise ProfileUnsupported("This is not a profile.") from error


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


def _provenance(
    mastered: Mastered, report: dict[str, Any], outputs: dict[str, Path]
) -> dict[str, Any]:
    """Return the record by which a master can be explained, repeated and recognised."""
    return {
        "engine": ENGINE_VERSION,
        "settings": mastered.settings.as_dict(),
        "reference_profile_sha256": _profile_sha256(mastered.reference),
        "numbers": report["numbers"],
        "loudness": report["loudness"],
        "outputs_sha256": {name: _file_sha256(path) for name, path in outputs.items()},
    }


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _profile_sha256(profile: Profile) -> str:
    text = json.dumps(profile.to_dict(), separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


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
