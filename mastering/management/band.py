"""A band that plays from notes: songs with sections, and mixes of them, for the demo account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import signal

from dsp.audio import Audio
from dsp.units import db_to_amplitude

RATE_HZ = 44_100
BEATS_PER_BAR = 4
# Name, bars, and how strongly each instrument plays.
SECTIONS: tuple[tuple[int, dict[str, float]], ...] = (
    (2, {"chords": 0.6, "hats": 0.4}),
    (8, {"kick": 0.8, "snare": 0.6, "hats": 0.6, "bass": 0.8, "chords": 0.4, "lead": 0.7}),
    (8, {"kick": 1.0, "snare": 1.0, "hats": 1.0, "bass": 1.0, "chords": 1.0, "lead": 1.0}),
    (4, {"hats": 0.3, "chords": 0.8, "lead": 0.6}),
    (8, {"kick": 1.0, "snare": 1.0, "hats": 1.0, "bass": 1.0, "chords": 1.0, "lead": 1.0}),
)
MINOR_SCALE = (0, 2, 3, 5, 7, 8, 10)

Wave = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Song:
    """Notes: a key, a tempo, four chords as steps of the minor scale, and luck."""

    seed: int
    beats_per_minute: float
    key_hz: float
    chords: tuple[int, int, int, int]


@dataclass(frozen=True)
class Mix:
    """A desk: levels by instrument, the balance of bass and treble, and the last stage."""

    levels_db: Mapping[str, float]
    bass_db: float
    treble_db: float
    reverb_db: float
    drive_db: float | None = None  # into a soft clipper, as a finished track; None leaves peaks
    peak_dbfs: float = -6.0


def play(song: Song, mix: Mix) -> Audio:
    """Play a song and mix it down."""
    stems = _record(song)
    wet = np.zeros_like(stems["chords"])
    dry = np.zeros_like(wet)
    for name, stem in stems.items():
        level = db_to_amplitude(mix.levels_db.get(name, 0.0))
        dry += level * stem
        if name in ("snare", "chords", "lead"):
            wet += level * stem
    stereo = dry + db_to_amplitude(mix.reverb_db) * _reverberate(wet, seed=song.seed)
    stereo = _balance(stereo, bass_db=mix.bass_db, treble_db=mix.treble_db)
    stereo = signal.sosfilt(signal.butter(2, 25.0, "highpass", fs=RATE_HZ, output="sos"), stereo)
    stereo /= np.abs(stereo).max()
    if mix.drive_db is not None:
        stereo = np.tanh(db_to_amplitude(mix.drive_db) * stereo)
    stereo *= db_to_amplitude(mix.peak_dbfs) / np.abs(stereo).max()
    return Audio(np.ascontiguousarray(stereo, dtype=np.float32), RATE_HZ)


def _record(song: Song) -> dict[str, Wave]:
    """Return each instrument's track, (2, frames)."""
    rng = np.random.default_rng(song.seed)
    beat = 60.0 / song.beats_per_minute
    bars = sum(count for count, _ in SECTIONS)
    frames = round((bars * BEATS_PER_BAR * beat + 2.0) * RATE_HZ)
    names = ("kick", "snare", "hats", "bass", "chords", "lead")
    stems = {name: np.zeros((2, frames)) for name in names}

    def add(name: str, at_seconds: float, sound: Wave, level: float, pan: float = 0.0) -> None:
        begin = round(at_seconds * RATE_HZ)
        sides = np.array([[np.cos((pan + 1) * np.pi / 4)], [np.sin((pan + 1) * np.pi / 4)]])
        room = frames - begin
        stems[name][:, begin : begin + sound.shape[-1]] += level * sides * sound[..., :room]

    bar = 0
    for count, levels in SECTIONS:
        for _ in range(count):
            start = bar * BEATS_PER_BAR * beat
            degree = song.chords[bar % 4]
            swing = rng.uniform(0.9, 1.0, size=16)
            for number, (name, at_beat) in enumerate(_drum_pattern()):
                level = levels.get(name, 0.0) * swing[number % 16]
                pan = 0.35 if name == "hats" else 0.0
                add(name, start + at_beat * beat, _drum(name, number % 4), level, pan)
            if level := levels.get("bass", 0.0):
                for at_beat in (0.0, 0.75, 1.5, 2.0, 2.75, 3.5):
                    add("bass", start + at_beat * beat, _bass(_hz(song, degree, -1), beat), level)
            if level := levels.get("chords", 0.0):
                voices = tuple(_hz(song, degree + step, 1) for step in (0, 2, 4, 6))
                add("chords", start, _chord(voices, BEATS_PER_BAR * beat), level)
            if level := levels.get("lead", 0.0):
                for at_beat in (0.0, 1.0, 1.5, 2.5, 3.0):
                    if rng.random() < 0.8:
                        step = degree + int(rng.choice((0, 2, 4, 5, 7)))
                        note = _lead(_hz(song, step, 2), 0.9 * beat)
                        add("lead", start + at_beat * beat, note, level * rng.uniform(0.7, 1.0))
            bar += 1
    return stems


