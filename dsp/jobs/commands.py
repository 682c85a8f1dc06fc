"""What the command line does with files, and the run that warms a worker up."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dsp import files
from dsp.audio import Audio
from dsp.blends import Blend
from dsp.chain import master
from dsp.checks import check_mix
from dsp.errors import InvalidSettings
from dsp.formats import WRITABLE
from dsp.measure import Profile, measure
from dsp.report import describe
from dsp.settings import MasterSettings
from dsp.stored import load_profile, load_reference, save_profile
from dsp.suitability import compare


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
