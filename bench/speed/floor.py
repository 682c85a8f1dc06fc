"""The least work that any chain of this kind must do, as plain kernels, timed one by one.

python -m bench.speed.floor TARGET REFERENCE OUTPUT RUNS

They decode, weight, transform, filter, limit and write the same files, each as fast as it can be
done here, and nothing else: no decisions, no corrections, no report. What target, reference and
result each need is counted as often. They share no code with ``dsp``, so that a slow kernel there
cannot hide itself.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
import soundfile
from numba import njit

WINDOW = 8192
TAPS = 4096
CEILING = 0.89
STEP = 441  # frames of a gain over time
MODEL = 32  # frames of a block of the loudness model,
MODELS = 8  # which is solved for the drive
CLIPPED = 33  # one block in so many holds a short peak
BATCH = 8  # transforms at once, as many as a vector register takes


def main() -> None:
    """Print the least CPU time of every kernel, in seconds, as JSON."""
    target, reference, output = map(Path, sys.argv[1:4])
    samples, rate = decode(target)
    driven = samples * np.float32(drive(samples, decode(reference)[0]))
    half = samples * np.float32(0.5)
    filtered, limited = np.empty_like(samples), np.empty_like(samples)
    gains = np.linspace(0.9, 1.1, samples.shape[1] // STEP + 2).astype(np.float32)
    blocks = np.abs(driven[0, : samples.shape[1] // MODEL * MODEL].reshape(-1, MODEL)).max(axis=1)
    response = scipy.fft.rfft(np.eye(1, TAPS, dtype=np.float32)[0], 4 * TAPS)
    kernels: dict[str, tuple[int, Callable[[], Any]]] = {
        "decode": (2, lambda: decode(target)),
        "K weighting and energies": (3, lambda: weighted(samples, rate // 10)),
        "spectra, 8192/4096": (2, lambda: spectra(samples)),
        "true peak": (3, lambda: highest(half)),
        "FIR of 4096 taps": (1, lambda: convolve(samples, response, filtered)),
        "gain over time": (1, lambda: follow(samples, gains, limited)),
        "clip of short peaks": (1, lambda: clip(driven, INTERPOLATORS)),
        "loudness model": (MODELS, lambda: loudness(blocks, np.float32(CEILING))),
        "peaks between samples, limiter": (1, lambda: limit(driven, limited)),
        "dither, pack, write": (1, lambda: write(limited, output)),
    }
    told = {
        name: times * best(kernel, int(sys.argv[4])) for name, (times, kernel) in kernels.items()
    }
    print(json.dumps(told))


def drive(samples: np.ndarray, reference: np.ndarray) -> float:
    """Return the gain to the reference's mean power: what a limiter of masters has to do with."""
    powers = [float(np.mean(np.square(each, dtype=np.float64))) for each in (samples, reference)]
    return float(np.sqrt(powers[1] / powers[0]))


def best(kernel: Callable[[], Any], runs: int) -> float:
    """Return the least CPU time of several runs after one that compiles."""
    kernel()
    spent = []
    for _ in range(runs):
        start = time.process_time()
        kernel()
        spent.append(time.process_time() - start)
    return min(spent)


