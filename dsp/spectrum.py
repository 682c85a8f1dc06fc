"""Mid and side spectra over time, in narrow bands spaced evenly in log frequency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numba
import numpy as np
import numpy.typing as npt
import scipy.fft

from dsp.audio import Audio

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

BAND_COUNT: Final = 120  # about 1/13 octave: finer than any correction, coarser than a partial
LOWEST_HZ: Final = 30.0
HIGHEST_HZ: Final = 16_000.0
FRAME_SECONDS: Final = 8192 / 44_100  # 5.4 Hz a bin: resolves a bass note, still follows the music
SILENCE_DB: Final = -140.0  # what an empty band reads
QUIETEST_DB: Final = 125.0  # under the integrated loudness: what an empty band reads

BAND_EDGES_HZ: Final[Doubles] = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BAND_COUNT + 1)
BAND_CENTRES_HZ: Final[Doubles] = np.sqrt(BAND_EDGES_HZ[:-1] * BAND_EDGES_HZ[1:])
BANDS_PER_OCTAVE: Final = BAND_COUNT / float(np.log2(HIGHEST_HZ / LOWEST_HZ))
THIRD_OCTAVES_HZ: Final[Doubles] = 1000.0 * 10.0 ** (np.arange(-15, 13) / 10.0)  # IEC 61260-1
CHUNK_SECONDS: Final = 1.5  # of transforms at once: as many as stay in the cache


@dataclass(frozen=True, slots=True)
class Spectrogram:
    """Band powers of mid and side for every frame of a track.

    Power is mean square, full scale ±1.0; mid is (L+R)/2 and side (L−R)/2, so that one channel
    copied to both gives mid equal to it and no side.

    Attributes
    ----------
    mid, side : ndarray of float32, shape (frames, BAND_COUNT)
        Mean square per band.
    cross : ndarray of float64, shape (BAND_COUNT,)
        Mean over time of the product of mid and side per band (real part), for correlations.
    fine : ndarray of float64, shape (bins,)
        Mean power of mid and side together in every bin of the transform.
    bin_hz, hop_seconds : float
        Spacing of bins, and of frames.
    """

    mid: Floats
    side: Floats
    cross: Doubles
    fine: Doubles
    bin_hz: float
    hop_seconds: float


def band_spectrogram(
    audio: Audio, *, progress: Callable[[float], None] | None = None
) -> Spectrogram:
    """Return the band powers of a track, in one chunked pass of half-overlapping Hann frames.

    Parameters
    ----------
    audio : Audio
        One or two channels; shorter than a frame counts as one frame padded with silence.
    progress : callable, optional
        Told the share done, 0 to 1, after each chunk.
    """
    size = frame_size(audio.rate_hz)
    hop = size // 2
    count = max(1, 1 + (audio.frames - size) // hop)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    bands = _band_weights(size, audio.rate_hz)
    scale = float(2.0 / (size * float(np.sum(np.square(window, dtype=np.float64)))))

    samples = audio.samples
    if audio.frames < size:
        samples = np.pad(samples, ((0, 0), (0, size - audio.frames)))
    mid = np.empty((count, BAND_COUNT), dtype=np.float32)
    side = np.zeros((count, BAND_COUNT), dtype=np.float32)
    cross = np.zeros(BAND_COUNT)
    fine = np.zeros(size // 2 + 1)
    per_chunk = max(1, int(CHUNK_SECONDS * audio.rate_hz / hop))
    windowed = np.empty((audio.channels, min(count, per_chunk), size), dtype=np.float32)
    for first in range(0, count, per_chunk):
        last = min(count, first + per_chunk)
        frames = windowed[:, : last - first]
        _window(samples, first * hop, window, hop, frames)
        transforms = scipy.fft.rfft(frames, axis=2)
        if audio.channels == 2:
            one, other = mid[first:last], side[first:last]
            _gather_both(transforms[0], transforms[1], *bands, scale, one, other, cross, fine)
        else:
            _gather(transforms[0], *bands, scale, mid[first:last], fine)
        if progress is not None:
            progress(last / count)
    return Spectrogram(
        mid, side, cross / count, fine / count, audio.rate_hz / size, hop / audio.rate_hz
    )


def frame_size(rate_hz: int) -> int:
    """Return the even, fast transform length nearest above ``FRAME_SECONDS`` at a rate."""
    half = int(np.ceil(FRAME_SECONDS * rate_hz / 2.0 - 1e-9))
    return 2 * int(scipy.fft.next_fast_len(half, real=True))


def bands_between(low_hz: float, high_hz: float) -> npt.NDArray[np.bool_]:
    """Return which bands have their centre between two frequencies."""
    return (low_hz < BAND_CENTRES_HZ) & (high_hz > BAND_CENTRES_HZ)


def to_db(power: npt.ArrayLike, *, lowest_db: float = SILENCE_DB) -> Doubles:
    """Return powers in dB, no lower than ``lowest_db``."""
    values = np.asarray(power, dtype=np.float64)
    levels = np.maximum(values, 10.0 ** (lowest_db / 10.0), out=np.empty_like(values))
    np.log10(levels, out=levels)
    decibels: Doubles = np.multiply(levels, 10.0, out=levels)[()]
    return decibels


def smooth(
    curve: npt.ArrayLike, octaves: float, *, weights: npt.ArrayLike | None = None
) -> Doubles:
    """Return a curve over bands smoothed by a Gaussian in log frequency.

    Parameters
    ----------
    curve : array, shape (..., BAND_COUNT)
        Values per band.
    octaves : float
        Full width at half maximum; 0 leaves the curve as it is.
    weights : array, shape (BAND_COUNT,) or like ``curve``, optional
        Trust in each value, ≥ 0. A value of weight 0 is filled from its neighbours.
    """
    values = np.asarray(curve, dtype=np.float64)
    if octaves <= 0.0:
        return values.copy()
    kernel = _smoothing(octaves)
    if weights is None:
        even: Doubles = values @ kernel.T
        return even
    trust = np.asarray(weights, dtype=np.float64)
    total = np.broadcast_to(trust @ kernel.T, values.shape)
    blended: Doubles = ((values * trust) @ kernel.T) / np.maximum(total, 1e-12)
    return blended


def third_octaves(power: npt.ArrayLike) -> Doubles:
    """Return band powers summed to the standard third octaves of ``THIRD_OCTAVES_HZ``.

    Parameters
    ----------
    power : array, shape (..., BAND_COUNT)
        Mean square per band.
    """
    summed: Doubles = np.asarray(power, dtype=np.float64) @ _third_octave_shares()
    return summed


@lru_cache(maxsize=64)
def _smoothing(octaves: float) -> Doubles:
    spread = octaves * BANDS_PER_OCTAVE / (2.0 * np.sqrt(2.0 * np.log(2.0)))
    distance = np.subtract.outer(np.arange(BAND_COUNT), np.arange(BAND_COUNT))
    kernel = np.exp(-0.5 * np.square(distance / spread))
    normalised: Doubles = kernel / kernel.sum(axis=1, keepdims=True)
    return normalised


@lru_cache(maxsize=1)
def _third_octave_shares() -> Doubles:
    edges = THIRD_OCTAVES_HZ[:, None] * 10.0 ** (np.array([-0.05, 0.05]))
    low = np.maximum(BAND_EDGES_HZ[:-1, None], edges[:, 0])
    high = np.minimum(BAND_EDGES_HZ[1:, None], edges[:, 1])
    shares: Doubles = np.maximum(0.0, np.log(high / np.minimum(low, high)))
    shares /= np.log(BAND_EDGES_HZ[1:] / BAND_EDGES_HZ[:-1])[:, None]
    return shares


@lru_cache(maxsize=8)
def _band_weights(
    size: int, rate_hz: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Return the first bin of each band, where its run of shares begins, and all shares.

    A share is the part of a bin's power that lies in the band.
    """
    bin_hz = rate_hz / size
    firsts = np.zeros(BAND_COUNT, dtype=np.int64)
    starts = np.zeros(BAND_COUNT + 1, dtype=np.int64)
    shares: list[float] = []
    for band in range(BAND_COUNT):
        low, high = BAND_EDGES_HZ[band], BAND_EDGES_HZ[band + 1]
        for number in range(
            int(np.floor(low / bin_hz + 0.5)), int(np.floor(high / bin_hz + 0.5)) + 1
        ):
            inside = min(high, (number + 0.5) * bin_hz) - max(low, (number - 0.5) * bin_hz)
            if inside > 0.0 and number < size // 2:
                if len(shares) == starts[band]:
                    firsts[band] = number
                shares.append(inside / bin_hz)
        starts[band + 1] = len(shares)
    return firsts, starts, np.array(shares, dtype=np.float32)


