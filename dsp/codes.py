"""Levels and prints as octets: what a profile keeps of moments, and how it is written down."""

from __future__ import annotations

import base64
from typing import Final

import numpy as np
import numpy.typing as npt

from dsp.profiles import MOST_MOMENTS
from dsp.spectrum import BAND_COUNT, QUIETEST_DB, Doubles, Spectrogram, to_db

MOMENT_TOP_DB: Final = 27.5  # over the integrated loudness: no band of music is louder
MOMENT_STEP_DB: Final = 0.5  # its rounding is under 0.15 dB rms and averages out over moments

Codes = npt.NDArray[np.uint8]


def coded_moments(spectrogram: Spectrogram, integrated_lufs: float) -> tuple[Codes, Codes, Doubles]:
    """Return the band levels of even stretches of the track, as codes, and their times."""
    pooled = -(-spectrogram.mid.shape[0] // MOST_MOMENTS)
    count = spectrogram.mid.shape[0] // pooled
    codes = []
    for bands in (spectrogram.mid, spectrogram.side):
        power = bands[: count * pooled].reshape(count, pooled, BAND_COUNT).mean(axis=1)
        level = to_db(power, lowest_db=integrated_lufs - QUIETEST_DB) - integrated_lufs
        steps = np.round((level - MOMENT_TOP_DB) / MOMENT_STEP_DB)
        codes.append(np.clip(255.0 + steps, 0.0, 255.0).astype(np.uint8))
    times = (np.arange(count) * pooled + (pooled + 1) / 2.0) * spectrogram.hop_seconds
    return codes[0], codes[1], times


def decoded_db(codes: Codes) -> Doubles:
    """Return the levels that codes stand for, dB over the integrated loudness."""
    return MOMENT_TOP_DB + MOMENT_STEP_DB * (codes.astype(np.float64) - 255.0)


def decoded_power(codes: Codes) -> Doubles:
    """Return the powers of :func:`decoded_db`, looked up: there are no more than the codes."""
    power: Doubles = _POWERS[codes]
    return power


def by_difference(codes: Codes) -> Codes:
    """Return each level as its step from the band below it, which packs smaller (modulo 256)."""
    return np.diff(codes, axis=1, prepend=np.zeros((codes.shape[0], 1), dtype=np.uint8))


def printed(fingerprint: Codes) -> str:
    """Return a fingerprint as text."""
    return base64.b64encode(fingerprint.tobytes()).decode("ascii")


_POWERS: Final[Doubles] = 10.0 ** (decoded_db(np.arange(256, dtype=np.uint8)) / 10.0)
