"""What the engine must reach, and whether it does, from the figures of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

CEILING_DBTP = -1.0
TYPICAL = "same all x1"  # damage of the size that mixes have, another section as reference
HARMLESS = "same all x0"
DEFAULT, FULL = "Lacquer 0.7", "Lacquer 1"
PEER = "Matchering"
METER_NOISE_LU = 0.1  # of a loudness range

Rows = list[dict[str, Any]]  # each with "group", "name", "take" and figures


@dataclass(frozen=True)
class Bar:
    """One thing that must hold."""

    wanted: str
    measured: str
    met: bool | None

    def line(self) -> str:
        """Return it as a row of a table."""
        verdict = {True: "met", False: "**not met**", None: "not measured"}[self.met]
        return f"| {self.wanted} | {self.measured} | {verdict} |"


def judged(rows: Rows, tones_db: dict[int, float], meters: list[dict[str, float]]) -> list[Bar]:
    """Return every bar with what was measured."""
    return [
        _loudness(rows),
        _ceiling(rows),
        _beside_peer(rows, "log_stft", "log-STFT to the truth", 0.7, 0.95),
        _never_further(rows),
        _beside_peer(rows, "tone", "tone to the truth", 0.65, 1.0),
        _beside_peer(rows, "width", "width to the truth", 0.7, 0.8),
        _median(rows, TYPICAL, DEFAULT, "psr", 0.2, "PSR error to the truth"),
        *(
            _median(rows, HARMLESS, DEFAULT, name, most, f"do no harm: {name} moved")
            for name, most in (("tone", 0.7), ("width", 0.8), ("log_stft", 1.0), ("q400", 0.15))
        ),
        _median(rows, TYPICAL, FULL, "tone_ref", 1.0, "amount 1: tone to the reference"),
        _full_amount_harmless(rows),
        _median(rows, "programme", FULL, "rms", 0.2, "known EQ, same programme: rms left"),
        _median(rows, "programme", FULL, "max", 0.5, "known EQ, same programme: most left"),
        *(
            _median(rows, "pair", FULL, name, most, f"real pairs, amount 1: {name[:-4]}")
            for name, most in (("tone_ref", 3.0), ("width_ref", 1.5), ("psr_ref", 1.0))
        ),
        _range_never_grows(rows),
        _reduction(rows),
        _null(rows),
        _distortion(tones_db),
        _in_time(rows),
        *_meters(meters),
    ]


def loudness_off(row: dict[str, Any]) -> float:
    """Return how far a take is from the loudness asked for, LU."""
    return abs(float(row["lufs"]) - float(row["goal"]))


def _of(rows: Rows, take: str, *groups: str) -> Rows:
    return [row for row in rows if row["take"] == take and (not groups or row["group"] in groups)]


def _values(rows: Rows, name: str) -> np.ndarray:
    return np.array([row[name] for row in rows if row.get(name) is not None], dtype=np.float64)


def _ours(rows: Rows) -> Rows:
    return [row for row in rows if row["take"].startswith("Lacquer")]


def _bar(wanted: str, rows: Iterable[Any], judge: Callable[[], tuple[str, bool]]) -> Bar:
    return Bar(wanted, *judge()) if list(rows) else Bar(wanted, "–", None)


def _median(rows: Rows, group: str, take: str, name: str, most: float, what: str) -> Bar:
    values = _values(_of(rows, take, group), name)
    return _bar(
        f"{what} ≤ {most:g} dB",
        values,
        lambda: (f"{np.median(values):.2f} dB", bool(np.median(values) <= most)),
    )


def _beside_peer(rows: Rows, name: str, what: str, share: float, most: float) -> Bar:
    both = {row["name"] for row in _of(rows, PEER, TYPICAL)}
    ours = _values([r for r in _of(rows, DEFAULT, TYPICAL) if r["name"] in both], name)
    theirs = _values(_of(rows, PEER, TYPICAL), name)

    def judge() -> tuple[str, bool]:
        one, other = float(np.mean(ours)), float(np.mean(theirs))
        told = f"{one:.2f} dB, {one / other:.2f} × {other:.2f}"
        told += f" (medians {np.median(ours):.2f}, {np.median(theirs):.2f})"
        return told, one <= share * other and one <= most

    return _bar(f"{what} ≤ {share:g} × Matchering and ≤ {most:g} dB, mean", ours, judge)


def _never_further(rows: Rows) -> Bar:
    before = {row["name"]: row["log_stft"] for row in _of(rows, "untouched", TYPICAL)}
    ours = _of(rows, DEFAULT, TYPICAL)

    def judge() -> tuple[str, bool]:
        further = [row["name"] for row in ours if row["log_stft"] > before[row["name"]]]
        return f"{len(ours) - len(further)} of {len(ours)}", not further

    return _bar("closer to the truth than untouched in every case, log-STFT", ours, judge)


def _loudness(rows: Rows) -> Bar:
    ours = [row for row in _ours(rows) if row["group"] != "programme"]

    def judge() -> tuple[str, bool]:
        near = [row for row in ours if loudness_off(row) <= 0.05]
        told = [row for row in ours if loudness_off(row) > 0.05 and row["held_by"]]
        silent = len(ours) - len(near) - len(told)
        text = f"{len(near) / len(ours):.1%}; {len(told)} held by a named limit, {silent} not"
        return text, len(near) >= 0.95 * (len(ours) - len(told)) and silent == 0

    return _bar("loudness ≤ 0.05 LU off in 95 %, else the limit is named", ours, judge)


def _ceiling(rows: Rows) -> Bar:
    ours = _ours(rows)

    def judge() -> tuple[str, bool]:
        highest = np.max([row["true_peaks"] for row in ours], axis=0)
        told = ", ".join(f"{peak:.3f}" for peak in highest)
        return f"highest {told} dBTP (8 ×, ITU, libebur128)", bool(max(highest) <= CEILING_DBTP)

    return _bar("true peak ≤ −1 dBTP by any of three meters", ours, judge)


def _full_amount_harmless(rows: Rows) -> Bar:
    ours, theirs = (_values(_of(rows, take, TYPICAL), "log_stft") for take in (FULL, PEER))
    return _bar(
        "amount 1: log-STFT to the truth no worse than Matchering's, median",
        theirs,
        lambda: (
            f"{np.median(ours):.2f} against {np.median(theirs):.2f} dB",
            bool(np.median(ours) <= np.median(theirs)),
        ),
    )


def _range_never_grows(rows: Rows) -> Bar:
    before = {
        (r["group"], r["name"]): r["lra_ref"]
        for r in rows
        if r["take"] == "untouched" and "lra_ref" in r
    }
    ours = [row for row in _ours(rows) if "lra_ref" in row]

    def judge() -> tuple[str, bool]:
        grown = [
            row
            for row in ours
            if row["lra_ref"] > before[row["group"], row["name"]] + METER_NOISE_LU
        ]
        return f"grew in {len(grown)} of {len(ours)}", not grown

    return _bar("loudness range's distance to the reference never grows", ours, judge)


def _reduction(rows: Rows) -> Bar:
    ours = _ours(rows)
    return _bar(
        "gain reduction ≤ 6 dB, ≤ 2 dB mean",
        ours,
        lambda: (
            f"most {_values(ours, 'reduction_max').max():.2f} dB, highest mean "
            f"{_values(ours, 'reduction_mean').max():.2f} dB",
            bool(
                _values(ours, "reduction_max").max() <= 6.0
                and _values(ours, "reduction_mean").max() <= 2.0
            ),
        ),
    )


def _null(rows: Rows) -> Bar:
    ours = [row for row in _ours(rows) if row["group"] == "null"]
    values = _values(ours, "null_db")
    return _bar(
        "same track as target and reference: null ≤ −60 dB",
        ours,
        lambda: (f"highest {values.max():.1f} dB of {len(ours)}", bool(values.max() <= -60.0)),
    )


def _distortion(tones_db: dict[int, float]) -> Bar:
    most = {50: -110.0, 1_000: -140.0, 5_000: -140.0}
    return _bar(
        "limiter THD+N at +6 dB ≤ −110 / −140 / −140 dB at 50 Hz, 1 and 5 kHz",
        tones_db,
        lambda: (
            " / ".join(f"{tones_db[hz]:.0f}" for hz in most) + " dB",
            all(tones_db[hz] <= limit for hz, limit in most.items()),
        ),
    )


def _in_time(rows: Rows) -> Bar:
    """Judge time where hardly anything is equalised: phase moves a correlation's peak."""
    ours = [row for row in _ours(rows) if "delay_frames" in row]
    plain = [row for row in ours if row["group"] in ("null", HARMLESS)]

    def judge() -> tuple[str, bool]:
        longer = sum(row["frames_more"] != 0 for row in ours)
        late = sum(row["delay_frames"] != 0 for row in plain)
        told = f"{longer} of {len(ours)} of another length, {late} of {len(plain)} late"
        return told, not (longer or late)

    return _bar("no delay, same length", ours, judge)


def _meters(readings: list[dict[str, float]]) -> list[Bar]:
    from bench.sound.meter_trial import TOLERANCES, TRUE_PEAK_GATE_DB

    bars = []
    for name, most in TOLERANCES.items():
        beside = "brute force" if name == "range" else "libebur128"
        worst = max((reading[name] for reading in readings), default=None)
        told = "–" if worst is None else f"{worst:.4f} LU on {len(readings)} tracks"
        met = None if worst is None else worst <= most
        bars.append(Bar(f"meter, {name}: ≤ {most:g} LU from {beside}", told, met))
    over = [reading["true peak over the truth"] for reading in readings]
    under = [reading["true peak under another meter"] for reading in readings]
    if readings:
        low, high = TRUE_PEAK_GATE_DB
        met = min(over) >= low and max(over) <= high and max(under) <= 1e-3
        told = (
            f"{min(over):+.3f} to {max(over):+.3f} dB, under another by {max(0.0, max(under)):.4f}"
        )
        wanted = (
            f"meter, true peak: {low:+g} to {high:+g} dB of 16 ×, never under ITU or libebur128"
        )
        bars.append(Bar(wanted, told, met))
    return bars
