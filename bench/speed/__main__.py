"""What a master costs, at several lengths and rates, as a table in ``bench/SPEED.md``.

python -m bench.speed --cache DIR [--minutes 1,4,15,60] [--runs N] [--output FILE]

Two finished tracks are repeated to each length and written as 16-bit WAV; then each of three
programs runs in processes of its own: the engine (both files read and measured, the master made,
written in 24 bits and described), Matchering, and the floor kernels.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr

from bench import peer as environments
from bench.sound import corpus
from bench.speed import peer

MINUTES: Final = (1, 4, 15, 60)
RATES_HZ: Final = (44_100, 48_000)
PEER_MINUTES: Final = 15  # the longest it takes; an hour would need more memory than there is
ONCE_FROM_MINUTES: Final = 15  # long pieces are run once, at one rate
PAIR: Final = (
    "rock__openclonk-data__motorway",
    "metal__fretsonfire-songs-sectoid__escape-from-chaosland",
)  # an open mix toward a dense, loud track: the last stage has to work
TURNS: Final = 2
ONE_THREAD: Final = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)  # as workers do
LINEAR: Final = 1.15  # growth of the time a minute that is still a straight line
WORSE: Final = 1.10  # of the figure before: less is the noise of a shared machine

Row = dict[str, float]


def main() -> None:
    """Measure every size, write the page, print what got worse."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for all that is kept")
    parser.add_argument("--music", type=Path, help="folder of finished tracks, named by id")
    parser.add_argument("--peer", type=Path, help="Python of an environment with Matchering")
    parser.add_argument("--without-peer", action="store_true")
    parser.add_argument("--minutes", default=",".join(map(str, MINUTES)))
    parser.add_argument("--runs", type=int, default=3, help="after the first; the least counts")
    parser.add_argument("--output", type=Path, default=Path("bench/SPEED.md"))
    options = parser.parse_args()
    options.peer = (
        None if options.without_peer else environments.chosen(options.peer, options.cache)
    )

    os.environ |= dict.fromkeys(ONE_THREAD, "1")
    chosen = [int(minutes) for minutes in options.minutes.split(",")]
    sizes = [
        (minutes, rate)
        for minutes in chosen
        for rate in (RATES_HZ if minutes < ONCE_FROM_MINUTES else RATES_HZ[:1])
    ]
    rows: list[Row] = []
    before = known(options.output)
    with tempfile.TemporaryDirectory() as folder:
        for minutes, rate in sizes:
            rows.append(measured(options, Path(folder), minutes, rate))
            print(json.dumps(rows[-1]), flush=True)
            text = page(rows, before, with_peer=options.peer is not None)
            options.output.write_text(text)  # what is measured stays, should a later size fail
    print(text)


def measured(options: argparse.Namespace, folder: Path, minutes: int, rate: int) -> Row:
    """Return the figures of all three programs for one length and rate."""
    target, reference = (folder / f"{name}.wav" for name in ("target", "reference"))
    for path, track in zip((target, reference), pair(options), strict=True):
        write_tiled(track, path, minutes * 60, rate)
    files = (target, reference, folder / "master.wav")
    runs = options.runs if minutes < ONCE_FROM_MINUTES else 0
    row: Row = {"minutes": minutes, "rate": rate}
    if minutes >= ONCE_FROM_MINUTES:
        row |= program("bench.speed.once", *files, 1)
    else:
        # in turn, so that the machine's moods meet both
        turns = [
            (
                program("bench.speed.once", *files, runs + 1),
                program("bench.speed.floor", *files, runs),
            )
            for _ in range(TURNS)
        ]
        row |= _least([ours for ours, _ in turns]) | {
            "peak_mb": max(ours["peak_mb"] for ours, _ in turns)
        }
        kernels = _least([floor for _, floor in turns])
        row |= {f"floor {name}": value for name, value in kernels.items()}
        row["floor"] = sum(kernels.values())
    if options.peer and minutes <= PEER_MINUTES:
        peer_runs = 2 if minutes < ONCE_FROM_MINUTES else 1
        told = peer.times(options.peer, *files, peer_runs)
        row |= {f"peer {name}": value for name, value in told.items()}
    return row


def _least(told: list[Row]) -> Row:
    return {name: min(each[name] for each in told) for name in told[0]}


def program(module: str, *arguments: object) -> Row:
    """Return what a program of ours tells as JSON, run in a process of its own."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told: Row = json.loads(done.stdout.splitlines()[-1])
    return told


def pair(options: argparse.Namespace) -> list[Path]:
    """Return the two tracks, fetched where no folder holds them."""
    wanted = [track for track in corpus.tracks() if track.id in PAIR]
    music = corpus.fetch(options.music or options.cache / "music", wanted)
    if missing := [name for name in PAIR if name not in music]:
        raise SystemExit(f"not there: {', '.join(missing)}")
    return [music[name] for name in PAIR]


def write_tiled(track: Path, path: Path, seconds: int, rate: int) -> None:
    """Write a track repeated to a length, 16-bit, stereo, at a rate."""
    samples, own_rate = soundfile.read(track, dtype="float32", always_2d=True)
    samples = np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples
    if own_rate != rate:
        samples = soxr.resample(samples, own_rate, rate)
    left = seconds * rate
    with soundfile.SoundFile(path, "w", rate, 2, "PCM_16") as file:
        while left > 0:
            file.write(samples[:left])
            left -= len(samples[:left])


def page(rows: list[Row], before: dict[str, Row], *, with_peer: bool) -> str:
    """Return the page: how it was measured, the bars, the figures, the floor, what got worse."""
    cells = []
    for row in rows:
        peer_cpu, floor = row.get("peer cpu"), row.get("floor")
        cells.append(
            f"| {_label(row)}"
            f" | {row['cpu']:.2f} s | {row['cold_cpu']:.2f} s | {row['wall']:.2f} s"
            f" | {row['peak_mb']:.0f} MB"
            f" | {_seconds(floor)} | {_ratio(row['cpu'], floor)}"
            f" | {_seconds(peer_cpu)} | {_seconds(row.get('peer cold_cpu'))}"
            f" | {_megabytes(row.get('peer peak_mb'))} | {_ratio(peer_cpu, row['cpu'])} |"
        )
    without = "" if with_peer else "\nMatchering was not there: name its environment by `--peer`.\n"
    return f"""# Speed

