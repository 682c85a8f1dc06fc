"""A small band for tests: songs with sections, drums, bass and chords, from a seed."""

import numpy as np

from dsp.audio import Audio

BEAT_SECONDS = 0.5
ENERGIES = {"verse": 0.5, "chorus": 1.0}


def song(
    *, seed: int = 0, seconds: float = 24.0, rate_hz: int = 44_100, peak: float = 0.5
) -> Audio:
    """Return a stereo song of alternating 6-s verses and choruses, peaking at ``peak``."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * rate_hz)
    time = np.arange(frames) / rate_hz
    chorus = (time // 6.0) % 2 == 1
    energy = np.where(chorus, ENERGIES["chorus"], ENERGIES["verse"])
    beat = time % BEAT_SECONDS
    kick = np.sin(2 * np.pi * 52.0 * beat) * np.exp(-beat * 18.0)
    snare = rng.standard_normal(frames) * np.exp(-((time + 0.5) % 1.0) * 22.0) * 0.5
    hat = np.diff(rng.standard_normal(frames), prepend=0.0) * np.exp(-(time % 0.25) * 60.0) * 0.3
    roots = rng.choice([41.2, 49.0, 55.0, 61.7], size=int(seconds / 2.0) + 1)
    root = roots[(time / 2.0).astype(int)]
    phase = 2 * np.pi * np.cumsum(root) / rate_hz
    bass = sum(np.sin(n * phase) / n**1.5 for n in range(1, 6)) * 0.5
    chord = sum(np.sin(4 * ratio * phase + n) for n, ratio in enumerate((1.0, 1.25, 1.5))) * 0.2
    wide = rng.standard_normal((2, frames))
    wide = np.cumsum(wide - wide.mean(axis=1, keepdims=True), axis=1)
    wide = np.diff(wide, axis=1, prepend=0.0) * 0.06 * chorus
    middle = kick + bass + (snare + hat + chord) * energy
    stereo = np.stack([middle + wide[0] + 0.3 * chord, middle + wide[1] - 0.3 * chord]) * energy
    return Audio(
        np.ascontiguousarray(stereo * (peak / np.abs(stereo).max()), dtype=np.float32), rate_hz
    )


def noise(
    *, seed: int = 0, seconds: float = 6.0, rate_hz: int = 44_100, channels: int = 2
) -> Audio:
    """Return noise at an rms of −20 dBFS."""
    samples = np.random.default_rng(seed).standard_normal((channels, round(seconds * rate_hz)))
    return Audio(np.ascontiguousarray(samples * 0.1, dtype=np.float32), rate_hz)
