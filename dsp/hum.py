"""Mains hum: a comb of lines at 50 or 60 Hz and its harmonics that never stops.

It is looked for under the music, and before and after it, where it is heard first.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.ndimage

from dsp.audio import Audio
from dsp.disturbances import LOW_RATE_HZ, low_rate, spectra
from dsp.findings import Finding
from dsp.spectrum import Doubles, to_db

MAINS_HZ: Final = (50.0, 60.0)
OFF_HZ: Final = 0.15  # by how much mains, or the recorder, may be off …
STEP_HZ: Final = 0.01  # … looked up so finely that the eighth harmonic meets its bin
FRAME_SECONDS: Final = 8.0  # an eighth of a Hz a bin: less music in each, and 50 Hz is no G at 49
PER_FRAME: Final = 4  # frames begin in each
LEAST_FRAMES: Final = 5
PERCENT: Final = 10.0  # of moments: music comes and goes over it, what never stops stays
OWN_HZ: Final = 2.2 / FRAME_SECONDS  # the width of a line under its window
NEIGHBOUR_HZ: Final = 2.5  # a line counts by what it has over the highest within so far
MOST_DB: Final = 8.0  # that one line counts, so that no single note makes a hum
HARMONICS: Final = 8
LINE_DB: Final = 3.0  # over its neighbours: a line of the comb,
LEAST_LINES: Final = 2  # so many of them at least, as one may be a note
LEAST_SUM_DB: Final = 8.0  # of what the lines of the comb have over their neighbours …
WEIGHED_LINES: Final = 3  # lines and …
WEIGHED_LEAD_DB: Final = 6.0  # … lead where moments are weighed: what is weighed may beat
WEIGHED_SECONDS: Final = 0.5  # frames that are weighed …
WEIGHED_AROUND: Final = (5, 17)  # … by the mean level of so many of them and of so many bins:
WEIGHED_PERCENT: Final = 10.0  # of moments; none counts for more than these do
WEIGHED_HZ: Final = 450.0
LEAST_LEAD_DB: Final = 4.0  # … beyond that of every comb beside it: the lines of a pattern that
# repeats exactly lie at round numbers too, but as many beside 50 Hz as on it
BESIDE_HZ: Final = (1.5, 2, 2.5, 3, 4, 5, 6.25, 7, 7.5, 8, 9, 10, 11, 12.5, 13, 15, 17.5)
FAINTEST_DBFS: Final = -75.0
ENDS_SECONDS: Final = 3.0  # of a track, in which hum may stand alone
ALONE_SECONDS: Final = 0.4  # whole cycles of 50 and of 60 Hz, in which …
ALONE_SHARE: Final = 0.8  # … so much of the power is on one comb, under 0.15 where music fades,
ALONE_DB: Final = -15.0  # of the track, and so far under it at least,
ALONE_STEADY_DB: Final = 1.5  # both halves of one level: notes and fades fall
ALONE_LINE_DB: Final = -20.0  # of the comb, what counts as a line of it
SILENT: Final = 1e-14  # power of a frame, or of a bin of one, in which nothing sounds

Bins = npt.NDArray[np.int64]


def find_hum(audio: Audio) -> Finding | None:
    """Find lines at a mains frequency and its harmonics that never stop.

    Music leaves every narrow band now and then. What is in it for all but the quietest tenth of the
    time is seen by a percentile, even under dense music; and where it is not, then perhaps by
    weighing every moment by how little else it holds.
    """
    low = low_rate(audio)
    return _under_music(low) or _alone(low)


def _under_music(low: Doubles) -> Finding | None:
    powers, hz = spectra(low, FRAME_SECONDS, per_frame=PER_FRAME)
    sounding = powers[powers.sum(axis=1) > SILENT]
    if sounding.shape[0] < LEAST_FRAMES:
        return None
    steady_db = to_db(np.percentile(sounding, PERCENT, axis=0))
    lead_db, lines = _lines(steady_db, float(hz[1]))
    if lead_db < LEAST_LEAD_DB or lines.size < LEAST_LINES:
        weighed, _ = spectra(_weighed(low), FRAME_SECONDS, per_frame=PER_FRAME)
        weighed_db = to_db(np.percentile(weighed, PERCENT, axis=0), lowest_db=-300.0)
        lead_db, lines = _lines(weighed_db, float(hz[1]))
        if lead_db < WEIGHED_LEAD_DB or lines.size < WEIGHED_LINES:
            return None
    if steady_db[lines].max() < FAINTEST_DBFS:
        return None
    value = 10.0 * math.log10(float(np.sum(10.0 ** (steady_db[lines] / 10.0))))
    confidence = round(min(0.95, 0.7 + 0.02 * lead_db), 2)
    return Finding("hum", "warning", confidence, round(value, 1), "dBFS")


def _alone(low: Doubles) -> Finding | None:
    """Find hum that stands alone before the first note or after the last one."""
    size, reach = round(ALONE_SECONDS * LOW_RATE_HZ), round(ENDS_SECONDS * LOW_RATE_HZ)
    if low.size < size:
        return None
    loudest = 10.0 ** (ALONE_DB / 10.0) * float(np.mean(np.square(low)))
    for end in (low[:reach], low[-reach:][::-1]):  # from the outside in
        windows = np.lib.stride_tricks.sliding_window_view(end, size)[:: size // 4]
        for mains_hz in MAINS_HZ:
            powers = _comb_powers(windows, mains_hz)
            humming = _is_humming(windows, powers) & (np.mean(windows**2, axis=1) < loudest)
            found = np.flatnonzero(humming[:-1] & humming[1:])
            if found.size:
                value = 10.0 * math.log10(float(powers[found[0]].sum()))
                return Finding("hum", "warning", 0.8, round(value, 1), "dBFS")
    return None


def _comb_powers(windows: Doubles, mains_hz: float) -> Doubles:
    """Return the mean square of every line of a comb in windows of whole cycles."""
    size = windows.shape[1]
    cycles = np.outer(np.arange(size), mains_hz * np.arange(1, HARMONICS + 1)) / LOW_RATE_HZ
    powers: Doubles = 2.0 * np.square(np.abs(windows @ np.exp(2j * np.pi * cycles)) / size)
    return powers


def _is_humming(windows: Doubles, powers: Doubles) -> npt.NDArray[np.bool_]:
    """Tell of each window if next to nothing is in it but several steady lines of a comb."""
    halves = np.square(windows).reshape(windows.shape[0], 2, -1).mean(axis=2)
    comb = powers.sum(axis=1)
    lines = np.count_nonzero(powers > 10.0 ** (ALONE_LINE_DB / 10.0) * comb[:, None], axis=1)
    steady = np.abs(np.diff(to_db(halves), axis=1)[:, 0]) < ALONE_STEADY_DB
    alone = (comb > ALONE_SHARE * halves.mean(axis=1)) & (to_db(comb) > FAINTEST_DBFS)
    found: npt.NDArray[np.bool_] = alone & steady & (lines >= LEAST_LINES)
    return found


def _lines(steady_db: Doubles, bin_hz: float) -> tuple[float, Bins]:
    """Return the lead of the better comb, and its lines."""
    over_db = steady_db - _highest_beside(steady_db, bin_hz)
    lead_db, comb = max(
        (_lead(over_db, bin_hz, mains_hz) for mains_hz in MAINS_HZ), key=lambda each: each[0]
    )
    return lead_db, comb[over_db[comb] >= LINE_DB]


def _weighed(low: Doubles) -> Doubles:
    """Return a sound with every moment of every band weighed by how little else is in it.

    That is the filter matched to a steady line in a noise that comes and goes: it listens where the
    music leaves room. The level around a line is a mean of decibels, on which the line itself has
    little part.
    """
    size = round(WEIGHED_SECONDS * LOW_RATE_HZ)
    hop = size // 4
    window = np.hanning(size + 1)[:-1]
    padded = np.pad(low, size)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    found = scipy.fft.rfft(frames * window, axis=1)
    found[:, round(WEIGHED_HZ * WEIGHED_SECONDS) + 1 :] = 0.0
    heard = found[:, : round(WEIGHED_HZ * WEIGHED_SECONDS) + 1]
    logs = np.log(np.square(np.abs(heard)) + SILENT)
    level = np.exp(scipy.ndimage.uniform_filter(logs, WEIGHED_AROUND, mode="nearest"))
    sounding = level[level.sum(axis=1) > 1e-7 * level.sum() / level.shape[0]]
    heard /= np.maximum(level, np.percentile(sounding, WEIGHED_PERCENT, axis=0))
    parts = scipy.fft.irfft(found, size, axis=1) * window
    weighed = np.zeros(padded.size)
    for number, part in enumerate(parts):
        weighed[number * hop : number * hop + size] += part
    kept: Doubles = weighed[size:-size]
    return kept / max(float(np.sqrt(np.mean(np.square(kept)))), 1e-30)


def _highest_beside(steady_db: Doubles, bin_hz: float) -> Doubles:
    """Return the highest level on either side of every bin, its own line left out."""
    first, last = round(OWN_HZ / bin_hz), round(NEIGHBOUR_HZ / bin_hz)
    width = last - first + 1
    highest = scipy.ndimage.maximum_filter1d(steady_db, width)
    reach = first + width // 2
    padded = np.pad(highest, reach, mode="edge")
    beside: Doubles = np.maximum(padded[: -2 * reach], padded[2 * reach :])
    return beside


def _lead(over_db: Doubles, bin_hz: float, mains_hz: float) -> tuple[float, Bins]:
    """Return how far the comb of a mains frequency leads those beside it, and its bins.

    Nothing leads where the lines of the comb stand out too little.
    """
    sums, combs = _combs(over_db, bin_hz, mains_hz, 0.0)
    best = int(np.argmax(sums))
    beside = max(
        float(_combs(over_db, bin_hz, mains_hz, sign * shift_hz)[0].max())
        for shift_hz in BESIDE_HZ
        for sign in (-1.0, 1.0)
    )
    lead_db = float(sums[best]) - beside if sums[best] >= LEAST_SUM_DB else 0.0
    return lead_db, combs[best]


def _combs(
    over_db: Doubles, bin_hz: float, mains_hz: float, shift_hz: float
) -> tuple[Doubles, Bins]:
    """Return what combs about a frequency have over their neighbours in all, and their bins."""
    bases = mains_hz + np.arange(-OFF_HZ, OFF_HZ + STEP_HZ / 2.0, STEP_HZ)
    places = np.outer(bases, np.arange(1, HARMONICS + 1)) + shift_hz
    bins = np.rint(places / bin_hz).astype(np.int64)
    sums: Doubles = np.clip(over_db[bins], 0.0, MOST_DB).sum(axis=1)
    return sums, bins