`make bench-speed` measures one master from two 16-bit WAV files to one 24-bit WAV: both files read
and measured, the master made, checked, written and described.

{_machine()}.

CPU time is what to compare, since a machine has other work: user and system time of the process,
the least of several warm runs in one process. **Cold** is the first run of a fresh process with its
imports, compiled kernels waiting on disk. Wall time is the least of the same runs and as good as
the neighbours allow. Memory is the peak of the process over all its runs. Engine and floor are run
in turn. All programs keep to one thread. Matchering is 2.0.6, writing 24 bits, in an environment of
its own; it makes 44.1 kHz of everything, and takes no hour. From 15 minutes on each program ran
once, so that the warm figure holds one-time work as well. The last column is Matchering's CPU time
over ours.
{without}
| bar | measured | |
|---|---|---|
{chr(10).join(_bars(rows))}

| | CPU warm | CPU cold | wall | peak | floor | CPU : floor | Matchering CPU | cold | peak | ratio |
|---|---|---|---|---|---|---|---|---|---|---|
{chr(10).join(cells)}

{_floor(rows)}

{_worse(rows, before)}
"""


def _bars(rows: list[Row]) -> list[str]:
    """Return a line for every bar that the sizes measured can tell of."""
    by = {(row["minutes"], row["rate"]): row for row in rows}
    common, other = RATES_HZ
    told: list[tuple[str, str, bool]] = []

    def bar(wanted: str, value: float, unit: str, most: float) -> None:
        told.append((f"{wanted} ≤ {most:g}{unit}", f"{value:.2f}{unit}", value <= most))

    if row := by.get((4, common)):
        bar("4 minutes, warm: CPU", row["cpu"], " s", 2.5)
        bar("… over the floor", row["cpu"] / row["floor"], "", 1.5)
        bar("… peak memory", row["peak_mb"], " MB", 400)
        if faster := by.get((4, other)):
            bar("48 kHz over 44.1 kHz", faster["cpu"] / row["cpu"], "", 1.2)
    if row := by.get((15, common)):
        bar("15 minutes: peak memory", row["peak_mb"], " MB", 1_200)
        if longer := by.get((60, common)):
            per_minute = longer["cpu"] / 60 / (row["cpu"] / 15)
            bar("time a minute at 60 minutes over that at 15", per_minute, "", LINEAR)
    verdicts = {True: "met", False: "**not met**"}
    return [f"| {wanted} | {value} | {verdicts[met]} |" for wanted, value, met in told]


def _floor(rows: list[Row]) -> str:
    with_floor = [row for row in rows if "floor" in row]
    if not with_floor:
        return "The floor was not measured at these lengths."
    kernels = max(with_floor, key=lambda row: row["minutes"])
    lines = [
        f"| {name.removeprefix('floor ')} | {1000 * value:.0f} |"
        for name, value in kernels.items()
        if name.startswith("floor ")
    ]
    return (
        "The floor is the least work that any chain of this kind must do "
        f"(`bench/speed/floor.py`). At\n{_label(kernels)}:\n\n"
        "| kernel | CPU ms |\n|---|---|\n" + "\n".join(lines)
    )


def known(path: Path) -> dict[str, Row]:
    """Return what a page told before of each size: CPU seconds, megabytes, the floor's ratio."""
    if not path.exists():
        return {}
    before = {}
    for line in path.read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 7 and re.fullmatch(r"[\d.]+ min, [\d.]+ kHz", cells[1]):
            numbers = [float(part) for part in re.findall(r"[\d.]+", "|".join(cells[2:6]))]
            before[cells[1]] = {"CPU s": numbers[0], "MB": numbers[3]}
            if cells[7] != "–":
                before[cells[1]]["floors"] = float(cells[7])
    return before


def _label(row: Row) -> str:
    return f"{row['minutes']:g} min, {row['rate'] / 1000:g} kHz"


def _worse(rows: list[Row], before: dict[str, Row]) -> str:
    """Return what grew: memory, and time in floors, or in seconds where no floor was measured."""
    if not before:
        return "There was no page before this one to compare with."
    worse = []
    for row in rows:
        then, now = before.get(_label(row), {}), {"CPU s": row["cpu"], "MB": row["peak_mb"]}
        if "floor" in row and "floors" in then:
            now["floors"] = row["cpu"] / row["floor"]
            del now["CPU s"]
        worse += [
            f"{_label(row)}: {then[unit]:g} → {value:.2f} {unit}"
            for unit, value in now.items()
            if unit in then and value > WORSE * then[unit]
        ]
    return f"Worse than the page before: {'; '.join(worse) or 'nothing'}."


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s"


def _megabytes(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} MB"


def _ratio(value: float | None, base: float | None) -> str:
    return "–" if value is None or base is None else f"{value / base:.2f}"


def _machine() -> str:
    models = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return (
        f"{models[0].strip() if models else platform.machine()}, {len(models)} cores, "
        f"Python {platform.python_version()}, numpy {np.__version__}"
    )


if __name__ == "__main__":
    main()
