"""Loudness after ITU-R BS.1770-5 and EBU Tech 3341 and 3342, from one filtered pass.

A mono file counts as one channel: it reads 3.01 LU lower than the same sound in both channels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.audio import Audio
from dsp.filters import SAMPLES, k_weighting

STEP_SECONDS: Final = 0.010
HOP_SECONDS: Final = 0.100  # BS.1770-5: gating blocks overlap by 75 %
BLOCK_SECONDS: Final = 0.400  # BS.1770-5: gating block; EBU Tech 3341: momentary
SHORT_TERM_SECONDS: Final = 3.0  # EBU Tech 3341
ABSOLUTE_GATE_LUFS: Final = -70.0  # BS.1770-5
RELATIVE_GATE_LU: Final = -10.0  # BS.1770-5
RANGE_GATE_LU: Final = -20.0  # EBU Tech 3342
RANGE_QUANTILES: Final = (0.10, 0.95)  # EBU Tech 3342
SHORTEST_RANGE_SECONDS: Final = 60.0  # EBU Tech 3341 v4: unstable before

_OFFSET_LU: Final = -0.691  # BS.1770-5, equation 2
_STEPS_PER_HOP: Final = 10
_STEPS_PER_BLOCK: Final = 40
_STEPS_PER_SHORT_TERM: Final = 300

_LANES: Final = 16  # independent filters side by side fill the vector units
_CHUNK_FRAMES: Final = 64  # so that the gathered lanes stay in the first cache
_WARM_UP_SECONDS: Final = 0.5  # the slowest pole (38 Hz) falls below 1e-50 in this time
_SILENT_ENERGY: Final = 1e-24  # below any audio; the filter's guard against denormals is 1e-50


@dataclass(frozen=True, slots=True)
class WeightedEnergies:
    """The K-weighted energy of a piece in steps of 10 ms, from which every loudness derives.

    Attributes
    ----------
    energies : ndarray of float64, shape (steps,)
        Mean square of each step, summed over the channels with weight 1. Step ``i`` starts at
        frame ``round(i × rate / 100)``; an unfinished last step is left out.
    step_seconds : float
        0.010.
    """

    energies: npt.NDArray[np.float64]
    step_seconds: float = STEP_SECONDS


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud a piece is.

    Attributes
    ----------
    integrated_lufs : float
        Gated loudness of the whole; ``-inf`` for silence or less than 400 ms.
    range_lu : float or None
        Loudness range; None where less than 60 s pass the gates, since it is unstable there.
    momentary_lufs : ndarray of float64
        Loudness of 400 ms, every 100 ms, the first one ending at 400 ms.
    short_term_lufs : ndarray of float64
        Loudness of 3 s, every 100 ms, the first one ending at 3 s.
    max_momentary_lufs, max_short_term_lufs : float
        The highest of each, looked for every 10 ms; ``-inf`` where the piece is too short.
    """

    integrated_lufs: float
    range_lu: float | None
    momentary_lufs: npt.NDArray[np.float64]
    short_term_lufs: npt.NDArray[np.float64]
    max_momentary_lufs: float
    max_short_term_lufs: float


def weighted_energies(audio: Audio) -> WeightedEnergies:
    """Return the K-weighted energies of a piece, filtering it once.

    Parameters
    ----------
    audio : Audio
        Any length; less than 10 ms gives no step.

    References
    ----------
    ITU-R BS.1770-5, Annex 1, equation 1.
    """
    steps = audio.frames * 100 // audio.rate_hz
    ends = (np.arange(1, 101) * audio.rate_hz + 50) // 100  # within one second
    sums = np.zeros(steps)
    _weighted_sums(
        audio.samples, k_weighting(audio.rate_hz).ravel(), ends, _warm_up_frames(audio), sums
    )
    lengths = np.diff(ends, prepend=0)
    sums /= np.resize(lengths, steps)
    sums[sums < _SILENT_ENERGY] = 0.0
    return WeightedEnergies(sums)


