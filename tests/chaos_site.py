"""The processes of a site under fire: `submit N`, or `workers SECONDS [guard to switch off …]`."""

import itertools
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402

from mastering import services  # noqa: E402
from mastering.management import supervisor  # noqa: E402
from references import tasks  # noqa: E402
from references.models import WorkQuerySet  # noqa: E402
from references.models import work as rules  # noqa: E402
from tests.chaos import LEASE_SECONDS  # noqa: E402
from tests.studio import STRONG, PlayedEngine, submitted  # noqa: E402

PEOPLE = 3
DATA_DIR = Path(settings.DATA_DIR)


def submit(masters: int) -> None:
    people = [
        get_user_model().objects.get_or_create(email=f"{number}@example.com")[0]
        for number in range(PEOPLE)
    ]
    for person in itertools.islice(itertools.cycle(people), masters):
        submitted(person)


def work(job_seconds: float, without: list[str]) -> None:
    _play_engine(job_seconds)
    _note_what_is_settled()
    _hurry()
    for guard in without:
        {"watchdog": _no_watchdog, "fence": _no_fence, "sweep": _no_sweep}[guard]()
    supervisor.Supervisor(groups=2, grace_seconds=5.0).run()


def _play_engine(job_seconds: float) -> None:
    def take_time(name: str) -> None:
        _note("ran", name)
        time.sleep(job_seconds if name == "render" else job_seconds / 5)

    patched: Any = tasks
    patched.box.run = PlayedEngine(before=take_time).run
    patched.box.strength = lambda: STRONG
    patched.warm_up = lambda: None


def _note_what_is_settled() -> None:
    settle: Any = WorkQuerySet.succeed

    def succeed(self: Any, work: Any, **outcome: Any) -> bool:
        settled: bool = settle(self, work, **outcome)
        if settled:
            _note("settled", work.pk)
        return settled

    patched: Any = WorkQuerySet
    patched.succeed = succeed


def _hurry() -> None:
    """Let the same things happen as in life, only sooner."""
    lease = timedelta(seconds=LEASE_SECONDS)
    for module, name, value in (
        (rules, "LEASE", lease),
        (rules, "BACK_OFF", (timedelta(seconds=0.2),) * 3),
        (tasks, "LEASE", lease),
        (tasks, "BEAT_SECONDS", 0.5),
        (tasks, "LEASE_MARGIN_SECONDS", 1.0),
        (services, "UNHEARD", timedelta(seconds=1)),
        (services, "SWEEP_SECONDS", 1.0),
        (supervisor, "PATIENCE_SECONDS", 4.0),
    ):
        setattr(module, name, value)


def _no_watchdog() -> None:
    patched: Any = supervisor.Supervisor
    patched.replace = lambda *_, **__: None


def _no_fence() -> None:
    patched: Any = WorkQuerySet
    patched._held = lambda self, work: self.running().filter(pk=work.pk)


def _no_sweep() -> None:
    services.sweep = lambda: None


def _note(file: str, line: str) -> None:
    with (DATA_DIR / file).open("a") as notes:
        notes.write(f"{line}\n")


if __name__ == "__main__":
    if sys.argv[1] == "submit":
        submit(int(sys.argv[2]))
    else:
        work(float(sys.argv[2]), sys.argv[3:])
