"""What a master costs, at several lengths and rates, as a table in ``bench/SPEED.md``.

python -m bench.speed --music DIR [--peer PYTHON] [--long] [--runs N] [--output FILE]

Two finished tracks of the folder are repeated to each length and written as 16-bit WAV; then each
of three programs runs in processes of its own: the engine (both files read and measured, the
master made, written in 24 bits and described), Matchering, and the floor kernels.
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

from bench.speed import peer

MINUTES: Final = (1, 4)
LONG_MINUTES: Final = (15, 60)
RATES_HZ: Final = (44_100, 48_000)
PEER_MINUTES: Final = 15  # the longest it takes; an hour would need more memory than there is
ONCE_FROM_MINUTES: Final = 15  # long pieces are run once
ONE_THREAD: Final = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)  # as workers do
WORSE: Final = 1.10  # of the figure before: less is the noise of a shared machine

Row = dict[str, float]


def main() -> None:
    """Measure every size, write the page, print what got worse."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--music", type=Path, required=True, help="folder of finished tracks")
    parser.add_argument("--peer", type=Path, help="Python of an environment with Matchering")
    parser.add_argument("--long", action="store_true", help="15 and 60 minutes too")
    parser.add_argument("--runs", type=int, default=3, help="after the first; the least counts")
    parser.add_argument("--output", type=Path, default=Path("bench/SPEED.md"))
    options = parser.parse_args()
    if options.peer is None:
        print("WITHOUT MATCHERING: name the Python of its environment by --peer", file=sys.stderr)

    os.environ |= dict.fromkeys(ONE_THREAD, "1")
    sizes = [(minutes, rate) for minutes in MINUTES for rate in RATES_HZ]
    if options.long:
        sizes += [(minutes, RATES_HZ[0]) for minutes in LONG_MINUTES]
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
    for path, track in zip((target, reference), pair(options.music), strict=True):
        write_tiled(track, path, minutes * 60, rate)
    files = (target, reference, folder / "master.wav")
    runs = options.runs if minutes < ONCE_FROM_MINUTES else 0
    row: Row = {"minutes": minutes, "rate": rate}
    row |= program("bench.speed.once", *files, runs + 1)
    if minutes < ONCE_FROM_MINUTES:
        kernels = program("bench.speed.floor", *files, runs)
        row |= {f"floor {name}": value for name, value in kernels.items()}
        row["floor"] = sum(kernels.values())
    if options.peer and minutes <= PEER_MINUTES:
        peer_runs = 2 if minutes < ONCE_FROM_MINUTES else 1
        told = peer.times(options.peer, *files, peer_runs)
        row |= {f"peer {name}": value for name, value in told.items()}
    return row


def program(module: str, *arguments: object) -> Row:
    """Return what a program of ours tells as JSON, run in a process of its own."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told: Row = json.loads(done.stdout.splitlines()[-1])
    return told


def pair(music: Path) -> list[Path]:
    """Return a rock track and a metal one, as loud as they get, or else the first two tracks."""
    tracks = sorted(path for path in music.iterdir() if path.suffix in (".ogg", ".flac", ".mp3"))
    chosen = [next((t for t in tracks if t.name.startswith(s)), None) for s in ("rock", "metal")]
    return [track for track in chosen if track] if all(chosen) else tracks[:2]


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


def page(rows: list[Row], before: dict[str, float], *, with_peer: bool) -> str:
    """Return the page: how it was measured, the figures, the floor, what got worse."""
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
    now = {_label(row): row["cpu"] for row in rows}
    kernels = max((row for row in rows if "floor" in row), key=lambda row: row["minutes"])
    floor_rows = [
        f"| {name.removeprefix('floor ')} | {1000 * value:.0f} |"
        for name, value in kernels.items()
        if name.startswith("floor ")
    ]
    without = "" if with_peer else "\nMatchering was not there: name its environment by `--peer`.\n"
    return f"""# Speed

`make bench-speed MUSIC=DIR PEER=PYTHON` (`python -m bench.speed`; `--long` for 15 and 60 minutes)
measures one master from two 16-bit WAV files to one 24-bit WAV: both files read and measured, the
master made, checked, written and described.

{_machine()}.

The machine was shared while this was measured, so CPU time is what to compare: user and system
time of the process, the least of several warm runs in one process. **Cold** is the first run of a
fresh process with its imports, compiled kernels waiting on disk. Wall time is the least of the
same runs and as good as the neighbours allow. Memory is the peak of the process over all its runs.
Both programs keep to one thread. Matchering is 2.0.6, writing 24 bits, in an environment of its
own; it makes 44.1 kHz of everything. From 15 minutes on each program ran once, so that the warm
figure holds one-time work as well. The last column is Matchering's CPU time over ours.
{without}
| | CPU warm | CPU cold | wall | peak | floor | CPU : floor | Matchering CPU | cold | peak | ratio |
|---|---|---|---|---|---|---|---|---|---|---|
{chr(10).join(cells)}

The floor is the least work that any chain of this kind must do (`bench/speed/floor.py`). At
{_label(kernels)}:

| kernel | CPU ms |
|---|---|
{chr(10).join(floor_rows)}

{_worse(now, before)}
"""


def known(path: Path) -> dict[str, float]:
    """Return the warm CPU seconds of each size that a page told before."""
    if not path.exists():
        return {}
    lines = re.findall(r"^\| ([\d.]+ min, [\d.]+ kHz) \| ([\d.]+) s", path.read_text(), re.M)
    return {label: float(seconds) for label, seconds in lines}


def _label(row: Row) -> str:
    return f"{row['minutes']:g} min, {row['rate'] / 1000:g} kHz"


def _worse(now: dict[str, float], before: dict[str, float]) -> str:
    if not before:
        return "There was no page before this one to compare with."
    worse = [
        f"{label}: {before[label]:.2f} → {seconds:.2f} s"
        for label, seconds in now.items()
        if label in before and seconds > WORSE * before[label]
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
