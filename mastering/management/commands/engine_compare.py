"""The gate of a release: what a new engine makes other than the old one, on a golden set."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mastering.management.engines import (
    TOLERANCES,
    Engine,
    Moved,
    cases_in,
    check_out,
    compare,
    engines,
    golden_set,
    measures_of,
    read_tolerances,
    table,
)


class Command(BaseCommand):
    help = (
        "Master a golden set with two engines, print every measure that moved, keep it as a page, "
        "and exit with 1 if one moved further than it may. A line a case tells how far it is."
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
        parser.add_argument(
            "--page",
            type=Path,
            help="where the comparison is kept, in Markdown; by default "
            "engines/pages/OLD-to-NEW.md below the data directory, by the engines' versions",
        )

    def handle(
        self,
        *_: Any,
        old: str,
        new: str,
        folder: Path | None,
        tolerances: Path,
        seconds: float | None,
        page: Path | None,
        **__: Any,
    ) -> None:
        if seconds is not None and seconds <= 0:
            raise CommandError("--seconds must be more than 0.")
        allowed = read_tolerances(tolerances)
        given = cases_in(folder) if folder else []  # told of before the long work begins
        moved: list[Moved] = []
        other_bytes = 0
        by_case = [
            "| case | samples | measures moved | further than they may |",
            "|---|---|---|---|",
        ]
        self._say("First both engines are compiled where they are new, and the songs are played.")
        with tempfile.TemporaryDirectory(prefix="engines-") as work:
            before, after = check_out(old), check_out(new)
            page = _place_of(page, before, after)
            cases = [*golden_set(Path(work), seconds=seconds), *given]
            for number, case in enumerate(cases, start=1):
                self._say(f"{number} of {len(cases)}, {case.name}: ", ending="")
                began = time.monotonic()
                was, is_now = (measures_of(each, case, Path(work)) for each in (before, after))
                here = list(compare(case.name, was, is_now, allowed))
                self._say(
                    f"{len(here)} measures moved, {_past(here)} further than they may; "
                    f"{time.monotonic() - began:.0f} s."
                )
                is_other = was["bytes"] != is_now["bytes"]
                samples = "other" if is_other else "the same"
                by_case.append(f"| {case.name} | {samples} | {len(here)} | {_past(here)} |")
                other_bytes += is_other
                moved += here
        found = (
            f"{old} is {before.version}, {new} is {after.version}. "
            f"{len(cases)} cases; {other_bytes} masters have other samples."
        )
        refused = [f"{_past(moved)} measures moved further than they may."] if _past(moved) else []
        if other_bytes and before.version == after.version:
            refused.append(f"Both call themselves {before.version}, and make other samples.")
        verdict = "\n".join(refused) or "Nothing moved further than it may."
        lines = table(moved) if moved else "No measure moved."
        self.stdout.write("\n".join((found, lines, verdict)))
        title = f"# Engine {before.version} beside {after.version}"
        parts = (title, found, verdict, "\n".join(by_case), *_listed(moved))
        page.write_text("\n\n".join(parts) + "\n")
        self._say(f"The page of it is {page}.")
        if refused:
            sys.exit(1)

    def _say(self, message: str, *, ending: str | None = None) -> None:
        """Tell how far it is, apart from what was found."""
        self.stderr.write(message, style_func=str, ending=ending)
        self.stderr.flush()


def _past(moved: list[Moved]) -> int:
    return sum(one.is_past for one in moved)


def _listed(moved: list[Moved]) -> Iterator[str]:
    """Yield what the page lists, what moved too far before the rest."""
    for heading, is_past in (("Further than they may", True), ("Within what they may", False)):
        lines = [one for one in moved if one.is_past == is_past]
        yield f"## {heading}"
        yield f"```\n{table(lines)}\n```" if lines else "None."


def _place_of(page: Path | None, before: Engine, after: Engine) -> Path:
    """Return where the page goes, with a folder for it: no long work for what cannot be kept."""
    page = page or engines() / "pages" / f"{before.version}-to-{after.version}.md"
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"There can be no page {page}: {error.strerror}.") from None
    if page.is_dir() or not os.access(page.parent, os.W_OK):
        raise CommandError(f"There can be no page {page}: name a file in a folder of yours.")
    return page