def _window(samples: Floats, first: int, window: Floats, hop: int, windowed: Floats) -> None:
    """Fill ``windowed``, shape (1 or 2, frames, size), with frames of mid, and of side if any."""
    if samples.shape[0] == 2:
        _window_mid_side(samples, first, np.float32(0.5) * window, hop, windowed)
    else:
        end = first + (windowed.shape[1] - 1) * hop + window.size
        frames = np.lib.stride_tricks.sliding_window_view(samples[0, first:end], window.size)[::hop]
        np.multiply(frames, window, out=windowed[0])


@numba.njit(nogil=True, cache=True)
def _window_mid_side(samples, first, half_window, hop, windowed):  # type: ignore[no-untyped-def]
    """Write the frames of sum and difference of two channels under half a window.

    ``samples`` are the whole piece: rows of a part of it would not be known to be contiguous.
    """
    for frame in range(windowed.shape[1]):
        start = first + frame * hop
        left = samples[0, start : start + half_window.size]
        right = samples[1, start : start + half_window.size]
        mid, side = windowed[0, frame], windowed[1, frame]
        for place in range(half_window.size):
            mid[place] = (left[place] + right[place]) * half_window[place]
            side[place] = (left[place] - right[place]) * half_window[place]


@numba.njit(nogil=True, cache=True, fastmath=True)
def _gather(transforms, firsts, starts, shares, scale, bands, fine):  # type: ignore[no-untyped-def]
    """Add each bin's power to its band, frame by frame, and to the sum over frames."""
    power = np.empty(transforms.shape[1], dtype=np.float32)
    for frame in range(transforms.shape[0]):
        for number in range(power.size):
            value = transforms[frame, number]
            power[number] = scale * (value.real * value.real + value.imag * value.imag)
            fine[number] += power[number]
        for band in range(bands.shape[1]):
            total = np.float32(0.0)
            to_bin = firsts[band] - starts[band]
            for share in range(starts[band], starts[band + 1]):
                total += power[to_bin + share] * shares[share]
            bands[frame, band] = total


