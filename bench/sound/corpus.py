"""The music of the trials: tracks out of Debian packages, raw mixes rendered by LMMS.

Nothing is installed: packages are fetched with ``apt-get download`` and only the members that
``music.tsv`` names are unpacked. What is there already is left alone. Nothing of it is part of
this repository.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import groupby
from pathlib import Path
from shutil import which

import numpy as np
import soundfile

HERE = Path(__file__).parent
EXTENSIONS = (".flac", ".mp3", ".ogg", ".wav")
PROJECTS = Path("/usr/share/lmms/projects")
BOTH_STEMS = " + "  # between two members whose sum is the track
STEMS_PEAK_DBFS = -1.0
RENDER_TRIES = 3  # LMMS crashes now and then when it has no screen


@dataclass(frozen=True)
class Track:
    """One row of ``music.tsv``."""

    id: str
    package: str
    version: str
    path: str
    licence: str
    genre: str
    artist: str
    title: str
    album: str


@dataclass(frozen=True)
class RawMix:
    """One row of ``raw.tsv``: a project of the LMMS demos."""

    id: str
    package: str
    project: str
    licence: str
    genre: str
    artist: str


@dataclass(frozen=True)
class Pair:
    """One row of ``pairs.tsv``."""

    pair: str
    kind: str
    target: str
    reference: str
    why: str


def tracks() -> list[Track]:
    """Return the finished tracks in order of their ids."""
    return _rows("music.tsv", Track)


def raw_mixes() -> list[RawMix]:
    """Return the unmastered mixes."""
    return _rows("raw.tsv", RawMix)


def pairs() -> list[Pair]:
    """Return what is mastered toward what."""
    return _rows("pairs.tsv", Pair)


def _rows(name, kind):
    wanted = [field.name for field in fields(kind)]
    with (HERE / name).open() as file:
        return [
            kind(**{key: row[key] for key in wanted})
            for row in csv.DictReader(file, delimiter="\t")
        ]


def found(folder: Path) -> dict[str, Path]:
    """Return the audio files of a folder by their ids."""
    if not folder.is_dir():
        return {}
    return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix in EXTENSIONS}


def fetch(folder: Path, wanted: Iterable[Track]) -> dict[str, Path]:
    """Lay the tracks out in a folder, fetching what is missing; return where each one is."""
    folder.mkdir(parents=True, exist_ok=True)
    there = found(folder)
    missing = sorted((t for t in wanted if t.id not in there), key=lambda t: t.package)
    for package, of_package in groupby(missing, key=lambda t: t.package):
        print(f"fetch {package}", file=sys.stderr, flush=True)
        try:
            _unpack(package, list(of_package), folder)
        except (subprocess.CalledProcessError, OSError, KeyError) as error:
            print(f"MISSING {package}: {error}", file=sys.stderr)
    return found(folder)


def _unpack(package: str, wanted: list[Track], folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch:
        # as root apt would drop to a user who may not write here
        command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package]
        subprocess.run(command, cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(scratch).glob("*.deb")
        version = archive.name.split("_")[1].replace("%3a", ":")
        if version != wanted[0].version:
            print(f"note: {package} is {version}, not {wanted[0].version}", file=sys.stderr)
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE
        ) as unpacking:
            members = {member for track in wanted for member in track.path.split(BOTH_STEMS)}
            held = _members(unpacking.stdout, members)
    for track in wanted:
        parts = [held[member] for member in track.path.split(BOTH_STEMS)]
        if len(parts) == 1:
            (folder / f"{track.id}{Path(track.path).suffix}").write_bytes(parts[0])
        else:
            _sum_stems(parts, folder / f"{track.id}.flac")


def _members(stream, wanted: set[str]) -> dict[str, bytes]:
    """Return the bytes of some members of a tar stream, read to its end."""
    held = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if name in wanted:
                held[name] = archive.extractfile(member).read()
    return held


def _sum_stems(parts: list[bytes], path: Path) -> None:
    """Write the sum of stems, turned down to −1 dBFS where it is higher."""
    stems = []
    for part in parts:
        with tempfile.NamedTemporaryFile(suffix=".ogg") as file:
            file.write(part)
            file.flush()
            samples, rate = soundfile.read(file.name, dtype="float64", always_2d=True)
            stems.append(samples)
    mix = np.zeros((max(map(len, stems)), 2))
    for stem in stems:
        mix[: len(stem)] += stem
    highest = float(np.abs(mix).max())
    gain = min(1.0, 10.0 ** (STEMS_PEAK_DBFS / 20.0) / highest)
    soundfile.write(path, mix * gain, rate, subtype="PCM_24")


def render(folder: Path) -> dict[str, Path]:
    """Render the raw mixes that a folder lacks as 32-bit float WAV; return those there are."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [mix for mix in raw_mixes() if mix.id not in found(folder)]
    if missing and (which("lmms") is None or not PROJECTS.is_dir()):
        print(
            f"NO LMMS HERE: {len(missing)} raw mixes are left out (install lmms, or RAW=folder)",
            file=sys.stderr,
        )
        return found(folder)
    for mix in missing:
        print(f"render {mix.project}", file=sys.stderr, flush=True)
        part = folder / f".{mix.id}.part.wav"
        command = ["lmms", "--allowroot", "render", PROJECTS / mix.project]
        command += ["-a", "-f", "wav", "-s", "44100", "-o", part]
        for _ in range(RENDER_TRIES):
            done = subprocess.run(
                command, env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(folder)},
                capture_output=True, timeout=900, check=False,
            )  # fmt: skip
            if done.returncode == 0 and part.exists():
                part.rename(folder / f"{mix.id}.wav")
                break
        else:
            part.unlink(missing_ok=True)
            print(f"NOT RENDERED: {mix.project}", file=sys.stderr)
    return found(folder)
