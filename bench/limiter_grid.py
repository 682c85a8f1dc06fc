"""The level stages on a bench: distortion, intermodulation, ceilings and CPU time, as Markdown.

    python -m bench.limiter_grid [--minutes 4]

Everything is made here; times are the best of several runs on one core.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import signal

from dsp.audio import Audio
from dsp.clipper import clip_in_place
from dsp.dither import quantize
from dsp.limiter import limit, limit_in_place, usable_ceiling
from dsp.loudness import integrated_lufs, measure_loudness, weighted_energies
from dsp.maximizer import maximize
from dsp.peaks import block_frames, block_peaks, read_meters, true_peak_dbtp
from dsp.resample import resample

CEILING_DBTP = -1.0
RATE_HZ = 44_100


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=4.0, help="length of the timed piece")
    tables(parser.parse_args().minutes)


def tables(minutes: float) -> None:
    """Print every table, the timed piece so many minutes long."""
    distortion()
    intermodulation()
    ceilings()
    times(minutes)


def distortion() -> None:
    """Print THD+N of tones over the ceiling."""
    print("| tone | +3 dB | +6 dB |\n|---|---|---|")
    for hz in (30, 40, 50, 60, 80, 100, 1_000, 5_000):
        cells = [f"{thd_n_db(hz, over_db):.1f} dB" for over_db in (3, 6)]
        print(f"| {hz} Hz | {' | '.join(cells)} |")


def thd_n_db(hz: int, over_db: float) -> float:
    """Return all that is not the tone against the tone, over the third second."""
    t = np.arange(4 * RATE_HZ) / RATE_HZ
    tone = 10.0 ** ((CEILING_DBTP + over_db) / 20.0) * np.sin(2.0 * np.pi * hz * t)
    limited = limit(mono(tone), ceiling_dbtp=CEILING_DBTP).audio.samples[0].astype(np.float64)
    span = slice(2 * RATE_HZ, 3 * RATE_HZ)
    parts = np.stack([f(2.0 * np.pi * hz * t[span]) for f in (np.sin, np.cos)], axis=1)
    fitted = parts @ np.linalg.lstsq(parts, limited[span], rcond=None)[0]
    return 10.0 * math.log10(np.sum((limited[span] - fitted) ** 2) / np.sum(fitted**2))


def intermodulation() -> None:
    """Print the side tones of 7 kHz under 60 Hz, 4:1, 6 dB over the ceiling."""
    t = np.arange(4 * RATE_HZ) / RATE_HZ
    sound = np.sin(2.0 * np.pi * 60 * t) + 0.25 * np.sin(2.0 * np.pi * 7_000 * t)
    sound *= 10.0 ** ((CEILING_DBTP + 6.0) / 20.0) / 1.25
    limited = limit(mono(sound), ceiling_dbtp=CEILING_DBTP).audio.samples[0]
    window = signal.windows.blackmanharris(RATE_HZ)
    spectrum = np.abs(np.fft.rfft(limited[2 * RATE_HZ : 3 * RATE_HZ] * window))
    sides = max(spectrum[7_000 + k] for k in (-180, -120, -60, 60, 120, 180))
    print(f"\nIntermodulation 60 Hz + 7 kHz: {20 * math.log10(sides / spectrum[7_000]):.1f} dB\n")


def ceilings() -> None:
    """Print what every meter reads at a ceiling of −1 dBTP, and what 16 × oversampling finds."""
    print("| signal | 8 × | ITU | libebur128 | 16 × | reduction |\n|---|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    second = np.arange(RATE_HZ) / RATE_HZ
    sounds = {
        "±1 at random": rng.choice([-1.0, 1.0], (2, RATE_HZ)),
        "square, 100 Hz": 2.0 * np.sign(np.sin(2.0 * np.pi * 100 * second)),
        "impulses": np.where(np.arange(RATE_HZ) % 997 == 0, 6.0, 0.01),
        "song-like": song(8.0).samples * 4.0,
    }
    for name, samples in sounds.items():
        limited = limit(mono(samples), ceiling_dbtp=CEILING_DBTP)
        meters = read_meters(limited.audio)
        fine = signal.resample_poly(limited.audio.samples.astype(np.float64), 16, 1, axis=1)
        readings = (meters.polyphase_dbtp, meters.itu_dbtp, meters.libebur128_dbtp)
        told = " | ".join(f"{reading:.3f}" for reading in readings)
        highest = 20.0 * math.log10(np.abs(fine).max())
        print(f"| {name} | {told} | {highest:.3f} | {limited.max_reduction_db:.2f} dB |")


def times(minutes: float) -> None:
    """Print the CPU time of every kernel on one piece."""
    sound = song(minutes * 60.0)
    block = block_frames(RATE_HZ)
    energies = weighted_energies(sound)
    peaks = block_peaks(sound, block, floor_share=0.5)
    gain_db = CEILING_DBTP + 6.0 - 20.0 * math.log10(float(peaks.max()))
    threshold = usable_ceiling(CEILING_DBTP) / 10.0 ** (gain_db / 20.0)

    def copy() -> Audio:
        return Audio(sound.samples.copy(), RATE_HZ)

    kernels: dict[str, Callable[[], Any]] = {
        "copy": copy,
        "K-weighted energies": lambda: weighted_energies(sound),
        "every loudness from them": lambda: measure_loudness(energies),
        "true peak, three meters": lambda: true_peak_dbtp(sound),
        "block peaks over half the highest": lambda: block_peaks(sound, block, floor_share=0.5),
        "copy and clip": lambda: clip_in_place(copy(), threshold=threshold, peaks=peaks),
        "copy, limit and verify": lambda: limit_in_place(
            copy(), ceiling_dbtp=CEILING_DBTP, gain_db=gain_db, peaks=peaks
        ),
        "maximize, with limiting": lambda: maximize(
            sound, goal_lufs=integrated_lufs(energies) + gain_db - 1.0, ceiling_dbtp=CEILING_DBTP
        ),
        "maximize, gain alone": lambda: maximize(
            sound, goal_lufs=integrated_lufs(energies) - 6.0, ceiling_dbtp=CEILING_DBTP
        ),
        "dither to 24 bits": lambda: quantize(sound.samples, 24, seed=1),
        "resample to 48 kHz": lambda: resample(sound, 48_000),
    }
    print(f"\n| kernel, {minutes:g} min stereo at 44.1 kHz | CPU ms |\n|---|---|")
    for name, kernel in kernels.items():
        print(f"| {name} | {best_cpu_ms(kernel):.0f} |")


def best_cpu_ms(function: Callable[[], Any], *, runs: int = 4) -> float:
    """Return the least CPU time of several runs, after one to warm up."""
    function()
    spent = []
    for _ in range(runs):
        start = time.process_time()
        function()
        spent.append(time.process_time() - start)
    return 1000.0 * min(spent)


def song(seconds: float) -> Audio:
    """Return something like a song: kick, snare, bass, a chord and a little air."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hiss = np.random.default_rng(0).standard_normal((2, len(t)), dtype=np.float32)
    hiss = signal.lfilter(signal.firwin(63, 16_000, fs=RATE_HZ), [1.0], hiss).astype(np.float32)
    kick = 0.5 * np.exp(-(t % 0.5) / 0.08) * np.sin(2.0 * np.pi * 60 * (t % 0.5))
    snare = 0.12 * np.exp(-((t + 0.25) % 0.5) / 0.03)
    chord = sum(0.04 * np.sin(2.0 * np.pi * hz * t) for hz in (55, 220, 277, 330, 1_760))
    return Audio((kick + chord + hiss * (snare + 0.005)).astype(np.float32), RATE_HZ)


def mono(samples: Any) -> Audio:
    """Return samples of any shape as audio."""
    return Audio(np.ascontiguousarray(np.atleast_2d(samples), dtype=np.float32), RATE_HZ)


if __name__ == "__main__":
    main()
