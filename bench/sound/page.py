"""The page: bars, tables, and what got worse against the page before."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

from bench.sound import engine
from bench.sound.bars import DEFAULT, Bar, Rows, loudness_off

TO_TRUTH = ("log_stft", "tone", "width", "q400", "psr", "lra")
TO_REFERENCE = ("tone_ref", "width_ref", "psr_ref", "lra_ref")
WORSE_BY = 0.05  # dB or LU between two pages, and between a master and the untouched mix
WATCHED = ("log_stft", "tone", "width")

HEAD = """# Sound, measured

`make bench-sound` writes this page, with music that it fetches itself ({source}). {subset}

Engine {engine}; Python {python}, numpy {numpy}. Every master is the whole chain's, limiter too,
written in 24 bits and read back; the meters of these tables (`bench/sound/meters.py`) share no code
with the engine. Distances know no level. To the truth: **log-STFT** (mid and side, 512, 2048 and
8192 points), **tone** (third octaves of the mid), **width** (side over mid per third octave),
**q400** (quantiles of 400 ms loudness) and **PSR** in dB, **LRA** in LU; those that end in *ref*
are to the reference. Cells are medians, means in brackets.
"""
EXPLAINED = {
    "same": """A finished section is damaged, seeded (`all`: tone, width, dynamics and level
together; ×1 is what mixes get wrong: 1.2–2.6 dB of tone), and mastered toward **another section of
the same track**; the truth is the section before the damage. ×0 is no damage but the level: there
untouched is perfect, and the figures are the harm done.""",
    "album": "The same, toward **another track of the same album**.",
    "other": "The same, toward **other music**: nothing there tells what the mix got wrong.",
    "pair": "**Real pairs**, alike and deliberately unlike (`bench/sound/pairs.tsv`).",
    "raw": "**Unmastered mixes**, rendered from projects, toward finished tracks.",
    "programme": "A **known tonal error**, the undamaged track as reference: what is left of it.",
    "null": "A track mastered **toward itself**.",
}


def text(
    rows: Rows,
    bars: list[Bar],
    meter_readings: list[dict[str, float]],
    grid: str,
    before: dict[str, Any] | None,
    *,
    source: str,
    subset: str,
) -> str:
    """Return the page."""
    parts = [
        HEAD.format(
            source=source, subset=subset, engine=engine.identity(),
            python=platform.python_version(), numpy=np.__version__,
        ),
        "## The bars\n",
        "| bar | measured | |\n|---|---|---|\n" + "\n".join(bar.line() for bar in bars) + "\n",
    ]  # fmt: skip
    for trial, told in EXPLAINED.items():
        groups = [g for g in dict.fromkeys(row["group"] for row in rows) if g.split()[0] == trial]
        if groups:
            parts += [f"## {_title(trial)}\n", told + "\n"]
            parts += [_table(group, [r for r in rows if r["group"] == group]) for group in groups]
    parts += ["## Loudness and ceiling\n", _levels(rows)]
    if meter_readings:
        parts += ["## The meters\n", _meter_table(meter_readings)]
    parts += ["## The limiter\n", grid, "## What got worse\n", _worse(rows, before)]
    return "\n".join(parts)


def _title(trial: str) -> str:
    return {
        "same": "Recover a known master",
        "album": "… toward the same album",
        "other": "… toward other music",
        "pair": "Real pairs",
        "raw": "Raw mixes",
        "programme": "A known curve",
        "null": "Nothing to do",
    }[trial]


def _table(group: str, rows: Rows) -> str:
    names = [
        name
        for name in (*TO_TRUTH, *TO_REFERENCE, "rms", "max", "null_db")
        if any(name in row for row in rows)
    ]
    lines = [f"| {group} | " + " | ".join(name.replace("_", " ") for name in names) + " |"]
    lines.append("|---" * (len(names) + 1) + "|")
    for take in dict.fromkeys(row["take"] for row in rows):
        of_take = [row for row in rows if row["take"] == take and names[0] in row]
        if of_take:
            lines.append(
                f"| {take} ({len(of_take)}) | " + " | ".join(_cells(of_take, names)) + " |"
            )
    return "\n".join(lines) + "\n"


def _cells(rows: Rows, names: list[str]) -> list[str]:
    columns = [np.array([row[name] for row in rows]) for name in names]
    return [f"{np.median(values):.2f} ({np.mean(values):.2f})" for values in columns]


def _levels(rows: Rows) -> str:
    lines = [
        "| take | loudness off, median | worst | true peak 8 × | ITU | libebur128 | over −1 dBTP |",
        "|---|---|---|---|---|---|---|",
    ]
    for take in dict.fromkeys(row["take"] for row in rows):
        of_take = [row for row in rows if row["take"] == take and row["group"] != "programme"]
        if take == "untouched" or not of_take:
            continue
        off = [loudness_off(row) for row in of_take]
        peaks = np.array([row["true_peaks"] for row in of_take])
        highest = " | ".join(f"{peak:+.2f}" for peak in peaks.max(axis=0))
        over = np.mean(peaks.max(axis=1) > -1.0)
        lines.append(
            f"| {take} ({len(of_take)}) | {np.median(off):.3f} LU | {max(off):.2f} LU"
            f" | {highest} | {over:.0%} |"
        )
    held: dict[str, int] = {}
    for row in rows:
        if row.get("held_by") and loudness_off(row) > 0.05:
            held[row["held_by"]] = held.get(row["held_by"], 0) + 1
    told = ", ".join(f"{reason} {count}" for reason, count in sorted(held.items())) or "none"
    return "\n".join(lines) + f"\n\nMasters held back by a limit, by its name: {told}.\n"


def _meter_table(readings: list[dict[str, float]]) -> str:
    lines = ["| reading | median | furthest |", "|---|---|---|"]
    for name in readings[0]:
        values = np.array([reading[name] for reading in readings])
        furthest = values[np.argmax(np.abs(values))]
        lines.append(f"| {name} | {np.median(values):.5f} | {furthest:.5f} |")
    return (
        f"On {len(readings)} tracks, 90 s each; LU or dB, from libebur128 (range: from brute force "
        "in double precision; true peak: from 16 × oversampling).\n\n" + "\n".join(lines) + "\n"
    )


def _worse(rows: Rows, before: dict[str, Any] | None) -> str:
    untouched = {(r["group"], r["name"]): r for r in rows if r["take"] == "untouched"}
    further = []
    for row in rows:
        if row["take"] != DEFAULT or " x0" in row["group"]:
            continue
        start = untouched[row["group"], row["name"]]
        for name in WATCHED:
            if name in row and row[name] > start[name] + WORSE_BY:
                further.append(
                    f"- {row['group']}, {row['name']}: {name.replace('_', '-')} "
                    f"{start[name]:.2f} → {row[name]:.2f} dB"
                )
    told = []
    for group in sorted({line.split(",")[0] for line in further}):
        cases = sum(row["take"] == DEFAULT and f"- {row['group']}" == group for row in rows)
        figures_further = sum(line.startswith(f"{group},") for line in further)
        told.append(f"{figures_further} figures in {cases} cases of {group.removeprefix('- ')}")
    typical = [line for line in further if " x1," in line]
    parts = [
        "**Further from the truth than untouched**, at the default amount: "
        f"{', '.join(told) or 'never'}.\n",
        *([*typical, ""] if typical else []),
        "**Against the page before**: " + _against(rows, before),
    ]
    return "\n".join(parts) + "\n"


def _against(rows: Rows, before: dict[str, Any] | None) -> str:
    if before is None:
        return "there was none."
    ours = {key(row): row for row in rows if row["take"].startswith("Lacquer")}
    common = ours.keys() & before["cases"].keys()
    if not common:
        return "it shares no case with this one."
    medians: dict[tuple[str, str, str], tuple[list[float], list[float]]] = {}
    for each in sorted(common):
        group, take, _ = each.split("|")
        for name, value in before["cases"][each].items():
            if name in ours[each]:
                now, then = medians.setdefault((group, take, name), ([], []))
                now.append(ours[each][name])
                then.append(value)
    lines = []
    for (group, take, name), (now, then) in medians.items():
        change = float(np.median(now) - np.median(then))
        if change > WORSE_BY:
            lines.append(
                f"- {group}, {take}: {name.replace('_', '-')} {np.median(then):.2f} → "
                f"{np.median(now):.2f} ({len(now)} cases)"
            )
    told = f"engine {before['engine']}, {len(common)} masters in common. "
    return told + ("Worse in the median:\n\n" + "\n".join(lines) if lines else "Nothing got worse.")


def key(row: dict[str, Any]) -> str:
    """Return what a row is called in the figures kept beside the page."""
    return f"{row['group']}|{row['take']}|{row['name']}"


def figures(rows: Rows) -> dict[str, Any]:
    """Return what is kept beside the page: medians, and the engine's own figures case by case.

    The cases are what the next page is compared with, the medians what plots are drawn from.
    """
    names = (*TO_TRUTH, *TO_REFERENCE, "rms", "max")
    medians: dict[str, dict[str, dict[str, float]]] = {}
    for group, take in dict.fromkeys((row["group"], row["take"]) for row in rows):
        of_take = [row for row in rows if (row["group"], row["take"]) == (group, take)]
        medians.setdefault(group, {})[take] = {
            name: round(float(np.median([row[name] for row in of_take])), 3)
            for name in names
            if name in of_take[0]
        }
    return {
        "engine": engine.identity(),
        "medians": medians,
        "cases": {
            key(row): {name: round(row[name], 2) for name in names if name in row}
            for row in rows
            if row["take"].startswith("Lacquer") and row["group"] != "null"
        },
    }