@numba.njit(nogil=True, cache=True, fastmath=True)
def _gather_both(mids, sides, firsts, starts, shares, scale, mid, side, cross, fine):  # type: ignore[no-untyped-def]
    """Do so for mid and side, and add the real part of their product to each band's sum."""
    bins = mids.shape[1]
    mid_power = np.empty(bins, dtype=np.float32)
    side_power = np.empty(bins, dtype=np.float32)
    product = np.zeros(bins)
    for frame in range(mids.shape[0]):
        for number in range(bins):
            one, other = mids[frame, number], sides[frame, number]
            mid_power[number] = scale * (one.real * one.real + one.imag * one.imag)
            side_power[number] = scale * (other.real * other.real + other.imag * other.imag)
            product[number] += scale * (one.real * other.real + one.imag * other.imag)
            fine[number] += mid_power[number] + side_power[number]
        for band in range(mid.shape[1]):
            mid_total = side_total = np.float32(0.0)
            to_bin = firsts[band] - starts[band]
            for share in range(starts[band], starts[band + 1]):
                mid_total += mid_power[to_bin + share] * shares[share]
                side_total += side_power[to_bin + share] * shares[share]
            mid[frame, band], side[frame, band] = mid_total, side_total
    for band in range(cross.size):
        to_bin = firsts[band] - starts[band]
        for share in range(starts[band], starts[band + 1]):
            cross[band] += product[to_bin + share] * shares[share]
