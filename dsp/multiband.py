"""Dynamics in bands: only where bands of like moments grow louder by themselves.

A mix whose bass and treble swell beyond the reference's, moment for moment alike, wants a multiband
compressor. What speaks for one is read per band as the slope of the whole is: at like moments, with
its doubt. It is put to work only where two bands ask for it and the sections are surely alike;
everywhere else the samples stay as they are, to the bit.

The bands are those of fourth-order crossovers (Linkwitz and Riley) without phase: each low-pass
runs forward and back, and every band is what is between two of them, so that the bands add up to
the input, and a gain of 1 in all of them changes nothing. Channels share every gain.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.audio import Audio
from dsp.beliefs import FULL_AMOUNT
from dsp.distribution import GATE_LU
from dsp.gains import bell, middle_of, smoothed, windowed_lufs
from dsp.loudness import WeightedEnergies
from dsp.moments import Comparison
from dsp.slopes import GROUP_EDGES_HZ, GROUPS_COMPARED
from dsp.spectrum import Doubles, Floats

LIKE_DB: Final = 2.5  # unlikeness that half of the sections of one track stay under
EVIDENCE_DB: Final = 1.5  # at the loudest twentieth of a band's moments, that asks for a gain
DOUBTS: Final = 0.7  # standard deviations that evidence is over nothing
LEAST_BANDS: Final = 2  # that ask for it; one alone is the arrangement or the tone
BELIEVED_SHARE: Final = 0.8  # of a slope that is over its doubt
STEEPEST: Final = -0.4  # dB per dB: 1.7 to 1
CAP_DB: Final = 3.0
LEVEL_SECONDS: Final = 0.100
SMOOTHING_SECONDS: Final = 0.030
STEPS_PER_SECOND: Final = 100
CHUNK_STEPS: Final = 1_000
MARGIN_SECONDS: Final = 0.1  # in which the lowest crossover has died away, 400 dB down
HIGHEST_SHARE: Final = 0.45  # of the sample rate, for a crossover


@dataclass(frozen=True, slots=True, eq=False)
class BandsPlan:
    """What each band asks for, and gets.

    Attributes
    ----------
    wanted, applied : ndarray, shape (GROUPS_COMPARED,)
        dB of gain per dB over the band's median level, 0 or less, beyond what all bands ask for:
        as measured; as believed.
    reason : str or None
        Why nothing is done though a band asks: "unlike" (the sections are not like enough to
        tell), "one_band" (fewer than ``LEAST_BANDS`` do).
    """

    wanted: Doubles
    applied: Doubles
    reason: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """The gains that were put on, exactly, so that they can be put on again.

    Attributes
    ----------
    slopes : ndarray, shape (GROUPS_COMPARED,)
        dB per dB over the middle, 0 or less.
    middles_db : ndarray, shape (GROUPS_COMPARED,)
        The level from which each band's gain counts.
    makeup_db : ndarray, shape (GROUPS_COMPARED,)
        Gain that leaves each band's mean level alone: that is tone, and not for this stage.
    """

    slopes: Doubles
    middles_db: Doubles
    makeup_db: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class BandsStats:
    """What the stage did in each band: extremes of its gain, and the mean of its magnitude."""

    lowest_db: Doubles
    highest_db: Doubles
    mean_db: Doubles


def plan_bands(comparison: Comparison, *, amount: float) -> BandsPlan:
    """Return what the bands of a target are to be compressed by.

    Parameters
    ----------
    comparison : Comparison
        Of a target with its reference.
    amount : float, 0 to 1
    """
    slopes, doubts = comparison.group_slopes, comparison.group_doubts
    slopes = np.where(slopes < 0.0, slopes, 0.0)
    slopes = slopes - slopes.max()  # what all bands ask for is asked of the whole
    wanted = slopes.round(3) + 0.0
    sure = np.isfinite(doubts) & (-slopes > DOUBTS * doubts)
    asking = sure & (-slopes * comparison.group_rises_db > EVIDENCE_DB)
    nothing = np.zeros(GROUPS_COMPARED)
    if not np.any(asking) or amount <= 0.0:
        return BandsPlan(wanted, nothing, None)
    if comparison.unlikeness_db >= LIKE_DB:
        return BandsPlan(wanted, nothing, "unlike")
    if np.count_nonzero(asking) < LEAST_BANDS:
        return BandsPlan(wanted, nothing, "one_band")
    share = BELIEVED_SHARE * min(1.0, amount / FULL_AMOUNT)
    applied = np.where(sure, np.clip(share * slopes, STEEPEST, 0.0), 0.0).round(4) + 0.0
    return BandsPlan(wanted, applied, None)


def apply_bands(
    audio: Audio, plan: BandsPlan, *, in_place: bool = False, middle_shift_db: float = 0.0
) -> tuple[Audio, BandsStats | None, Bands | None]:
    """Return audio with the planned gains in bands, what was done, and how to repeat it.

    The same samples and None where nothing is asked for.

    Parameters
    ----------
    audio : Audio
    plan : BandsPlan
    in_place : bool
        Whether the samples may be overwritten.
    middle_shift_db : float
        How far over the audio's own the middles lie from which levels count.
    """
    if not np.any(plan.applied):
        return audio, None, None
    levels = _levels(audio)
    middles, makeup = np.zeros(GROUPS_COMPARED), np.zeros(GROUPS_COMPARED)
    for band, level in enumerate(levels):
        middles[band] = middle_of(level, GATE_LU) + middle_shift_db
        counted = level > middles[band] - GATE_LU
        gain_db = _by_level(level, float(plan.applied[band]), float(middles[band]))
        makeup[band] = -float(gain_db[counted].mean())
    bands = Bands(plan.applied, middles, makeup)
    return *_with_gains(audio, levels, bands, in_place=in_place), bands


def repeat_bands(
    audio: Audio, bands: Bands, *, in_place: bool = False
) -> tuple[Audio, BandsStats | None]:
    """Return audio with gains in bands found before, maybe on other audio, and what was done."""
    return _with_gains(audio, _levels(audio), bands, in_place=in_place)


def _with_gains(
    audio: Audio, levels: list[Doubles], bands: Bands, *, in_place: bool
) -> tuple[Audio, BandsStats]:
    """Return audio under the gains in all bands, and what they were."""
    gains_db = np.zeros((GROUPS_COMPARED, levels[0].size))
    for band, level in enumerate(levels):
        if bands.slopes[band]:
            gain_db = _by_level(level, float(bands.slopes[band]), float(bands.middles_db[band]))
            gain_db = np.clip(gain_db + bands.makeup_db[band], -CAP_DB, CAP_DB)
            gains_db[band] = smoothed(gain_db, bell(SMOOTHING_SECONDS, 1.0 / STEPS_PER_SECOND))
    changed = audio.samples if in_place else np.empty_like(audio.samples)
    extra = 10.0 ** (gains_db / 20.0) - 1.0
    for start, chunk, lows in _split(audio):
        stop = start + chunk.shape[1]
        _add_bands(chunk, lows, extra, _step_frames(audio.rate_hz), start, changed[:, start:stop])
    stats = BandsStats(gains_db.min(axis=1), gains_db.max(axis=1), np.abs(gains_db).mean(axis=1))
    return Audio(changed, audio.rate_hz), stats


def _by_level(level_db: Doubles, slope: float, middle_db: float) -> Doubles:
    return slope * np.maximum(0.0, level_db - middle_db)


def _levels(audio: Audio) -> list[Doubles]:
    """Return the level of each band over time, dB, one value per step."""
    step = _step_frames(audio.rate_hz)
    power = np.zeros((GROUPS_COMPARED, -(-audio.frames // step)))
    for start, chunk, lows in _split(audio):
        _sum_bands(chunk, lows, step, start // step, power)
    return [windowed_lufs(WeightedEnergies(band), LEVEL_SECONDS) for band in power / step]


def _split(audio: Audio) -> Iterator[tuple[int, Floats, Floats]]:
    """Yield the first frame of each chunk, its samples, and the low-passes of all crossovers.

    A chunk may be overwritten once it has been yielded: what the next one needs of it is kept.
    """
    coefficients = np.array([_low_pass(hz, audio.rate_hz) for hz in GROUP_EDGES_HZ])
    margin = round(MARGIN_SECONDS * audio.rate_hz)
    length = CHUNK_STEPS * _step_frames(audio.rate_hz)
    before = np.zeros((audio.channels, margin), dtype=np.float32)
    for start in range(0, audio.frames, length):
        stop = min(audio.frames, start + length)
        chunk = audio.samples[:, start:stop].copy()
        ahead = audio.samples[:, stop : stop + margin]
        span = np.concatenate([before, chunk, ahead], axis=1)
        before = span[:, stop - start : stop - start + margin].copy()
        lows = np.empty((len(GROUP_EDGES_HZ), *span.shape), dtype=np.float32)
        _low_passes(span, coefficients, lows)
        yield start, chunk, lows[:, :, margin : margin + stop - start]


def _step_frames(rate_hz: int) -> int:
    return max(1, round(rate_hz / STEPS_PER_SECOND))


def _low_pass(hz: float, rate_hz: int) -> tuple[float, ...]:
    """Return b0, a1 and a2 of a second-order Butterworth low-pass; b is b0, 2 b0, b0."""
    k = math.tan(math.pi * min(hz / rate_hz, HIGHEST_SHARE))
    scale = 1.0 / (1.0 + math.sqrt(2.0) * k + k * k)
    return k * k * scale, 2.0 * (k * k - 1.0) * scale, (1.0 - math.sqrt(2.0) * k + k * k) * scale


@njit(
    types.void(
        types.Array(types.float32, 2, "C", readonly=True),
        types.float64[:, ::1],
        types.float32[:, :, ::1],
    ),
    nogil=True,
    cache=True,
)
def _low_passes(
    span: Floats, coefficients: npt.NDArray[np.float64], lows: npt.NDArray[np.float32]
) -> None:
    """Filter forward, then back, by every low-pass."""
    filters, channels, frames = lows.shape
    for row in range(filters):
        b, a1, a2 = coefficients[row]
        left, right = lows[row, 0], lows[row, channels - 1]
        # Both channels step by step together, so that neither waits for the other.
        for way in range(2):
            left_first = left_second = right_first = right_second = 0.0
            for number in range(frames):
                i = number if way == 0 else frames - 1 - number
                x = (span[0, i] if way == 0 else left[i]) + 1e-25
                z = (span[channels - 1, i] if way == 0 else right[i]) + 1e-25
                y = b * x + left_first
                left_first = 2.0 * b * x - a1 * y + left_second
                left_second = b * x - a2 * y
                left[i] = np.float32(y)
                y = b * z + right_first
                right_first = 2.0 * b * z - a1 * y + right_second
                right_second = b * z - a2 * y
                right[i] = np.float32(y)


@njit(
    types.void(
        types.Array(types.float32, 2, "C"),
        types.Array(types.float32, 3, "A"),
        types.int64,
        types.int64,
        types.float64[:, ::1],
    ),
    nogil=True,
    cache=True,
)
def _sum_bands(
    chunk: Floats, lows: npt.NDArray[np.float32], step: int, first: int, power: Doubles
) -> None:
    """Add the squares of every band of every step."""
    filters = lows.shape[0]
    for channel in range(chunk.shape[0]):
        for i in range(chunk.shape[1]):
            place = first + i // step
            below = np.float32(0.0)
            for band in range(filters):
                value = lows[band, channel, i] - below
                power[band, place] += value * value
                below = lows[band, channel, i]
            value = chunk[channel, i] - below
            power[filters, place] += value * value


@njit(
    types.void(
        types.Array(types.float32, 2, "C"),
        types.Array(types.float32, 3, "A"),
        types.float64[:, ::1],
        types.int64,
        types.int64,
        types.Array(types.float32, 2, "A"),
    ),
    nogil=True,
    cache=True,
)
def _add_bands(
    chunk: Floats,
    lows: npt.NDArray[np.float32],
    extra: Doubles,
    step: int,
    start: int,
    changed: Floats,
) -> None:
    """Add to a chunk what the gains take from or give to its bands, interpolated over steps."""
    filters, steps = lows.shape[0], extra.shape[1]
    gains = np.empty(filters + 1)
    for i in range(chunk.shape[1]):
        place = (start + i + 0.5) / step - 0.5
        before = min(max(math.floor(place), 0), steps - 1)
        after = min(before + 1, steps - 1)
        share = min(max(place - before, 0.0), 1.0)
        for band in range(filters + 1):
            gain = extra[band, before] + share * (extra[band, after] - extra[band, before])
            gains[band] = gain
        for channel in range(chunk.shape[0]):
            total = np.float64(chunk[channel, i])
            below = np.float32(0.0)
            for band in range(filters + 1):
                top = lows[band, channel, i] if band < filters else chunk[channel, i]
                total += gains[band] * (top - below)
                below = top
            changed[channel, i] = np.float32(total)
