"""Figures against their bars, and the page that keeps them: ``bench/RESULTS.md``."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

RESULTS: Final = Path(__file__).parent / "RESULTS.md"
HEAD: Final = """# Under load, and after a loss

What the site holds, measured on the machine that each run names; the newest run of each. The bars
are those that a machine of two cores should hold; a figure without one is only told. A run under
load is void where the load itself took more than 15 % of the machine. What each run does stands in
`bench/load`, `bench/restore.py` and `bench/hosts.py`.
"""


@dataclass
class Verdict:
    """Figures of a run, each with its bar; a figure without one is only told."""

    lines: list[tuple[str, str, str, bool | None]] = field(default_factory=list)

    def at_most(self, name: str, value: float, bar: float, unit: str = "") -> None:
        self.lines.append((name, f"{value:.4g}{unit}", f"≤ {bar:g}{unit}", value <= bar))

    def at_least(self, name: str, value: float, bar: float, unit: str = "") -> None:
        self.lines.append((name, f"{value:.4g}{unit}", f"≥ {bar:g}{unit}", value >= bar))

    def told(self, name: str, value: str) -> None:
        self.lines.append((name, value, "", None))

    @property
    def holds(self) -> bool:
        return all(held is not False for *_, held in self.lines)


def section(name: str, about: str, verdict: Verdict, command: str, *, load_before: float) -> str:
    """Return a run as it is kept."""
    missed = [figure for figure, *_, held in verdict.lines if held is False]
    gist = f"does not hold: {', '.join(missed)}" if missed else "holds"
    memory = psutil.virtual_memory().total / 2**30
    return "\n".join(
        [
            f"## {name}: {gist}",
            "",
            about,
            f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {os.cpu_count()} cores, {memory:.0f} GB,"
            f" {platform.machine()}, Python {platform.python_version()} · load before it"
            f" {load_before:.1f} · `{command}`",
            "",
            "| figure | measured | bar | |",
            "|---|---|---|---|",
            *(
                f"| {figure} | {value} | {bar} | {_mark(held)} |"
                for figure, value, bar, held in verdict.lines
            ),
            "",
        ]
    )


def keep(told: str, page: Path = RESULTS) -> None:
    """Put a section into the page, in place of the one of the same name, in order of names."""
    before = page.read_text() if page.exists() else HEAD
    head, *sections = re.split(r"(?m)^(?=## )", before)
    kept = {_name(each): each.strip() for each in [*sections, told]}
    page.write_text("\n\n".join([head.strip(), *(kept[name] for name in sorted(kept))]) + "\n")


def _name(told: str) -> str:
    return told.partition(":")[0]


def _mark(held: bool | None) -> str:
    return "" if held is None else "holds" if held else "**does not**"
