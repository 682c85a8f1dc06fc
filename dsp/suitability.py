"""How well a reference suits a mix, from the summaries of both; free of numpy, for the web process.

Each axis has a distance, 1 where it begins to matter, and a score 1 / (1 + distance²). The whole is
their weighted geometric mean, so that one axis far off cannot hide behind seven that fit. What
only mastering changes (level, peaks over loudness) weighs little: it is what a reference is for.
"""

from __future__ import annotations

import binascii
import math
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from operator import sub
from typing import Any, Final, Literal

from dsp.findings import Finding

Verdict = Literal["good", "usable", "misleading"]
Summary = Mapping[str, Any]

GOOD: Final = 0.6
USABLE: Final = 0.35
REASONS: Final = 3

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

LEVEL_HZ: Final = (100.0, 8_000.0)  # over which the level, which is not tone, is read
LOW_HZ: Final = (30.0, 120.0)
BROAD_BANDS: Final = 8  # third octaves: 2.5 octaves, broader than an arrangement decides
FAINT_DB: Final = 60.0  # under the strongest band nothing is compared
NO_WIDTH_DB: Final = -35.0  # of the side over the mid

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

PRINT_BITS: Final = 16  # a step; see dsp.character.fingerprint
PRINT_SHIFT_STEPS: Final = 480  # a minute
PRINT_NEAR_STEPS: Final = 8
PRINT_SHORTEST_STEPS: Final = 80  # ten seconds
PRINTS_SEARCHED: Final = 40  # of a ranking, those that suit best
SAME_BIT_ERRORS: Final = 0.2  # of unlike audio more than 0.4

RANGES_HZ: Final = {
    "low_end": (30.0, 120.0),
    "low_mids": (120.0, 500.0),
    "vocal_range": (500.0, 4_000.0),
    "top_end": (4_000.0, 16_000.0),
}
RANGE_OFF_DB: Final = 6.0  # more than mastering mends
TOO_LOUD_LU: Final = 1.0
SWAPPED_LU: Final = 4.0
SWAPPED_PEAK_DB: Final = 3.0
LOSSY_HZ: Final = 17_500.0
LIMITED_PSR_DB: Final = 6.0
SHORT_SECONDS: Final = 20.0


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


