"""Mains hum: a comb of lines at 50 or 60 Hz and its harmonics that never stops."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from dsp.audio import Audio
from dsp.disturbances import low_spectra
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
LEAST_LEAD_DB: Final = 4.0  # … beyond that of every comb beside it: the lines of a pattern that
# repeats exactly lie at round numbers too, but as many beside 50 Hz as on it
BESIDE_HZ: Final = (1.5, 2, 2.5, 3, 4, 5, 6.25, 7, 7.5, 8, 9, 10, 11, 12.5, 13, 15, 17.5)
FAINTEST_DBFS: Final = -75.0

Bins = npt.NDArray[np.int64]


def find_hum(audio: Audio) -> Finding | None:
    """Find lines at a mains frequency and its harmonics that never stop.

    Music leaves every narrow band now and then. What is in it for all but the quietest tenth of the
    time is seen by a percentile, even under dense music.
    """
    powers, hz = low_spectra(audio, FRAME_SECONDS, per_frame=PER_FRAME)
    sounding = powers[powers.sum(axis=1) > 1e-14]
    if sounding.shape[0] < LEAST_FRAMES:
        return None
    steady_db = to_db(np.percentile(sounding, PERCENT, axis=0))
    over_db = steady_db - _highest_beside(steady_db, float(hz[1]))
    lead_db, comb = max(
        (_lead(over_db, float(hz[1]), mains_hz) for mains_hz in MAINS_HZ), key=lambda each: each[0]
    )
    lines = comb[over_db[comb] >= LINE_DB]
    if lead_db < LEAST_LEAD_DB or lines.size < LEAST_LINES:
        return None
    if steady_db[lines].max() < FAINTEST_DBFS:
        return None
    value = 10.0 * math.log10(float(np.sum(10.0 ** (steady_db[lines] / 10.0))))
    confidence = round(min(0.95, 0.7 + 0.02 * lead_db), 2)
    return Finding("hum", "warning", confidence, round(value, 1), "dBFS")


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
