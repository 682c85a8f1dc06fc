"""Where a spectrum ends: what a lossy codec or a resampler has left."""

from __future__ import annotations

from typing import Final

import numpy as np

from dsp.spectrum import QUIETEST_DB, Doubles, Spectrogram, to_db

STEEP_DB: Final = 25.0  # a fall over 1.2 kHz that no instrument or room makes …
LOW_STEEP_DB: Final = 45.0  # … and under 10 kHz, where single notes may end like that
CUTOFF_RANGE_HZ: Final = (3_500.0, 10_000.0, 20_200.0)
HIGH_RATE_CUTOFF_HZ: Final = 24_200.0  # above 88.2 kHz, where 48 kHz may have been before
EMPTY_FROM_HZ: Final = 22_300.0  # half of 44.1 kHz, and a little for the smoothing
EMPTY_DBFS: Final = -165.0  # per bin: no converter is as quiet
WORDS_DBFS: Final = (-142.0, -134.0)  # per bin, of what rounding to 16 bits leaves …
FLAT_DB: Final = 3.0  # … which is as strong everywhere
FAINTEST_TOP_DB: Final = 100.0  # under it, per bin: what is still music before a cutoff
# A cliff that ends on the even floor of short words has no room to fall as far.
FLOORED_DB: Final = 12.0  # of fall from 750 … 250 Hz before to the floor from 250 Hz after, …
SHARE_BEFORE: Final = 0.5  # … so much of which, at most, as wide a span before has fallen: a knee
# Just under where converters' filters begin, a slope that is lost in the floor looks like an end:
# the treble of a recording made dark. There what goes before must be level.
NEAR_END_HZ: Final = (18_500.0, 19_900.0)
SHARE_NEAR_END: Final = 0.22  # of a cliff, that as wide a span before has fallen at most …
SHARE_NEAR_FLOOR: Final = 0.3  # … and of the fall to a floor, that the 2 kHz before have

# Spans around a cut whose mean levels are compared, from … to, Hz.
CLIFF_HZ: Final = np.array([-2_200.0, -1_400.0, -1_000.0, -200.0, 200.0, 1_000.0])
KNEE_HZ: Final = np.array([-2_750.0, -2_250.0, -1_500.0, -1_000.0, -750.0, -250.0, 250.0])


def find_cutoff_hz(spectrogram: Spectrogram, integrated_lufs: float) -> float | None:
    """Return where the average spectrum falls off a cliff, or a high rate's is empty, Hz, or None.

    Above what 44.1 kHz can hold, a recording at a high rate has something, however faint.
    """
    level = to_db(spectrogram.fine, lowest_db=integrated_lufs - QUIETEST_DB)
    width = max(1, round(200.0 / spectrogram.bin_hz))
    level = np.asarray(np.convolve(level, np.ones(width) / width, mode="same"), dtype=np.float64)
    hz = np.asarray(np.arange(level.size) * spectrogram.bin_hz, dtype=np.float64)
    sums = np.concatenate([[0.0], np.cumsum(level)])
    lowest, low, highest = CUTOFF_RANGE_HZ
    highest = HIGH_RATE_CUTOFF_HZ if hz[-1] > 44_000.0 else highest
    cuts = np.arange(lowest, min(highest, hz[-1] - 1_000.0), 100.0)
    edges = np.searchsorted(hz, cuts + CLIFF_HZ[:, None])
    before, below, above = np.diff(sums[edges], axis=0)[::2] / np.diff(edges, axis=0)[::2]
    falls = below - above
    steep = falls > np.where(cuts >= low, STEEP_DB, LOW_STEEP_DB)
    falls[~steep | (below <= integrated_lufs - FAINTEST_TOP_DB)] = 0.0
    where = None
    if falls.any():
        steepest = int(np.argmax(falls))
        share = float((before - below)[steepest] / falls[steepest])
        where = _place_hz(level, hz, float(cuts[steepest]), share)
    if where is None and hz[-1] > 44_000.0:
        return _end_before_emptiness_hz(spectrogram, width)
    return _knee_over_floor_hz(level, hz) if where is None else where


def _place_hz(level: Doubles, hz: Doubles, cut_hz: float, share_before: float) -> float | None:
    """Return where a cliff is, or None where it is but the lower end of a slope.

    A slope before it moves the cut down: from under a converter's filter it is taken back to where
    the fall is steepest, if that is there.
    """
    if not _is_near_end(cut_hz):
        return cut_hz if share_before < SHARE_BEFORE else None
    places = cut_hz + np.arange(-400.0, 900.0, 100.0)
    first, last = (np.searchsorted(hz, places + side) for side in (-200.0, 200.0))
    place = float(places[np.argmax(level[first] - level[last])])
    if place >= NEAR_END_HZ[1]:
        return place
    return cut_hz if share_before < SHARE_NEAR_END else None


def _is_near_end(cut_hz: float) -> bool:
    return NEAR_END_HZ[0] <= cut_hz < NEAR_END_HZ[1]


def _knee_over_floor_hz(level: Doubles, hz: Doubles) -> float | None:
    """Return where a faint treble drops at once to an even floor that lasts to the end, or None."""
    last = int(np.searchsorted(hz, hz[-1] - 1_000.0))
    highest = np.maximum.accumulate(level[:last][::-1])[::-1]
    lowest = np.minimum.accumulate(level[:last][::-1])[::-1]
    steepest, where = FLOORED_DB, None
    cuts = np.arange(CUTOFF_RANGE_HZ[1], CUTOFF_RANGE_HZ[2], 100.0)
    for cut, edges in zip(cuts, np.searchsorted(hz, cuts[:, None] + KNEE_HZ), strict=True):
        start = int(edges[6])
        if start >= last or highest[start] - lowest[start] > FLAT_DB:
            continue
        long_before, before, below = (level[edges[n] : edges[n + 1]].mean() for n in (0, 2, 4))
        fall = float(below - level[start:last].mean())
        if _is_near_end(cut) and long_before - below > SHARE_NEAR_FLOOR * fall:
            continue
        if fall > steepest and -FLAT_DB < before - below < SHARE_BEFORE * fall:  # no line either
            steepest, where = fall, float(cut)
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
