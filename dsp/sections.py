"""The parts of a track, found by how it sounds: where they begin, which of them are alike."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np

from dsp.spectrum import BAND_COUNT, Doubles, Spectrogram, to_db

Role = Literal["intro", "peak", "quiet", "outro"]

BLOCK_SECONDS: Final = 0.5
KERNEL_SECONDS: Final = 16.0  # span compared on both sides of a possible boundary
SHORTEST_SECONDS: Final = 8.0
NOVELTY_SPREAD: Final = 0.5  # a boundary stands out by this many standard deviations
ALIKE: Final = 0.85  # distance of two parts, in units of the blocks' own scatter
LETTERS: Final = "ABCDEF"
PEAK_SECONDS: Final = 10.0  # the least of a kind that can be the track's peak
EDGE_LU: Final = 3.0  # an intro or outro is this much under the track
QUIET_LU: Final = 6.0


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a track.

    Attributes
    ----------
    start_seconds, end_seconds : float
    letter : str
        Parts of one letter sound alike.
    role : "intro", "peak", "quiet", "outro" or None
        What the part does, where its loudness and place say so.
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
    features, block_lufs = _blocks(spectrogram, energies, step_seconds)
    edges = _boundaries(features)
    kinds = _kinds(features, edges)
    begins = [i for i in range(len(kinds)) if i == 0 or kinds[i] != kinds[i - 1]]
    kinds, edges = [kinds[i] for i in begins], [*(edges[i] for i in begins), edges[-1]]
    spans = list(pairwise(edges))
    loudness = [10.0 * np.log10(np.mean(10.0 ** (block_lufs[a:b] / 10.0))) for a, b in spans]
    roles = _roles(spans, kinds, np.array(loudness), features)
    letters = _letters(kinds)
    times = [float(edge) * BLOCK_SECONDS for edge in edges]
    times[-1] = duration_seconds
    return tuple(
        Section(
            round(times[i], 2),
            round(times[i + 1], 2),
            letters[i],
            roles[i],
            round(float(loudness[i]), 2),
            0.0 if roles[i] is None else 0.6,
        )
        for i in range(len(spans))
    )


def _blocks(
    spectrogram: Spectrogram, energies: Doubles, step_seconds: float
) -> tuple[Doubles, Doubles]:
    """Return standardised features and the loudness of every half second."""
    per_block = round(BLOCK_SECONDS / step_seconds)
    count = max(1, energies.size // per_block)
    power = np.array(
        [np.mean(part) for part in np.array_split(energies[: count * per_block], count)]
    )
    lufs = -0.691 + to_db(power)
    centres = (np.arange(spectrogram.mid.shape[0]) + 1.0) * spectrogram.hop_seconds
    owner = np.minimum((centres / BLOCK_SECONDS).astype(np.int64), count - 1)
    sums = np.zeros((count, 2 * BAND_COUNT))
    np.add.at(sums, owner, np.hstack([spectrogram.mid, spectrogram.side]).astype(np.float64))
    filled = np.maximum.accumulate(
        np.where(np.bincount(owner, minlength=count) > 0, np.arange(count), 0)
    )
    sums = sums[filled]
    tone = to_db(sums[:, :BAND_COUNT].reshape(count, 24, -1).sum(axis=2))
    side = to_db(sums[:, BAND_COUNT:].reshape(count, 8, -1).sum(axis=2))
    mid = to_db(sums[:, :BAND_COUNT].reshape(count, 8, -1).sum(axis=2))
    level = np.maximum(lufs, lufs.max() - 40.0)[:, None]
    tone = np.maximum(tone, tone.max() - 80.0)
    width = np.clip(side - mid, -30.0, 6.0)
    change = np.abs(np.diff(tone, axis=0, prepend=tone[:1])).mean(axis=1, keepdims=True)
    groups = [tone - tone.mean(axis=1, keepdims=True), width, 2.0 * level, 2.0 * change]
    scaled = [
        group / max(1.0, float(group.std(axis=0).mean())) / np.sqrt(group.shape[1])
        for group in groups
    ]
    features: Doubles = np.hstack(scaled)
    return features - features.mean(axis=0), lufs


def _boundaries(features: Doubles) -> list[int]:
    count = features.shape[0]
    half = round(KERNEL_SECONDS / BLOCK_SECONDS / 2.0)
    shortest = round(SHORTEST_SECONDS / BLOCK_SECONDS)
    if count < 2 * shortest:
        return [0, count]
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.maximum(norms, 1e-9)
    likeness = np.pad(unit @ unit.T, half, mode="reflect")
    place = np.arange(-half, half) + 0.5
    taper = np.exp(-0.5 * np.square(place / (half / 2.0)))
    kernel = np.outer(taper * np.sign(place), taper * np.sign(place))
    novelty = np.array(
        [np.sum(kernel * likeness[i : i + 2 * half, i : i + 2 * half]) for i in range(count)]
    )
    least = novelty.mean() + NOVELTY_SPREAD * novelty.std()
    edges = [0, count]
    for place_of in np.argsort(novelty)[::-1]:
        if novelty[place_of] < least:
            break
        if min(abs(int(place_of) - edge) for edge in edges) >= shortest:
            edges.append(int(place_of))
    return sorted(edges)


def _kinds(features: Doubles, edges: list[int]) -> list[int]:
    """Return a number for each part, the same for parts that sound alike (average linkage)."""
    parts = [features[a:b] for a, b in pairwise(edges)]
    means = np.array([part.mean(axis=0) for part in parts])
    scatter = np.sqrt(np.mean([part.var(axis=0).sum() for part in parts]))
    apart = np.linalg.norm(means[:, None] - means[None], axis=2) / max(float(scatter), 1e-9)
    groups = [[i] for i in range(len(parts))]
    while len(groups) > 1:
        pairs = [
            (float(np.mean(apart[np.ix_(groups[i], groups[j])])), i, j)
            for i in range(len(groups))
            for j in range(i)
        ]
        nearest, i, j = min(pairs)
        if nearest > ALIKE and len(groups) <= len(LETTERS):
            break
        groups[j] += groups.pop(i)
    return [next(k for k, group in enumerate(groups) if i in group) for i in range(len(parts))]


def _letters(kinds: list[int]) -> list[str]:
    order: list[int] = list(dict.fromkeys(kinds))
    return [LETTERS[order.index(kind)] for kind in kinds]


def _roles(
    spans: list[tuple[int, int]], kinds: list[int], loudness: Doubles, features: Doubles
) -> list[Role | None]:
    """Return each part's role: the loudest, densest kind is the peak; edges may be intro, outro."""
    roles: list[Role | None] = [None] * len(spans)
    if len(set(kinds)) < 2:
        return roles
    lengths = np.array([b - a for a, b in spans]) * BLOCK_SECONDS
    density = np.array([features[a:b, -1].mean() for a, b in spans])
    best, best_score = None, -np.inf
    for kind in dict.fromkeys(kinds):
        of = np.array([k == kind for k in kinds])
        if lengths[of].sum() < PEAK_SECONDS:
            continue
        score = float(np.average(loudness[of] + 2.0 * density[of], weights=lengths[of]))
        if score > best_score:
            best, best_score = kind, score
    top = max(
        (level for level, kind in zip(loudness, kinds, strict=True) if kind == best), default=0.0
    )
    for i, kind in enumerate(kinds):
        under = top - float(loudness[i])
        if kind == best:
            roles[i] = "peak"
        elif i == 0 and under >= EDGE_LU:
            roles[i] = "intro"
        elif i == len(kinds) - 1 and under >= EDGE_LU:
            roles[i] = "outro"
        elif under >= QUIET_LU:
            roles[i] = "quiet"
    return roles
