"""Making the starter profiles anew from freely licensed music, with their sources written down."""

import csv
import json
from argparse import ArgumentParser
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from dsp import files
from dsp.errors import AudioError
from dsp.measure import Profile, measure
from references.management.averages import average
from references.services.starters import FOLDER, STARTERS

NAMED: Final = ("title", "artist", "licence", "package", "version", "path")  # in the starter
LOUDNESS_LUFS: Final = -14.0  # as Spotify, YouTube, Tidal and Amazon play
COLUMNS: Final = frozenset({"id", "genre", *NAMED})
# Licences under which everyone may study a work, and tell what they found.
ALLOWED: Final = (
    "CC0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "Expat", "BSD-2-clause",
    "GPL-2+", "GPL-3+", "public-domain",
)  # fmt: skip


class Command(BaseCommand):
    help = "Measure tracks and write the starter profiles, averages of each style."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="of tracks, each named by its id")
        parser.add_argument(
            "sources", type=Path, help="a table (TSV) of their id, licence, genre, artist, title"
        )
        parser.add_argument("--jobs", type=int, default=1)

    def handle(self, *_: Any, folder: Path, sources: Path, jobs: int, **__: Any) -> None:
        if jobs < 1:
            raise CommandError("--jobs must be 1 or more.")
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        rows = [row for row in _listed(sources) if row["licence"] in ALLOWED]
        by_style = defaultdict(list)
        for row in rows:
            for path in sorted(folder.glob(f"{row['id']}.*")):
                by_style[row["genre"]].append((row, path))
        for code, starter in STARTERS.items():
            tracks = [track for genre in starter.genres for track in by_style[genre]]
            if len(tracks) < 2:
                raise CommandError(f"{code}: fewer than two tracks of {', '.join(starter.genres)}")
            with ProcessPoolExecutor(jobs) as pool:
                profiles = list(pool.map(_measured, [path for _, path in tracks]))
            _write(FOLDER / f"{code}.json", profiles, [row for row, _ in tracks])
            self.stdout.write(f"{code}: {len(tracks)} tracks")
        list_sources()


def _listed(sources: Path) -> list[dict[str, str]]:
    """Return the rows of a table that names every column that is needed."""
    try:
        with sources.open(newline="", encoding="utf-8") as table:
            reader = csv.DictReader(table, delimiter="\t", restval="")
            names, rows = reader.fieldnames or (), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{sources} cannot be read as a table: {error}") from None
    if missing := COLUMNS.difference(names):
        raise CommandError(f"{sources} has no column {' and no '.join(sorted(missing))}.")
    return rows


def list_sources() -> None:
    """Write one list of all tracks that are in the starters, from their files."""
    lines = [
        "# Where the starters come from",
        "",
        "Each starter averages what was measured of these tracks; their sound is not here.",
        "They are parts of Debian packages, whose copyright files hold the licences in full.",
    ]
    for code in STARTERS:
        lines += ["", f"## {code}", ""]
        for track in json.loads((FOLDER / f"{code}.json").read_text())["tracks"]:
            file = Path(track["path"].partition(" + ")[0])
            name = (
                f"“{track['title']}”" if "title" in track else f"`{file.parent.name}/{file.name}`"
            )
            artist = f", {track['artist']}" if "artist" in track else ""
            package = f"{track['package']} {track['version']}"
            lines.append(f"- {name}{artist} ({track['licence']}; {package})")
    (FOLDER / "SOURCES.md").write_text("\n".join(lines) + "\n")


def _measured(path: Path) -> Profile:
    try:
        return measure(files.read(path))
    except AudioError as error:
        raise CommandError(f"{path} cannot be measured: {error.code}") from None


def _write(path: Path, profiles: list[Profile], rows: list[dict[str, str]]) -> None:
    made = average(profiles, loudness_lufs=LOUDNESS_LUFS)
    told = {
        "tracks": [
            {name: row[name] for name in NAMED if row[name] not in ("-", "")} for row in rows
        ],
        "summary": made.summary(),
        "profile": made.to_dict(),
    }
    path.write_text(json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1) + "\n")
