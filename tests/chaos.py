"""A site under fire: real workers on a played engine, killed, frozen and misled at random.

`python -m tests.chaos --masters 200` is the long form; the tests run a short one.
"""

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).parent.parent
LEASE_SECONDS = 4.0
GRACE_SECONDS = 5.0  # that running work has at SIGTERM
LONG_SECONDS = 20.0  # of work that takes longer
GUARDS = ("watchdog", "fence", "sweep")


@dataclass
class Outcome:
    """What became of a storm: how it went, and every line that must not be."""

    masters: int
    settled: Counter[str]
    starts: int
    deeds: Counter[str]
    seconds: float
    unmade: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        return self.masters - len(self.settled)

    @property
    def doubled(self) -> list[str]:
        return [pk for pk, times in self.settled.items() if times > 1]


class Site:
    """A site of its own, whose workers play the engine; `without` names guards to switch off."""

    def __init__(
        self,
        folder: Path,
        *,
        without: Sequence[str] = (),
        job_seconds: float = 0.3,
        room_bytes: int = 0,
        **environment: str,
    ) -> None:
        self.folder = folder
        self.workers_options = ["workers", str(job_seconds), str(room_bytes), *without]
        self.environment = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(folder),
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "k" * 60,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "MAX_OPEN_UPLOADS_PER_PERSON": "9999",
            "MAX_OPEN_MASTERS_PER_PERSON": "9999",
            "MAX_RUNNING_PER_PERSON": "99",
            "PLAN_LIMITS": "no",
            "MAX_BACKLOG": "9999",
            "LOG_LEVEL": "CRITICAL",
            **environment,
        }
        self.run("manage.py", "migrate", "--verbosity=0", "--skip-checks")
        self.chief: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        ran = subprocess.run(
            command, cwd=ROOT, env=self.environment, check=False, stdout=subprocess.PIPE, text=True
        )
        return ran.stdout

    def submit(self, masters: int, lot: str = "healthy") -> int:
        return self.begin_to_submit(masters, lot).wait()

    def begin_to_submit(self, masters: int, lot: str = "healthy") -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.chaos_site", "submit", str(masters), lot]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment)

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.chaos_site", *self.workers_options]
        self.chief = subprocess.Popen(command, cwd=ROOT, env=self.environment)

    def end(self) -> float:
        """Ask the workers to end, and return how many seconds they took."""
        assert self.chief
        begun = time.monotonic()
        self.chief.terminate()
        self.chief.wait()
        return time.monotonic() - begun

    def stop(self) -> None:
        if self.chief:
            self.chief.kill()
            self.chief.wait()

    def parts(self) -> list[int]:
        """Return the worker, monitor and pusher of each group."""
        assert self.chief
        listed = Path(f"/proc/{self.chief.pid}/task/{self.chief.pid}/children")
        try:
            children = map(int, listed.read_text().split())
            names = {child: Path(f"/proc/{child}/comm").read_text().strip() for child in children}
            return [child for child, name in names.items() if name != "errands"]
        except FileNotFoundError:
            return []

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        if address := self.environment.get("DATABASE_URL"):
            with psycopg.connect(address) as connection:
                asked = connection.execute(query)
                return asked.fetchall() if asked.description else []
        rows = sqlite3.connect(self.folder / "lacquer.sqlite3", timeout=20)
        try:
            with rows:
                return rows.execute(query).fetchall()
        finally:
            rows.close()

    def lines(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().split() if file.exists() else []

    def broken(self) -> list[str]:
        told = self.run("manage.py", "check_invariants", "--deep", "--pause-seconds=1")
        return [line for line in told.splitlines() if line != "Everything holds."]

    def unmade(self) -> list[str]:
        """Return a line for each upload and master that did not succeed."""
        columns = "SELECT id, status, error_code, attempts, engine_errors, error_detail"
        uploads = self.ask(f"{columns} FROM references_audiofile WHERE status != 'READY'")
        masters = self.ask(f"{columns} FROM mastering_version WHERE status != 'SUCCEEDED'")
        return [" ".join(map(str, row)) for row in uploads + masters]

    def is_done(self) -> bool:
        open_ones = "SELECT id FROM mastering_version WHERE status IN ('QUEUED', 'RUNNING')"
        return not self.ask(open_ones)


def storm(
    site: Site,
    *,
    masters: int,
    seed: int,
    every_seconds: float = 2.0,
    bursts: int = 3,
    idle_seconds: float = 4.0,
    at_most_seconds: float = 60.0,
) -> Outcome:
    """Submit in bursts with idle gaps, and do harm until everything has ended or time is up."""
    luck = random.Random(seed)  # noqa: S311
    deeds: Counter[str] = Counter()
    begun = next_harm = time.monotonic()
    next_burst, left = begun, masters
    frozen: dict[int, float] = {}
    submitting: list[subprocess.Popen[bytes]] = []
    site.start()
    while (now := time.monotonic()) - begun < at_most_seconds:
        if left and now >= next_burst:
            count = min(left, -(-masters // bursts))
            submitting.append(site.begin_to_submit(count))
            left -= count
            next_burst = time.monotonic() + idle_seconds + masters / bursts * 0.5
        for pid in [pid for pid, until in frozen.items() if now >= until]:
            _signal(pid, signal.SIGCONT)
            del frozen[pid]
        if now >= next_harm:
            next_harm = now + every_seconds
            deeds[_harm(site, luck, frozen)] += 1
        if not left and all(each.poll() == 0 for each in submitting) and site.is_done():
            break
        time.sleep(0.1)
    for pid in frozen:
        _signal(pid, signal.SIGCONT)
    time.sleep(1.0)  # a thawed worker may speak now
    site.stop()
    for each in submitting:
        each.wait()
    settled = Counter(pk for pk in site.lines("settled") if pk.startswith("ver_"))
    starts = sum(pk.startswith("render") for pk in site.lines("ran"))
    seconds = time.monotonic() - begun
    return Outcome(masters, settled, starts, deeds, seconds, site.unmade(), site.broken())


def _harm(site: Site, luck: random.Random, frozen: dict[int, float]) -> str:
    parts = [pid for pid in site.parts() if pid not in frozen]
    deed = luck.choices(
        ("kill a part", "kill the supervisor", "restart", "freeze", "lose bells", "double bells"),
        (12, 1, 1, 2, 2, 2),
    )[0]
    if deed == "kill a part" and parts:
        _signal(luck.choice(parts), signal.SIGKILL)
    elif deed == "kill the supervisor":
        site.stop()
        site.start()
    elif deed == "restart":
        site.end()
        site.start()
    elif deed == "freeze" and parts:
        pid = luck.choice(parts)
        _signal(pid, signal.SIGSTOP)
        frozen[pid] = time.monotonic() + 1.5 * LEASE_SECONDS
    elif deed == "lose bells":
        site.ask("DELETE FROM django_q_ormq")
    elif deed == "double bells":
        site.ask(
            "INSERT INTO django_q_ormq (key, payload, lock) "
            "SELECT key, payload, lock FROM django_q_ormq"
        )
    return deed


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--masters", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--at-most-seconds", type=float, default=600.0)
    parser.add_argument("--without", choices=GUARDS, action="append", default=[])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lacquer-chaos-") as folder:
        told = storm(
            Site(Path(folder), without=asked.without),
            masters=asked.masters,
            seed=asked.seed,
            bursts=8,
            idle_seconds=5.0,
            at_most_seconds=asked.at_most_seconds,
        )
    lines = [
        f"seed {asked.seed}: {told.masters} masters, {len(told.settled)} done, {told.lost} lost, "
        f"{len(told.doubled)} doubled, {told.starts} starts, {told.seconds:.0f} s",
        *(f"{times} × {deed}" for deed, times in told.deeds.most_common()),
        *told.unmade,
        *told.broken,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(told.lost or told.doubled or told.broken))


if __name__ == "__main__":
    sys.exit(main())
