"""How loudness is spread over a track: windows, quantiles, peaks over it, onsets."""

from __future__ import annotations

from typing import Final

import numpy as np

from dsp.loudness import Loudness
from dsp.peaks import psr_db
from dsp.spectrum import Doubles, to_db

QUANTILES: Final[Doubles] = np.concatenate([np.arange(1.0, 99.0, 2.0), [99.0, 99.7]])  # percent
MICRO_SECONDS: Final = 0.050  # note and drum level
MOMENTARY_SECONDS: Final = 0.400  # BS.1770 block
GATE_LU: Final = 20.0  # as EBU Tech 3342: what is quieter than this under the track is not counted
PSR_PERCENTS: Final = (10.0, 50.0, 90.0)


def window_loudness(energies: Doubles, step_seconds: float, seconds: float) -> Doubles:
    """Return the loudness of every window of ``seconds``, one per step, LUFS."""
    length = min(energies.size, max(1, round(seconds / step_seconds)))
    sums = np.concatenate([[0.0], np.cumsum(energies)])
    return -0.691 + to_db((sums[length:] - sums[:-length]) / length)


def quantiles(
    energies: Doubles, step_seconds: float, seconds: float, integrated_lufs: float
) -> Doubles:
    """Return the ``QUANTILES`` of the loudness of windows relative to the integrated, LU."""
    relative = window_loudness(energies, step_seconds, seconds) - integrated_lufs
    return np.round(np.percentile(relative[relative > -GATE_LU], QUANTILES), 3)


def peak_to_short_term(window_peaks_dbtp: Doubles, levels: Loudness) -> tuple[float, ...]:
    """Return the peak to short-term loudness ratio at ``PSR_PERCENTS`` of the windows, dB."""
    ratio = psr_db(window_peaks_dbtp, levels.short_term_lufs)
    counted = ratio[levels.short_term_lufs > levels.integrated_lufs - GATE_LU]
    return tuple(round(float(value), 3) for value in np.percentile(counted, PSR_PERCENTS))


def onsets_per_second(energies: Doubles, step_seconds: float) -> float:
    """Return how often the level rises by 3 dB within 30 ms to a new height of the last 100 ms."""
    level = window_loudness(energies, step_seconds, 3.0 * step_seconds)
    level = np.maximum(level, level.max() - 40.0)
    rise = level[3:] - level[:-3]
    peaks = (rise > 3.0) & (rise >= np.roll(rise, 1)) & (rise > np.roll(rise, -1))
    places = np.flatnonzero(peaks)
    apart = (
        np.concatenate([[True], np.diff(places) * step_seconds >= 0.1]) if places.size else places
    )
    return round(float(np.count_nonzero(apart)) / (energies.size * step_seconds), 3)
