"""Processes of a site under fire, by their first argument.

`submit N [LOT]`, `cancel AFTER_SECONDS`, `keys`, `workers SECONDS ROOM [guard to switch off …]`.

The lot of a master is what its mix does to whoever renders it: `healthy`, `crashes` its box,
`kills` its worker, or takes `long`. An `unwanted` one is
healthy, and cancelled some time after.
"""

import contextlib
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.files.base import ContentFile  # noqa: E402
from django.db import connection  # noqa: E402
from django.dispatch import receiver  # noqa: E402

from accounts.models import SCOPES  # noqa: E402
from accounts.services import create_key  # noqa: E402
from dsp import box  # noqa: E402
from dsp.settings import MasterSettings  # noqa: E402
from mastering import services  # noqa: E402
from mastering.management import supervisor  # noqa: E402
from mastering.models import Version  # noqa: E402
from mastering.services import submit_master  # noqa: E402
from references.models import Settled, WorkQuerySet, settled  # noqa: E402
from references.models import work as rules  # noqa: E402
from references.services import receive_upload  # noqa: E402
from references.tasks import attempts, machine  # noqa: E402
from tests.chaos import GRACE_SECONDS, LEASE_SECONDS, LONG_SECONDS  # noqa: E402
from tests.studio import MIX, REFERENCE, STRONG, PlayedEngine, uploaded, wav  # noqa: E402

PEOPLE = 3
LOTS = {  # and the seconds of its mix, by which it is known
    "healthy": 0.01,
    "crashes": 0.02,
    "kills": 0.03,
    "long": 0.04,
    "unwanted": 0.05,
}
LOT_OF_SIZE = {len(wav(seconds)): lot for lot, seconds in LOTS.items()}
DATA_DIR = Path(settings.DATA_DIR)


def submit(masters: int, lot: str = "healthy") -> None:
    people = [
        get_user_model().objects.get_or_create(email=f"{lot}-{number}@example.com")[0]
        for number in range(PEOPLE)
    ]
    for person in itertools.islice(itertools.cycle(people), masters):
        mix = ContentFile(wav(LOTS[lot]), f"{lot}.wav")
        submit_master(
            user=person,
            mix=receive_upload(user=person, kind=MIX, file=mix),
            reference=uploaded(person, REFERENCE),
            settings=MasterSettings(),
        )


def keys() -> None:
    """Print a key of the API for each of some people."""
    for number in range(PEOPLE):
        person, _ = get_user_model().objects.get_or_create(email=f"program-{number}@example.com")
        sys.stdout.write(create_key(user=person, name="tests", scopes=SCOPES).secret + "\n")


def change_ones_mind(after_seconds: float) -> None:
    """Submit a master, and cancel it, whatever it has come to by then."""
    submit(1, "unwanted")
    version = Version.objects.filter(master__title="unwanted").latest("created")
    time.sleep(after_seconds)
    services.cancel(version=version)


@receiver(settled, sender=Version)
def note_the_end(rows: list[Settled], **_: Any) -> None:
    """Note it in the transaction of the end itself, so that the two come or stay away together."""
    with connection.cursor() as cursor:
        for row in rows:
            lot = Version.objects.values_list("master__title", flat=True).get(pk=row.pk)
            cursor.execute("INSERT INTO ends VALUES (%s, %s, %s)", [row.pk, lot, row.status])


def work(job_seconds: float, room_bytes: int, without: list[str]) -> None:
    machine.ROOM_BYTES = room_bytes  # type: ignore[misc]
    _play_engine(job_seconds)
    _hurry()
    for guard in without:
        WITHOUT[guard]()
    supervisor.Supervisor(groups=2, grace_seconds=GRACE_SECONDS).run()


class Engine(PlayedEngine):
    """Takes its time, and suffers what a mix does to it."""

    def __init__(self, job_seconds: float) -> None:
        super().__init__()
        self.job_seconds = job_seconds

    def run(self, function: str, *args: Any, **options: Any) -> dict[str, Any]:
        name = function.removeprefix("dsp.jobs:")
        _note("ran", name)
        seconds = self.job_seconds
        if name == "render":
            lot = LOT_OF_SIZE[Path(args[0]).stat().st_size]
            _note("rendered", lot)
            if lot == "crashes":
                raise box.BoxFailure("crashed", "SIGSEGV")
            if lot == "kills":
                os.kill(os.getpid(), signal.SIGKILL)
            seconds = LONG_SECONDS if lot == "long" else seconds
        else:
            seconds /= 5
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if options["should_stop"]():
                _note("stopped", name)
                raise box.BoxFailure("stopped")
            time.sleep(0.02)
        return super().run(function, *args, **options)


def _play_engine(job_seconds: float) -> None:
    confined: Any = box
    confined.run = Engine(job_seconds).run
    confined.strength = lambda: STRONG
    here: Any = machine
    here.warm_up = lambda: None


def _hurry() -> None:
    """Let the same things happen as in life, only sooner."""
    lease = timedelta(seconds=LEASE_SECONDS)
    for module, name, value in (
        (rules, "LEASE", lease),
        (rules, "BACK_OFF", (timedelta(seconds=0.2),) * 3),
        (attempts, "LEASE", lease),
        (attempts, "BEAT_SECONDS", 0.5),
        (attempts, "LEASE_MARGIN_SECONDS", 1.0),
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


def _no_limit_of_attempts() -> None:
    rules.MAX_ATTEMPTS = rules.MAX_ENGINE_ERRORS = 30_000


def _no_handing_back() -> None:
    patched: Any = services
    patched.release_worker = lambda _: None


def _no_heartbeat() -> None:
    patched: Any = WorkQuerySet
    patched.beat = patched.advance = lambda *_, **__: True


def _no_look_for_room() -> None:
    machine.ROOM_BYTES = 0  # type: ignore[misc]


def _no_survival() -> None:
    patched: Any = supervisor
    patched._surviving = lambda _: contextlib.nullcontext()


WITHOUT: dict[str, Callable[[], None]] = {
    "watchdog": _no_watchdog,
    "fence": _no_fence,
    "sweep": _no_sweep,
    "attempts": _no_limit_of_attempts,
    "release": _no_handing_back,
    "beat": _no_heartbeat,
    "room": _no_look_for_room,
    "survival": _no_survival,
}


def _note(file: str, line: str) -> None:
    with (DATA_DIR / file).open("a") as notes:
        notes.write(f"{line}\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case "submit", masters, *lot:
            submit(int(masters), *lot)
        case "cancel", after_seconds:
            change_ones_mind(float(after_seconds))
        case ("keys",):
            keys()
        case "workers", job_seconds, room_bytes, *without:
            work(float(job_seconds), int(room_bytes), without)
