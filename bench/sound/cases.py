"""What is mastered: damaged sections whose truth is known, real pairs, raw mixes, known curves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from bench.sound import corpus, damage, excerpts, meters
from bench.sound.corpus import Pair, Track

SCALES = (0.0, 1.0, 2.0, 3.0)
SCALES_OF = {"same": SCALES, "album": SCALES, "other": (1.0,)}
PROGRAMME_SEED = 1000
OTHER_STEP = 7  # tracks further on in the list, until one is of other music


@dataclass(frozen=True)
class Case:
    """One thing to master.

    ``trial`` is "same", "album" or "other" (a damaged section, toward another section of the same
    track, of its album, of other music), "pair" or "raw" (real ones), "programme" (a known tonal
    error, toward the truth itself) or "null" (toward itself).
    """

    trial: str
    name: str
    target: Path
    reference: Path
    kind: str = "none"
    scale: float = 0.0
    seed: int = 0

    @property
    def group(self) -> str:
        """The row of tables it belongs to."""
        if self.trial in ("same", "album", "other"):
            return f"{self.trial} {self.kind} x{self.scale:g}"
        return self.trial

    def identity(self) -> str:
        """Return what tells its audio from any other's."""
        parts = [file_hash(self.target), file_hash(self.reference), _code_hash()]
        parts += [self.trial, self.kind, f"{self.scale:g}", str(self.seed)]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:24]


class Pieces:
    """The audio of a case, and what is measured of what never changes."""

    def __init__(self, case: Case, cache_folder: Path) -> None:
        target, reference = (
            excerpts.sections(path, cache_folder) for path in (case.target, case.reference)
        )
        self.rate, self.reference_rate = target[2], reference[2]
        self.truth = target[0]
        if case.trial in ("pair", "raw", "null"):
            self.mix, self.reference = (
                np.concatenate(each[:2], axis=1) for each in (target, reference)
            )
            self.truth = self.mix if case.trial == "null" else None
        else:
            self.mix = damage.damaged(self.truth, self.rate, case.kind, case.seed, case.scale)
            self.reference = self.truth if case.trial == "programme" else reference[1]

    @cached_property
    def measured_truth(self) -> meters.Measured | None:
        """The truth on the meters, where there is one."""
        return None if self.truth is None else meters.Measured(self.truth, self.rate)

    @cached_property
    def measured_reference(self) -> meters.Measured:
        """The reference on the meters."""
        return meters.Measured(self.reference, self.reference_rate)


def all_cases(
    music: dict[str, Path],
    raw: dict[str, Path],
    *,
    trials: set[str],
    kinds: list[str],
    scales: list[float],
    every: int,
    pairs_every: int | None = None,
) -> list[Case]:
    """Return the cases of some trials, of every N-th track and pair only.

    ``pairs_every`` is another N for pairs.
    """
    found = [track for track in corpus.tracks() if track.id in music]
    cases: list[Case] = []
    for number in range(0, len(found), every):
        track = found[number]
        path = music[track.id]
        for trial, reference in _references(found, number, music):
            if trial in trials:
                cases += _recover(trial, track, path, reference, kinds, scales, number)
        for trial, kind, seed in (
            ("programme", "tone", PROGRAMME_SEED + number),
            ("null", "none", 0),
        ):
            if trial in trials:
                cases.append(Case(trial, track.id, path, path, kind, 1.0, seed))
    for trial, kinds_of_pair in (("pair", ("match", "mismatch")), ("raw", ("raw",))):
        pairs = [pair for pair in corpus.pairs() if pair.kind in kinds_of_pair]
        if trial in trials:
            cases += _real(trial, pairs[:: pairs_every or every], {**music, **raw})
    return cases


def _recover(trial, track, path, reference, kinds, scales, number) -> Iterator[Case]:
    for kind in kinds:
        for scale in (each for each in scales if each in SCALES_OF[trial]):
            yield Case(trial, track.id, path, reference, kind, scale, number)


def _real(trial: str, pairs: list[Pair], files: dict[str, Path]) -> Iterator[Case]:
    for pair in pairs:
        if pair.target in files and pair.reference in files:
            yield Case(trial, pair.pair, files[pair.target], files[pair.reference])


def _references(
    found: list[Track], number: int, music: dict[str, Path]
) -> Iterator[tuple[str, Path]]:
    """Yield the track itself, the next of its album, and one of another album and genre."""
    track = found[number]
    yield "same", music[track.id]
    turned = found[number + 1 :] + found[:number]
    album = [other for other in turned if other.album == track.album != "-"]
    if album:
        yield "album", music[album[0].id]
    for step in range(OTHER_STEP, OTHER_STEP + len(found)):
        other = found[(number + step) % len(found)]
        if other.package != track.package and other.genre != track.genre:
            yield "other", music[other.id]
            return


@cache
def file_hash(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _code_hash() -> str:
    """Return the hash of what makes the audio of a case."""
    folder = Path(__file__).parent
    code = b"".join((folder / name).read_bytes() for name in ("damage.py", "excerpts.py"))
    return hashlib.sha256(code).hexdigest()
