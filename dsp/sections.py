"""The parts of a track, found by how it sounds: where they begin, which are alike, what they do."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import scipy.cluster.hierarchy

from dsp.spectrum import Doubles, Floats, Spectrogram, bands_between, to_db

Role = Literal["intro", "verse", "chorus", "drop", "break", "bridge", "outro"]

BLOCK_SECONDS: Final = 0.25
KERNELS: Final = ((24.0, 1.0), (8.0, 0.5))  # spans compared around a boundary, s, and weights
SHORTEST_SECONDS: Final = 8.0
NOVELTY_SPREAD: Final = 0.25  # a boundary stands out by this many standard deviations …
SHORT_SECONDS: Final = 12.0  # … and where it makes a part shorter than this,
SHORT_NOVELTY_SPREAD: Final = 1.5  # by this many
ALIKE: Final = 0.7  # distance of two parts in tone, width and pace, in units of blocks' scatter
QUIETEST_LU: Final = 40.0  # under the loudest, what is quieter is silence
KIND_LU: Final = 3.0  # a difference in loudness that makes two kinds of like sounds
MOST_KINDS: Final = 8
LETTERS: Final = "ABCDEFGH"
LEVEL_COLUMN: Final = -2  # of the features

PEAK_SECONDS: Final = 10.0  # the least of a kind that can be the track's peak
LEVEL_LU: Final = 2.0  # under the peak, from where a part can be a verse …
LOW_LU: Final = 6.0  # … and from where a break
SURE_LU: Final = 6.0  # over a threshold: as sure as loudness makes it
EDGE_SHARE: Final = 0.25  # of the track, within which an intro ends and an outro begins
VERSE_SHARE: Final = 0.2  # of the track: where less is quieter, what is loud is no chorus
DROP_BASS_DB: Final = 4.0  # by which the bass rises more than the rest where a drop begins
DROP_LU: Final = 14.0  # what is further down before it is no build-up
LOW_END_HZ: Final = (30.0, 120.0)
LEAST_CONFIDENCE: Final = 0.4  # a role less sure is not named


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a track.

    Attributes
    ----------
    start_seconds, end_seconds : float
    letter : str
        Parts of one letter sound alike.
    role : str or None
        "intro", "verse", "chorus", "drop", "break", "bridge" or "outro", where loudness, place
        and repetition say so. It is about energy: nobody has listened for words.
    loudness_lufs : float
        Ungated K-weighted loudness of the part.
    confidence : float, 0 to 1
        How sure the role is; 0 where there is none.
    """

    start_seconds: float
    end_seconds: float
    letter: str
    role: Role | None
    loudness_lufs: float
    confidence: float


@dataclass(frozen=True, slots=True)
class _Part:
    """What the role of a part is told from."""

    kind: int
    seconds: float
    under_lu: float  # the loudest kind
    bass_db: float
    density: float


def find_sections(
    spectrogram: Spectrogram, energies: Doubles, *, step_seconds: float, duration_seconds: float
) -> tuple[Section, ...]:
    """Return a track's parts in order, without gaps, from its bands and its loudness.

    Parameters
    ----------
    spectrogram : Spectrogram
        Bands over time.
    energies : ndarray, shape (steps,)
        K-weighted mean square per step, summed over channels.
    step_seconds, duration_seconds : float
        Length of a step, and of the track.

    Notes
    -----
    Boundaries are peaks of a checkerboard novelty on the blocks' self-similarity (Foote 2000);
    parts are joined to kinds by average linkage, neighbours of one kind to one part.
    """
    features, block_lufs, bass_db = _blocks(spectrogram, energies, step_seconds)
    edges = _boundaries(features)
    kinds = _kinds(features, edges, _loudness(block_lufs, edges))
    begins = [i for i in range(len(kinds)) if i == 0 or kinds[i] != kinds[i - 1]]
    kinds, edges = [kinds[i] for i in begins], [*(edges[i] for i in begins), edges[-1]]
    spans = list(pairwise(edges))
    loudness = _loudness(block_lufs, edges)
    top = _peak_lufs(kinds, spans, loudness)
    parts = [
        _Part(
            kinds[i],
            (b - a) * BLOCK_SECONDS,
            top - float(loudness[i]),
            float(10.0 * np.log10(np.mean(10.0 ** (bass_db[a:b] / 10.0)))),
            float(features[a:b, -1].mean()),
        )
        for i, (a, b) in enumerate(spans)
    ]
    roles = _roles(parts)
    letters = _letters(kinds)
    times = [float(edge) * BLOCK_SECONDS for edge in edges]
    times[-1] = duration_seconds
    return tuple(
        Section(
            round(times[i], 2),
            round(times[i + 1], 2),
            letters[i],
            roles[i][0],
            round(float(loudness[i]), 2),
            round(roles[i][1], 2),
        )
        for i in range(len(spans))
    )