def weighted_block_energies(audio: Audio, block_frames: int) -> npt.NDArray[np.float64]:
    """Return the summed K-weighted squares of each block of frames, the last one filled with zeros.

    Returns
    -------
    ndarray of float64, shape (ceil(frames / block_frames),)
        Sum over frames and channels, not a mean.
    """
    sums = np.zeros(-(-audio.frames // block_frames))
    ends = np.array([block_frames], dtype=np.int64)
    _weighted_sums(
        audio.samples, k_weighting(audio.rate_hz).ravel(), ends, _warm_up_frames(audio), sums
    )
    return sums


def steps_of_blocks(
    sums: npt.NDArray[np.float64], block_frames: int, rate_hz: int
) -> WeightedEnergies:
    """Return the energies of steps from those of blocks, each counted where it begins.

    For a gain that follows the loudness: a step is told within a block's length of its place.
    """
    starts = step_starts(len(sums), block_frames, rate_hz)
    if not starts.size:
        return WeightedEnergies(np.zeros(0))
    return WeightedEnergies(np.add.reduceat(sums, starts) / (rate_hz * STEP_SECONDS))


@lru_cache(maxsize=2)
def step_starts(blocks: int, block_frames: int, rate_hz: int) -> npt.NDArray[np.int64]:
    """Return the first block of each step of 10 ms."""
    steps = np.arange(blocks) * block_frames * 100 // rate_hz
    return np.flatnonzero(np.diff(steps, prepend=-1))


def measure_loudness(energies: WeightedEnergies) -> Loudness:
    """Return every loudness of a piece."""
    momentary = _windowed(energies.energies, _STEPS_PER_BLOCK)
    short_term = _windowed(energies.energies, _STEPS_PER_SHORT_TERM)
    gated = _range_values(short_term[::_STEPS_PER_HOP])
    lasting = len(gated) * HOP_SECONDS + SHORT_TERM_SECONDS - HOP_SECONDS
    return Loudness(
        integrated_lufs=_gated_lufs(momentary[::_STEPS_PER_HOP]),
        range_lu=_spread_lu(gated) if lasting >= SHORTEST_RANGE_SECONDS else None,
        momentary_lufs=_lufs(momentary[::_STEPS_PER_HOP]),
        short_term_lufs=_lufs(short_term[::_STEPS_PER_HOP]),
        max_momentary_lufs=float(_lufs(momentary).max(initial=-math.inf)),
        max_short_term_lufs=float(_lufs(short_term).max(initial=-math.inf)),
    )


def hop_lufs(energies: WeightedEnergies) -> npt.NDArray[np.float64]:
    """Return the loudness of each 100 ms alone, of which the gated loudness of any part is made.

    Returns
    -------
    ndarray of float64, shape (steps // 10,)
        LUFS, ``-inf`` for silence; an unfinished last hop is left out.
    """
    whole = energies.energies.size // _STEPS_PER_HOP * _STEPS_PER_HOP
    return _lufs(energies.energies[:whole].reshape(-1, _STEPS_PER_HOP).mean(axis=1))


def integrated_lufs(energies: WeightedEnergies) -> float:
    """Return the gated loudness of a whole piece.

    Returns
    -------
    float
        LUFS; ``-inf`` where no block passes the absolute gate or the piece lasts less than 400 ms.

    References
    ----------
    ITU-R BS.1770-5, Annex 1, equations 2 to 7.
    """
    return _gated_lufs(_windowed_at_hops(energies.energies, _STEPS_PER_BLOCK))


def short_term_lufs(energies: WeightedEnergies) -> npt.NDArray[np.float64]:
    """Return ``measure_loudness(energies).short_term_lufs`` alone."""
    return _lufs(_windowed_at_hops(energies.energies, _STEPS_PER_SHORT_TERM))


def loudness_range_lu(energies: WeightedEnergies) -> float:
    """Return the loudness range however short the piece.

    Returns
    -------
    float
        LU; 0 where no short-term value passes the gates.

    References
    ----------
    EBU Tech 3342, section 3, with short-term values every 100 ms.
    """
    short_term = _windowed_at_hops(energies.energies, _STEPS_PER_SHORT_TERM)
    return _spread_lu(_range_values(short_term))


def _warm_up_frames(audio: Audio) -> int:
    return round(_WARM_UP_SECONDS * audio.rate_hz)


def _windowed(energies: npt.NDArray[np.float64], steps: int) -> npt.NDArray[np.float64]:
    """Return the mean of every run of ``steps`` steps."""
    if energies.size < steps:
        return np.zeros(0)
    # Sums of whole windows, not differences of a running total: a quiet end keeps its precision.
    hops = np.lib.stride_tricks.sliding_window_view(energies, _STEPS_PER_HOP).sum(axis=1)
    count = energies.size - steps + 1
    total = np.zeros(count)
    for start in range(0, steps, _STEPS_PER_HOP):
        total += hops[start : start + count]
    return total / steps


def _windowed_at_hops(energies: npt.NDArray[np.float64], steps: int) -> npt.NDArray[np.float64]:
    """Return every tenth of the values of :func:`_windowed`, at a tenth of the work."""
    if energies.size < steps:
        return np.zeros(0)
    whole = energies.size // _STEPS_PER_HOP * _STEPS_PER_HOP
    hops = energies[:whole].reshape(-1, _STEPS_PER_HOP).sum(axis=1)
    together = steps // _STEPS_PER_HOP
    count = hops.size - together + 1
    total = np.zeros(count)
    for start in range(together):
        total += hops[start : start + count]
    return total / steps


def _gated_lufs(blocks: npt.NDArray[np.float64]) -> float:
    """Return the loudness of the gating blocks that pass both gates."""
    blocks = blocks[blocks > _energy(ABSOLUTE_GATE_LUFS)]
    if not blocks.size:
        return -math.inf
    gate = blocks.mean() * 10.0 ** (RELATIVE_GATE_LU / 10.0)
    return float(_lufs(blocks[blocks > gate].mean()))


def _range_values(short_term: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the short-term energies that pass both gates of the loudness range, ascending."""
    passed = short_term[short_term > _energy(ABSOLUTE_GATE_LUFS)]
    if passed.size:
        passed = passed[passed > passed.mean() * 10.0 ** (RANGE_GATE_LU / 10.0)]
    return np.sort(passed)


def _spread_lu(ascending: npt.NDArray[np.float64]) -> float:
    if not ascending.size:
        return 0.0
    # Tech 3342 takes the nearest value; halves go up, as in its listing.
    low, high = (ascending[math.floor((ascending.size - 1) * q + 0.5)] for q in RANGE_QUANTILES)
    return float(_lufs(high) - _lufs(low))


def _energy(lufs: float) -> float:
    return float(10.0 ** ((lufs - _OFFSET_LU) / 10.0))


def _lufs(energies: npt.NDArray[np.float64] | np.float64) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(_OFFSET_LU + 10.0 * np.log10(energies))


@njit(
    types.void(
        SAMPLES,
        types.float64[::1],
        types.int64[::1],
        types.int64,
        types.float64[::1],
    ),
    nogil=True,
    cache=True,
    fastmath={"contract"},
)
def _weighted_sums(
    samples: npt.NDArray[np.float32],
    coefficients: npt.NDArray[np.float64],
    ends: npt.NDArray[np.int64],
    warm_up_frames: int,
    sums: npt.NDArray[np.float64],
) -> None:
    """Add the K-weighted squares of each step to ``sums``.

    Steps end at ``ends`` within a unit of ``ends[-1]`` frames, which repeats. The piece is cut
    into as many stretches of whole units as there are lanes per channel; each lane filters its
    own, started early enough that its first state no longer matters.
    """
    channels, frames = samples.shape
    stretches = _LANES // channels
    steps_per_unit = len(ends)
    unit_frames = ends[-1]
    units = -(-len(sums) // steps_per_unit)
    units_per_stretch = -(-units // stretches)
    steps_per_stretch = units_per_stretch * steps_per_unit
    stretch_frames = units_per_stretch * unit_frames
    b0, b1, b2, a1, a2 = coefficients[:5]
    c1, c2 = coefficients[8:]

    lanes = np.zeros((_CHUNK_FRAMES, _LANES), dtype=np.float32)
    state = np.zeros((5, _LANES))  # shelf, shelf, high-pass, high-pass, sum of squares
    position = -warm_up_frames
    for step in range(-1, steps_per_stretch):  # step −1 is the warm-up
        stop = 0
        if step >= 0:
            unit = step // steps_per_unit
            stop = unit * unit_frames + ends[step - unit * steps_per_unit]
        while position < stop:
            count = min(_CHUNK_FRAMES, stop - position)
            for lane in range(0, _LANES, 2):  # two at a time, which takes half as long
                start = lane // channels * stretch_frames + position
                start_beside = (lane + 1) // channels * stretch_frames + position
                if start >= 0 and start_beside + count <= frames:
                    here = samples[lane % channels, start : start + count]
                    beside = samples[(lane + 1) % channels, start_beside : start_beside + count]
                    for i in range(count):
                        lanes[i, lane] = here[i]
                        lanes[i, lane + 1] = beside[i]
                    continue
                for each in (lane, lane + 1):
                    start = each // channels * stretch_frames + position
                    for i in range(count):
                        inside = 0 <= start + i < frames
                        lanes[i, each] = samples[each % channels, start + i] if inside else 0.0
            for i in range(count):
                for lane in range(_LANES):
                    x = (
                        float(lanes[i, lane]) + 1e-25
                    )  # keeps denormal numbers, which are slow, away
                    y = b0 * x + state[0, lane]
                    state[0, lane] = b1 * x - a1 * y + state[1, lane]
                    state[1, lane] = b2 * x - a2 * y
                    z = y + state[2, lane]
                    state[2, lane] = -2.0 * y - c1 * z + state[3, lane]
                    state[3, lane] = y - c2 * z
                    state[4, lane] += z * z
            position += count
        if step >= 0:
            for lane in range(_LANES):
                index = (lane // channels) * steps_per_stretch + step
                if index < len(sums):
                    sums[index] += state[4, lane]
        state[4, :] = 0.0
