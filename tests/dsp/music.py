"""Music made for tests: seeded chords, drums and a little air, in stereo."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dsp.audio import Audio

RATE_HZ = 44_100
BEAT_SECONDS = 0.5
CHORDS_HZ = (
    (110.0, 138.6, 164.8),
    (98.0, 123.5, 146.8),
    (130.8, 164.8, 196.0),
    (87.3, 110.0, 130.8),
)


@lru_cache(maxsize=16)
def song(seconds: float = 16.0, *, seed: int = 0, rate_hz: int = RATE_HZ) -> Audio:
    """Return a song of a bar per chord; another seed plays other notes and hits."""
    rng = np.random.default_rng(seed)
    notes, time = _notes(rate_hz)
    beat = time.size
    bars = []
    for number in range(int(np.ceil(seconds / BEAT_SECONDS))):
        chord = CHORDS_HZ[(number // 4 + seed) % len(CHORDS_HZ)]
        left = np.zeros(beat)
        right = np.zeros(beat)
        for hz in chord:
            sounding = notes[hz] * np.exp(-time * rng.uniform(1.0, 3.0))
            place = rng.uniform(0.2, 0.8)
            left += place * sounding
            right += (1.0 - place) * sounding
        kick = 2.0 * np.sin(2 * np.pi * 55.0 * time) * np.exp(-time * 12.0) * (number % 2 == 0)
        hat = rng.normal(0.0, 0.3, (2, beat)) * np.exp(-time * rng.uniform(10.0, 30.0))
        bars.append(np.stack([left + kick, right + kick]) * rng.uniform(0.7, 1.0) + hat)
    samples = np.concatenate(bars, axis=1)[:, : round(seconds * rate_hz)]
    samples = samples + rng.normal(0.0, 0.003, samples.shape)
    return Audio((0.08 * samples).astype(np.float32), rate_hz)


@lru_cache(maxsize=2)
def _notes(rate_hz: int) -> tuple[dict[float, np.ndarray], np.ndarray]:
    time = np.arange(round(BEAT_SECONDS * rate_hz)) / rate_hz
    partials = np.arange(1, 40)
    return {
        hz: (np.sin(2 * np.pi * hz * np.outer(time, partials)) / partials**1.3).sum(axis=1)
        for hz in {hz for chord in CHORDS_HZ for hz in chord}
    }, time


def changed(audio: Audio, gain: float = 1.0, side_gain: float = 1.0) -> Audio:
    """Return a song louder or quieter, its side wider or narrower."""
    mid = (audio.samples[0] + audio.samples[1]) / 2
    side = (audio.samples[0] - audio.samples[1]) / 2 * np.float32(side_gain)
    samples = np.stack([mid + side, mid - side]) * np.float32(gain)
    return Audio(np.ascontiguousarray(samples, dtype=np.float32), audio.rate_hz)


def mono(audio: Audio) -> Audio:
    """Return a song's left channel alone."""
    return Audio(np.ascontiguousarray(audio.samples[:1]), audio.rate_hz)
