"""Songs of two and three kinds of parts, whose order and loudness are known, to be paired."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.ears.accidents import made, resampled
from dsp.audio import Audio
from dsp.loudness import weighted_energies
from dsp.measure import measure
from dsp.pairing import pair_sections

RATE_HZ: Final = 44_100
SECONDS: Final = (14.0, 24.0)
STEP_LU: Final = 6.0  # from kind to kind: verse and chorus of a dynamic song
LOUDEST_LUFS: Final = -15.0
ORDERS: Final = {2: ((0, 1, 0, 1), (1, 0, 1)), 3: ((2, 1, 0, 1, 0), (1, 0, 2, 0))}

Piece = Callable[[np.random.Generator], Audio]


@dataclass(frozen=True, slots=True)
class Song:
    """A song, and of which kind each second of it is; kind 0 is the loudest."""

    audio: Audio
    kinds: list[int]


def put_together(rng: np.random.Generator, piece: Piece, order: tuple[int, ...]) -> Song:
    """Return a song of pieces of music, one for each kind, in an order."""
    pieces = {}
    for kind in sorted(set(order)):
        whole = resampled(piece(rng), RATE_HZ).samples
        frames = min(whole.shape[1], round(rng.uniform(*SECONDS) * RATE_HZ))
        part = whole[:, : frames - frames % RATE_HZ]
        gain_db = LOUDEST_LUFS - STEP_LU * kind - loudness_lufs(part)
        pieces[kind] = part * np.float32(10.0 ** (gain_db / 20.0))
    samples = np.concatenate([pieces[kind] for kind in order], axis=1)
    kinds = [kind for kind in order for _ in range(pieces[kind].shape[1] // RATE_HZ)]
    return Song(made(samples, RATE_HZ), kinds)


def loudness_lufs(samples: np.ndarray) -> float:
    """Return the K-weighted loudness of all of a sound: two sounds of one rms are not one loud."""
    power = float(weighted_energies(made(samples, RATE_HZ)).energies.mean())
    return -0.691 + 10.0 * math.log10(max(power, 1e-12))


def judge(mix: Song, reference: Song) -> tuple[int, int]:
    """Return how many parts of a mix are paired with parts of their own kind, and how many are."""
    sections = [measure(song.audio).summary()["sections"] for song in (mix, reference)]
    right = 0
    pairs = pair_sections(*sections)
    for ours, theirs in pairs:
        right += _kind(mix, sections[0][ours]) == _kind(reference, sections[1][theirs])
    return right, len(pairs)


def _kind(song: Song, section: dict[str, float]) -> int:
    inside = song.kinds[int(section["start_seconds"]) : round(section["end_seconds"])]
    return int(np.bincount(inside).argmax())
