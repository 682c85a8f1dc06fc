"""The engine's meters beside libebur128 and beside brute force, on music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyebur128
from scipy import signal

from bench.sound import excerpts, meters
from dsp.audio import Audio
from dsp.loudness import loudness_range_lu, measure_loudness, weighted_energies
from dsp.peaks import true_peak_dbtp

TOLERANCES = {"integrated": 0.02, "momentary": 0.02, "short-term": 0.02, "range": 0.1}
TRUE_PEAK_GATE_DB = (-0.1, 0.25)  # against 16 x oversampling; never under another meter
QUIET_LUFS = -70.0


def apart(track: Path, cache: Path) -> dict[str, float]:
    """Return how far each reading is from libebur128's (range: from brute force), largest value."""
    samples, rate = excerpts.excerpt(track, cache)
    audio = Audio(np.ascontiguousarray(samples), rate)
    energies = weighted_energies(audio)
    ours = measure_loudness(energies)
    momentary, short_term, integrated = _ebur128_series(samples, rate)
    fine = signal.resample_poly(samples.astype(np.float64), 16, 1, axis=1, window=("kaiser", 10.0))
    truth = 20 * float(np.log10(max(np.abs(fine).max(), np.abs(samples).max())))
    reading = true_peak_dbtp(audio)
    _, printed, theirs = meters.true_peaks_dbtp(samples, rate)
    return {
        "integrated": abs(ours.integrated_lufs - integrated),
        "momentary": _largest(ours.momentary_lufs, momentary[3:]),
        "short-term": _largest(ours.short_term_lufs, short_term[29:]),
        "range": abs(
            loudness_range_lu(energies) - meters.loudness_range(meters.step_energies(samples, rate))
        ),
        "true peak over the truth": reading - truth,
        "true peak under another meter": max(printed, theirs) - reading,
    }


def _ebur128_series(samples, rate):
    """Return libebur128's momentary and short-term loudness every 100 ms, and the whole's."""
    modes = pyebur128.MeasurementMode
    state = pyebur128.R128State(samples.shape[0], rate, modes.MODE_I | modes.MODE_S | modes.MODE_M)
    interleaved = np.ascontiguousarray(samples.T, dtype=np.float32)
    momentary, short_term = [], []
    ends = np.arange(1, samples.shape[1] * 10 // rate + 1) * rate // 10
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        state.add_frames(interleaved[start:end].reshape(-1), int(end - start))
        momentary.append(pyebur128.get_loudness_momentary(state))
        short_term.append(pyebur128.get_loudness_shortterm(state))
    return momentary, short_term, pyebur128.get_loudness_global(state)


def _largest(ours, theirs):
    count = min(len(ours), len(theirs))
    ours, theirs = np.asarray(ours[:count]), np.asarray(theirs[:count])
    heard = (ours > QUIET_LUFS) & (theirs > QUIET_LUFS)
    return float(np.abs(ours - theirs)[heard].max(initial=0.0))
