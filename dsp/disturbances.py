"""What sounds beside the music: mains hum, hiss, and rumble under what can be heard."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import scipy.fft

from dsp.audio import Audio
from dsp.findings import Finding
from dsp.measure import Profile
from dsp.resample import resample
from dsp.spectrum import BAND_CENTRES_HZ, Doubles, bands_between, to_db

LOW_RATE_HZ: Final = 2_000

MAINS_HZ: Final = (50.0, 60.0)
HUM_FRAME_SECONDS: Final = 4.0  # a quarter of a Hz a bin: 50 Hz is no G, which lies at 49
HUM_PERCENT: Final = 20.0  # of moments: music comes and goes under it, what never stops stays
HUM_FRAMES: Final = 5  # at least
MAINS_WIDTH_HZ: Final = 0.3  # how far a line may be off
NEIGHBOUR_HZ: Final = 1.25  # within this nothing is higher than the line
AROUND_HZ: Final = (1.5, 6.0)
HARMONICS: Final = 8
STANDING_OUT_DB: Final = 9.0  # over what is around it, of every line; single notes reach 18
LEAST_LINES: Final = 3  # no three notes meet harmonics by chance …
MORE_LINES: Final = 2  # … and beside them are fewer: a pattern that repeats exactly has many too
BESIDE_HZ: Final = (-20.0, -15.0, -10.0, -5.0, 5.0, 10.0, 15.0, 20.0)
FAINTEST_HUM_DBFS: Final = -75.0

SUBSONIC_FRAME_SECONDS: Final = 1.0
SUBSONIC_HZ: Final = (2.0, 18.0)
SUBSONIC_DB: Final = -12.0  # of the whole; finished music under -15

NOISE_HZ: Final = (3_000.0, 12_000.0)
NOISE_LU: Final = (-46.0, -28.0)  # over the track: masters make hiss louder; more is music
NOISE_MOMENTS: Final = 40  # at least
DIGITAL_SILENCE_DB: Final = -100.0  # over the track's loudness
NOISE_PERCENTS: Final = (3.0, 10.0)  # of moments in which a band is quiet,
NOISE_SPREAD_DB: Final = 2.0  # that part by so little where noise is the floor; in music by 5
NOISE_SLOPES_DB: Final = (-2.5, 5.0)  # per octave: from pink, music beside it, to rising hiss
NOISE_ROUGHNESS_DB: Final = 2.0


def find_subsonic(audio: Audio) -> Finding | None:
    """Find energy under 18 Hz that takes room and drives limiters."""
    powers, hz = _low_spectra(audio, SUBSONIC_FRAME_SECONDS)
    total = float(np.mean(np.square(audio.samples, dtype=np.float64)))
    if not powers.size or total <= 0.0:
        return None
    inside = (hz >= SUBSONIC_HZ[0]) & (hz <= SUBSONIC_HZ[1])
    share_db = 10.0 * math.log10(float(powers.mean(axis=0)[inside].sum()) / total + 1e-30)
    if share_db <= SUBSONIC_DB:
        return None
    return Finding("subsonic", "warning", 0.9, round(share_db, 1), "dB")


def find_hum(audio: Audio) -> Finding | None:
    """Find lines at a mains frequency and its harmonics that never stop.

    Music leaves every narrow band now and then. What is in it for all but the quietest fifth of the
    time is seen by a percentile, even under dense music.
    """
    powers, hz = _low_spectra(audio, HUM_FRAME_SECONDS)
    sounding = powers[powers.sum(axis=1) > 1e-14]
    if sounding.shape[0] < HUM_FRAMES:
        return None
    steady_db = to_db(np.percentile(sounding, HUM_PERCENT, axis=0))
    best: list[float] = []
    for mains_hz in MAINS_HZ:
        found = _lines(steady_db, hz, mains_hz, 0.0)
        beside = max(len(_lines(steady_db, hz, mains_hz, shift_hz)) for shift_hz in BESIDE_HZ)
        if len(found) >= max(LEAST_LINES, beside + MORE_LINES):
            best = max(best, found, key=len)
    if not best or max(best) < FAINTEST_HUM_DBFS:
        return None
    confidence = round(min(0.95, 0.7 + 0.07 * (len(best) - LEAST_LINES)), 2)
    value = 10.0 * math.log10(sum(10.0 ** (level_db / 10.0) for level_db in best))
    return Finding("hum", "warning", confidence, round(value, 1), "dBFS")


def _lines(steady_db: Doubles, hz: Doubles, mains_hz: float, shift_hz: float) -> list[float]:
    """Return the levels of the lines at the harmonics of a frequency, or so far beside them."""
    found = [
        _line_db(steady_db, hz, mains_hz * number + shift_hz) for number in range(1, HARMONICS + 1)
    ]
    return [level_db for level_db in found if level_db is not None]


def _line_db(steady_db: Doubles, hz: Doubles, centre_hz: float) -> float | None:
    """Return the level of a line that stands out of what is around it, or None."""
    distance = np.abs(hz - centre_hz)
    level_db = float(steady_db[distance <= MAINS_WIDTH_HZ].max())
    around = (distance >= AROUND_HZ[0]) & (distance <= AROUND_HZ[1])
    if level_db < float(steady_db[distance <= NEIGHBOUR_HZ].max()):
        return None
    stands_out = level_db - float(np.median(steady_db[around])) >= STANDING_OUT_DB
    return level_db if stands_out else None


def _low_spectra(audio: Audio, frame_seconds: float) -> tuple[Doubles, Doubles]:
    """Return mean square per bin under 1 kHz, of half overlapping frames, and the frequencies."""
    mid = Audio(audio.samples.mean(axis=0, keepdims=True, dtype=np.float32), audio.rate_hz)
    low = resample(mid, LOW_RATE_HZ).samples[0]
    size = round(frame_seconds * LOW_RATE_HZ)
    count = 1 + (low.size - size) // (size // 2) if low.size >= size else 0
    hz = np.linspace(0.0, LOW_RATE_HZ / 2.0, size // 2 + 1)
    if count == 0:
        return np.zeros((0, hz.size)), hz
    window = np.hanning(size + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(low, size)[:: size // 2]
    spectra = scipy.fft.rfft(frames * window, axis=1)
    scale = 2.0 / (size * float(np.sum(np.square(window))))
    return scale * np.square(np.abs(spectra)), hz


def find_noise(profile: Profile) -> Finding | None:
    """Find hiss: a smooth floor that the treble never falls under, and rests on when it pauses.

    Music fades at every pace, so its quiet moments have no level in common. Noise has: a moment is
    long enough to tell it to within a dB.
    """
    mid, side = profile.moments_db()
    bands = 10.0 ** (mid / 10.0) + 10.0 ** (side / 10.0)
    sounding = bands[to_db(bands.sum(axis=1)) > DIGITAL_SILENCE_DB]
    if sounding.shape[0] < NOISE_MOMENTS:
        return None
    inside = bands_between(*NOISE_HZ)
    lowest_db, floor_db = to_db(np.percentile(sounding[:, inside], NOISE_PERCENTS, axis=0))
    level_lu = 10.0 * math.log10(float(np.sum(10.0 ** (floor_db / 10.0))))
    spread_db = float(np.median(floor_db - lowest_db))
    if not NOISE_LU[0] < level_lu < NOISE_LU[1] or spread_db > NOISE_SPREAD_DB:
        return None
    octaves = np.log2(BAND_CENTRES_HZ[inside])
    slope, offset = np.polyfit(octaves, floor_db, 1)
    roughness_db = float(np.std(floor_db - slope * octaves - offset))
    if not NOISE_SLOPES_DB[0] <= slope <= NOISE_SLOPES_DB[1] or roughness_db > NOISE_ROUGHNESS_DB:
        return None
    value = round(level_lu + profile.integrated_lufs, 1)
    return Finding("noise", "warning", 0.8, value, "dBFS")