def _blocks(
    spectrogram: Spectrogram, energies: Doubles, step_seconds: float
) -> tuple[Doubles, Doubles, Doubles]:
    """Return standardised features, the loudness and the low end's level of every block."""
    per_block = BLOCK_SECONDS / step_seconds
    count = max(1, int(energies.size / per_block))
    lufs = -0.691 + to_db(_averaged(energies[:, None], per_block, count)[:, 0])
    per_block = BLOCK_SECONDS / spectrogram.hop_seconds
    mids, sides = (
        _averaged(bands, per_block, count, offset=0.5)
        for bands in (spectrogram.mid, spectrogram.side)
    )
    tone = to_db(mids.reshape(count, 24, -1).sum(axis=2))
    side, mid = (to_db(bands.reshape(count, 8, -1).sum(axis=2)) for bands in (sides, mids))
    level = np.maximum(lufs, lufs.max() - QUIETEST_LU)[:, None]
    tone = np.maximum(tone, tone.max() - 80.0)
    width = np.clip(side - mid, -30.0, 6.0)
    change = np.abs(np.diff(tone, axis=0, prepend=tone[:1])).mean(axis=1, keepdims=True)
    groups = [tone - tone.mean(axis=1, keepdims=True), width, 2.0 * level, 2.0 * change]
    scaled = [
        group / max(1.0, float(group.std(axis=0).mean())) / np.sqrt(group.shape[1])
        for group in groups
    ]
    features: Doubles = np.hstack(scaled)
    bass_db = to_db((mids + sides)[:, bands_between(*LOW_END_HZ)].sum(axis=1))
    return features - features.mean(axis=0), lufs, bass_db


def _averaged(
    rows: Doubles | Floats, per_block: float, count: int, *, offset: float = 0.0
) -> Doubles:
    """Return the mean of the rows of every block; a row counts to the blocks it overlaps.

    ``offset`` is where the first row begins, in rows: a frame under a window lies half a hop late.
    """
    sums = np.zeros((rows.shape[0] + 1, rows.shape[1]))
    np.cumsum(rows, axis=0, dtype=np.float64, out=sums[1:])
    places = np.clip(np.arange(count + 1) * per_block - offset, 0.0, float(rows.shape[0]))
    places = np.maximum.accumulate(np.maximum(places, np.arange(count + 1) * 1e-9))
    low = np.minimum(places.astype(np.int64), rows.shape[0] - 1)
    at = sums[low] + (places - low)[:, None] * (sums[low + 1] - sums[low])
    spans = np.diff(places)
    means = np.diff(at, axis=0) / np.maximum(spans, 1e-9)[:, None]
    empty = np.flatnonzero(spans < 1e-6)  # past the last frame: as the last one
    means[empty] = rows[-1]
    positive: Doubles = np.maximum(means, 0.0)
    return positive


