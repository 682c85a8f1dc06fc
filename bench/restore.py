"""A site of many rows is backed up, and comes back in an empty place; into ``bench/RESULTS.md``.

python -m bench.restore [--rows 100000] [--profile embedded|scaled|both] [--proof]

The rows are those of a master made here, with its report, its money, its events and its files, for
one person after another. The scaled profile makes databases of its own on the PostgreSQL of
DATABASE_URL. With ``--proof`` nothing is written.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench import results
from bench.load.site import ROOT, Site
from tests import servers

MOST_SECONDS: Final = 300.0
ABOUT: Final = "A backup of a site at rest, and `manage.py restore` into an empty place, checked."
MB: Final = 1_000_000


def drill(rows: int, profile: str) -> results.Verdict:
    verdict = results.Verdict()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lacquer-restore-")))
        there, here = (
            Site(folder / name, groups=0, scaled=_database(stack, profile, name))
            for name in ("there", "here")
        )
        here.environment["SECRET_KEY"] = there.environment["SECRET_KEY"]
        there.seed(1, 1, 0, 8.0)
        held = int(there.command("-W", "ignore", "-m", "bench.grown", str(rows)))
        begun = time.monotonic()
        there.command("manage.py", "backup", "--to", str(folder / "backups"))
        took = time.monotonic() - begun
        (backup,) = (path for path in (folder / "backups").glob("2*Z"))
        begun = time.monotonic()
        ran = subprocess.run(
            [sys.executable, "manage.py", "restore", str(backup)],
            cwd=ROOT, env=here.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = time.monotonic() - begun
        told = ran.stdout.splitlines() or [ran.stderr.strip()[-300:]]
        verdict.at_least("rows", held, rows)
        verdict.at_most("restored and checked in", seconds, MOST_SECONDS, " s")
        broken = 0 if told[-1] == "Everything holds." else max(len(told) - 2, 1)
        verdict.at_most("broken invariants", broken, 0)
        verdict.told("files", next((line for line in told if "files" in line), told[-1]))
        dump = max((path.stat().st_size for path in backup.iterdir()), default=0)
        verdict.told("database in the backup", f"{dump / MB:.0f} MB")
        verdict.told("backed up in", f"{took:.0f} s")
        if broken:
            print(*told[:20], sep="\n", file=sys.stderr)
    return verdict


def _database(stack: ExitStack, profile: str, name: str) -> dict[str, str]:
    if profile == "embedded":
        return {}
    server = os.environ.get("DATABASE_URL", servers.DATABASE_URL)
    named = f"lacquer_restore_{name}_{os.getpid()}"
    return {"DATABASE_URL": stack.enter_context(servers.own_database(server, named))}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--profile", choices=("embedded", "scaled", "both"), default="both")
    parser.add_argument("--proof", action="store_true")
    asked = parser.parse_args()
    command = " ".join(["python -m bench.restore", *sys.argv[1:]])
    holds = True
    for profile in ("embedded", "scaled") if asked.profile == "both" else (asked.profile,):
        before = os.getloadavg()[1]
        verdict = drill(asked.rows, profile)
        told = results.section(f"Restore, {profile}", ABOUT, verdict, command, load_before=before)
        print(told, flush=True)
        holds = holds and verdict.holds
        if not asked.proof:
            results.keep(told)
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