def _drum_pattern() -> list[tuple[str, float]]:
    kicks = [("kick", beat) for beat in (0.0, 1.5, 2.0)]
    snares = [("snare", beat) for beat in (1.0, 3.0)]
    return kicks + snares + [("hats", eighth / 2) for eighth in range(8)]


def _hz(song: Song, degree: int, octave: int) -> float:
    """Return the pitch of a step of the song's minor scale."""
    semitones = MINOR_SCALE[degree % 7] + 12 * (degree // 7 + octave)
    return float(song.key_hz * 2.0 ** (semitones / 12))


def _time(seconds: float) -> Wave:
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


@cache
def _drum(name: str, take: int) -> Wave:
    rng = np.random.default_rng(take)
    time = _time(0.5)
    noise = rng.standard_normal(time.size)
    if name == "kick":
        phase = 2 * np.pi * (48.0 * time + 2.4 * (1.0 - np.exp(-30.0 * time)))
        return np.sin(phase) * np.exp(-9.0 * time) + 0.05 * noise * np.exp(-400.0 * time)
    if name == "snare":
        body = np.sin(2 * np.pi * 190.0 * time) * np.exp(-22.0 * time)
        rattle = _band(noise, 900.0, 9_000.0) * np.exp(-16.0 * time)
        return 0.5 * body + 0.7 * rattle
    return 0.35 * _band(noise, 7_000.0, 16_000.0) * np.exp(-45.0 * time)


@cache
def _bass(hz: float, seconds: float) -> Wave:
    time = _time(seconds)
    return 0.55 * _saw(hz, time, dark_above_hz=500.0) * np.exp(-2.5 * time) * _edges(time)


@cache
def _chord(voices: tuple[float, ...], seconds: float) -> Wave:
    """Return a wide pad, (2, frames): each side is tuned a little differently."""
    time = _time(seconds)
    swell = _edges(time, attack_seconds=0.06, release_seconds=0.2)
    sides = [
        sum(_saw(hz * detune, time, dark_above_hz=1_800.0) for hz in voices)
        for detune in (0.9975, 1.0025)
    ]
    return 0.11 * np.stack([side * swell for side in sides])


@cache
def _lead(hz: float, seconds: float) -> Wave:
    time = _time(seconds)
    vibrato = 0.15 * np.sin(2 * np.pi * 5.5 * time) * np.minimum(time / 0.3, 1.0)
    phase = 2 * np.pi * hz * time + vibrato
    voice = np.sin(phase + 1.6 * np.exp(-3.0 * time) * np.sin(2 * phase))
    return 0.4 * voice * np.exp(-1.5 * time) * _edges(time, attack_seconds=0.015)


def _saw(hz: float, time: Wave, *, dark_above_hz: float) -> Wave:
    """Return a sawtooth without aliases, its harmonics falling faster above a frequency."""
    harmonics = np.arange(1, int(min(6 * dark_above_hz, 16_000.0) / hz) + 1)
    weights = 1.0 / (harmonics * (1.0 + (harmonics * hz / dark_above_hz) ** 2))
    wave = np.zeros_like(time)
    for harmonic, weight in zip(harmonics, weights, strict=True):
        wave += weight * np.sin(2 * np.pi * harmonic * hz * time)
    return wave


def _edges(time: Wave, *, attack_seconds: float = 0.005, release_seconds: float = 0.03) -> Wave:
    left = time[-1] - time
    return np.asarray(np.clip(np.minimum(time / attack_seconds, left / release_seconds), 0, 1))


def _band(wave: Wave, low_hz: float, high_hz: float) -> Wave:
    band = signal.butter(2, (low_hz, high_hz), "bandpass", fs=RATE_HZ, output="sos")
    return np.asarray(signal.sosfilt(band, wave))


def _reverberate(stereo: Wave, *, seed: int) -> Wave:
    """Return the sound of a room of 1.2 s, another on each side."""
    time = _time(1.2)
    room = np.random.default_rng(seed).standard_normal((2, time.size)) * np.exp(-5.7 * time)
    room = _band(room, 250.0, 7_000.0) / np.sqrt(time.size) * 4.0
    return np.asarray(signal.oaconvolve(stereo, room, axes=1))[:, : stereo.shape[1]]


def _balance(stereo: Wave, *, bass_db: float, treble_db: float) -> Wave:
    """Turn bass below about 200 Hz and treble above about 3 kHz, with gentle slopes."""
    low = signal.lfilter(*signal.butter(1, 200.0, fs=RATE_HZ), stereo)
    high = signal.lfilter(*signal.butter(1, 3_000.0, "highpass", fs=RATE_HZ), stereo)
    return np.asarray(
        stereo + (db_to_amplitude(bass_db) - 1.0) * low + (db_to_amplitude(treble_db) - 1.0) * high
    )
