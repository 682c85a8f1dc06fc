"""Filter designs and array types that several stages share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.audio import Audio

# Read-only signatures take both writable and frozen arrays.
SAMPLES: Final = types.Array(types.float32, 2, "C", readonly=True)
FLOATS: Final = types.Array(types.float64, 1, "C", readonly=True)

Meter = Literal["polyphase", "itu", "libebur128"]
METERS: Final[tuple[Meter, ...]] = ("polyphase", "itu", "libebur128")
PEAK_REACH_FRAMES: Final = 24  # a reading looks at this many frames on either side
BANK_TAPS: Final = 2 * PEAK_REACH_FRAMES
BANK_ROWS: Final = 16  # two vectors of eight

STRETCH: Final = 4_096  # values of a sliding maximum at once: they stay in the cache

_SHELF_HZ: Final = 1681.974450955533  # BS.1770-5 Annex 1, table 1, as an analogue prototype
_SHELF_DB: Final = 3.999843853973347
_SHELF_Q: Final = 0.7071752369554196
_SHELF_BAND_EXPONENT: Final = 0.4996667741545416
_HIGH_PASS_HZ: Final = 38.13547087602444  # BS.1770-5 Annex 1, table 2
_HIGH_PASS_Q: Final = 0.5003270373238773

_METER_KAISER_BETA: Final = 6.0  # flat within 0.02 dB to 0.46 of the rate
# BS.1770-5 Annex 2: phases 0 and 1 of the 48-tap filter; 2 and 3 are these two backwards.
_ITU_PHASE_0: Final = (
    0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000,
    -0.0594482421875, 0.1373291015625, 0.9721679687500, -0.1022949218750,
    0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500,
)  # fmt: skip
_ITU_PHASE_1: Final = (
    -0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250,
    -0.1665039062500, 0.4650878906250, 0.7797851562500, -0.2003173828125,
    0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375,
)  # fmt: skip

_EBUR128_TAPS: Final = 49  # libebur128: a sinc under a Hann window of 49 points …
_EBUR128_ROWS: Final = ((96_000, 4), (192_000, 2))  # … 4 × below 96 kHz, 2 × below 192 kHz


def k_weighting(rate_hz: int) -> npt.NDArray[np.float64]:
    """Return the two biquads of the K weighting at any rate.

    Parameters
    ----------
    rate_hz : int
        Sample rate, Hz.

    Returns
    -------
    ndarray of float64, shape (2, 5)
        ``b0 b1 b2 a1 a2`` (``a0`` is 1) of the shelf and of the high-pass.

    References
    ----------
    ITU-R BS.1770-5, Annex 1, tables 1 and 2, which the prototypes reproduce at 48 kHz.
    """
    k = math.tan(math.pi * _SHELF_HZ / rate_hz)
    high = 10.0 ** (_SHELF_DB / 20.0)
    band = high**_SHELF_BAND_EXPONENT
    a0 = 1.0 + k / _SHELF_Q + k * k
    shelf = [
        (high + band * k / _SHELF_Q + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - band * k / _SHELF_Q + k * k) / a0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / _SHELF_Q + k * k) / a0,
    ]
    k = math.tan(math.pi * _HIGH_PASS_HZ / rate_hz)
    a0 = 1.0 + k / _HIGH_PASS_Q + k * k
    # The standard leaves this numerator unnormalised.
    high_pass = [1.0, -2.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / _HIGH_PASS_Q + k * k) / a0]
    return np.array([shelf, high_pass])


def k_weighting_db(
    frequencies_hz: npt.NDArray[np.float64], rate_hz: int
) -> npt.NDArray[np.float64]:
    """Return the gain of the K weighting in dB at each frequency, ``-inf`` at 0 Hz."""
    z = np.exp(-2j * np.pi * np.asarray(frequencies_hz, dtype=np.float64) / rate_hz)
    response = np.ones_like(z)
    for b0, b1, b2, a1, a2 in k_weighting(rate_hz):
        response *= (b0 + b1 * z + b2 * z * z) / (1.0 + a1 * z + a2 * z * z)
    with np.errstate(divide="ignore"):
        gain_db: npt.NDArray[np.float64] = 20.0 * np.log10(np.abs(response))
    return gain_db


@lru_cache(maxsize=16)
def fractional_delays(parts: int, taps: int, beta: float) -> npt.NDArray[np.float64]:
    """Return Kaiser-windowed sinc interpolators for the points between two samples.

    Parameters
    ----------
    parts : int
        The points lie at 1/parts, 2/parts … (parts − 1)/parts of a sample.
    taps : int
        Even length of each interpolator.
    beta : float
        Shape of the Kaiser window.

    Returns
    -------
    ndarray of float64, shape (parts − 1, taps)
        Row ``p`` dotted with samples ``n − taps/2 + 1 … n + taps/2`` is the value at
        ``n + (p + 1)/parts``.
    """
    offsets = np.arange(1 - taps // 2, taps // 2 + 1)
    rows = []
    for part in range(1, parts):
        distance = offsets - part / parts
        inside = np.sqrt(np.clip(1.0 - (distance / (taps / 2)) ** 2, 0.0, None))
        rows.append(np.sinc(distance) * np.i0(beta * inside) / np.i0(beta))
    bank = np.array(rows)
    bank.setflags(write=False)
    return bank


@dataclass(frozen=True)
class MeterBank:
    """Filters that read between two samples, and what bounds their readings.

    Attributes
    ----------
    taps : ndarray of float32, shape (48, 16)
        One filter a column, the unused ones 0; the first tap belongs to frame ``n − 23``.
    line, bend : float
        No reading exceeds ``line · max(|x[n]|, |x[n+1]|)`` plus ``bend`` times the highest second
        difference among the frames it looks at.
    """

    taps: npt.NDArray[np.float32]
    line: float
    bend: float


@lru_cache(maxsize=32)
def meter_bank(rate_hz: int, meters: tuple[Meter, ...]) -> MeterBank:
    """Return the filters by which true-peak meters read between the samples.

    Parameters
    ----------
    rate_hz : int
        Sample rate, Hz; libebur128 oversamples less at high rates.
    meters : tuple of "polyphase", "itu", "libebur128"
        8 × oversampling with 48 taps; the filter printed in BS.1770-5, Annex 2; the interpolator
        of libebur128.
    """
    filters = {"polyphase": _polyphase, "itu": _itu, "libebur128": _ebur128}
    taps = np.zeros((BANK_TAPS, BANK_ROWS))
    line, bend = 1.0, 0.0
    rows = [row for meter in meters for row in filters[meter](rate_hz)]
    for column, (first, row) in enumerate(rows):
        offsets = np.arange(first, first + len(row))
        taps[offsets + PEAK_REACH_FRAMES - 1, column] = row
        # Every sample is the line through x[n] and x[n+1] plus weighted second differences.
        slope = (offsets * row).sum()
        line = max(line, abs(row.sum() - slope) + abs(slope))
        weights = [
            (row * np.clip(offsets - k if k > 0 else k - offsets, 0, None)).sum()
            for k in range(1 - PEAK_REACH_FRAMES, PEAK_REACH_FRAMES + 1)
        ]
        bend = max(bend, float(np.abs(weights).sum()))
    # A little more than the sums, for what single precision rounds away.
    return MeterBank(taps.astype(np.float32), line * 1.00001, bend * 1.00001)


def remove_dc(audio: Audio, *, cutoff_hz: float = 5.0) -> Audio:
    """Return the audio without its constant offset.

    A first-order high-pass that starts from the mean of each channel, so that an offset does
    not leave a thump at the start.

    Parameters
    ----------
    audio : Audio
        Any length.
    cutoff_hz : float
        The frequency at which the filter takes 3 dB.

    Returns
    -------
    Audio
        Same shape and rate.
    """
    pole = math.exp(-2.0 * math.pi * cutoff_hz / audio.rate_hz)
    filtered = np.empty_like(audio.samples)
    means = audio.samples.mean(axis=1, dtype=np.float64) if audio.frames else np.zeros(0)
    for channel, mean in enumerate(means):
        _high_pass(audio.samples[channel], pole, mean, filtered[channel])
    return Audio(filtered, audio.rate_hz)


_Row = tuple[int, npt.NDArray[np.float64]]  # offset of the first tap from frame n, taps


def _polyphase(_rate_hz: int) -> list[_Row]:
    delays = fractional_delays(8, BANK_TAPS, _METER_KAISER_BETA)
    return [(1 - PEAK_REACH_FRAMES, taps) for taps in delays]


def _itu(_rate_hz: int) -> list[_Row]:
    phases = (_ITU_PHASE_0, _ITU_PHASE_1, _ITU_PHASE_1[::-1], _ITU_PHASE_0[::-1])
    return [(-5, np.array(phase[::-1])) for phase in phases]


def _ebur128(rate_hz: int) -> list[_Row]:
    factor = next((factor for below_hz, factor in _EBUR128_ROWS if rate_hz < below_hz), 1)
    place = np.arange(_EBUR128_TAPS) - (_EBUR128_TAPS - 1) / 2.0
    window = 0.5 * (1.0 - np.cos(2.0 * np.pi * np.arange(_EBUR128_TAPS) / (_EBUR128_TAPS - 1)))
    prototype = np.sinc(place / factor) * window
    rows = []
    for phase in range(1, factor):  # phase 0 reads the samples themselves
        taps = prototype[phase::factor][::-1]
        rows.append((1 - len(taps) // 2, taps))
    return rows


@njit(types.int64(types.float64[::1], types.int64, types.int64), nogil=True, cache=True)
def fold_ahead(values: npt.NDArray[np.float64], count: int, width: int) -> int:
    """Make each of the first ``count`` values the highest of itself and those after it, in place.

    ``width`` of them, itself included; returns how many have as many after them. The highest of
    ``w`` values and of the ``w`` next ones is that of ``2w``: a few vector operations a value for
    any width, as long as the values stay in the cache.
    """
    reached = 1
    while reached < width:
        step = min(reached, width - reached)
        later = values[step:]
        count -= step
        for i in range(count):
            values[i] = later[i] if later[i] > values[i] else values[i]
        reached += step
    return count


@njit(types.float64[::1](FLOATS, types.int64, types.int64), nogil=True, cache=True)
def sliding_max(values: npt.NDArray[np.float64], back: int, ahead: int) -> npt.NDArray[np.float64]:
    """Return the highest of ``values[i − back … i + ahead]`` for every place ``i``.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        What lies outside counts as −inf.
    back, ahead : int
        Not negative.

    Returns
    -------
    ndarray of float64, shape (n,)

    """
    count = len(values)
    width = back + ahead + 1
    highest = np.empty(count)
    near = np.empty(STRETCH + width)
    for start in range(0, count, STRETCH):
        stop = min(start + STRETCH, count)
        wanted = stop - start + width - 1
        low, high = max(start - back, 0), min(stop + ahead, count)
        near[: low - start + back] = -np.inf
        inside = near[low - start + back :]
        for i in range(high - low):
            inside[i] = values[low + i]
        near[high - start + back : wanted] = -np.inf
        fold_ahead(near, wanted, width)
        highest[start:stop] = near[: stop - start]
    return highest


@njit(
    types.void(
        types.Array(types.float32, 1, "C", readonly=True),
        types.float64,
        types.float64,
        types.float32[::1],
    ),
    nogil=True,
    cache=True,
)
def _high_pass(
    samples: npt.NDArray[np.float32], pole: float, mean: float, filtered: npt.NDArray[np.float32]
) -> None:
    gain = 0.5 * (1.0 + pole)
    before = mean
    state = 0.0
    for i in range(samples.shape[0]):
        state = pole * state + gain * (samples[i] - before)
        before = samples[i]
        if abs(state) < 1e-30:  # denormal numbers would be slow
            state = 0.0
        filtered[i] = state
