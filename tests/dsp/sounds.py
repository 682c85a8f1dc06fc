"""Sounds that the tests of the level stages are made of."""

import numpy as np

from dsp.audio import Audio


def audio(samples, rate_hz=48_000):
    """Make audio from anything shaped (frames,) or (channels, frames)."""
    return Audio(np.ascontiguousarray(np.atleast_2d(samples), dtype=np.float32), rate_hz)


def stereo(samples, rate_hz=48_000):
    """Make audio with the same samples in both channels."""
    return audio(np.stack([samples, samples]), rate_hz)


def tone(hz, seconds, *, rate_hz=48_000, level_dbfs=0.0, phase=0.0):
    """Make a sine; the level is that of its peak."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return 10.0 ** (level_dbfs / 20.0) * np.sin(2.0 * np.pi * hz * t + phase)


def silence(seconds, *, rate_hz=48_000):
    return np.zeros(round(seconds * rate_hz))


def music(seconds, *, rate_hz=48_000, seed=0, level_db=0.0):
    """Make something like a song: kick, snare, bass and a chord, in loud and soft bars."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    bar = np.where(t % 8.0 < 5.0, 1.0, 0.4)
    bass = 0.22 * np.sin(2 * np.pi * 55 * t) * (0.6 + 0.4 * np.sin(2 * np.pi * 0.5 * t))
    chord = sum(0.05 * np.sin(2 * np.pi * f * t + f) for f in (220, 277, 330, 1760))
    since_kick, since_snare = t % 0.5, (t + 0.25) % 0.5
    kick = 0.7 * np.exp(-since_kick / 0.08) * np.sin(2 * np.pi * 60 * since_kick)
    hiss = rng.standard_normal((2, len(t)))
    snare = 0.25 * np.exp(-since_snare / 0.03) * hiss
    air = 0.01 * rng.standard_normal((2, len(t)))
    both = np.stack([bass + chord + kick, bass + 0.8 * chord + kick])
    return audio((both + snare + air) * bar * 10 ** (level_db / 20), rate_hz)


def burst_noise(seconds, *, rate_hz=48_000, seed=0, channels=2):
    """Make full-scale ±1 at random: the worst there is between the samples."""
    rng = np.random.default_rng(seed)
    return audio(rng.choice([-1.0, 1.0], (channels, round(seconds * rate_hz))), rate_hz)
