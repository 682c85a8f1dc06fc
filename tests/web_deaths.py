"""Web processes killed while they take orders, and what the books come to afterwards.

`python -m tests.web_deaths --pairs 40` is the long form; the tests run a short one. Programs
submit, render again, cancel, and Stripe tells of purchases; each asks until it has an answer,
with the same key, as the API's document says.
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.billing.stripe_double import PRICES, SECRET, signed
from tests.chaos import ROOT, Site

START_SECONDS = 90.0
EVERY_SECONDS = (0.1, 0.5)
THREADS = 6
DEATHS = {"a process": 12, "the whole site": 1}


@dataclass
class Outcome:
    asked: int  # masters
    deaths: Counter[str]
    cut_off: int  # requests that got no answer the first time
    statuses: Counter[int]
    told: dict[str, Any]
    broken: list[str]
    seconds: float

    @property
    def wrong(self) -> list[str]:
        """Return a line for all that must not be."""
        told = self.told
        lines = [*self.broken, *told["wrong"]]
        if told["masters"] != self.asked:
            lines.append(f"{self.asked} masters were asked for, {told['masters']} made")
        if told["unapplied"]:
            lines.append(f"{told['unapplied']} events of Stripe were not applied")
        lines += [f"{status}: {times} ×" for status, times in self.statuses.items() if status > 499]
        return lines

    def __str__(self) -> str:
        deaths = ", ".join(f"{times} × {death}" for death, times in self.deaths.items())
        return (
            f"{self.asked} masters asked for, {self.told['masters']} made with "
            f"{self.told['versions']} versions; killed: {deaths}; {self.cut_off} requests cut off; "
            f"answers {dict(self.statuses)}; {self.seconds:.0f} s"
        )


class Web:
    """The site as it is served, with processes to kill."""

    def __init__(self, site: Site) -> None:
        self.site = site
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        command = [
            "-m",
            "gunicorn",
            "-c",
            "deploy/gunicorn_conf.py",
            f"--bind=127.0.0.1:{self.port}",
        ]
        self.chief = subprocess.Popen(
            [sys.executable, *command, "tests.web_deaths_site:application"],
            cwd=ROOT,
            env=self.site.environment,
            stderr=subprocess.DEVNULL,  # it wonders at every death
            start_new_session=True,
        )

    def kill(self, luck: random.Random) -> str:
        death = luck.choices(list(DEATHS), list(DEATHS.values()))[0]
        if death == "the whole site":
            self.stop()
            self.start()
            return death
        children = Path(f"/proc/{self.chief.pid}/task/{self.chief.pid}/children").read_text()
        if not children:
            return "nothing"
        os.kill(int(luck.choice(children.split())), signal.SIGKILL)
        return death

    def stop(self) -> None:
        os.killpg(self.chief.pid, signal.SIGKILL)
        self.chief.wait()

    def await_answers(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5.0)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError


class Programs:
    """Who asks, and asks again where no answer came."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.cut_off = 0
        self.statuses: Counter[int] = Counter()
        self._lock = threading.Lock()

    def insist(self, path: str, *, headers: dict[str, str], body: str) -> httpx.Response:
        headers = headers | {"Content-Type": "application/json"}
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                answer = httpx.post(self.address + path, headers=headers, content=body, timeout=30)
            except httpx.TransportError:
                with self._lock:
                    self.cut_off += 1
                time.sleep(0.05)
                continue
            if answer.status_code == 429 or "request_in_progress" in answer.text:
                time.sleep(0.1)
                continue
            with self._lock:
                self.statuses[answer.status_code] += 1
            if answer.status_code < 500:
                return answer
        raise TimeoutError(path)

    def master(self, key: str, pair: dict[str, str], *, number: int) -> None:
        """Submit one; render every second again, and cancel every third."""
        door = {"Authorization": f"Bearer {key}"}
        once = {name: door | {"Idempotency-Key": f"{name}-{number}"} for name in ("new", "again")}
        made = self.insist("/api/v1/masters", headers=once["new"], body=json.dumps(pair)).json()
        path = f"/api/v1/masters/{made['id']}"
        if number % 2:
            self.insist(f"{path}/versions", headers=once["again"], body="{}")
        if number % 3 == 0:
            self.insist(f"{path}/cancel", headers=door, body="{}")

    def purchase(self, event: dict[str, Any]) -> None:
        for _ in range(2):  # as Stripe may
            body, signature = signed(event)
            self.insist("/stripe/events/", headers={"Stripe-Signature": signature}, body=body)


class DyingSite(Site):
    module = "tests.web_deaths_site"


def deaths(
    folder: Path, *, pairs: int, seed: int, without: str = "", most_seconds: float = 300.0
) -> Outcome:
    """Let programs order while web processes die; return what became of it."""
    begun = time.monotonic()
    site = DyingSite(
        folder,
        WITHOUT=without,
        API_WRITES_PER_MINUTE="1000000",
        STRIPE_SECRET_KEY="sk_test_double",
        STRIPE_WEBHOOK_SECRET=SECRET,
        STRIPE_PRICES=",".join(f"{item}={price}" for item, price in PRICES.items()),
    )
    site.workers_options = ["workers"]
    (folder / "static").mkdir(exist_ok=True)
    there = json.loads(site.run("-m", site.module, "prepare", str(pairs)).splitlines()[-1])
    orders = [(person["key"], pair) for person in there["people"] for pair in person["pairs"]]
    web = Web(site)
    site.start()
    try:
        web.await_answers()
        programs = Programs(web.port)
        with killed_at_random(web, programs, random.Random(seed)) as died:  # noqa: S311
            with ThreadPoolExecutor(THREADS) as threads:
                tasks = [threads.submit(programs.purchase, event) for event in there["events"]]
                for number, (key, pair) in enumerate(orders):
                    tasks.append(threads.submit(programs.master, key, pair, number=number))
            for task in tasks:
                task.result()
        unapplied = "SELECT COUNT(*) FROM billing_stripeevent WHERE applied IS NULL"
        while time.monotonic() - begun < most_seconds:
            if site.is_done() and site.ask(unapplied) == [(0,)]:
                break
            time.sleep(0.2)
    finally:
        web.stop()
        site.stop()
    told = json.loads(site.run("-m", site.module, "tell").splitlines()[-1])
    seconds = time.monotonic() - begun
    return Outcome(
        len(orders), died, programs.cut_off, programs.statuses, told, site.broken(), seconds
    )


@contextmanager
def killed_at_random(web: Web, programs: Programs, luck: random.Random) -> Iterator[Counter[str]]:
    """Kill web processes for as long as the block runs, once after each answer at the most."""
    died: Counter[str] = Counter()
    over = threading.Event()

    def kill() -> None:
        answers = 0
        while not over.wait(luck.uniform(*EVERY_SECONDS)):
            if programs.statuses.total() > answers:
                died[web.kill(luck)] += 1
                answers = programs.statuses.total()

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        yield died
    finally:
        over.set()
        killing.join()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=40, help="of each of three people")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--without", choices=["transaction"], default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lacquer-deaths-") as folder:
        told = deaths(Path(folder), pairs=asked.pairs, seed=asked.seed, without=asked.without)
    sys.stdout.write("\n".join([f"seed {asked.seed}: {told}", *told.wrong]) + "\n")
    return int(bool(told.wrong))


if __name__ == "__main__":
    sys.exit(main())
