"""The ways in which two tracks differ, each with its distance and its score; free of numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import sub
from typing import Final

from dsp.features import Features

WEIGHTS: Final = {  # of the score's logarithm; settled by the trial of ``bench.ears`` on pairs
    "tone": 0.28,
    "low_end": 0.08,
    "density": 0.24,
    "dynamics": 0.28,
    "width": 0.04,
    "tempo": 0.03,
    "loudness": 0.03,
    "bandwidth": 0.02,
}
LOW_HZ: Final = (30.0, 120.0)
FAINT_DB: Final = 60.0  # under the strongest band nothing is compared
TONE_DB: Final = 4.0
DETAIL_DB: Final = 4.0
LOW_END_DB: Final = 5.0
ONSET_OCTAVES: Final = 1.0
DENSITY: Final = 0.15
STANDING_OUT_DB: Final = 1.3
VARIATION_DB: Final = 1.8
PEAK_DB: Final = 5.0
RANGE_LU: Final = 5.0
WIDTH_DB: Final = 7.0
TEMPO_OCTAVES: Final = 0.2
LOUDER_LU: Final = 12.0
QUIETER_LU: Final = 3.0
BANDWIDTH_OCTAVES: Final = 0.5
RANGES_HZ: Final = {
    "low_end": (30.0, 120.0),
    "low_mids": (120.0, 500.0),
    "vocal_range": (500.0, 4_000.0),
    "top_end": (4_000.0, 16_000.0),
}


@dataclass(frozen=True, slots=True)
class Axis:
    """One way in which two tracks differ.

    Attributes
    ----------
    code : str
        A key of ``WEIGHTS``.
    score : float, 0 to 1
    weight : float
        Share of the whole; 0 where a summary says nothing of it.
    numbers : dict
        What was measured, each named with its unit.
    """

    code: str
    score: float
    weight: float
    numbers: dict[str, float | None]


def compare_axes(ours: Features, theirs: Features) -> list[Axis]:
    """Return every axis, those that a summary lacks with no weight."""
    found = (
        ("tone", *_tone(ours, theirs)),
        ("low_end", *_low_end(ours, theirs)),
        ("density", *_density(ours, theirs)),
        ("dynamics", *_dynamics(ours, theirs)),
        ("width", *_width(ours, theirs)),
        ("tempo", *_tempo(ours, theirs)),
        ("loudness", *_loudness(ours, theirs)),
        ("bandwidth", *_bandwidth(ours, theirs)),
    )
    known = sum(WEIGHTS[code] for code, distance, _ in found if distance is not None) or 1.0
    return [
        Axis(code, 1.0, 0.0, numbers)
        if distance is None
        else Axis(code, round(1.0 / (1.0 + distance * distance), 4), WEIGHTS[code] / known, numbers)
        for code, distance, numbers in found
    ]


Measured = tuple[float | None, dict[str, float | None]]


def _tone(ours: Features, theirs: Features) -> Measured:
    heard = heard_bands(ours, theirs)
    if not heard:
        return None, {}
    broad = [theirs.broad_db[i] - ours.broad_db[i] for i in heard]
    fine = [theirs.tone_db[i] - ours.tone_db[i] for i in heard]
    broad_db = sum(map(abs, broad)) / len(heard)
    detail_db = sum(abs(f - b) for f, b in zip(fine, broad, strict=True)) / len(heard)
    numbers = {
        "difference_db": round(sum(map(abs, fine)) / len(heard), 2),
        "broad_db": round(broad_db, 2),
        "detail_db": round(detail_db, 2),
        **{f"{code}_db": value for code, value in range_differences(ours, theirs, heard).items()},
    }
    return math.hypot(broad_db / TONE_DB, detail_db / DETAIL_DB), numbers


def heard_bands(ours: Features, theirs: Features) -> list[int]:
    """Return the bands that hold sound in both tracks."""
    if not ours.tone_db or len(ours.tone_db) != len(theirs.tone_db):
        return []
    least = [max(track.tone_db) - FAINT_DB for track in (ours, theirs)]
    end = min(each for each in (ours.bandwidth_hz, theirs.bandwidth_hz, math.inf) if each)
    return [
        i
        for i, hz in enumerate(ours.hz)
        if hz < 0.9 * end and (ours.tone_db[i] > least[0] or theirs.tone_db[i] > least[1])
    ]


def range_differences(
    ours: Features, theirs: Features, heard: list[int]
) -> dict[str, float | None]:
    """Return how much more of each range the reference has, dB."""
    differences: dict[str, float | None] = {}
    for code, (low, high) in RANGES_HZ.items():
        inside = [theirs.tone_db[i] - ours.tone_db[i] for i in heard if low <= ours.hz[i] < high]
        differences[code] = round(sum(inside) / len(inside), 2) if inside else None
    return differences


def _low_end(ours: Features, theirs: Features) -> Measured:
    lows = [i for i in heard_bands(ours, theirs) if LOW_HZ[0] <= ours.hz[i] < LOW_HZ[1]]
    if not lows:
        return None, {}
    differences = [theirs.tone_db[i] - ours.tone_db[i] for i in lows]
    level_db = sum(differences) / len(lows)
    shape_db = sum(abs(each - level_db) for each in differences) / len(lows)
    widths_known = len(ours.width_db) == len(theirs.width_db) == len(ours.hz)
    width_db = (
        sum(theirs.width_db[i] - ours.width_db[i] for i in lows) / len(lows)
        if widths_known
        else None
    )
    distance = math.hypot(level_db / LOW_END_DB, shape_db / LOW_END_DB)
    return distance, {
        "level_db": round(level_db, 2),
        "shape_db": round(shape_db, 2),
        "width_db": None if width_db is None else round(width_db, 2),
    }


def _density(ours: Features, theirs: Features) -> Measured:
    distances = []
    numbers: dict[str, float | None] = {}
    if ours.onsets_per_second is not None and theirs.onsets_per_second is not None:
        rates = [max(track.onsets_per_second or 0.0, 0.1) for track in (ours, theirs)]
        distances.append(math.log2(rates[1] / rates[0]) / ONSET_OCTAVES)
        numbers["mix_onsets_per_second"] = ours.onsets_per_second
        numbers["reference_onsets_per_second"] = theirs.onsets_per_second
    if ours.density is not None and theirs.density is not None:
        distances.append((theirs.density - ours.density) / DENSITY)
        numbers["mix_density"], numbers["reference_density"] = ours.density, theirs.density
    if (detail_db := _apart(ours.detail_db, theirs.detail_db)) is not None:
        distances.append(detail_db / STANDING_OUT_DB)
        numbers["detail_db"] = round(detail_db, 2)
    return _root_mean_square(distances), numbers


def _dynamics(ours: Features, theirs: Features) -> Measured:
    distances = []
    numbers: dict[str, float | None] = {}
    if ours.psr_db is not None and theirs.psr_db is not None:
        numbers["mix_psr_db"], numbers["reference_psr_db"] = ours.psr_db, theirs.psr_db
        distances.append((theirs.psr_db - ours.psr_db) / PEAK_DB)
    if ours.range_lu is not None and theirs.range_lu is not None:
        numbers["mix_range_lu"], numbers["reference_range_lu"] = ours.range_lu, theirs.range_lu
        distances.append((theirs.range_lu - ours.range_lu) / RANGE_LU)
    if (variation_db := _apart(ours.variation_db, theirs.variation_db)) is not None:
        distances.append(variation_db / VARIATION_DB)
        numbers["variation_db"] = round(variation_db, 2)
    return _root_mean_square(distances), numbers


def _apart(ours: list[float], theirs: list[float]) -> float | None:
    """Return the mean magnitude of the difference of two lists, None where one is missing."""
    if not ours or len(ours) != len(theirs):
        return None
    total: float = sum(map(abs, map(sub, theirs, ours)))
    return total / len(ours)


def _root_mean_square(values: list[float]) -> float | None:
    return math.sqrt(sum(each * each for each in values) / len(values)) if values else None


def _width(ours: Features, theirs: Features) -> Measured:
    heard = heard_bands(ours, theirs)
    if not heard or not len(ours.width_db) == len(theirs.width_db) == len(ours.hz):
        return None, {}
    differences = [theirs.width_db[i] - ours.width_db[i] for i in heard]
    apart_db = sum(map(abs, differences)) / len(heard)
    return apart_db / WIDTH_DB, {
        "difference_db": round(apart_db, 2),
        "mean_db": round(sum(differences) / len(heard), 2),
    }


def _tempo(ours: Features, theirs: Features) -> Measured:
    if not ours.tempo_bpm or not theirs.tempo_bpm:
        return None, {"mix_bpm": ours.tempo_bpm, "reference_bpm": theirs.tempo_bpm}
    octaves = math.log2(theirs.tempo_bpm / ours.tempo_bpm)
    folded = octaves - round(octaves)  # half and double time feel alike
    trust = min(1.0, 2.0 * min(ours.tempo_confidence, theirs.tempo_confidence))
    return trust * abs(folded) / TEMPO_OCTAVES, {
        "mix_bpm": ours.tempo_bpm,
        "reference_bpm": theirs.tempo_bpm,
        "apart_percent": round(100.0 * (2.0 ** abs(folded) - 1.0), 1),
    }


def _loudness(ours: Features, theirs: Features) -> Measured:
    gap_lu = theirs.lufs - ours.lufs
    return gap_lu / LOUDER_LU if gap_lu > 0.0 else -gap_lu / QUIETER_LU, {
        "mix_lufs": ours.lufs,
        "reference_lufs": theirs.lufs,
        "gap_lu": round(gap_lu, 2),
    }


def _bandwidth(ours: Features, theirs: Features) -> Measured:
    if ours.bandwidth_hz is None or theirs.bandwidth_hz is None:
        return None, {}
    missing = max(0.0, math.log2(min(ours.bandwidth_hz, 20_000.0) / theirs.bandwidth_hz))
    return missing / BANDWIDTH_OCTAVES, {
        "mix_hz": ours.bandwidth_hz,
        "reference_hz": theirs.bandwidth_hz,
    }
