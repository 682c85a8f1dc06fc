"""What sounds beside the music: hiss, and rumble under what can be heard."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import scipy.fft

from dsp.audio import Audio
from dsp.codes import decoded_power
from dsp.findings import Finding
from dsp.measure import Profile
from dsp.resample import resample
from dsp.spectrum import BAND_CENTRES_HZ, Doubles, Floats, bands_between, to_db

LOW_RATE_HZ: Final = 2_000

SUBSONIC_FRAME_SECONDS: Final = 1.0
SUBSONIC_HZ: Final = (2.0, 18.0)
SUBSONIC_DB: Final = -12.0  # of the whole; finished music under -15

# Where hiss is looked for, and how alike the quiet moments are where it is the floor: music plays
# over most of the treble in dense tracks, and leaves but the highest.
NOISE_RANGES: Final = (
    (3_000.0, 12_000.0, 2.0),
    (6_000.0, 16_000.0, 1.5),
    (10_000.0, 16_000.0, 1.0),
    (13_000.0, 16_000.0, 1.0),
)
NOISE_LU: Final = (-46.0, -28.0)  # over the track, of what is as strong from 3 to 12 kHz: masters
WHITE_HZ: Final = 9_000.0  # make hiss louder; more is music
NOISE_MOMENTS: Final = 40  # at least
DIGITAL_SILENCE_DB: Final = -100.0  # over the track's loudness
NOISE_PERCENTS: Final = (3.0, 10.0)  # of moments in which a band is quiet,
NOISE_SLOPES_DB: Final = (-2.5, 5.0)  # per octave: from pink, music beside it, to rising hiss
NOISE_ROUGHNESS_DB: Final = 2.0

ENDS_SECONDS: Final = 3.0  # of a track, in which hiss may stand alone …
ALONE_SECONDS: Final = 0.1  # … for three times as long, …
ALONE_STEADY_DB: Final = 0.5  # … which no fade or reverberation is
ALONE_SHARE: Final = 0.5  # of the power in a moment, that lies over …
ALONE_HZ: Final = (1_000.0, 3_000.0, 12_000.0)  # … the first; level and slope between the others
ALONE_BANDS: Final = 8


def find_subsonic(audio: Audio) -> Finding | None:
    """Find energy under 18 Hz that takes room and drives limiters."""
    powers, hz = spectra(low_rate(audio), SUBSONIC_FRAME_SECONDS)
    total = float(np.mean(np.square(audio.samples, dtype=np.float64)))
    if not powers.size or total <= 0.0:
        return None
    inside = (hz >= SUBSONIC_HZ[0]) & (hz <= SUBSONIC_HZ[1])
    share_db = 10.0 * math.log10(float(powers.mean(axis=0)[inside].sum()) / total + 1e-30)
    if share_db <= SUBSONIC_DB:
        return None
    return Finding("subsonic", "warning", 0.9, round(share_db, 1), "dB")


def low_rate(audio: Audio) -> Doubles:
    """Return the middle of a sound at a rate that is enough for what lies under 1 kHz."""
    mid = Audio(audio.samples.mean(axis=0, keepdims=True, dtype=np.float32), audio.rate_hz)
    low: Doubles = resample(mid, LOW_RATE_HZ).samples[0].astype(np.float64)
    return low


def spectra(low: Doubles, frame_seconds: float, *, per_frame: int = 2) -> tuple[Doubles, Doubles]:
    """Return mean square per bin under 1 kHz, of overlapping frames, and the frequencies."""
    size = round(frame_seconds * LOW_RATE_HZ)
    hop = size // per_frame
    count = 1 + (low.size - size) // hop if low.size >= size else 0
    hz = np.linspace(0.0, LOW_RATE_HZ / 2.0, size // 2 + 1)
    if count == 0:
        return np.zeros((0, hz.size)), hz
    window = np.hanning(size + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(low, size)[::hop]
    transforms = scipy.fft.rfft(frames * window, axis=1)
    scale = 2.0 / (size * float(np.sum(np.square(window))))
    return scale * np.square(np.abs(transforms)), hz


def find_noise(audio: Audio, profile: Profile) -> Finding | None:
    """Find hiss: a smooth floor that the treble never falls under, and rests on when it pauses.

    Music fades at every pace, so its quiet moments have no level in common. Noise has: a moment is
    long enough to tell it to within a dB.
    """
    level_lu = _floor_lu(profile)
    if level_lu is None:
        level_lu = _alone_lu(audio, profile.integrated_lufs)
    if level_lu is None:
        return None
    value = round(level_lu + profile.integrated_lufs, 1)
    return Finding("noise", "warning", 0.8, value, "dBFS")


def _floor_lu(profile: Profile) -> float | None:
    """Return the level of the floor that quiet moments have in common, LU over the track."""
    bands = decoded_power(profile.moments_mid)
    bands += decoded_power(profile.moments_side)
    sounding = bands[to_db(bands.sum(axis=1)) > DIGITAL_SILENCE_DB]
    if sounding.shape[0] < NOISE_MOMENTS:
        return None
    levels_lu = (_hiss_lu(sounding, *each) for each in NOISE_RANGES)
    return next((each for each in levels_lu if each is not None), None)


def _alone_lu(audio: Audio, integrated_lufs: float) -> float | None:
    """Return the level of hiss that stands alone at either end, LU over the track, or None.

    Three moments of one level and of a smooth spectrum, with little in the bass.
    """
    if audio.rate_hz < 2.0 * ALONE_HZ[2]:
        return None
    size = round(ALONE_SECONDS * audio.rate_hz)
    reach = round(ENDS_SECONDS / ALONE_SECONDS) * size
    hz = np.fft.rfftfreq(size, 1.0 / audio.rate_hz)
    edges = np.searchsorted(hz, np.geomspace(*ALONE_HZ[1:], ALONE_BANDS + 1))
    octaves = np.log2(hz[edges[:-1]] * hz[edges[1:]]) / 2.0
    for end in (audio.samples[:, :reach], audio.samples[:, -reach:]):
        powers = _powers(end[:, end.shape[1] % size :].reshape(audio.channels, -1, size))
        treble_db = to_db(powers[:, hz > ALONE_HZ[0]].sum(axis=1))
        bands = np.add.reduceat(powers, edges, axis=1)[:, :-1]
        for first in range(powers.shape[0] - 2):
            three = slice(first, first + 3)
            mean = powers[three].sum(axis=1).mean()
            level_lu = 10.0 * math.log10(float(bands[three].sum()) / 3.0 + 1e-30) - integrated_lufs
            alone = treble_db[three].min() > 10.0 * math.log10(ALONE_SHARE * float(mean) + 1e-30)
            steady = np.ptp(treble_db[three]) < ALONE_STEADY_DB
            alone = alone and steady and NOISE_LU[0] < level_lu < NOISE_LU[1]
            if alone and _is_smooth(to_db(bands[three].mean(axis=0)), octaves):
                return level_lu
    return None


def _powers(moments: Floats) -> Doubles:
    """Return the mean square per bin of moments, shape (channels, moments, frames)."""
    size = moments.shape[2]
    window = np.hanning(size + 1)[:-1]
    scale = 2.0 / (size * float(np.sum(np.square(window))))
    powers: Doubles = scale * np.square(np.abs(scipy.fft.rfft(moments * window, axis=2))).mean(
        axis=0
    )
    return powers


def _is_smooth(level_db: Doubles, octaves: Doubles) -> bool:
    """Tell if the levels of bands lie on a line such as noise has."""
    slope, offset = np.polyfit(octaves, level_db, 1)
    roughness_db = float(np.std(level_db - slope * octaves - offset))
    is_level = NOISE_SLOPES_DB[0] <= slope <= NOISE_SLOPES_DB[1]
    return bool(is_level and roughness_db <= NOISE_ROUGHNESS_DB)


def _hiss_lu(bands: Doubles, low_hz: float, high_hz: float, most_spread_db: float) -> float | None:
    """Return the level of a smooth floor in a range of the treble, LU over the track, or None."""
    inside = bands_between(low_hz, high_hz)
    lowest_db, floor_db = to_db(np.percentile(bands[:, inside], NOISE_PERCENTS, axis=0))
    level_lu = 10.0 * math.log10(float(np.sum(10.0 ** (floor_db / 10.0))))
    level_lu += 10.0 * math.log10(WHITE_HZ / (high_hz - low_hz))
    spread_db = float(np.median(floor_db - lowest_db))
    if not NOISE_LU[0] < level_lu < NOISE_LU[1] or spread_db > most_spread_db:
        return None
    return level_lu if _is_smooth(floor_db, np.log2(BAND_CENTRES_HZ[inside])) else None