@dataclass(frozen=True, slots=True)
class Suitability:
    """How well a reference suits a mix.

    Attributes
    ----------
    score : float, 0 to 1
    verdict : "good", "usable" or "misleading"
    axes : tuple of Axis
    reasons : tuple of str
        Codes of the axes that cost most, the worst first.
    findings : tuple of Finding
        What is to be known of the two together.
    """

    score: float
    verdict: Verdict
    axes: tuple[Axis, ...]
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values."""
        values = asdict(self)
        for name in ("axes", "reasons", "findings"):
            values[name] = list(values[name])
        for finding in values["findings"]:
            finding["ranges"] = [list(each) for each in finding["ranges"]]
        return values


def compare(
    mix: Summary, reference: Summary, *, context: Mapping[str, Any] | None = None
) -> Suitability:
    """Return how well a reference suits a mix.

    Parameters
    ----------
    mix, reference : mapping
        Summaries of profiles (:meth:`dsp.measure.Profile.summary`). What an older one lacks is
        not compared.
    context : mapping, optional
        What the person said, never guessed: ``same_genre`` and ``same_release``, each a bool.
        A reference said to be of another genre counts for less, one of the same release for more.
    """
    ours, theirs = _Features.of(mix), _Features.of(reference)
    same = _likeness_of_prints(ours, theirs, PRINT_SHIFT_STEPS)
    axes = _axes(ours, theirs)
    score = _score(axes, same=same is not None)
    score = _in_context(score, context or {})
    return Suitability(
        score=round(score, 4),
        verdict=_verdict(score),
        axes=tuple(axes),
        reasons=_reasons(axes),
        findings=tuple(_findings(ours, theirs, same)),
    )


def rank(
    mix: Summary,
    references: Iterable[tuple[Any, Summary]],
    *,
    contexts: Mapping[Any, Mapping[str, Any]] | None = None,
) -> list[tuple[Any, float, list[str]]]:
    """Return (id, score, reasons) of references for a mix, the most suitable first.

    Parameters
    ----------
    mix : mapping
        The mix's summary.
    references : iterable of (id, summary)
    contexts : mapping, optional
        What the person said of some of them, by id; as of :func:`compare`.
    """
    said = contexts or {}
    ours = _Features.of(mix)
    found = []
    for key, summary in references:
        theirs = _Features.of(summary)
        axes = _axes(ours, theirs)
        same = _likeness_of_prints(ours, theirs, PRINT_NEAR_STEPS) is not None
        found.append((key, _score(axes, same=same), axes, None if same else theirs))
    found.sort(key=lambda each: -each[1])
    ranked = []
    for place, (key, score, axes, unlike) in enumerate(found):
        # The same audio further apart is looked for where it could matter: the search is long.
        if unlike is not None and place < PRINTS_SEARCHED and score > GOOD:
            far = _likeness_of_prints(ours, unlike, PRINT_SHIFT_STEPS)
            score = _score(axes, same=far is not None)
        if key in said:
            score = _in_context(score, said[key])
        ranked.append((key, round(score, 4), list(_reasons(axes))))
    return sorted(ranked, key=lambda each: -each[1])


def likeness_of(first: Summary, second: Summary) -> float | None:
    """Return how surely two tracks are one sound in two files, 0.8 to 1; None where they are not.

    It stands what a codec, a gain or a second at the ends does.
    """
    return _likeness_of_prints(_Features.of(first), _Features.of(second), PRINT_NEAR_STEPS)


@dataclass(frozen=True, slots=True)
class _Features:
    """What is compared, read once from a summary; absent where the summary lacks it."""

    lufs: float
    seconds: float
    is_mono: bool
    peak_over_loudness_db: float | None
    psr_db: float | None
    psr_low_db: float | None
    range_lu: float | None
    tone_db: list[float]
    broad_db: list[float]
    width_db: list[float]
    hz: list[float]
    onsets_per_second: float | None
    density: float | None
    variation_db: list[float]
    detail_db: list[float]
    tempo_bpm: float | None
    tempo_confidence: float
    bandwidth_hz: float | None
    cutoff_hz: float | None
    print_bits: int
    print_steps: int

    @classmethod
    def of(cls, summary: Summary) -> _Features:
        hz = summary.get("third_octaves_hz") or []
        mid = summary.get("mid_db") or []
        counted = [m for f, m in zip(hz, mid, strict=True) if LEVEL_HZ[0] <= f <= LEVEL_HZ[1]]
        level = sum(counted) / len(counted) if counted else 0.0
        tone = [m - level for m in mid]
        psr = summary.get("psr_db") or {}
        spread = summary.get("loudness_range_lu")
        try:
            raw = b64decode(summary.get("fingerprint") or "", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        rate_hz = summary.get("rate_hz")
        cutoff_hz = summary.get("cutoff_hz")
        return cls(
            lufs=float(summary.get("integrated_lufs", -23.0)),
            seconds=float(summary.get("duration_seconds", 0.0)),
            is_mono=bool(summary.get("is_mono")),
            peak_over_loudness_db=summary.get("plr_db"),
            psr_db=psr.get("p50"),
            psr_low_db=psr.get("p10"),
            range_lu=summary.get("loudness_spread_lu") if spread is None else spread,
            tone_db=tone,
            broad_db=_averaged(tone, BROAD_BANDS),
            width_db=[max(NO_WIDTH_DB, w) for w in summary.get("width_db") or []],
            hz=hz,
            onsets_per_second=summary.get("onsets_per_second"),
            density=summary.get("density"),
            variation_db=summary.get("variation_db") or [],
            detail_db=summary.get("detail_db") or [],
            tempo_bpm=summary.get("tempo_bpm"),
            tempo_confidence=float(summary.get("tempo_confidence") or 0.0),
            bandwidth_hz=min(
                (each for each in (cutoff_hz, rate_hz and rate_hz / 2.0) if each), default=None
            ),
            cutoff_hz=cutoff_hz,
            print_bits=int.from_bytes(raw, "little"),
            print_steps=8 * len(raw) // PRINT_BITS,
        )


def _averaged(values: list[float], width: int) -> list[float]:
    """Return the mean of every run of ``width`` values, shorter at the ends."""
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    half, count = width // 2, len(values)
    averages = []
    for place in range(count):
        first, last = max(0, place - half), min(count, place + half + 1)
        averages.append((sums[last] - sums[first]) / (last - first))
    return averages


def _axes(ours: _Features, theirs: _Features) -> list[Axis]:
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


def _tone(ours: _Features, theirs: _Features) -> Measured:
    heard = _heard(ours, theirs)
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
        **{f"{code}_db": value for code, value in _range_differences(ours, theirs, heard).items()},
    }
    return math.hypot(broad_db / TONE_DB, detail_db / DETAIL_DB), numbers


def _heard(ours: _Features, theirs: _Features) -> list[int]:
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


def _range_differences(
    ours: _Features, theirs: _Features, heard: list[int]
) -> dict[str, float | None]:
    """Return how much more of each range the reference has, dB."""
    differences: dict[str, float | None] = {}
    for code, (low, high) in RANGES_HZ.items():
        inside = [theirs.tone_db[i] - ours.tone_db[i] for i in heard if low <= ours.hz[i] < high]
        differences[code] = round(sum(inside) / len(inside), 2) if inside else None
    return differences


def _low_end(ours: _Features, theirs: _Features) -> Measured:
    lows = [i for i in _heard(ours, theirs) if LOW_HZ[0] <= ours.hz[i] < LOW_HZ[1]]
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


def _density(ours: _Features, theirs: _Features) -> Measured:
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


def _dynamics(ours: _Features, theirs: _Features) -> Measured:
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


def _width(ours: _Features, theirs: _Features) -> Measured:
    heard = _heard(ours, theirs)
    if not heard or not len(ours.width_db) == len(theirs.width_db) == len(ours.hz):
        return None, {}
    differences = [theirs.width_db[i] - ours.width_db[i] for i in heard]
    apart_db = sum(map(abs, differences)) / len(heard)
    return apart_db / WIDTH_DB, {
        "difference_db": round(apart_db, 2),
        "mean_db": round(sum(differences) / len(heard), 2),
    }


def _tempo(ours: _Features, theirs: _Features) -> Measured:
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


def _loudness(ours: _Features, theirs: _Features) -> Measured:
    gap_lu = theirs.lufs - ours.lufs
    return gap_lu / LOUDER_LU if gap_lu > 0.0 else -gap_lu / QUIETER_LU, {
        "mix_lufs": ours.lufs,
        "reference_lufs": theirs.lufs,
        "gap_lu": round(gap_lu, 2),
    }


def _bandwidth(ours: _Features, theirs: _Features) -> Measured:
    if ours.bandwidth_hz is None or theirs.bandwidth_hz is None:
        return None, {}
    missing = max(0.0, math.log2(min(ours.bandwidth_hz, 20_000.0) / theirs.bandwidth_hz))
    return missing / BANDWIDTH_OCTAVES, {
        "mix_hz": ours.bandwidth_hz,
        "reference_hz": theirs.bandwidth_hz,
    }


def _score(axes: list[Axis], *, same: bool) -> float:
    cost = sum(axis.weight * math.log(max(axis.score, 1e-6)) for axis in axes)
    score = math.exp(cost)
    return 0.9 + 0.1 * score if same else score


def _reasons(axes: list[Axis]) -> tuple[str, ...]:
    """Return the axes that cost the most."""
    costs = sorted(
        ((-axis.weight * math.log(max(axis.score, 1e-6)), axis.code) for axis in axes),
        key=lambda each: -each[0],
    )
    return tuple(code for cost, code in costs[:REASONS] if cost > 0.0)


def _in_context(score: float, context: Mapping[str, Any]) -> float:
    """Return the score raised or lowered by what the person said of the two tracks."""
    power = 1.0
    if context.get("same_genre") is not None:
        power *= 0.8 if context["same_genre"] else 1.5
    if context.get("same_release"):
        power *= 0.7
    return float(score**power)


def _verdict(score: float) -> Verdict:
    if score >= GOOD:
        return "good"
    return "usable" if score >= USABLE else "misleading"


def _likeness_of_prints(ours: _Features, theirs: _Features, most_shift: int) -> float | None:
    """Return the share of fingerprint bits that agree at the best shift, None where unlike."""
    shortest = min(ours.print_steps, theirs.print_steps)
    least = max(PRINT_SHORTEST_STEPS, shortest // 2)
    best = 1.0
    for shift in range(-most_shift, most_shift + 1):
        first, second = (ours, theirs) if shift >= 0 else (theirs, ours)
        steps = min(first.print_steps - abs(shift), second.print_steps)
        if steps < least:
            continue
        bits = PRINT_BITS * steps
        differing = ((first.print_bits >> (PRINT_BITS * abs(shift))) ^ second.print_bits) & (
            (1 << bits) - 1
        )
        best = min(best, differing.bit_count() / bits)
    return round(1.0 - best, 4) if best < SAME_BIT_ERRORS else None


def _findings(ours: _Features, theirs: _Features, same: float | None) -> Iterable[Finding]:
    gap_lu = theirs.lufs - ours.lufs
    if same is not None:
        yield Finding("same_audio", "warning", same, 100.0 * same, "%")
    if _seems_swapped(ours, theirs):
        yield Finding("swapped", "warning", 0.7, -gap_lu, "LU")
    if gap_lu < -TOO_LOUD_LU:
        yield Finding("too_loud_to_master", "warning", 0.9, -gap_lu, "LU")
    if theirs.cutoff_hz is not None and theirs.cutoff_hz < LOSSY_HZ:
        yield Finding("reference_lossy", "note", 0.8, theirs.cutoff_hz / 1000.0, "kHz")
    if theirs.is_mono and not ours.is_mono:
        yield Finding("reference_mono", "note", 0.99)
    if theirs.psr_low_db is not None and theirs.psr_low_db < LIMITED_PSR_DB:
        yield Finding("reference_limited", "note", 0.8, theirs.psr_low_db, "dB")
    if 0.0 < theirs.seconds < SHORT_SECONDS:
        yield Finding("reference_short", "note", 0.99, theirs.seconds, "s")
    if same is None:
        for code, value in _range_differences(ours, theirs, _heard(ours, theirs)).items():
            if value is not None and abs(value) > RANGE_OFF_DB:
                more = "more" if value < 0.0 else "less"
                yield Finding(f"{more}_{code}", "note", 0.8, -value, "dB")


def _seems_swapped(ours: _Features, theirs: _Features) -> bool:
    """Tell whether the mix looks mastered and the reference does not."""
    first, second = ours.peak_over_loudness_db, theirs.peak_over_loudness_db
    if first is None or second is None:
        return False
    return ours.lufs - theirs.lufs > SWAPPED_LU and second - first > SWAPPED_PEAK_DB
