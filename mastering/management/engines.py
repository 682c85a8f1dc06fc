"""Two versions of the engine on the same audio: what moved, and whether it may.

Each version runs in processes of its own that see its code alone, by the command line, which is
the one thing all versions share. Both masters are then measured with one ruler, the code at hand.
"""

import fnmatch
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.core.management.base import CommandError

from dsp import files, jobs
from dsp.audio import Audio
from mastering.management.band import play
from mastering.management.songs import GLASS, HARBOUR, NIGHT, PAPER, Track

AUDIO: Final = (".wav", ".flac", ".aiff", ".aif", ".mp3", ".m4a", ".ogg")
TOLERANCES: Final = Path(__file__).with_name("engine_tolerances.toml")
SLOWEST_SECONDS: Final = 1_200.0

# Songs of the demo's band, each toward another's, at settings that use every stage.
GOLDEN: Final[tuple[tuple[str, Track, Track, tuple[str, ...]], ...]] = (
    ("harbour toward night", HARBOUR, NIGHT, ()),
    ("paper toward glass, whole", PAPER, GLASS, ("--amount=1.0",)),
    ("glass toward night, loud", GLASS, NIGHT, ("--loudness=-8.0", "--max-limiting=4.0")),
    ("night toward paper, for streaming", NIGHT, PAPER, ("--loudness=-14.0", "--ceiling=-2.0")),
    ("harbour toward glass, tone alone", HARBOUR, GLASS, ("--dynamics=0", "--width=0")),
)


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    mix: Path
    reference: Path
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Engine:
    name: str
    tree: Path
    version: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A measure of one case that is not the same; `by` is None where it is words that differ."""

    case: str
    measure: str
    old: Any
    new: Any
    by: float | None
    tolerance: float

    @property
    def is_past(self) -> bool:
        return self.by is None or abs(self.by) > self.tolerance


@dataclass(frozen=True, slots=True)
class Tolerances:
    ignored: tuple[str, ...]
    patterns: tuple[tuple[str, float], ...]

    def of(self, measure: str) -> float | None:
        """Return how far a measure may move; None where it is none."""
        if any(fnmatch.fnmatchcase(measure, pattern) for pattern in self.ignored):
            return None
        fitting = (far for pattern, far in self.patterns if fnmatch.fnmatchcase(measure, pattern))
        return next(fitting, 0.0)


def read_tolerances(path: Path) -> Tolerances:
    try:
        told = tomllib.loads(path.read_text())
        patterns = tuple((name, float(far)) for name, far in told["tolerances"].items())
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise CommandError(f"{path} holds no tolerances: {error}") from None
    return Tolerances(tuple(told.get("ignored", ())), patterns)


def check_out(name: str) -> Engine:
    """Return the engine of a folder that holds `dsp`, or of a commit, tag or branch.

    What comes from git stays among the site's data, with its kernels: compiling takes a minute.
    """
    tree = Path(name).resolve()
    if not (tree / "dsp" / "__main__.py").is_file():
        try:
            packed = subprocess.run(
                ["git", "archive", "--format=tar", name, "dsp"],  # noqa: S607 (wherever it is)
                cwd=settings.BASE_DIR,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise CommandError(f"{name} holds no engine, and there is no git here.") from None
        if packed.returncode:
            raise CommandError(f"{name} is neither a folder with an engine nor a version in git.")
        tree = engines() / hashlib.sha256(packed.stdout).hexdigest()[:16] / "code"
        if not tree.is_dir():
            _extract(packed.stdout, tree)
    return Engine(name, tree, _run(tree, "--version").strip())


def golden_set(folder: Path, *, seconds: float | None = None) -> list[Case]:
    """Play the made songs into a folder; with `seconds`, only so much of their middles."""
    tracks = {track.title: track for _, *pair, _ in GOLDEN for track in pair}
    paths = {}
    for title, track in tracks.items():
        audio = play(track.song, track.mix)
        if seconds is not None:
            begin = max(0, audio.frames // 2 - round(seconds / 2 * audio.rate_hz))
            middle = audio.samples[:, begin : begin + round(seconds * audio.rate_hz)]
            audio = Audio(np.ascontiguousarray(middle), audio.rate_hz)
        paths[title] = folder / f"{title}.wav"
        files.write(paths[title], audio, format="wav24")
    return [
        Case(name, paths[mix.title], paths[reference.title], options)
        for name, mix, reference, options in GOLDEN
    ]


def cases_in(folder: Path) -> list[Case]:
    """Return a case for each folder below that holds a `mix` and a `reference`."""
    if not folder.is_dir():
        raise CommandError(f"{folder} is no folder.")
    cases = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        found = {
            path.stem: path for path in sorted(place.iterdir()) if path.suffix.lower() in AUDIO
        }
        if missing := {"mix", "reference"} - set(found):
            raise CommandError(f"{place} has no {' and no '.join(sorted(missing))} in it.")
        cases.append(Case(place.name, found["mix"], found["reference"]))
    if not cases:
        raise CommandError(f"{folder} has no folder with a mix and a reference in it.")
    return cases


def measures_of(engine: Engine, case: Case, folder: Path) -> dict[str, Any]:
    """Master a case and return every measure of it, by name."""
    master, report = folder / "master.wav", folder / "report.json"
    _run(
        engine.tree,
        "master",
        str(case.mix),
        str(case.reference),
        *("-o", str(master), "--report", str(report), "--format", "wav32f"),
        *case.options,
    )
    told = {"report": json.loads(report.read_text()), "out": jobs.measure_file(master)}
    with master.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return dict(_flat(told)) | {"bytes": digest}


def compare(
    case: str, old: dict[str, Any], new: dict[str, Any], tolerances: Tolerances
) -> Iterator[Moved]:
    """Yield what is not the same, but the bytes, in the order in which the report tells it."""
    for measure in dict.fromkeys((*old, *new)):
        before, after = old.get(measure), new.get(measure)
        tolerance = tolerances.of(measure)
        if before == after or tolerance is None or measure == "bytes":
            continue
        yield Moved(case, measure, before, after, _distance(before, after), tolerance)


def table(moved: Iterable[Moved]) -> str:
    head = ("", "case", "measure", "old", "new", "moved", "may")
    lines = [
        (
            "PAST" if one.is_past else "",
            one.case,
            one.measure,
            _shown(one.old),
            _shown(one.new),
            "differs" if one.by is None else f"{one.by:+.3f}",
            f"{one.tolerance:g}",
        )
        for one in moved
    ]
    widths = [max(len(line[column]) for line in (head, *lines)) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (head, *lines)
    )


def _run(tree: Path, *arguments: str) -> str:
    """Run the command line of an engine, which sees that engine's code alone."""
    command = [sys.executable, "-P", "-m", "dsp", *arguments]
    alone = f"Try it alone: PYTHONPATH={shlex.quote(str(tree))} {shlex.join(command)}"
    kernels = engines() / f"kernels-{_sum_of(tree / 'dsp')}"
    try:
        ran = subprocess.run(
            command,
            cwd=tree.parent,
            env={
                "PATH": os.defpath,
                "PYTHONPATH": str(tree),
                "NUMBA_CACHE_DIR": str(kernels),  # compiled once for each state of the code
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
                "NUMBA_NUM_THREADS": "1",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=SLOWEST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise CommandError(
            f"The engine of {tree} did not end within {SLOWEST_SECONDS / 60:g} minutes. "
            f"Compare again when the machine has less to do: what was compiled is kept. {alone}"
        ) from None
    if ran.returncode:
        raise CommandError(f"The engine of {tree} failed: {ran.stderr.strip()[-2000:]}\n{alone}")
    return ran.stdout


def engines() -> Path:
    """Return where engines, their kernels and the pages of comparisons are kept."""
    return Path(settings.DATA_DIR) / "engines"


def _extract(packed: bytes, tree: Path) -> None:
    """Unpack code beside its place first: a half of it would be taken for all the next time."""
    tree.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=tree.parent) as beside:
        with tarfile.open(fileobj=BytesIO(packed)) as archive:
            # Python has filters since 3.11.4; Debian 12 is older.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(Path(beside) / "code")  # noqa: S202 (our own code, out of git)
        (Path(beside) / "code").rename(tree)


def _sum_of(package: Path) -> str:
    digest = hashlib.sha256(str(package).encode())
    for path in sorted(package.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _flat(told: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each measure by its path; a list of numbers is one of them."""
    if isinstance(told, dict):
        for key, value in told.items():
            yield from _flat(value, f"{name}.{key}" if name else key)
    elif isinstance(told, list) and not all(isinstance(one, int | float) for one in told):
        for place, value in enumerate(told):
            key = value.get("key") or value.get("code") if isinstance(value, dict) else None
            yield from _flat(value, f"{name}.{key or place}")
    else:
        yield name, told


def _distance(old: Any, new: Any) -> float | None:
    """Return by how much a number moved; of a list of them, the one that moved most."""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return max((float(after - before) for before, after in zip(old, new, strict=True)), key=abs)
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in (old, new)):
        return None
    return float(new - old)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} values"
    return f"{value:.3f}" if isinstance(value, float) else str(value)[:24]
