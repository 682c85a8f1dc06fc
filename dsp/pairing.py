"""Which parts of a mix are compared with which parts of a reference; free of numpy.

Loud parts go with loud parts: by their loudness under the loudest part in LU, by where that lies
between the quietest and the loudest, and by how many levels of loudness are above it. Among parts
of like loudness a role that both have decides: roles are told from loudness and place in the song,
and the middle of three levels is a break in one song and a verse in another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

SHORT_SECONDS: Final = 5.0  # a shorter part is no measure of how loud a track gets
EVEN_LU: Final = 2.0  # parts of one loudness: all of them are loud
APART_LU: Final = 6.0  # difference of which half the weight is reached
STEP_LU: Final = 1.5  # between parts of two levels
LEVEL_WEIGHT: Final = 0.5
PLACE_WEIGHT: Final = 0.2
RANK_WEIGHT: Final = 0.3
ROLE_WEIGHT: Final = 0.1  # what one role on both sides is worth …
LIKE_LU: Final = 1.0  # … to parts of one loudness, and nothing to parts so far apart
ORDER_WEIGHT: Final = 0.05  # among equals, the part at the like place in the song
UNPAIRED: Final = 0.75  # parts less alike than this are not compared

Parts = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Level:
    """How loud a part is among those of its song.

    Attributes
    ----------
    under_lu : float, <= 0
        Its loudness against the loudest part's.
    place : float, 0 to 1
        Where that lies between the quietest part's and the loudest's.
    rank : float, 0 to 1
        The share of the song's levels of loudness that it is above.
    """

    under_lu: float
    place: float
    rank: float


def pair_sections(mix: Parts, reference: Parts) -> list[tuple[int, int]]:
    """Return pairs of section numbers to be compared, in the order of the mix.

    Parameters
    ----------
    mix, reference : sequence of mapping
        Sections as a profile's summary lists them: ``start_seconds``, ``end_seconds``,
        ``loudness_lufs``, ``role`` and ``confidence``.

    Returns
    -------
    list of (mix number, reference number)
        At most one for each part of the mix; several may go with one part of the reference. A
        part unlike every other part, such as a quiet one where the reference has none, is left
        out. The loudest parts are always paired.
    """
    if not mix or not reference:
        return []
    levels, aims = _levels(mix), _levels(reference)
    pairs = []
    for number, part in enumerate(mix):
        costs = [
            _cost(part, levels[number], other, aim)
            + ORDER_WEIGHT * abs(_place(mix, number) - _place(reference, place))
            for place, (other, aim) in enumerate(zip(reference, aims, strict=True))
        ]
        best = min(range(len(costs)), key=costs.__getitem__)
        if costs[best] <= UNPAIRED:
            pairs.append((number, best))
    top = (loudest(mix), loudest(reference))
    if not any(levels[number].under_lu == 0.0 for number, _ in pairs):
        pairs = sorted([*pairs, top])
    return pairs


def loudest(parts: Parts) -> int:
    """Return the number of the loudest part that is long enough to count."""
    counted = _counted(parts)
    return max(counted, key=lambda number: float(parts[number]["loudness_lufs"]))


def _counted(parts: Parts) -> list[int]:
    long = [number for number, part in enumerate(parts) if _seconds(part) >= SHORT_SECONDS]
    return long or list(range(len(parts)))


def _seconds(part: Mapping[str, Any]) -> float:
    return float(part["end_seconds"]) - float(part["start_seconds"])


def _levels(parts: Parts) -> list[_Level]:
    """Return how loud each part is among all; the parts of an even song are all loud."""
    counted = [float(parts[number]["loudness_lufs"]) for number in _counted(parts)]
    top, bottom = max(counted), min(counted)
    unders = [min(0.0, float(part["loudness_lufs"]) - top) for part in parts]
    spread = top - bottom
    if spread < EVEN_LU:
        return [_Level(under, 1.0, 1.0) for under in unders]
    ranks = _ranks(unders)
    return [
        _Level(under, max(0.0, 1.0 + under / spread), rank)
        for under, rank in zip(unders, ranks, strict=True)
    ]


def _ranks(unders: Sequence[float]) -> list[float]:
    """Return each part's rank among the levels, which gaps in loudness part from each other."""
    above = sorted(unders, reverse=True)
    steps = [louder for louder, under in pairwise(above) if louder - under > STEP_LU]
    return [1.0 - sum(under < step for step in steps) / max(1, len(steps)) for under in unders]


def _cost(part: Mapping[str, Any], level: _Level, other: Mapping[str, Any], aim: _Level) -> float:
    apart_lu = abs(level.under_lu - aim.under_lu)
    apart = (
        LEVEL_WEIGHT * apart_lu / (apart_lu + APART_LU)
        + PLACE_WEIGHT * abs(level.place - aim.place)
        + RANK_WEIGHT * abs(level.rank - aim.rank)
    )
    if part.get("role") is not None and part.get("role") == other.get("role"):
        trust = min(float(part.get("confidence", 0.0)), float(other.get("confidence", 0.0)))
        apart -= ROLE_WEIGHT * trust * max(0.0, 1.0 - apart_lu / LIKE_LU)
    return apart


def _place(parts: Parts, number: int) -> float:
    """Return where the middle of a part lies in its song, 0 to 1."""
    end = max(float(parts[-1]["end_seconds"]), 1e-9)
    part = parts[number]
    return (float(part["start_seconds"]) + float(part["end_seconds"])) / (2.0 * end)
