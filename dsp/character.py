"""What kind of music a track is, in numbers that its mix and its level hardly change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dsp.spectrum import BAND_CENTRES_HZ, BAND_COUNT, Doubles, Spectrogram, smooth, to_db

Codes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

GROUP_COUNT: Final = 10  # of 12 bands, nine tenths of an octave each
LOUD_DB: Final = 20.0  # frames this far under the loudest tenth are not counted
TILT_DB: Final = 4.5  # per octave: how music falls off, so that flat means full
LEVEL_HZ: Final = 1_000.0
RANGE_DB: Final = 90.0  # under the strongest band ever, what is fainter is silence
DETAIL_OCTAVES: Final = 1.0
ACTIVE_DB: Final = 25.0  # under the fullest band of a frame

SHORTEST_BEAT_SECONDS: Final = 60.0 / 240.0
LONGEST_BEAT_SECONDS: Final = 60.0 / 40.0
USUAL_BPM: Final = 120.0
TEMPO_OCTAVES: Final = 0.9  # standard deviation of tempi around the usual one

PRINT_STEP_SECONDS: Final = 0.125
PRINT_WINDOW_STEPS: Final = 6  # long against a step, so that where the steps begin matters little
PRINT_RISE_STEPS: Final = 2
PRINT_BANDS: Final = 17  # differences of neighbours make 16 bits a step
PRINT_STEPS: Final = 1_200  # two and a half minutes
PRINT_FLOOR_DB: Final = 50.0  # under the loudest step a track has not begun, or has ended


@dataclass(frozen=True, slots=True, eq=False)
class Character:
    """How a track moves and how full it is.

    Attributes
    ----------
    tempo_bpm : float or None
        The strongest pulse near a walking pace; None where there is none.
    tempo_confidence : float, 0 to 1
        How much of the rhythm repeats with it.
    density : float, 0 to 1
        Share of the spectrum that sounds at a time.
    activity_db : ndarray, shape (GROUP_COUNT,)
        Mean change of the level from frame to frame, per group of bands.
    variation_db : ndarray, shape (GROUP_COUNT,)
        Standard deviation over time of a band's level: beats and pauses against held sounds.
    detail_db : ndarray, shape (GROUP_COUNT,)
        How far bands stand out of the octave around them: single notes against a full sound.
    """

    tempo_bpm: float | None
    tempo_confidence: float
    density: float
    activity_db: Doubles
    variation_db: Doubles
    detail_db: Doubles


def find_character(
    spectrogram: Spectrogram, energies: Doubles, step_seconds: float, moments_db: Doubles
) -> Character:
    """Return how a track moves and how full it is.

    Parameters
    ----------
    spectrogram : Spectrogram
    energies : ndarray, shape (steps,)
        K-weighted mean square per step.
    step_seconds : float
    moments_db : ndarray, shape (moments, BAND_COUNT)
        Levels of the mid at evenly spaced moments.
    """
    tempo_bpm, confidence = _tempo(energies, step_seconds)
    bands = to_db(spectrogram.mid + spectrogram.side)
    np.maximum(bands, bands.max() - RANGE_DB, out=bands)
    loud = _loud(bands)
    moved = np.diff(bands, axis=0)[loud[1:] & loud[:-1]]
    np.abs(moved, out=moved)
    tilted = bands[loud]
    tilted += TILT_DB * np.log2(BAND_CENTRES_HZ / LEVEL_HZ)
    active = tilted > tilted.max(axis=1, keepdims=True) - ACTIVE_DB
    moments = moments_db[_loud(moments_db)]
    detail = np.sqrt(np.mean(np.square(moments - smooth(moments, DETAIL_OCTAVES)), axis=0))
    return Character(
        tempo_bpm=tempo_bpm,
        tempo_confidence=confidence,
        density=round(float(active.mean()), 4),
        activity_db=_grouped(moved.mean(axis=0) if moved.size else np.zeros(BAND_COUNT)),
        variation_db=_grouped(moments.std(axis=0)),
        detail_db=_grouped(detail),
    )


def _loud(bands_db: Doubles) -> Mask:
    """Return which frames are full: those without treble or bass are pauses too."""
    level = bands_db.mean(axis=1)
    loud: Mask = level > np.percentile(level, 90.0) - LOUD_DB
    return loud


def _grouped(values: Doubles) -> Doubles:
    grouped: Doubles = np.round(values.reshape(GROUP_COUNT, -1).mean(axis=1), 3)
    return grouped


def _tempo(energies: Doubles, step_seconds: float) -> tuple[float | None, float]:
    """Return the beat by autocorrelation of the rises in level (Ellis 2007), and its strength."""
    level = to_db(np.convolve(energies, np.ones(3) / 3.0, mode="same"))
    level = np.maximum(level, level.max() - 60.0)
    rises = np.maximum(0.0, level[2:] - level[:-2])
    rises = rises - rises.mean()
    longest = round(2.0 * LONGEST_BEAT_SECONDS / step_seconds)
    if rises.size < 2 * longest or not np.any(rises):
        return None, 0.0
    size = 1 << int(np.ceil(np.log2(rises.size + longest)))
    spectrum = np.fft.rfft(rises, size)
    likeness = np.fft.irfft(np.square(np.abs(spectrum)), size)[: longest + 1]
    likeness = likeness / max(float(likeness[0]), 1e-12)
    lags = np.arange(
        round(SHORTEST_BEAT_SECONDS / step_seconds), round(LONGEST_BEAT_SECONDS / step_seconds)
    )
    bpm = 60.0 / (lags * step_seconds)
    usual = np.exp(-0.5 * np.square(np.log2(bpm / USUAL_BPM) / TEMPO_OCTAVES))
    scores = (likeness[lags] + 0.5 * likeness[2 * lags]) * usual
    best = int(np.argmax(scores))
    strength = float(likeness[lags[best]])
    if strength <= 0.05:
        return None, 0.0
    lag = float(lags[best])
    if 0 < best < lags.size - 1:  # the top of the parabola through three points
        before, at, after = scores[best - 1 : best + 2]
        curve = before - 2.0 * at + after
        lag += 0.5 * (before - after) / curve if curve < 0.0 else 0.0
    return round(60.0 / (lag * step_seconds), 2), round(min(1.0, strength), 3)


def fingerprint(spectrogram: Spectrogram) -> Codes:
    """Return the audio's fingerprint: two bytes for each eighth of a second that sounds.

    A bit tells whether the difference of two neighbouring bands rose or fell, so that gain,
    static equalisation and most compression keep it (Haitsma and Kalker 2002).

    Returns
    -------
    ndarray of uint8, shape (steps, 2)
        At most ``PRINT_STEPS`` steps, from where the track begins to sound.
    """
    power = (spectrogram.mid + spectrogram.side).astype(np.float64)
    hop = spectrogram.hop_seconds
    places = np.linspace(0, BAND_COUNT, PRINT_BANDS + 1).round().astype(np.int64)
    bands = np.add.reduceat(power, places[:-1], axis=1)
    sums = np.vstack([np.zeros(PRINT_BANDS), np.cumsum(bands, axis=0)])
    count = int(power.shape[0] * hop / PRINT_STEP_SECONDS)
    times = np.arange(count + 1) * PRINT_STEP_SECONDS / hop
    edges = np.array([np.interp(times, np.arange(sums.shape[0]), column) for column in sums.T]).T
    steps = np.diff(edges, axis=0)
    if steps.shape[0] <= PRINT_WINDOW_STEPS + PRINT_RISE_STEPS:
        return np.zeros((0, 2), dtype=np.uint8)
    window = np.ones(PRINT_WINDOW_STEPS)
    held = np.array([np.convolve(column, window, "valid") for column in steps.T]).T
    total = to_db(held.sum(axis=1))
    sounding = np.flatnonzero(total > total.max() - PRINT_FLOOR_DB)
    first, last = sounding[0], sounding[-1] + 1
    tilt = np.diff(to_db(held[first:last][: PRINT_STEPS + PRINT_RISE_STEPS]), axis=1)
    bits = tilt[PRINT_RISE_STEPS:] - tilt[:-PRINT_RISE_STEPS] > 0.0
    return np.packbits(bits, axis=1, bitorder="little")
