"""Keeps worker groups alive, sees to it that work is taken, and ends them without losing any."""

import contextlib
import logging
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from types import FrameType

from django.db import DatabaseError, close_old_connections
from django.utils.module_loading import autodiscover_modules

from mastering import services
from mastering.management.errands import start_courier, start_errands
from mastering.management.nightly import begin_nightly_check
from mastering.management.worker_group import WorkerGroup

TICK_SECONDS = 0.5
LOOK_SECONDS = 2.0
CHECK_SECONDS = 60.0  # also of peace after the start
PATIENCE_SECONDS = 15.0  # of work that waits beside an idle group
SHORT_LIFE_SECONDS = 2.0  # longer than a group that cannot start lives
LONGEST_DELAY_SECONDS = 30.0

logger = logging.getLogger(__name__)


@dataclass
class Place:
    """Where a group stands, or will again."""

    group: WorkerGroup | None = None
    begun: float = 0.0
    short_lives: int = 0
    open_from: float = 0.0
    overlooking_since: float | None = None

    def took(self, group: WorkerGroup, *, now: float) -> None:
        self.group, self.begun, self.overlooking_since = group, now, None

    def lost(self, *, now: float) -> None:
        """Wait the longer the more often in a row a group died young."""
        self.short_lives = self.short_lives + 1 if now - self.begun < SHORT_LIFE_SECONDS else 0
        self.open_from = now + restart_delay_seconds(self.short_lives)
        self.group = None

    def overlooks(self, *, idle: bool, work_waits: bool, now: float) -> bool:
        """Tell whether the group has left work waiting for longer than our patience."""
        if not (idle and work_waits):
            self.overlooking_since = None
            return False
        if self.overlooking_since is None:
            self.overlooking_since = now
        return now - self.overlooking_since >= PATIENCE_SECONDS


def restart_delay_seconds(short_lives: int) -> float:
    return min(2.0 ** (short_lives - 1), LONGEST_DELAY_SECONDS) if short_lives else 0.0


class Supervisor:
    def __init__(
        self,
        *,
        groups: int,
        grace_seconds: float,
        start_group: Callable[[], WorkerGroup] = WorkerGroup,
    ) -> None:
        self.places = [Place() for _ in range(groups)]
        self.grace_seconds = grace_seconds
        self.start_group = start_group
        self.stopping = self.hurried = False
        self.next_sweep = self.next_look = 0.0
        self.next_check = time.monotonic() + CHECK_SECONDS
        self.check: BaseProcess | None = None
        self.errands: BaseProcess | None = None
        self.courier: BaseProcess | None = None

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self.on_signal)
        signal.signal(signal.SIGINT, self.on_signal)
        autodiscover_modules("tasks")  # once, here: each group is a fork and starts with them
        try:
            while not self.stopping:
                self.keep_errands()  # first: each process holds what was open when it began
                self.tend(now=time.monotonic())
                sentinels = [sentinel for group in self.groups() for sentinel in group.sentinels]
                connection.wait(sentinels, timeout=TICK_SECONDS)
            self.finish()
        finally:
            self.leave_nobody()

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Stop; at once if someone waits at the keyboard or asks again."""
        self.hurried = self.stopping or number == signal.SIGINT
        self.stopping = True

    def groups(self) -> list[WorkerGroup]:
        return [place.group for place in self.places if place.group]

    def tend(self, *, now: float) -> None:
        """Replace what died, sweep, and replace what overlooks work."""
        close_old_connections()
        for place in self.places:
            if place.group and (dead := place.group.dead_parts()):
                logger.warning("A worker group lost its %s and is replaced.", " and ".join(dead))
                self.replace(place, now=now, why=f"lost its {' and '.join(dead)}")
            if place.group is None and now >= place.open_from:
                place.took(self.start_group(), now=now)
        if now >= self.next_sweep:
            self.next_sweep = now + services.SWEEP_SECONDS
            with _surviving("tell of the worker groups"):
                services.tell_of_groups([group.name for group in self.groups()])
            with _surviving("sweep"):
                services.sweep()
        if now >= self.next_check:
            self.next_check = now + CHECK_SECONDS
            with _surviving("begin the nightly check"):
                self.check_nightly()
        if now >= self.next_look:
            self.next_look = now + LOOK_SECONDS
            with _surviving("look for waiting work"):
                self.replace_the_overlooking(now=now)

    def keep_errands(self) -> None:
        if self.errands is None or not self.errands.is_alive():  # asking also buries the last one
            self.errands = start_errands()
        if self.courier is None or not self.courier.is_alive():
            self.courier = start_courier()

    def check_nightly(self) -> None:
        if self.check is None or not self.check.is_alive():  # asking also buries the last one
            self.check = begin_nightly_check()

    def replace(self, place: Place, *, now: float, why: str) -> None:
        if place.group:
            place.group.kill()
            with _surviving("take back the work of a lost worker"):
                services.lose_worker(place.group.name, why=why)
        place.lost(now=now)

    def replace_the_overlooking(self, *, now: float) -> None:
        work_waits = services.work_is_waiting()
        busy = services.busy_workers() if work_waits else set()
        for place in self.places:
            if place.group is None:
                continue
            idle = place.group.name not in busy
            if place.overlooks(idle=idle, work_waits=work_waits, now=now):
                logger.error("Work waits and a worker group does not take it; it is replaced.")
                self.replace(place, now=now, why="left work waiting")

    def finish(self) -> None:
        """Let running work end within the grace, then hand back what has not."""
        for group in self.groups():
            group.close()
        deadline = time.monotonic() + self.grace_seconds
        while self.groups() and not self.hurried and time.monotonic() < deadline:
            with _surviving("ask which workers are busy"):
                busy = services.busy_workers()
                for place in self.places:
                    if place.group and (place.group.name not in busy or place.group.dead_parts()):
                        self.dismiss(place)
            time.sleep(TICK_SECONDS)
        for place in self.places:
            self.dismiss(place)

    def leave_nobody(self) -> None:
        """End every process, also after a mistake of ours: Python would wait for them at its end.

        What they were at waits in its row.
        """
        for group in self.groups():
            group.kill()
        for helper in (self.errands, self.courier, self.check):
            if helper is not None:
                helper.kill()

    def dismiss(self, place: Place) -> None:
        if place.group:
            place.group.kill()
            with _surviving("hand back the work of a stopped worker"):
                services.release_worker(place.group.name)
            place.group = None


@contextlib.contextmanager
def _surviving(deed: str) -> Iterator[None]:
    """Outlive a failure, such as a database away for a while: it is tried again later."""
    try:
        yield
    except DatabaseError as error:
        logger.error("Could not %s: %s", deed, error)
    except Exception:
        logger.exception("Could not %s.", deed)
