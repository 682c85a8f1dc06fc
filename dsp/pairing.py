"""Which parts of a mix are compared with which parts of a reference; free of numpy.

Loud parts go with loud parts: by their loudness under the loudest part, in LU and as a place
between the quietest and the loudest, and by role where both tracks have one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

SHORT_SECONDS: Final = 5.0  # a shorter part is no measure of how loud a track gets
EVEN_LU: Final = 2.0  # parts of one loudness: all of them are loud
APART_LU: Final = 6.0  # difference of which half the weight is reached
LEVEL_WEIGHT: Final = 0.6
PLACE_WEIGHT: Final = 0.4
ROLE_WEIGHT: Final = 0.3  # what one role on both sides is worth
ORDER_WEIGHT: Final = 0.05  # among equals, the part at the like place in the song
UNPAIRED: Final = 0.75  # parts less alike than this are not compared

Parts = Sequence[Mapping[str, Any]]


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
    if not any(levels[number][0] == 0.0 for number, _ in pairs):
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


def _levels(parts: Parts) -> list[tuple[float, float]]:
    """Return each part's loudness under the loudest, LU, and its place from quietest to loudest."""
    counted = [float(parts[number]["loudness_lufs"]) for number in _counted(parts)]
    top, bottom = max(counted), min(counted)
    spread = top - bottom
    levels = []
    for part in parts:
        under = min(0.0, float(part["loudness_lufs"]) - top)
        place = 1.0 if spread < EVEN_LU else max(0.0, 1.0 + under / spread)
        levels.append((under, place))
    return levels


def _cost(
    part: Mapping[str, Any],
    level: tuple[float, float],
    other: Mapping[str, Any],
    aim: tuple[float, float],
) -> float:
    apart_lu = abs(level[0] - aim[0])
    apart = LEVEL_WEIGHT * apart_lu / (apart_lu + APART_LU) + PLACE_WEIGHT * abs(level[1] - aim[1])
    if part.get("role") is not None and part.get("role") == other.get("role"):
        trust = min(float(part.get("confidence", 0.0)), float(other.get("confidence", 0.0)))
        apart -= ROLE_WEIGHT * trust
    return apart


def _place(parts: Parts, number: int) -> float:
    """Return where the middle of a part lies in its song, 0 to 1."""
    end = max(float(parts[-1]["end_seconds"]), 1e-9)
    part = parts[number]
    return (float(part["start_seconds"]) + float(part["end_seconds"])) / (2.0 * end)
