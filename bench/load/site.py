"""The site that is loaded: its own folder, its own port, its processes counted."""

from __future__ import annotations

import atexit
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import psutil

ROOT: Final = Path(__file__).resolve().parents[2]
KERNELS: Final = ROOT / "var" / "kernels"
START_SECONDS: Final = 90.0
BUCKET: Final = ("S3_BUCKET", "S3_ENDPOINT_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY",
                 "S3_ADDRESSING_STYLE", "S3_REGION")  # fmt: skip
SERVERS: Final = ("DATABASE_URL", "REDIS_URL", *BUCKET)  # a site has those of ``scaled`` alone


@cache
def static_folder() -> Path:
    """Collect style sheets and scripts once for all sites of a run."""
    folder = tempfile.TemporaryDirectory(prefix="lacquer-static-")
    atexit.register(folder.cleanup)
    environment = os.environ | {
        "ENV_FILE": os.devnull,
        "SECRET_KEY": secrets.token_urlsafe(64),
        "STATIC_DIR": folder.name,
    }
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return Path(folder.name)


@dataclass
class Sample:
    """What the site's processes held at one moment."""

    at: float
    web_bytes: int
    worker_bytes: int  # of the largest process
    worker_total_bytes: int
    descriptors: int
    worker_descriptors: int
    threads: int
    scratch_bytes: int
    web_cpu_seconds: float
    worker_cpu_seconds: float


@dataclass
class Site:
    folder: Path
    groups: int
    scaled: dict[str, str] = field(default_factory=dict)
    sample_seconds: float = 1.0
    parts: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if name not in SERVERS}
        self.environment = inherited | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENV_FILE": os.devnull,
            "DATA_DIR": str(self.folder),
            "NUMBA_CACHE_DIR": str(KERNELS),
            "SECRET_KEY": secrets.token_urlsafe(64),
            "SITE_URL": self.address,
            "EMAIL_URL": "dummymail://",
            "TRUSTED_PROXY_COUNT": "1",  # the load says where each person is
            "PLAN_LIMITS": "false",
            "MAX_OPEN_UPLOADS_PER_PERSON": "1000",
            "MAX_OPEN_MASTERS_PER_PERSON": "1000",
            "MAX_BACKLOG": "5000",
            "MAX_AUDIO_SECONDS": "900",
            "LOG_LEVEL": "WARNING",
            **self.scaled,
        }
        self._ended = threading.Event()

    def command(self, *arguments: str) -> str:
        ran = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise SystemExit(f"{' '.join(arguments)} failed:\n{ran.stdout}{ran.stderr[-3000:]}")
        return ran.stdout

    def seed(self, people: int, finished: int, queued: int, song_seconds: float) -> Path:
        self.command("manage.py", "migrate", "--verbosity=0")
        self.command("-m", "dsp", "warm-up")  # not by whoever happens to come first
        numbers = map(str, (people, finished, queued, song_seconds))
        path = self.folder / "seed.json"
        path.write_text(self.command("-W", "ignore", "-m", "bench.load.seed", *numbers))
        return path

    def start(self, *, workers: bool = True) -> None:
        self.environment["STATIC_DIR"] = str(static_folder())
        gunicorn = [
            "-m",
            "gunicorn",
            "-c",
            "deploy/gunicorn_conf.py",
            f"--bind=127.0.0.1:{self.port}",
        ]
        commands = {"web": [*gunicorn, "config.wsgi"]}
        if workers and self.groups:
            commands["workers"] = ["manage.py", "run_workers", f"--groups={self.groups}"]
        log = (self.folder / "log").open("ab")
        for name, command in commands.items():
            self.parts[name] = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=self.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise SystemExit((self.folder / "log").read_text()[-3000:])
            time.sleep(0.2)
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        self._ended.set()
        for name, part in self.parts.items():
            part.send_signal(signal.SIGINT if name == "workers" else signal.SIGTERM)
        for part in self.parts.values():
            try:
                part.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(part.pid, signal.SIGKILL)
                part.wait()

    def ask(self, program: str) -> Any:
        """Run a line of Python in the site's environment and read the JSON it prints."""
        begin = "import json, django; django.setup(); from mastering.models import *; "
        return json.loads(self.command("-W", "ignore", "-c", begin + program))

    def count(self, status: str) -> int:
        program = f"print(Version.objects.filter(status={status!r}).count())"
        return int(self.ask(program))

    def worked_through(self, begun: float, ended: float) -> float:
        """Return how many seconds of music were measured or mastered a second, between two times.

        Both are counted, as measuring an upload takes a worker as long as mastering it.
        """
        program = (
            "from references.models import AudioFile; "
            "rows = [(v.finished, v.master.mix) for v in "
            "Version.objects.filter(status='SUCCEEDED').select_related('master__mix')]; "
            "rows += [(a.finished, a) for a in AudioFile.objects.filter(status='READY')]; "
            "print(json.dumps([(at.timestamp(), audio.duration_seconds) for at, audio in rows]))"
        )
        done = sorted(row for row in self.ask(program) if begun <= row[0] <= ended)
        if len(done) < 2:
            return 0.0
        return sum(seconds for _, seconds in done[1:]) / (done[-1][0] - done[0][0])

    def waits_since(self, begun: float) -> list[float]:
        """Return the seconds from submit to done of each master asked for since then."""
        program = (
            "rows = Version.objects.filter(status='SUCCEEDED').values_list('created', 'finished'); "
            "print(json.dumps([(a.timestamp(), b.timestamp()) for a, b in rows]))"
        )
        return [done - asked for asked, done in self.ask(program) if asked >= begun]

    def broken(self) -> list[str]:
        ran = subprocess.run(
            [sys.executable, "manage.py", "check_invariants", "--pause-seconds=1"],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return ran.stdout.splitlines() if ran.returncode else []

    def errors(self) -> list[str]:
        """Return what the log says of a locked database, the sign of a lost race of writers."""
        lines = (self.folder / "log").read_text().splitlines()
        return [line for line in lines if "database is locked" in line]

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def _watch(self) -> None:
        while not self._ended.wait(self.sample_seconds):
            self.samples.append(self.sample())

    def sample(self) -> Sample:
        held = {name: _tree(part.pid) for name, part in self.parts.items()}
        web, workers = held.get("web", []), held.get("workers", [])
        scratch = os.walk(self.folder / "scratch")  # passes over what is gone by now
        return Sample(
            at=time.monotonic(),
            web_bytes=_sum(web, lambda one: one.memory_full_info().pss),
            worker_bytes=max(
                (_of(one, lambda one: one.memory_info().rss) for one in workers), default=0
            ),
            worker_total_bytes=_sum(workers, lambda one: one.memory_full_info().pss),
            descriptors=_sum(web, lambda one: one.num_fds()),
            worker_descriptors=_sum(workers, lambda one: one.num_fds()),
            threads=_sum(web, lambda one: one.num_threads()),
            scratch_bytes=sum(
                _size(Path(folder, name)) for folder, _, names in scratch for name in names
            ),
            web_cpu_seconds=_sum(web, lambda one: sum(one.cpu_times()[:4])),
            worker_cpu_seconds=_sum(workers, lambda one: sum(one.cpu_times()[:4])),
        )


def _tree(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _of(process: psutil.Process, value: Any) -> Any:
    try:
        return value(process)
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return 0


def _sum(processes: list[psutil.Process], value: Any) -> Any:
    return sum(_of(process, value) for process in processes)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
