"""The page of the trials: each trial rewrites its own part and leaves the others."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Final

from dsp.settings import ENGINE_VERSION

HEADINGS: Final = {
    "findings": "Findings",
    "pairs": "Suitability",
    "sections": "Sections",
    "rank": "Ranking a library",
}
INTRODUCTION: Final = """# How well the engine hears

`make bench-ears MUSIC=folder PAIRS=table` measures this on music of one's own and writes this page;
each part also by itself, as `python -m bench.ears --help` tells. What is counted as found is
counted by code, whatever the severity. The damage is that of `bench/ears/accidents.py`; what must
not be found is that of `bench/ears/innocent.py`.

Hum and hiss count where they are heard for a second beside their song, cuts where they are heard at
all, by the masking model of `bench/ears/masking.py`, which errs on the side of hearing. What is
unheard is told in a column of its own. The halves, every second track and the others, tell how much
of a figure is chance; thresholds were chosen with both in view.

What is missed, and why: hum that is heard for a few seconds only, as in a fade, since what never
stops is looked for; hiss under music that is loud in the same bands all the time; cuts that met a
single frame; a codec whose cutoff lies where the track has nothing, as in dark recordings; an
inverted channel of a track that is nearly all side already.
"""


def write(path: Path, trial: str, lines: list[str]) -> None:
    """Put a trial's lines into the page."""
    parts = _parts(path.read_text()) if path.exists() else {}
    measured = f"Engine {ENGINE_VERSION}, {platform.machine()}, {os.cpu_count()} cores."
    parts[HEADINGS[trial]] = "\n".join([measured, "", *lines])
    told = [f"## {name}\n\n{parts[name]}\n" for name in HEADINGS.values() if name in parts]
    path.write_text("\n".join([INTRODUCTION, *told]))


def _parts(text: str) -> dict[str, str]:
    """Return what the page holds under each heading."""
    pieces = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return {name: body.strip() for name, body in zip(pieces[::2], pieces[1::2], strict=True)}


def table(first: str, second: str, rows: list[str]) -> list[str]:
    """Return a table of two columns."""
    return [f"| {first} | {second} |", "|---|---|", *rows]


def rows(heads: list[str], cells: list[list[str]]) -> list[str]:
    """Return a table of any number of columns."""
    return ["| " + " | ".join(each) + " |" for each in [heads, ["---"] * len(heads), *cells]]
