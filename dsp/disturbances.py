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
FRAME_SECONDS: Final = 1.0

MAINS_HZ: Final = (50.0, 60.0)
MAINS_WIDTH_HZ: Final = 1.0
HARMONICS: Final = 8
LEAST_HARMONICS: Final = 3
NEARBY_HZ: Final = (3.0, 9.0)
STANDING_OUT_DB: Final = 12.0
STEADY_PERCENT: Final = 3.0  # of moments, in which music may cancel it
STEADY_DB: Final = 6.0
QUIET_HUM_SHARE: Final = 0.1
FAINTEST_HUM_DBFS: Final = -75.0

SUBSONIC_HZ: Final = (2.0, 18.0)
SUBSONIC_DB: Final = -20.0  # of the whole

QUIET_SHARE: Final = 0.05
LEAST_QUIET: Final = 3
NOISE_LU: Final = -42.0  # over the track: masters make hiss louder
QUIETER_LU: Final = -15.0  # nothing is told of noise where the music never pauses
DIGITAL_SILENCE_DB: Final = -100.0  # over the track's loudness
NOISE_HZ: Final = (2_000.0, 14_000.0)
NOISE_SLOPES_DB: Final = (-0.5, 5.0)  # per octave: from pink to rising hiss; music falls
NOISE_ROUGHNESS_DB: Final = 2.0


def find_subsonic(audio: Audio) -> Finding | None:
    """Find energy under 18 Hz that takes room and drives limiters."""
    powers, hz = _low_spectra(audio)
    total = float(np.mean(np.square(audio.samples, dtype=np.float64)))
    if not powers.size or total <= 0.0:
        return None
    inside = (hz >= SUBSONIC_HZ[0]) & (hz <= SUBSONIC_HZ[1])
    share_db = 10.0 * math.log10(float(powers.mean(axis=0)[inside].sum()) / total + 1e-30)
    if share_db <= SUBSONIC_DB:
        return None
    return Finding("subsonic", "warning", 0.9, round(share_db, 1), "dB")


def find_hum(audio: Audio) -> Finding | None:
    """Find lines at a mains frequency and its harmonics, seen in quiet moments, that never stop."""
    powers, hz = _low_spectra(audio)
    sounding = powers[powers.sum(axis=1) > 1e-14]
    if sounding.shape[0] < LEAST_QUIET:
        return None
    count = max(LEAST_QUIET, round(QUIET_HUM_SHARE * sounding.shape[0]))
    quietest = sounding[np.argsort(sounding.sum(axis=1))[:count]]
    quiet_db, steady_db = to_db(quietest.mean(axis=0)), to_db(sounding)
    best: tuple[int, float] | None = None
    for mains_hz in MAINS_HZ:
        found = [_line_db(quiet_db, steady_db, hz, mains_hz * n) for n in range(1, HARMONICS + 1)]
        clear = [level for level in found if level is not None]
        if (
            len(clear) >= LEAST_HARMONICS
            and max(clear) > FAINTEST_HUM_DBFS
            and (best is None or len(clear) > best[0])
        ):
            best = (len(clear), 10.0 * math.log10(sum(10.0 ** (each / 10.0) for each in clear)))
    if best is None:
        return None
    confidence = round(min(0.95, 0.6 + 0.07 * (best[0] - LEAST_HARMONICS)), 2)
    return Finding("hum", "warning", confidence, round(best[1], 1), "dBFS")


def _line_db(quiet_db: Doubles, frames_db: Doubles, hz: Doubles, centre_hz: float) -> float | None:
    """Return the level of a line that stands out and is never far below it, or None."""
    distance = np.abs(hz - centre_hz)
    at = distance <= MAINS_WIDTH_HZ
    level_db = float(quiet_db[at].max())
    around = (distance >= NEARBY_HZ[0]) & (distance <= NEARBY_HZ[1])
    lowest_db = float(np.percentile(frames_db[:, at].max(axis=1), STEADY_PERCENT))
    stands_out = level_db - float(np.median(quiet_db[around])) >= STANDING_OUT_DB
    return level_db if stands_out and lowest_db >= level_db - STEADY_DB else None


def _low_spectra(audio: Audio) -> tuple[Doubles, Doubles]:
    """Return mean square per bin under 1 kHz, of frames of two seconds, and the frequencies."""
    mid = Audio(audio.samples.mean(axis=0, keepdims=True, dtype=np.float32), audio.rate_hz)
    low = resample(mid, LOW_RATE_HZ).samples[0]
    size = round(FRAME_SECONDS * LOW_RATE_HZ)
    count = 1 + (low.size - size) // (size // 2) if low.size >= size else 0
    hz = np.arange(size // 2 + 1) * (LOW_RATE_HZ / size)
    if count == 0:
        return np.zeros((0, hz.size)), hz
    window = np.hanning(size + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(low, size)[:: size // 2]
    spectra = scipy.fft.rfft(frames * window, axis=1)
    scale = 2.0 / (size * float(np.sum(np.square(window))))
    return scale * np.square(np.abs(spectra)), hz


def find_noise(profile: Profile) -> Finding | None:
    """Find hiss: what is left in the quietest moments rises evenly toward the treble."""
    mid, side = profile.moments_db()
    bands = 10.0 ** (mid / 10.0) + 10.0 ** (side / 10.0)
    level_lu = to_db(bands[:, bands_between(100.0, 16_000.0)].sum(axis=1))
    sounding = level_lu > DIGITAL_SILENCE_DB
    count = max(LEAST_QUIET, round(QUIET_SHARE * int(np.count_nonzero(sounding))))
    if np.count_nonzero(sounding) < 2 * count:
        return None
    order = np.argsort(np.where(sounding, level_lu, np.inf))[:count]
    quiet_lu = float(np.median(level_lu[order]))
    if not NOISE_LU < quiet_lu < QUIETER_LU:
        return None
    inside = bands_between(*NOISE_HZ)
    octaves = np.log2(BAND_CENTRES_HZ[inside])
    shape_db = to_db(bands[order].mean(axis=0))[inside]
    slope, offset = np.polyfit(octaves, shape_db, 1)
    roughness_db = float(np.std(shape_db - slope * octaves - offset))
    if not NOISE_SLOPES_DB[0] <= slope <= NOISE_SLOPES_DB[1] or roughness_db > NOISE_ROUGHNESS_DB:
        return None
    value = round(quiet_lu + profile.integrated_lufs, 1)
    return Finding("noise", "warning", 0.75, value, "dBFS")
