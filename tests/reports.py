"""A report as the engine describes a master; a test with the real engine holds it to that."""

from itertools import pairwise
from typing import Any

from dsp.settings import ENGINE_VERSION


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def _three(unit: str, *values: float) -> dict[str, Any]:
    keys = ("before", "reference", "after")
    return {f"{key}_{unit}": [value] * 2 for key, value in zip(keys, values, strict=True)}


_BANDS = [
    {"hz": hz, "wanted_db": 2.0, "applied_db": 1.4, "capped_db": 0.0, "left_db": 0.6}
    for hz in (100.0, 1000.0)
]


# As dsp.report describes a master; a test with the real engine holds it to that.
REPORT: dict[str, Any] = {
    "version": 2,
    "engine": ENGINE_VERSION,
    "settings": {},
    "suitability": 0.8,
    "verdict": {
        "code": "closer",
        "closer": ["tone", "loudness"],
        "away": [],
        "limiting_max_db": 1.4,
        "limiting_role": None,
        "limiting_letter": "B",
    },
    "axes": {
        axis: {"before": 3.0, "after": 1.0, "moved": "closer"}
        for axis in ("tone", "loudness", "dynamics", "width")
    },
    "loudness": {
        "before_lufs": -18.0,
        "reference_lufs": -9.0,
        "goal_lufs": -9.0,
        "after_lufs": -9.4,
        "held_by": None,
        "ceiling_dbtp": -1.0,
    },
    "numbers": [
        {"key": key, "unit": unit, "before": before, "reference": reference, "after": after}
        for key, unit, before, reference, after in (
            ("integrated_lufs", "LUFS", -18.0, -9.0, -9.4),
            ("max_short_term_lufs", "LUFS", -15.0, -7.0, -7.4),
            ("loudness_range_lu", "LU", 7.0, None, 5.0),
            ("true_peak_dbtp", "dBTP", -3.0, 0.2, -1.0),
            ("plr_db", "dB", 15.0, 9.2, 8.4),
            ("psr_db", "dB", 13.0, 8.0, 8.2),
            ("width_db", "dB", -14.0, -9.0, -10.0),
            ("correlation", "", 0.8, 0.6, 0.7),
        )
    ],
    "ranges": [
        {"code": code, "before_db": -2.0, "after_db": -0.5}
        for code in ("low_end", "low_mids", "vocal_range", "top_end", "presence")
    ],
    "tone": {
        "bands_hz": [100.0, 1000.0],
        **_three("db", -1.0, 1.0, 0.5),
        "curve_hz": [100.0, 1000.0],
        "wanted_db": [2.0, 2.0],
        "applied_db": [1.4, 1.4],
        "capped_db": [0.0, 0.0],
        "left_db": [0.6, 0.6],
        "compared": [True, True],
        "bands": _BANDS,
        "bands_compared": [True, True],
    },
    "width": {
        "bands_hz": [100.0, 1000.0],
        **_three("db", -14.0, -9.0, -10.0),
        "curve_hz": [100.0, 1000.0],
        "correlation_before": [0.8, 0.8],
        "correlation_reference": [0.6, 0.6],
        "correlation_after": [0.7, 0.7],
        "wanted_db": [4.0, 4.0],
        "applied_db": [3.0, 3.0],
        "capped_db": [1.0, 1.0],
        "left_db": [0.0, 0.0],
        "bands": _BANDS,
    },
    "dynamics": {
        "levels_lu": [-10.0, 0.0],
        "wanted_db": [1.0, -1.0],
        "applied_db": [0.7, -0.7],
        "lowest_db": -0.7,
        "highest_db": 0.7,
        "mean_db": 0.1,
        "fast_db_per_lu": 0.0,
        "fast_lowest_db": 0.0,
        "bands": [
            {
                "low_hz": low_hz,
                "high_hz": high_hz,
                "wanted_db_per_db": -0.05,
                "applied_db_per_db": 0.0,
                "lowest_db": 0.0,
                "highest_db": 0.0,
                "mean_db": 0.0,
            }
            for low_hz, high_hz in pairwise([0.0, 120.0, 600.0, 4000.0, None])
        ],
        "ride_db_per_lu": 0.0,
        "bands_reason": None,
        "psr_before_db": 13.0,
        "psr_reference_db": 8.0,
        "psr_after_db": 8.2,
        "psr_low_before_db": 11.0,
        "psr_low_reference_db": 7.0,
        "psr_low_after_db": 7.5,
    },
    "limiting": {
        "max_db": 1.4,
        "mean_db": 0.2,
        "share_over_1_db": 0.05,
        "share_over_3_db": 0.0,
        "share_over_6_db": 0.0,
        "clipped_ms": 0.0,
        "drive_db": 9.0,
        "sections": [
            {
                "start_seconds": start,
                "end_seconds": start + 8.0,
                "letter": letter,
                "role": role,
                "max_db": most,
                "mean_db": mean,
                "share_over_1_db": mean / 4,
                "share_over_3_db": 0.0,
                "share_over_6_db": 0.0,
            }
            for start, letter, role, most, mean in (
                (0.0, "A", "intro", 0.2, 0.0),
                (8.0, "B", None, 1.4, 0.4),
            )
        ],
        "track": {"step_seconds": 0.1, "reduction_db": [0.0, 1.4]},
    },
    "loudness_over_time": {
        key: {"step_seconds": 1.0, "lufs": [level, level]}
        for key, level in (("before", -18.0), ("reference", -9.0), ("after", -9.4))
    },
    "sections": [
        {
            "start_seconds": 0.0,
            "end_seconds": 8.0,
            "letter": "A",
            "role": "intro",
            "loudness_lufs": -20.0,
            "confidence": 0.7,
        },
        {
            "start_seconds": 8.0,
            "end_seconds": 16.0,
            "letter": "B",
            "role": None,
            "loudness_lufs": -17.0,
            "confidence": 0.0,
        },
    ],
    "pairs": [
        {
            "mix": 1,
            "reference": 0,
            "start_seconds": 8.0,
            "end_seconds": 16.0,
            "reference_start_seconds": 4.0,
            "reference_end_seconds": 12.0,
        }
    ],
    "capped": [
        {
            "stage": "width",
            "hz": 1000,
            "low_hz": 900,
            "high_hz": 1100,
            "wanted_db": 4.0,
            "applied_db": 3.0,
        }
    ],
    "notes": [],
    "harm": [],
    "gentler": None,
    "fix_in_the_mix": [
        {"code": "too_much", "hz": 251.2, "low_hz": 199.5, "high_hz": 316.2, "left_db": 4.1},
    ],
}
