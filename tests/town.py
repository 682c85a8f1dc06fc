"""A site of several hosts, and what can be done to them."""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import redis

from tests import servers
from tests.chaos import LEASE_SECONDS, Site
from tests.fault_proxy import FaultProxy
from tests.network import Host, Network

DATABASE_URL = os.environ.get("DATABASE_URL", servers.DATABASE_URL)
WEB = {"web-1": "10.77.0.11", "web-2": "10.77.0.12"}
WORKERS = {"worker-1": "10.77.0.21", "worker-2": "10.77.0.22", "worker-3": "10.77.0.23"}
DATA, PEOPLE = "10.77.0.31", "10.77.0.41"
WEB_PORT = 8000
PORTS = {"PostgreSQL": 5432, "Redis": 6379, "storage": 9000}
START_SECONDS = 60.0
JOB_SECONDS = 0.5


class Town:
    """The hosts, what runs on them, and the programs that call."""

    def __init__(self, site: Site, s3_port: int) -> None:
        self.site = site
        self.without: Sequence[str] = ()
        self.job_seconds = JOB_SECONDS
        self.network = Network()
        self.proxies: dict[str, FaultProxy] = {}
        self.keys = site.run("-m", "tests.chaos_site", "keys").split()
        try:
            self.data = self.network.host("data", DATA)
            self.people = self.network.host("people", PEOPLE)
            local = (
                urlsplit(DATABASE_URL).port,
                urlsplit(site.environment["REDIS_URL"]).port,
                s3_port,
            )
            for (name, port), target in zip(PORTS.items(), local, strict=True):
                listener = self.data.listener(port)
                self.proxies[name] = FaultProxy(target or port, listener=listener)
            for name, address in (WEB | WORKERS).items():
                self.network.host(name, address)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        self.network.close()
        for proxy in self.proxies.values():
            proxy.close()

    def host(self, name: str) -> Host:
        return self.network.hosts[name]

    def start(self, *names: str) -> None:
        for name in names:
            host, folder = self.host(name), self.site.folder / name
            folder.mkdir(exist_ok=True)
            command = (
                ["gunicorn", "-c", "deploy/gunicorn_conf.py", "--workers=1", "config.wsgi",
                 f"--bind={host.address}:{WEB_PORT}"]
                if name in WEB
                else ["tests.chaos_site", "workers", str(self.job_seconds), "0", *self.without]
            )  # fmt: skip
            host.start([sys.executable, "-m", *command], self._environment(folder), folder / "log")

    def renew_workers(self, *, without: Sequence[str], job_seconds: float) -> None:
        """Start all worker hosts again, without some guards, on longer or shorter work."""
        self.without, self.job_seconds = without, job_seconds
        for name in WORKERS:
            self.host(name).off()
            self.host(name).on()
        self.start(*WORKERS)
        self.await_workers()

    def _environment(self, folder: Path) -> dict[str, str]:
        database, broker = (
            urlsplit(self.site.environment[name]) for name in ("DATABASE_URL", "REDIS_URL")
        )
        who = f"{database.username or 'postgres'}:{database.password or ''}@"
        secret = f":{broker.password}@" if broker.password else ""
        return self.site.environment | {
            "DATA_DIR": str(folder),
            "PYTHONWARNINGS": "ignore",  # of style sheets, which no program asks for
            "DATABASE_URL": f"postgres://{who}{DATA}:{PORTS['PostgreSQL']}{database.path}",
            "REDIS_URL": f"redis://{secret}{DATA}:{PORTS['Redis']}{broker.path}",
            "S3_ENDPOINT_URL": f"http://{DATA}:{PORTS['storage']}",
        }

    def await_web(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        for address in WEB.values():
            while not self._is_ready(address):
                if time.monotonic() > deadline:
                    raise SystemExit(f"{address} does not become ready")
                time.sleep(0.2)

    def await_workers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        for name in WORKERS:
            while not self._has_group(name):
                if time.monotonic() > deadline:
                    raise SystemExit(f"{name} does not begin to work")
                time.sleep(0.2)

    def _has_group(self, name: str) -> bool:
        """Tell whether the host told of a group of workers that is alive."""
        told = self.site.ask(f"SELECT name FROM references_workergroup WHERE machine = '{name}'")  # noqa: S608
        alive = set(self.host(name).pids())
        return any(int(group.rsplit(":", 1)[1]) in alive for (group,) in told)

    def _is_ready(self, address: str) -> bool:
        try:
            with self.people.entered():
                return httpx.get(f"http://{address}:{WEB_PORT}/readyz", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def holders(self) -> list[str]:
        """Return the worker hosts that are at a master now."""
        running = self.site.ask("SELECT worker FROM mastering_version WHERE status = 'RUNNING'")
        names = {worker.rsplit(":", 1)[0] for (worker,) in running}
        return sorted(names & set(WORKERS))


@dataclass(frozen=True)
class Fault:
    """What is done to one of some hosts, and undone after so many seconds."""

    hosts: tuple[str, ...]
    seconds: float
    strike: Callable[[Town, str], None]
    mend: Callable[[Town, str], None]


def _cut(town: Town, name: str) -> None:
    town.host(name).cut()


def _mend(town: Town, name: str) -> None:
    town.host(name).mend()


def _lose_power(town: Town, name: str) -> None:
    town.host(name).off()


def _gain_power(town: Town, name: str) -> None:
    town.host(name).on()
    town.start(name)


def _stand_still(town: Town, name: str) -> None:
    town.host(name).signal(signal.SIGSTOP)


def _go_on(town: Town, name: str) -> None:
    town.host(name).signal(signal.SIGCONT)


def _fall_silent(what: str, town: Town, _: str) -> None:
    town.proxies[what].swallows = True


def _speak(what: str, town: Town, _: str) -> None:
    town.proxies[what].drop()  # what was swallowed is gone, so no connection can go on
    town.proxies[what].heal()


def _forget(town: Town, _: str) -> None:
    redis.Redis.from_url(town.site.environment["REDIS_URL"]).flushdb()


def _nothing(_: Town, __: str) -> None:
    return


_WORKERS, _WEB, _PAST_LEASE = tuple(WORKERS), tuple(WEB), 2 * LEASE_SECONDS
FAULTS = {
    "worker host loses power": Fault(_WORKERS, 2.0, _lose_power, _gain_power),
    "worker host is cut off": Fault(_WORKERS, _PAST_LEASE, _cut, _mend),
    "worker host stands still": Fault(_WORKERS, _PAST_LEASE, _stand_still, _go_on),
    "web host loses power": Fault(_WEB, 2.0, _lose_power, _gain_power),
    "web host is cut off": Fault(_WEB, 4.0, _cut, _mend),
    "data host is cut off": Fault(("data",), 3.0, _cut, _mend),
    "PostgreSQL is silent": Fault(
        ("data",), 3.0, partial(_fall_silent, "PostgreSQL"), partial(_speak, "PostgreSQL")
    ),
    "storage is silent": Fault(
        ("data",), 3.0, partial(_fall_silent, "storage"), partial(_speak, "storage")
    ),
    "Redis is silent": Fault(
        ("data",), 3.0, partial(_fall_silent, "Redis"), partial(_speak, "Redis")
    ),
    "Redis forgets": Fault(("data",), 0.0, _forget, _nothing),
}
