"""A site of several hosts under fire: two of the web, three of workers, one that keeps its data.

`python -m tests.hosts --rounds 2 --seed 11` is the long form; the tests run a short one. The hosts
are network namespaces. Behind the one with the data stand this machine's PostgreSQL (a database
made for this) and Redis (a number of it that is empty), and an S3 service of ours. Programs send
masters through the web hosts while a fault is made and mended, and ask again, with the same
Idempotency-Key, whenever they got no answer.
"""

import argparse
import io
import logging
import os
import random
import signal
import sys
import tempfile
import threading
import time
import uuid
import wave
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from tests import network, servers
from tests.chaos import Site
from tests.flows.s3_service import BUCKET, KEYS, Service
from tests.town import DATABASE_URL, FAULTS, JOB_SECONDS, WEB, WEB_PORT, WORKERS, Town

REDIS_URL = os.environ.get("REDIS_URL", servers.REDIS_URL)
ANSWER_SECONDS = 4.0  # that a program waits before it asks another host


@dataclass
class Load:
    """Programs that each want one master, and do not give up."""

    town: Town
    title: str
    masters: int
    luck: random.Random
    at_most_seconds: float
    accepted: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)

    def begin(self, over_seconds: float) -> None:
        """Send them off one after another, within so many seconds."""
        deadline = time.monotonic() + self.at_most_seconds
        self.threads = [
            threading.Thread(
                target=self._want,
                args=(number, self.luck.uniform(0.0, over_seconds), deadline),
                daemon=True,
            )
            for number in range(self.masters)
        ]
        for thread in self.threads:
            thread.start()

    @property
    def is_sent(self) -> bool:
        return not any(thread.is_alive() for thread in self.threads)

    def _want(self, number: int, after_seconds: float, deadline: float) -> None:
        time.sleep(after_seconds)
        key, hosts = str(uuid.uuid4()), list(WEB.values())
        headers = {
            "Authorization": f"Bearer {self.town.keys[number % len(self.town.keys)]}",
            "Idempotency-Key": key,
        }
        song = healthy_song()
        files = {name: (f"{name}.wav", song, "audio/wav") for name in ("mix", "reference")}
        with self.town.people.entered():
            while time.monotonic() < deadline:
                address = hosts[number % len(hosts)]
                number += 1
                try:
                    answer = httpx.post(
                        f"http://{address}:{WEB_PORT}/api/v1/simple/master",
                        headers=headers, data={"title": self.title}, files=files,
                        timeout=ANSWER_SECONDS,
                    )  # fmt: skip
                except httpx.HTTPError as error:
                    self.refused[type(error).__name__] += 1
                else:
                    if answer.status_code == httpx.codes.ACCEPTED:
                        self.accepted.add(answer.json()["id"])
                        return
                    self.refused[str(answer.status_code)] += 1
                time.sleep(0.3)


def healthy_song() -> bytes:
    """Return silence of the length by which the played engine knows the healthy."""
    content = io.BytesIO()
    with wave.open(content, "wb") as song:
        song.setnchannels(1)
        song.setsampwidth(2)
        song.setframerate(44_100)
        song.writeframes(bytes(2 * 441))
    return content.getvalue()


@dataclass
class Outcome:
    """What became of the masters that were wanted during one fault."""

    fault: str
    host: str
    masters: int
    done: int
    doubled: int
    waiting: int  # when time was up, or never accepted
    again: int  # times that a program had to ask again
    seconds: float

    @property
    def lost(self) -> int:
        return self.masters - self.done - self.waiting

    @property
    def is_well(self) -> bool:
        return self.done == self.masters and not self.doubled

    def __str__(self) -> str:
        return (
            f"{f'{self.fault} ({self.host})':38} {self.masters} masters, {self.done} done, "
            f"{self.waiting} still waiting, {self.lost} lost, {self.doubled} doubled, "
            f"{self.again} asked again, {self.seconds:.0f} s"
        )


def suffer(
    town: Town,
    name: str,
    *,
    masters: int,
    luck: random.Random,
    at_most_seconds: float,
    seconds: float | None = None,
) -> Outcome:
    """Let programs send masters, make the fault while workers are at them, mend it, and wait."""
    fault, begun = FAULTS[name], time.monotonic()
    if seconds is not None:
        fault = replace(fault, seconds=seconds)
    title = f"{name} {uuid.uuid4().hex[:8]}"
    load = Load(town, title, masters, luck, at_most_seconds)
    load.begin(over_seconds=fault.seconds + 2.0)

    def left() -> float:
        return begun + at_most_seconds - time.monotonic()

    while not (holders := town.holders()) and left() > 0:
        time.sleep(0.1)
    chosen = holders if holders and fault.hosts == tuple(WORKERS) else fault.hosts
    host = luck.choice(chosen)
    fault.strike(town, host)
    time.sleep(fault.seconds)
    fault.mend(town, host)
    while left() > 0 and not (load.is_sent and town.site.waiting(title) == 0):
        time.sleep(0.2)
    time.sleep(1.0)  # who stood still or was cut off may speak now
    ends: Any = town.site.ask(f"SELECT version, status FROM ends WHERE lot = '{title}'")  # noqa: S608
    ((made,),) = town.site.ask(f"SELECT COUNT(*) FROM mastering_master WHERE title = '{title}'")  # noqa: S608
    done = len({version for version, status in ends if status == "SUCCEEDED"})
    twice = sum(times > 1 for times in Counter(version for version, _ in ends).values())
    waiting = town.site.waiting(title) + masters - len(load.accepted)
    return Outcome(
        fault=name,
        host=host,
        masters=masters,
        done=done,
        doubled=twice + max(made - masters, 0),
        waiting=waiting,
        again=load.refused.total(),
        seconds=time.monotonic() - begun,
    )


