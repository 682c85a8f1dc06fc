"""Sound that is as its makers meant it, and looks as if something had gone wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage, signal

from bench.ears.accidents import healthy, made, words
from dsp.audio import Audio

RATE_HZ: Final = 44_100
SECONDS: Final = 20.0

Doubles = npt.NDArray[np.float64]


def time() -> Doubles:
    """Return the times of all frames, s."""
    return np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ


def both(wave: Doubles, peak: float = 1.0) -> Audio:
    """Return a wave in both channels, at a peak, in words of 16 bits."""
    return words(made(np.stack([wave, wave]) * (peak / np.abs(wave).max()), RATE_HZ), 16)


def notes(seed: int, *, per_second: float = 8.0, lowest_hz: float = 110.0) -> Doubles:
    """Return the phase, in cycles, of a melody of a pentatonic scale."""
    steps = np.array([0, 3, 5, 7, 10, 12, 15, 17, 19, 22, 24])
    count = int(SECONDS * per_second) + 1
    chosen = np.random.default_rng(seed).choice(steps, count)
    hz = lowest_hz * 2.0 ** (chosen / 12.0)
    phase: Doubles = np.cumsum(hz[(time() * per_second).astype(int)]) / RATE_HZ
    return phase


def square_synth() -> Audio:
    """Return a lead of square waves at full scale."""
    return both(np.sign(np.sin(2.0 * np.pi * notes(1))))


def chip_tune() -> Audio:
    """Return two pulse voices, a stepped triangle and a noise, as the chip of a console makes."""
    pulse = np.where(notes(2) % 1.0 < 0.25, 1.0, -1.0)
    other = np.where(notes(3, per_second=4.0) % 1.0 < 0.5, 1.0, -1.0)
    triangle = np.round(7.5 * (4.0 * np.abs(notes(4, lowest_hz=55.0) % 1.0 - 0.5) - 1.0)) / 7.5
    drum = np.sign(np.sin(np.cumsum(np.random.default_rng(5).normal(size=time().size))))
    drum *= np.where(time() % 0.5 < 0.06, 1.0, 0.0)
    return both(0.3 * pulse + 0.25 * other + 0.3 * triangle + 0.15 * drum)


def long_bass_drum() -> Audio:
    """Return sines that fall to 46 Hz and ring, at full scale."""
    beat = time() % 1.0
    sweep = 46.0 * beat + 4.0 * (1.0 - np.exp(-25.0 * beat))
    return both(np.sin(2.0 * np.pi * sweep) * np.exp(-1.5 * beat))


def filtered_square() -> Audio:
    """Return square waves through a resonant filter: flat tops that are not quite."""
    sos = signal.butter(2, 3_000.0, fs=RATE_HZ, output="sos")
    return both(signal.sosfilt(sos, np.sign(np.sin(2.0 * np.pi * notes(6)))))


def limited(song: Audio) -> Audio:
    """Return a song through a limiter that looks 2 ms ahead, 5 dB of it."""
    level = np.abs(song.samples).max(axis=0)
    height = float(level.max()) * 10.0 ** (-5.0 / 20.0)
    around = round(0.002 * song.rate_hz)
    held = ndimage.maximum_filter1d(level, 2 * around + 1)
    window = np.hanning(around + 2)[1:-1]
    gain = ndimage.convolve1d(
        np.minimum(1.0, height / np.maximum(held, 1e-9)), window / window.sum()
    )
    return words(made(song.samples * gain, song.rate_hz), 16)


def driven(song: Audio) -> Audio:
    """Return a song through a valve's curve, 6 dB into it, and what keeps out an offset."""
    shaped = 0.8 * np.tanh(2.0 * song.samples / np.abs(song.samples).max())
    return words(made(shaped - shaped.mean(axis=1, keepdims=True), song.rate_hz), 16)


def faded(song: Audio) -> Audio:
    """Return a song that fades over its last third into nothing at all."""
    frames = song.frames // 3
    gain = np.ones(song.frames)
    gain[-frames:] = np.linspace(1.0, 0.0, frames) ** 3
    return words(made(song.samples * gain, song.rate_hz), 16)


def crackling(song: Audio) -> Audio:
    """Return a song with the crackle of a record, ducked by the song, as an effect."""
    rng = np.random.default_rng(8)
    ticks = np.where(rng.random(song.frames) < 10.0 / song.rate_hz, rng.normal(0.0, 0.05), 0.0)
    ring = signal.lfilter([1.0], [1.0, -0.6, 0.3], ticks)
    hiss = rng.normal(0.0, 0.002, song.frames)
    level = ndimage.uniform_filter1d(np.abs(song.samples).max(axis=0), song.rate_hz // 10)
    ducked = hiss * np.clip(1.5 - 6.0 * level, 0.1, 1.5)
    return made(song.samples + ring + ducked, song.rate_hz)


def dull(song: Audio) -> Audio:
    """Return a song as a cassette or a telephone of a sampler leaves it: dark, in 12 bits."""
    sos = signal.butter(3, (90.0, 3_200.0), "bandpass", fs=song.rate_hz, output="sos")
    return made(signal.sosfilt(sos, song.samples, axis=1), song.rate_hz)


DAMAGED: Final = frozenset({"clipping", "hum", "dropout", "dc_offset", "cut_off_tail", "noise"})
Make = Callable[[], Audio]
Change = Callable[[Audio], Audio]

# Sound of its own, and what may be done to any song; each with the codes that must not be found.
SOUNDS: Final[dict[str, tuple[Make, frozenset[str]]]] = {
    "square synth at full scale": (square_synth, frozenset({"clipping", "hum", "noise"})),
    "chip tune": (chip_tune, frozenset({"clipping", "hum", "noise"})),
    "long bass drum at full scale": (long_bass_drum, frozenset({"clipping", "hum", "noise"})),
    "filtered square synth": (filtered_square, frozenset({"clipping", "hum", "noise"})),
}
CHANGES: Final[dict[str, tuple[Change, frozenset[str]]]] = {
    "limited by 5 dB": (limited, DAMAGED),
    "driven like a valve": (driven, DAMAGED),
    "faded into nothing": (lambda song: healthy(faded(song)), DAMAGED),
    "crackle as an effect": (crackling, frozenset({"clipping", "dropout", "hum"})),
    "dark, as from a cassette": (dull, DAMAGED | {"lossy_source", "upsampled"}),
}
