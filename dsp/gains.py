"""Gains that change over time: what they follow, how they are smoothed, and laid over samples."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from dsp.audio import Audio
from dsp.loudness import WeightedEnergies
from dsp.spectrum import Doubles, Floats, to_db

ONSET_RISE_SECONDS: Final = 0.020  # over which a level rises where a note or a drum begins
ONSET_PERCENT: Final = 95.0  # of rises, beyond which they are onsets
ONSET_LEAST_DB: Final = 3.0  # less is no onset however steady the music
ONSET_REACH_SECONDS: Final = 0.020  # around an onset
AUDIBLE_LU: Final = 40.0  # under the loudest; quieter rises are no onsets


def windowed_lufs(energies: WeightedEnergies, seconds: float) -> Doubles:
    """Return the loudness under a Hann window of so many seconds around each step, LUFS."""
    window = np.hanning(2 * round(seconds / energies.step_seconds / 2.0) + 3)[1:-1]
    return -0.691 + to_db(smoothed(energies.energies, window))


def smoothed(values: Doubles, kernel: Doubles) -> Doubles:
    """Return values averaged under a kernel, the ends held."""
    half = kernel.size // 2
    padded = np.pad(values, (half, kernel.size - 1 - half), mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


def bell(seconds: float, step_seconds: float) -> Doubles:
    """Return the kernel that smooths over a standard deviation of so many seconds."""
    reach = np.arange(-4.0, 4.0 + 1e-9, step_seconds / seconds)
    kernel: Doubles = np.exp(-0.5 * np.square(reach))
    return kernel


def middle_of(levels_lufs: Doubles, gate_lu: float) -> float:
    """Return the median of levels that are not far quieter than the others."""
    counted = levels_lufs[levels_lufs > levels_lufs.max() - 2.0 * gate_lu]
    return float(np.median(counted[counted > np.median(counted) - gate_lu]))


def onset_shares(energies: WeightedEnergies) -> Doubles:
    """Return how near to an onset each step is: 1 there, 0 farther away than the reach."""
    steps = energies.step_seconds
    levels = windowed_lufs(energies, steps)
    over = round(ONSET_RISE_SECONDS / steps)
    rises = np.zeros_like(levels)
    rises[over:] = levels[over:] - levels[:-over]
    audible = levels > levels.max(initial=-np.inf) - AUDIBLE_LU
    if levels.size <= over or not np.any(audible):
        return rises
    least = max(ONSET_LEAST_DB, float(np.percentile(rises[audible], ONSET_PERCENT)))
    reach = round(ONSET_REACH_SECONDS / steps)
    kernel = np.ones(2 * reach + 1)
    near = np.convolve(audible & (rises > least), kernel, mode="same") > 0.5
    return smoothed(near.astype(np.float64), np.array([1.0, 2.0, 1.0]))


def with_gain(
    audio: Audio, gain_db: Doubles, step_seconds: float, *, in_place: bool = False
) -> Audio:
    """Return audio under gains given at the middle of every step, in between on straight lines.

    ``in_place`` allows to overwrite the samples.
    """
    samples = audio.samples if in_place else audio.samples.copy()
    apply_gain(samples, 10.0 ** (gain_db / 20.0), step_seconds * audio.rate_hz)
    return Audio(samples, audio.rate_hz)


@njit(nogil=True, cache=True)
def apply_gain(samples: Floats, gains: Doubles, step_frames: float) -> None:
    """Multiply by gains given at the middle of every step, in between on straight lines."""
    frames = samples.shape[1]
    places = np.arange(int(step_frames) + 2).astype(np.float32)
    start = 0
    for step in range(gains.size + 1):
        before, after = gains[max(step - 1, 0)], gains[min(step, gains.size - 1)]
        middle = (step - 0.5) * step_frames - 0.5  # of the step before
        stop = frames if step == gains.size else min(frames, int(middle + step_frames) + 1)
        slope = (after - before) / step_frames
        first = np.float32(before + slope * (start - middle))
        rise = np.float32(slope)
        if stop - start > places.size:
            places = np.arange(stop - start).astype(np.float32)
        for channel in range(samples.shape[0]):
            part = samples[channel, start:stop]
            for i in range(part.size):
                part[i] *= first + rise * places[i]
        start = max(start, stop)