def _boundaries(features: Doubles) -> list[int]:
    """Return the blocks at which parts begin, and the number of blocks.

    What changes within a part, as where the drums come in after four bars, is a smaller change than
    one to another part: a short part must stand out more.
    """
    count = features.shape[0]
    shortest, short = (round(each / BLOCK_SECONDS) for each in (SHORTEST_SECONDS, SHORT_SECONDS))
    if count < 2 * shortest:
        return [0, count]
    novelty = _novelty(features)
    mean, deviation = float(novelty.mean()), float(novelty.std())
    edges = [0, count]
    free, roomy = (np.ones(count, dtype=np.bool_) for _ in range(2))
    _keep_off(free, edges, shortest)
    _keep_off(roomy, edges, short)
    for place in np.argsort(novelty)[::-1]:
        stands_out = (float(novelty[place]) - mean) / max(deviation, 1e-30)
        if stands_out < NOVELTY_SPREAD:
            break
        if roomy[place] or (free[place] and stands_out >= SHORT_NOVELTY_SPREAD):
            edges.append(int(place))
            _keep_off(free, edges[-1:], shortest)
            _keep_off(roomy, edges[-1:], short)
    return sorted(edges)


def _keep_off(free: npt.NDArray[np.bool_], edges: list[int], blocks: int) -> None:
    """Mark what lies nearer than so many blocks to an edge as not free."""
    for edge in edges:
        free[max(0, edge - blocks + 1) : edge + blocks] = False


def _novelty(features: Doubles) -> Doubles:
    """Return how much what follows each block differs from what went before.

    A long span tells what is another part, a short one where it begins.
    """
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    novelty = np.zeros(features.shape[0])
    for seconds, weight in KERNELS:
        novelty += weight * _checkerboard(unit, round(seconds / BLOCK_SECONDS / 2.0))
    return novelty


def _checkerboard(unit: Doubles, half: int) -> Doubles:
    """Return the checkerboard novelty of blocks, from so many of them on either side.

    The kernel is an outer product of a vector with itself, and so is the self-similarity; their
    product summed is the squared length of one convolution, which is linear in the track's length.
    """
    half = min(half, unit.shape[0] - 1)
    place = np.arange(-half, half) + 0.5
    kernel = np.exp(-0.5 * np.square(place / (half / 2.0))) * np.sign(place)
    kernel /= np.abs(kernel).sum()
    padded = np.pad(unit, ((half, half), (0, 0)), mode="reflect")
    change = np.array([np.correlate(column, kernel, "valid") for column in padded.T])
    novelty: Doubles = np.square(change).sum(axis=0)[: unit.shape[0]]
    return novelty


def _loudness(block_lufs: Doubles, edges: list[int]) -> Doubles:
    """Return the loudness of every part, LUFS."""
    powers = 10.0 ** (block_lufs / 10.0)
    return np.array([10.0 * np.log10(powers[a:b].mean()) for a, b in pairwise(edges)])


def _kinds(features: Doubles, edges: list[int], loudness: Doubles) -> list[int]:
    """Return a number for each part, the same for parts that sound alike (average linkage).

    One pattern played softly and loudly is two kinds: parts are told apart to compare loud with
    loud. Loudness counts once, in LU: as one of the features too it would count by how far the
    whole track's ranges, and differences in tone for less.
    """
    if len(edges) == 2:
        return [0]
    timbre = np.delete(features, LEVEL_COLUMN, axis=1)
    parts = [timbre[a:b] for a, b in pairwise(edges)]
    means = np.array([part.mean(axis=0) for part in parts])
    scatter = max(float(np.sqrt(np.mean([part.var(axis=0).sum() for part in parts]))), 1e-9)
    level = np.maximum(loudness, loudness.max() - QUIETEST_LU) * (ALIKE / KIND_LU)
    places = np.column_stack([means / scatter, level])
    tree = scipy.cluster.hierarchy.linkage(places, method="average")
    kinds: npt.NDArray[np.int32] = scipy.cluster.hierarchy.fcluster(tree, ALIKE, "distance")
    if kinds.max() > MOST_KINDS:
        kinds = scipy.cluster.hierarchy.fcluster(tree, MOST_KINDS, "maxclust")
    return [int(kind) for kind in kinds]


