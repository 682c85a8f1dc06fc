"""Where a spectrum ends: what a lossy codec or a resampler has left."""

from __future__ import annotations

from typing import Final

import numpy as np

from dsp.spectrum import QUIETEST_DB, Spectrogram, to_db

STEEP_DB: Final = 25.0  # a fall over 1.2 kHz that no instrument or room makes …
LOW_STEEP_DB: Final = 45.0  # … and under 10 kHz, where single notes may end like that
CUTOFF_RANGE_HZ: Final = (3_500.0, 10_000.0, 20_200.0)
HIGH_RATE_CUTOFF_HZ: Final = 24_200.0  # above 88.2 kHz, where 48 kHz may have been before
EMPTY_FROM_HZ: Final = 22_300.0  # half of 44.1 kHz, and a little for the smoothing
EMPTY_DBFS: Final = -165.0  # per bin: no converter is as quiet
WORDS_DBFS: Final = (-142.0, -134.0)  # per bin, of what rounding to 16 bits leaves …
FLAT_DB: Final = 3.0  # … which is as strong everywhere
FAINTEST_TOP_DB: Final = 95.0  # under it, per bin: what is still music before a cutoff


def find_cutoff_hz(spectrogram: Spectrogram, integrated_lufs: float) -> float | None:
    """Return where the average spectrum falls off a cliff, or a high rate's is empty, Hz, or None.

    Above what 44.1 kHz can hold, a recording at a high rate has something, however faint.
    """
    level = to_db(spectrogram.fine, lowest_db=integrated_lufs - QUIETEST_DB)
    width = max(1, round(200.0 / spectrogram.bin_hz))
    level = np.convolve(level, np.ones(width) / width, mode="same")
    hz = np.arange(level.size) * spectrogram.bin_hz
    sums = np.concatenate([[0.0], np.cumsum(level)])
    lowest, low, highest = CUTOFF_RANGE_HZ
    highest = HIGH_RATE_CUTOFF_HZ if hz[-1] > 44_000.0 else highest
    steepest, where, faintest = 0.0, None, integrated_lufs - FAINTEST_TOP_DB
    for cut in np.arange(lowest, min(highest, hz[-1] - 1_000.0), 100.0):
        edges = np.searchsorted(hz, (cut - 1_000.0, cut - 200.0, cut + 200.0, cut + 1_000.0))
        below, above = np.diff(sums[edges])[::2] / np.diff(edges)[::2]
        least = STEEP_DB if cut >= low else LOW_STEEP_DB
        if below - above > max(least, steepest) and below > faintest:
            steepest, where = float(below - above), float(cut)
    if where is None and hz[-1] > 44_000.0:
        return _end_before_emptiness_hz(spectrogram, width)
    return where


def _end_before_emptiness_hz(spectrogram: Spectrogram, width: int) -> float | None:
    """Return where the sound ends, if above it lies nothing but what 16 or 24 bit words leave."""
    level = to_db(spectrogram.fine, lowest_db=-200.0)
    level = np.convolve(level, np.ones(width) / width, mode="same")
    hz = np.arange(level.size) * spectrogram.bin_hz
    above = level[(hz > EMPTY_FROM_HZ) & (hz < hz[-1] - 1_000.0)]
    flat = np.ptp(above) < FLAT_DB and WORDS_DBFS[0] < above.mean() < WORDS_DBFS[1]
    if not (flat or above.max() < EMPTY_DBFS):
        return None
    heard = hz[(level > above.max() + FLAT_DB) & (hz < EMPTY_FROM_HZ)]
    return float(np.ceil(heard.max() / 100.0) * 100.0) if heard.size else None
