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
MOST_ATTEMPTS = 5  # of work whose worker died each time
LONG_SECONDS = 20.0  # of work that takes longer
GUARDS = ("watchdog", "fence", "sweep")
DEEDS = {  # and how often each, beside the others
    "kill a part": 12,
    "kill the supervisor": 1,
    "restart": 1,
    "freeze": 2,
    "lose bells": 2,
    "double bells": 2,
    "cancel": 2,
}


@dataclass
class Outcome:
    """What became of a storm: how it went, and every line that must not be."""

    masters: int
    waiting: int  # when time was up
    ends: list[tuple[str, str, str]]  # that the database has seen: version, lot, status
    starts: int
    deeds: Counter[str]
    seconds: float
    unmade: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How many of the masters succeeded; those that were to be cancelled are none of them."""
        wanted = {pk for pk, lot, status in self.ends if (lot, status) == ("healthy", "SUCCEEDED")}
        return len(wanted)

    @property
    def lost(self) -> int:
        return self.masters - self.done - self.waiting

    @property
    def doubled(self) -> list[str]:
        return [pk for pk, times in Counter(pk for pk, _, _ in self.ends).items() if times > 1]


class Site:
    """A site of its own, whose workers play the engine; `without` names guards to switch off."""

    module = "tests.chaos_site"  # where its processes are

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
            "EMAIL_URL": "dummymail://",
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
        self.ask("CREATE TABLE ends (version varchar(40), lot varchar(40), status varchar(10))")
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
        return self.begin("submit", str(masters), lot)

    def begin_to_cancel(self, after_seconds: float) -> "subprocess.Popen[bytes]":
        """Submit a master that nobody wants for long."""
        return self.begin("cancel", str(after_seconds))

    def begin(self, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", self.module, *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment)

    def start(self) -> None:
        self.chief = self.begin(*self.workers_options)

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
            return [child for child, name in names.items() if name not in ("errands", "webhooks")]
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
        """Return a line for each upload and master that neither succeeded nor was cancelled."""
        columns = "SELECT id, status, error_code, attempts, engine_errors, error_detail"
        uploads = self.ask(f"{columns} FROM references_audiofile WHERE status != 'READY'")
        masters = self.ask(
            f"{columns} FROM mastering_version WHERE status NOT IN ('SUCCEEDED', 'CANCELED')"
        )
        return [" ".join(map(str, row)) for row in uploads + masters]

    def waiting(self, lots: str = "%") -> int:
        """Return how many masters have not ended."""
        ((count,),) = self.ask(
            "SELECT COUNT(*) FROM mastering_version AS v "  # noqa: S608
            "JOIN mastering_master AS m ON m.id = v.master_id "
            f"WHERE v.status IN ('QUEUED', 'RUNNING') AND m.title LIKE '{lots}'"
        )
        return int(count)

    def has_last_tries(self) -> bool:
        """Tell whether more harm could end work that has lost its worker so often, and rightly."""
        ((count,),) = self.ask(
            "SELECT COUNT(*) FROM mastering_version "  # noqa: S608
            f"WHERE status IN ('QUEUED', 'RUNNING') AND attempts >= {MOST_ATTEMPTS - 1}"
        )
        return bool(count)

    def is_done(self) -> bool:
        return self.waiting() == 0


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
    people: list[subprocess.Popen[bytes]] = []
    site.start()
    while (now := time.monotonic()) - begun < at_most_seconds:
        if left and now >= next_burst:
            count = min(left, -(-masters // bursts))
            people.append(site.begin_to_submit(count))
            left -= count
            next_burst = time.monotonic() + idle_seconds + masters / bursts * 0.5
        for pid in [pid for pid, until in frozen.items() if now >= until]:
            _signal(pid, signal.SIGCONT)
            del frozen[pid]
        if now >= next_harm and not site.has_last_tries():
            next_harm = now + every_seconds
            deeds[_harm(site, luck, frozen, people)] += 1
        if not left and all(each.poll() == 0 for each in people) and site.is_done():
            break
        time.sleep(0.1)
    for pid in frozen:
        _signal(pid, signal.SIGCONT)
    time.sleep(1.0)  # a thawed worker may speak now
    site.stop()
    for each in people:
        each.wait()
    ends: Any = site.ask("SELECT version, lot, status FROM ends")
    starts = sum(pk.startswith("render") for pk in site.lines("ran"))
    seconds = time.monotonic() - begun
    waiting = left + site.waiting("healthy")
    return Outcome(masters, waiting, ends, starts, deeds, seconds, site.unmade(), site.broken())


def _harm(
    site: Site,
    luck: random.Random,
    frozen: dict[int, float],
    people: "list[subprocess.Popen[bytes]]",
) -> str:
    parts = [pid for pid in site.parts() if pid not in frozen]
    deed = luck.choices(list(DEEDS), list(DEEDS.values()))[0]
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
    elif deed == "cancel":
        people.append(site.begin_to_cancel(luck.uniform(0.0, 4.0)))
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
        f"seed {asked.seed}: {told.masters} masters, {told.done} done, "
        f"{told.waiting} still waiting, {told.lost} lost, {len(told.doubled)} doubled, "
        f"{told.starts} starts, {told.seconds:.0f} s",
        *(f"{times} × {deed}" for deed, times in told.deeds.most_common()),
        *told.unmade,
        *told.broken,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(told.waiting or told.lost or told.doubled or told.broken))


if __name__ == "__main__":
    sys.exit(main())