def _letters(kinds: list[int]) -> list[str]:
    order: list[int] = list(dict.fromkeys(kinds))
    return [LETTERS[order.index(kind)] for kind in kinds]


def _peak_lufs(kinds: list[int], spans: list[tuple[int, int]], loudness: Doubles) -> float:
    """Return the loudness of the loudest kind that lasts long enough."""
    lengths = np.array([b - a for a, b in spans]) * BLOCK_SECONDS
    levels = []
    for kind in dict.fromkeys(kinds):
        of = np.array([each == kind for each in kinds])
        power = np.average(10.0 ** (loudness[of] / 10.0), weights=lengths[of])
        if lengths[of].sum() >= PEAK_SECONDS:
            levels.append(10.0 * float(np.log10(power)))
    return max(levels, default=float(loudness.max()))


def _roles(parts: list[_Part]) -> list[tuple[Role | None, float]]:
    """Return each part's role and how sure it is.

    The loudest kind is the chorus, or the drop where the bass comes in with it; what is clearly
    quieter a verse where it returns or lasts, a break or bridge where it stands once between loud
    parts; a quieter beginning and end are intro and outro.
    """
    if len({part.kind for part in parts}) < 2:
        return [(None, 0.0)] * len(parts)
    whole = sum(part.seconds for part in parts)
    loud = [part.under_lu < LEVEL_LU for part in parts]
    first, last = loud.index(True) if any(loud) else 0, len(parts) - 1
    roles: list[tuple[Role | None, float]] = []
    begun = 0.0
    for number, part in enumerate(parts):
        role, confidence = _role(parts, number, begun / whole, loud, (first, last))
        roles.append((role, confidence) if confidence >= LEAST_CONFIDENCE else (None, 0.0))
        begun += part.seconds
    return roles


def _role(
    parts: list[_Part], number: int, place: float, loud: list[bool], ends: tuple[int, int]
) -> tuple[Role | None, float]:
    part = parts[number]
    if loud[number]:
        before = parts[number - 1] if number else part
        rise_lu = before.under_lu - part.under_lu
        rise_db = part.bass_db - before.bass_db - rise_lu  # of the bass beyond that of all
        quieter = [other.under_lu for other in parts if other.kind != part.kind]
        clear = _sure(max(quieter, default=0.0) - part.under_lu - LEVEL_LU)
        if rise_db > DROP_BASS_DB and before.under_lu < DROP_LU:
            return "drop", 0.5 + 0.3 * _sure(rise_db - DROP_BASS_DB)
        if not _has_verses(parts, loud):
            return None, 0.0
        return "chorus", 0.4 + 0.4 * clear
    depth = _sure(part.under_lu - LEVEL_LU)
    share = sum(each.seconds for each in parts)
    if number == 0 and part.seconds <= EDGE_SHARE * share:
        return "intro", 0.5 + 0.4 * depth
    if number == ends[1] and part.seconds <= EDGE_SHARE * share:
        return "outro", 0.5 + 0.4 * depth
    between = any(loud[:number]) and any(loud[number + 1 :])
    returns = sum(other.kind == part.kind for other in parts) > 1
    if part.under_lu >= LOW_LU and between:
        return "break", 0.5 + 0.4 * _sure(part.under_lu - LOW_LU)
    if between and not returns and place > 0.5:
        return "bridge", 0.4 + 0.3 * depth
    return "verse", 0.4 + 0.4 * depth


def _has_verses(parts: list[_Part], loud: list[bool]) -> bool:
    """Whether enough of a track is quieter than its loud parts for those to be choruses."""
    share = sum(part.seconds for part in parts)
    quieter = sum(part.seconds for part, is_loud in zip(parts, loud, strict=True) if not is_loud)
    return quieter >= VERSE_SHARE * share


def _sure(beyond_lu: float) -> float:
    return float(np.clip(beyond_lu / SURE_LU, 0.0, 1.0))