@contextmanager
def town_of(folder: str) -> Iterator[Town]:
    """Build a site on a database and an S3 service of its own; all of it is gone at the end."""
    with (
        servers.own_database(DATABASE_URL, f"lacquer_hosts_{os.getpid()}") as database_url,
        servers.own_redis(REDIS_URL) as redis_url,
    ):
        s3 = Service()
        town: Town | None = None
        try:
            site = Site(
                Path(folder),
                DATABASE_URL=database_url,
                REDIS_URL=redis_url,
                S3_BUCKET=BUCKET,
                S3_ENDPOINT_URL=s3.url,
                S3_ADDRESSING_STYLE="path",
                S3_ACCESS_KEY=KEYS["aws_access_key_id"],
                S3_SECRET_KEY=KEYS["aws_secret_access_key"],
                ALLOWED_HOSTS=",".join(WEB.values()),
                API_WRITES_PER_MINUTE="9999",
            )
            town = Town(site, s3.port)
            town.start(*WEB, *WORKERS)
            town.await_web()
            town.await_workers()
            yield town
        finally:
            if town is not None:
                town.close()
            s3.stop()


def storm(town: Town, faults: Sequence[str], luck: random.Random, **options: Any) -> bool:
    """Suffer each fault, tell of it, and return whether all was well."""
    outcomes = []
    for fault in faults:
        outcomes.append(suffer(town, fault, luck=luck, **options))
        _tell(str(outcomes[-1]))
    broken = town.site.unmade() + town.site.broken()
    is_well = not broken and all(outcome.is_well for outcome in outcomes)
    _tell(*broken, "Everything holds." if is_well else "Something does not hold.")
    return is_well


@dataclass(frozen=True)
class Control:
    """A fault that a guard stands against, and how one sees that the guard is gone."""

    fault: str
    seconds: float
    job_seconds: float
    at_most_seconds: float
    is_seen: Callable[[Town, Outcome], bool]


def _breaks(town: Town, _: Outcome) -> bool:
    """Tell whether rows and files disagree, once who came second has ended too."""
    deadline = time.monotonic() + 25.0
    while not (broken := town.site.broken()) and time.monotonic() < deadline:
        time.sleep(1.0)
    _tell(*broken[:3])
    return bool(broken)


CONTROLS = {
    # With the sweep, others have taken over by then.
    "sweep": Control(
        "worker host loses power", 2.0, JOB_SECONDS, 10.0, lambda _, end: end.waiting > 0
    ),
    # The first goes on when its work's time is over, and the second is at it still.
    "fence": Control("worker host stands still", 12.0, 9.0, 90.0, _breaks),
}


def is_missed(town: Town, guard: str, luck: random.Random) -> bool:
    """Start the worker hosts again without a guard, and return whether that is seen."""
    control = CONTROLS[guard]
    town.renew_workers(without=(guard,), job_seconds=control.job_seconds)
    outcome = suffer(
        town,
        control.fault,
        masters=3,
        luck=luck,
        at_most_seconds=control.at_most_seconds,
        seconds=control.seconds,
    )
    _tell(f"without {guard}: {outcome}")
    is_seen = control.is_seen(town, outcome)
    _tell(f"The {guard} is missed." if is_seen else f"The {guard} is NOT missed.")
    return is_seen


def _tell(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def why_not() -> str:
    return network.why_not() or servers.why_not(DATABASE_URL, REDIS_URL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--masters", type=int, default=12, help="during each fault")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--fault", choices=FAULTS, action="append")
    parser.add_argument(
        "--control", choices=CONTROLS, action="append", default=[], help="a guard to be missed"
    )
    parser.add_argument("--at-most-seconds", type=float, default=60.0, help="of each fault")
    asked = parser.parse_args()
    if why := why_not():
        _tell(f"SKIPPED: no several hosts here: {why}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with everything put away
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # the S3 service's
    _tell(f"seed {asked.seed}")
    luck = random.Random(asked.seed)  # noqa: S311
    faults = asked.fault or list(FAULTS)
    faults = [fault for _ in range(asked.rounds) for fault in luck.sample(faults, len(faults))]
    options = {"masters": asked.masters, "at_most_seconds": asked.at_most_seconds}
    with tempfile.TemporaryDirectory(prefix="lacquer-hosts-") as folder, town_of(folder) as town:
        is_well = storm(town, faults, luck, **options)
        for guard in asked.control:
            is_well &= is_missed(town, guard, luck)
    return int(not is_well)


if __name__ == "__main__":
    sys.exit(main())
