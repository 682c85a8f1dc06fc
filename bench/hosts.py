"""What a second host of workers adds, as strong as the first; into ``bench/RESULTS.md``.

python -m bench.hosts [--seconds 120] [--rounds 2] [--proof]

Each host has its own folder, shares the PostgreSQL of DATABASE_URL, the Redis of REDIS_URL and an
S3 service of ours, and does one piece of work at a time. A host is a control group with a fixed
share of the first processor, so that a second one takes nothing from the first but by what they
share; that has the second processor. (A processor for each would not do: two are often the two
threads of one core, which do 1.3 times the work of one.) One host and two take turns. Linux, root.
With ``--proof`` nothing is written.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench import results, shares
from bench.load.site import ROOT, Site
from tests import servers
from tests.flows.s3_service import BUCKET, KEYS, Service

ABOUT: Final = "Music mastered by one host of workers, and by two that are each as strong."
LEAST_GAIN: Final = 1.9
SONG_SECONDS: Final = 60.0
START_SECONDS: Final = 60.0
PEOPLE: Final = 2
SHARE: Final = 0.4  # of a processor, of each host
HOSTS_ON, SERVED_ON = 0, 1


def compare(seconds: float, rounds: int, queued: int) -> results.Verdict:
    verdict = results.Verdict()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lacquer-hosts-")))
        server = os.environ.get("DATABASE_URL", servers.DATABASE_URL)
        name = f"lacquer_hosts_{os.getpid()}"
        database = stack.enter_context(servers.own_database(server, name))
        redis = stack.enter_context(
            servers.own_redis(os.environ.get("REDIS_URL", servers.REDIS_URL))
        )
        s3 = Service()
        stack.callback(s3.stop)
        site = Site(
            folder,
            groups=1,
            scaled={
                "DATABASE_URL": database,
                "REDIS_URL": redis,
                "S3_BUCKET": BUCKET,
                "S3_ENDPOINT_URL": s3.url,
                "S3_ADDRESSING_STYLE": "path",
                "S3_ACCESS_KEY": KEYS["aws_access_key_id"],
                "S3_SECRET_KEY": KEYS["aws_secret_access_key"],
            },
        )
        site.seed(PEOPLE, 1, queued, SONG_SECONDS)
        rates: dict[int, list[float]] = {1: [], 2: []}
        for turn in range(2 * rounds):
            hosts = 1 + turn % 2
            with _hosts(site, hosts):
                rates[hosts].append(_rate(site, hosts, seconds))
        one, two = (statistics.mean(rates[hosts]) for hosts in (1, 2))
        verdict.told("masters of a minute in a minute, one host", _told(rates[1]))
        verdict.told("masters of a minute in a minute, two hosts", _told(rates[2]))
        if one:
            verdict.at_least("two hosts, of one", two / one, LEAST_GAIN, " ×")
        verdict.at_least("left to do at the end", site.count("QUEUED"), 1)
        verdict.at_most("failed", site.count("FAILED"), 0)
        verdict.at_most("broken invariants", len(site.broken()), 0)
    return verdict


def _told(rates: Sequence[float]) -> str:
    return ", ".join(f"{rate:.1f}" for rate in rates)  # seconds a second: minutes a minute


def _rate(site: Site, hosts: int, seconds: float) -> float:
    """Return the seconds of music done a second, once all hosts have begun to work."""
    enough = site.count("SUCCEEDED") + 2 * hosts
    deadline = time.monotonic() + START_SECONDS
    while site.count("SUCCEEDED") < enough and time.monotonic() < deadline:
        time.sleep(0.5)
    begun = time.time()
    time.sleep(seconds)
    return site.worked_through(begun, time.time())


@contextmanager
def _hosts(site: Site, count: int) -> Iterator[None]:
    with ExitStack() as stack:
        for number in range(count):
            folder = site.folder / f"host-{number}"
            folder.mkdir(exist_ok=True)
            log = stack.enter_context((folder / "log").open("ab"))
            begin = stack.enter_context(shares.share(f"host-{number}", SHARE))
            workers = [sys.executable, "manage.py", "run_workers", "--groups=1"]
            host = subprocess.Popen(
                [*begin, "taskset", "-c", str(HOSTS_ON), *workers],
                cwd=ROOT, env=site.environment | {"DATA_DIR": str(folder)},
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
            stack.callback(_end, host)
        yield


def _end(host: subprocess.Popen[bytes]) -> None:
    host.send_signal(signal.SIGINT)
    try:
        host.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(host.pid, signal.SIGKILL)
        host.wait()


def why_not() -> str:
    if len(os.sched_getaffinity(0)) < 2:
        return "two processors are wanted"
    return shares.why_not() or servers.why_not(
        os.environ.get("DATABASE_URL", servers.DATABASE_URL),
        os.environ.get("REDIS_URL", servers.REDIS_URL),
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=120.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=2, help="of one host, then two")
    parser.add_argument("--proof", action="store_true")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with everything put away
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # the S3 service's
    if why := why_not():
        raise SystemExit(f"no two hosts here: {why}")
    before = os.getloadavg()[1]
    os.sched_setaffinity(0, [SERVED_ON])  # the S3 service, and what of it begins later
    # More than they can do: a minute of music takes a second of a processor at the least.
    queued = int(3 * SHARE * asked.rounds * (asked.seconds + START_SECONDS))
    verdict = compare(asked.seconds, asked.rounds, queued)
    command = " ".join(["python -m bench.hosts", *sys.argv[1:]])
    told = results.section("Hosts, a second one", ABOUT, verdict, command, load_before=before)
    print(told, flush=True)
    if not asked.proof:
        results.keep(told)
    return int(not verdict.holds)


if __name__ == "__main__":
    sys.exit(main())
