"""What the library keeps of a measured track: numbers to sort by, its tone, and its health."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

LEVEL_HZ: Final = (100.0, 8_000.0)  # over which the level, which is not tone, is read
TOP_HZ: Final = (4_000.0, 16_000.0)
CURVE_HZ: Final = (31.0, 16_500.0)  # what a thumbnail shows
NARROWEST_DB: Final = -60.0  # of the side over the mid: mono

TURNED_DOWN_DBFS: Final = -1.0  # peaks below, of a track that had met a ceiling
SHORT_SECONDS: Final = 20.0
TRUSTED: Final = 0.8
PARTLY_TRUSTED: Final = 0.5

# What a flag takes from the trust in a reference, as a share, where it is certain.
COSTS: Final[Mapping[str, float]] = {
    "dead_channel": 0.6,
    "inverted_channel": 0.5,
    "lossy": 0.4,
    "lossy_mild": 0.15,
    "narrow_band": 0.35,
    "clipped": 0.3,
    "short": 0.3,
    "cut_short": 0.25,
    "crushed": 0.25,
    "unchecked": 0.25,
    "dropouts": 0.25,
    "turned_down": 0.2,
    "few_bits": 0.15,
    "mono": 0.1,
}

_OF_FINDINGS: Final[Mapping[str, str]] = {
    "clipping": "clipped",
    "upsampled": "narrow_band",
    "low_sample_rate": "narrow_band",
    "dead_channel": "dead_channel",
    "inverted_channel": "inverted_channel",
    "dropout": "dropouts",
    "low_bit_depth": "few_bits",
    "mono": "mono",
    "dual_mono": "mono",
}


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to trust a reference less."""

    code: str  # a key of ``COSTS``
    confidence: float  # that it is so, 0 to 1
    value: float | None = None  # where the sound ends in kHz, or the highest peak in dBFS


def figures_of(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a library entry that a profile's summary fills."""
    hz = summary.get("third_octaves_hz") or []
    mid, side = summary.get("mid_db") or [], summary.get("side_db") or []
    level_db = _mean(hz, mid, LEVEL_HZ)
    top_db = _mean(hz, mid, TOP_HZ)
    shown = [
        round(value - level_db, 1)
        for each, value in zip(hz, mid, strict=False)
        if level_db is not None and CURVE_HZ[0] <= each <= CURVE_HZ[1]
    ]
    return {
        "loudness_lufs": summary.get("integrated_lufs"),
        "plr_db": summary.get("plr_db"),
        "width_db": _width_db(mid, side),
        "brightness_db": None
        if level_db is None or top_db is None
        else round(top_db - level_db, 2),
        "seconds": summary.get("duration_seconds"),
        "tone_db": shown,
    }


def health_of(
    findings: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
    summary: Mapping[str, Any],
    *,
    told: Sequence[Flag] = (),
) -> list[Flag]:
    """Return what is wrong with a track as a reference, what costs most trust first.

    ``told`` is what others found in it, where there is no sound to look at.
    """
    flags: dict[str, Flag] = {}

    def note(code: str, confidence: float, value: float | None = None) -> None:
        if code not in flags or flags[code].confidence < confidence:
            flags[code] = Flag(code, confidence, value)

    for flag in told:
        note(flag.code, flag.confidence, flag.value)
    by_code = {finding["code"]: finding for finding in findings}
    for code, finding in by_code.items():
        if code in _OF_FINDINGS:
            note(_OF_FINDINGS[code], finding.get("confidence", 1.0), finding.get("value"))
    if lossy := by_code.get("lossy_source"):
        code = "lossy" if lossy.get("severity") == "warning" else "lossy_mild"
        note(code, lossy.get("confidence", 1.0), lossy.get("value"))
    limited = by_code.get("already_limited")
    if limited and limited.get("severity") == "warning":
        note("crushed", limited.get("confidence", 1.0), limited.get("value"))
    # Flat or held peaks under full scale: the level was changed after the master was made.
    ceilings = [by_code[code].get("confidence", 1.0) for code in ("clipping", "already_limited")
                if code in by_code]  # fmt: skip
    peak_dbfs = summary.get("sample_peak_dbfs")
    if ceilings and peak_dbfs is not None and peak_dbfs < TURNED_DOWN_DBFS:
        note("turned_down", max(ceilings), peak_dbfs)
    if facts.get("is_cut_short"):
        note("cut_short", 1.0)
    seconds = summary.get("duration_seconds")
    if seconds is not None and seconds < SHORT_SECONDS:
        note("short", 1.0, seconds)
    if summary.get("is_mono"):
        note("mono", 1.0)
    return sorted(flags.values(), key=lambda flag: -COSTS[flag.code] * flag.confidence)


def flags_told(health: Sequence[Mapping[str, Any]] | None) -> list[Flag]:
    """Return what a document tells of its track; that nobody looked, where it tells nothing."""
    unchecked = Flag("unchecked", 1.0)
    if health is None:
        return [unchecked]
    # What a newer version may have found is not known here.
    return [Flag(**flag) if flag["code"] in COSTS else unchecked for flag in health]


def trust_in(flags: Sequence[Flag]) -> float:
    """Return how far a reference is to be trusted, 0 to 1."""
    return round(math.prod(1.0 - COSTS[flag.code] * flag.confidence for flag in flags), 3)


def _mean(hz: Sequence[float], levels_db: Sequence[float], within: tuple[float, float]) -> Any:
    inside = [
        level for each, level in zip(hz, levels_db, strict=False) if within[0] <= each <= within[1]
    ]
    return sum(inside) / len(inside) if inside else None


def _width_db(mid_db: Sequence[float], side_db: Sequence[float]) -> float | None:
    if not mid_db or not side_db:
        return None
    mid, side = (
        sum(math.pow(10.0, each / 10.0) for each in levels) for levels in (mid_db, side_db)
    )
    if mid <= 0.0:
        return None
    return round(max(NARROWEST_DB, 10.0 * math.log10(max(side / mid, 1e-12))), 2)