def decode(path: Path) -> tuple[np.ndarray, int]:
    """Read as planar float32."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T), rate


@njit(cache=True)
def weighted(samples, step):
    """Run two biquads in double precision and sum squares per step (coefficients at 48 kHz)."""
    energies = np.zeros(samples.shape[1] // step + 1)
    state = np.zeros((4, 2))
    for block in range(energies.size):
        for i in range(block * step, min(samples.shape[1], (block + 1) * step)):
            for channel in range(2):  # side by side, so that one does not wait for the other
                x = float(samples[channel, i])
                y = 1.53512485958697 * x + state[0, channel]
                state[0, channel] = -2.69169618940638 * x + 1.69065929318241 * y + state[1, channel]
                state[1, channel] = 1.19839281085285 * x - 0.73248077421585 * y
                z = y + state[2, channel]
                state[2, channel] = -2.0 * y + 1.99004745483398 * z + state[3, channel]
                state[3, channel] = y - 0.99007225036621 * z
                energies[block] += z * z
    return energies


def spectra(samples):
    """Sum the power of mid and side over half-overlapping Hann frames."""
    window = np.hanning(WINDOW).astype(np.float32)
    mean = np.zeros((2, WINDOW // 2 + 1), dtype=np.float32)
    hop = WINDOW // 2
    frames = np.empty((2, BATCH, WINDOW), dtype=np.float32)
    for start in range(0, samples.shape[1] - WINDOW - BATCH * hop, BATCH * hop):
        cut(samples, window, start, hop, frames)
        gather(scipy.fft.rfft(frames, axis=2), mean)
    return mean


@njit(cache=True)
def cut(samples, window, start, hop, frames):
    for frame in range(frames.shape[1]):
        first = start + frame * hop
        for i in range(window.size):
            left, right = samples[0, first + i], samples[1, first + i]
            frames[0, frame, i] = (left + right) * window[i]
            frames[1, frame, i] = (left - right) * window[i]


@njit(cache=True, fastmath=True)
def gather(transforms, mean):
    for part in range(2):
        for frame in range(transforms.shape[1]):
            for i in range(mean.shape[1]):
                value = transforms[part, frame, i]
                mean[part, i] += value.real * value.real + value.imag * value.imag


def convolve(samples, response, filtered):
    """Filter by overlap-save in blocks of four times the taps."""
    length = 4 * TAPS
    step = length - TAPS + 1
    blocks = np.zeros((BATCH // 2, 2, length), dtype=np.float32)
    for start in range(0, samples.shape[1] - length - BATCH // 2 * step, BATCH // 2 * step):
        for block in range(BATCH // 2):
            first = start + block * step
            blocks[block] = samples[:, first : first + length]
        spectrum = scipy.fft.rfft(blocks, axis=2)
        multiply(spectrum, response)
        results = scipy.fft.irfft(spectrum, length, axis=2, overwrite_x=True)
        for block in range(BATCH // 2):
            first = start + block * step
            filtered[:, first : first + step] = results[block, :, TAPS - 1 :]


@njit(cache=True, fastmath=True)
def multiply(spectrum, response):
    for block in range(spectrum.shape[0]):
        for channel in range(spectrum.shape[1]):
            for i in range(response.size):
                spectrum[block, channel, i] *= response[i]


def _interpolators() -> np.ndarray:
    places = np.arange(32) - 15
    rows = [np.sinc(places - part / 4) * np.kaiser(32, 8) for part in (1, 2, 3)]
    return np.array(rows, dtype=np.float32)


INTERPOLATORS = _interpolators()


@njit(cache=True, fastmath=True)
def peak_at(samples, i, bank):
    """Return the highest of a sample and the three points after it, over both channels."""
    found = np.float32(0.0)
    for channel in range(2):
        found = max(found, abs(samples[channel, i]))
        for row in range(bank.shape[0]):
            total = np.float32(0.0)
            for tap in range(32):
                total += bank[row, tap] * samples[channel, i - 15 + tap]
            found = max(found, abs(total))
    return found


@njit(cache=True, fastmath=True)
def _highest(samples, bank):
    top = np.float32(0.0)
    for i in range(16, samples.shape[1] - 20):
        near = max(abs(samples[0, i]), abs(samples[1, i]))
        after = max(abs(samples[0, i + 1]), abs(samples[1, i + 1]))
        if max(near, after) * np.float32(1.2) > top:
            top = max(top, peak_at(samples, i, bank))
    return top


def highest(samples):
    """Return the true peak, read between samples only where it could be."""
    return _highest(samples, INTERPOLATORS)


@njit(cache=True, fastmath=True)
def _limit(samples, limited, bank, ceiling):
    """Per block of 16: the peak, read between samples where it matters, and a sloping gain."""
    reduction = smooth = before = np.float32(0.0)
    for start in range(16, samples.shape[1] - 48, 16):
        peak = np.float32(0.0)
        for channel in range(2):
            for i in range(start, start + 16):
                peak = max(peak, abs(samples[channel, i]))
        if peak * np.float32(1.2) > ceiling:
            for i in range(start, start + 16):
                near = max(abs(samples[0, i]), abs(samples[1, i]))
                if near * np.float32(1.2) > ceiling:
                    peak = max(peak, peak_at(samples, i, bank))
        demand = np.float32(1.0) - ceiling / peak if peak > ceiling else np.float32(0.0)
        reduction = max(demand, reduction * np.float32(0.99))
        smooth += np.float32(0.3) * (reduction - smooth)
        slope = (smooth - before) / np.float32(16.0)
        for channel in range(2):
            for i in range(16):
                gain = np.float32(1.0) - before - slope * np.float32(i)
                limited[channel, start + i] = samples[channel, start + i] * gain
        before = smooth


def limit(samples, limited):
    """Find peaks between samples, follow them with a gain, apply it."""
    _limit(samples, limited, INTERPOLATORS, np.float32(CEILING))


@njit(cache=True, fastmath=True)
def follow(samples, gains, out):
    """Multiply by gains that move on straight lines."""
    for step in range(samples.shape[1] // STEP):
        slope = (gains[step + 1] - gains[step]) / np.float32(STEP)
        for channel in range(2):
            for i in range(STEP):
                place = step * STEP + i
                gain = gains[step] + slope * np.float32(i)
                out[channel, place] = samples[channel, place] * gain


@njit(cache=True, fastmath=True)
def clip(samples, bank):
    """Read one block in so many at four points a sample, as a local oversampled clip does."""
    total = np.float32(0.0)
    for start in range(16, samples.shape[1] - 64, 16 * CLIPPED):
        for i in range(start, start + 16):
            total += peak_at(samples, i, bank)
    return total


@njit(cache=True)
def loudness(peaks, ceiling):
    """Follow the peaks of blocks with a gain, sum what power is left."""
    reduction = power = 0.0
    for peak in peaks:
        demand = 1.0 - ceiling / peak if peak > ceiling else 0.0
        reduction = max(demand, reduction * 0.98)
        left = peak * (1.0 - reduction)
        power += left * left
    return power


@njit(cache=True)
def _packed(samples, octets):
    state = np.uint64(1)
    for i in range(samples.shape[1]):
        for channel in range(2):
            state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            one, other = np.uint32(state >> np.uint64(32)), np.uint32(state & np.uint64(0xFFFFFFFF))
            noise = (float(one) - float(other)) * 2.0**-32
            word = int(samples[channel, i] * 8388608.0 + noise + 8388608.5) - 8388608
            octets[i, channel, 0] = word & 255
            octets[i, channel, 1] = (word >> 8) & 255
            octets[i, channel, 2] = (word >> 16) & 255


def write(samples, path):
    """Write 24-bit words with triangular dither, in blocks."""
    octets = np.empty((65_536, 2, 3), dtype=np.uint8)
    with path.open("wb") as file:
        for start in range(0, samples.shape[1], len(octets)):
            block = samples[:, start : start + len(octets)]
            _packed(block, octets)
            file.write(octets[: block.shape[1]].data)


if __name__ == "__main__":
    main()
