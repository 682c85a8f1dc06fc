"""What two tracks are compared by, read from summaries; free of numpy, for the web process."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Summary = Mapping[str, Any]

LEVEL_HZ: Final = (100.0, 8_000.0)  # over which the level, which is not tone, is read
BROAD_BANDS: Final = 8  # third octaves: 2.5 octaves, broader than an arrangement decides
NO_WIDTH_DB: Final = -35.0  # of the side over the mid
PRINT_BITS: Final = 16  # a step; see dsp.character.fingerprint
PRINT_SHORTEST_STEPS: Final = 80  # ten seconds
SAME_BIT_ERRORS: Final = 0.2  # of unlike audio more than 0.4


@dataclass(frozen=True, slots=True)
class Features:
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
    def of(cls, summary: Summary) -> Features:
        """Return the features of a track."""
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


def likeness_of_prints(ours: Features, theirs: Features, most_shift: int) -> float | None:
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
