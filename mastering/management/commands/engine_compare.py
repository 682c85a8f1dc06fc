"""The gate of a release: what a new engine makes other than the old one, on a golden set."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from mastering.management.engines import (
    TOLERANCES,
    Moved,
    cases_in,
    check_out,
    compare,
    golden_set,
    measures_of,
    read_tolerances,
    table,
)


class Command(BaseCommand):
    help = (
        "Master a golden set with two engines, print every measure that moved, and exit with 1 if "
        "one moved further than it may."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("old", help="a commit, tag or branch; or a folder that holds dsp/")
        parser.add_argument("new", nargs="?", default=".", help="likewise; by default this code")
        parser.add_argument(
            "--folder",
            type=Path,
            help="folders of a mix and a reference each, beside the made songs",
        )
        parser.add_argument("--tolerances", type=Path, default=TOLERANCES, help="a TOML file")
        parser.add_argument(
            "--seconds", type=float, help="only so much of the made songs: a look, not a gate"
        )

    def handle(
        self,
        *_: Any,
        old: str,
        new: str,
        folder: Path | None,
        tolerances: Path,
        seconds: float | None,
        **__: Any,
    ) -> None:
        allowed = read_tolerances(tolerances)
        given = cases_in(folder) if folder else []  # told of before the long work begins
        moved: list[Moved] = []
        other_bytes = 0
        with tempfile.TemporaryDirectory(prefix="engines-") as work:
            engines = check_out(old), check_out(new)
            cases = [*golden_set(Path(work), seconds=seconds), *given]
            for case in cases:
                before, after = (measures_of(engine, case, Path(work)) for engine in engines)
                other_bytes += before["bytes"] != after["bytes"]
                moved += compare(case.name, before, after, allowed)
        versions = [engine.version for engine in engines]
        self.stdout.write(
            f"{old} is {versions[0]}, {new} is {versions[1]}. "
            f"{len(cases)} cases; {other_bytes} masters have other samples."
        )
        if moved:
            self.stdout.write(table(moved))
        past = [one for one in moved if one.is_past]
        refused = [f"{len(past)} measures moved further than they may."] if past else []
        if other_bytes and versions[0] == versions[1]:
            refused.append(f"Both call themselves {versions[0]}, and make other samples.")
        for sentence in refused:
            self.stdout.write(sentence)
        if refused:
            sys.exit(1)
        self.stdout.write("Nothing moved further than it may.")
