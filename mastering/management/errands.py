"""What is done beside the masters, by processes of their own: mails, Stripe's events, farewells.

Each errand is a row that waits; what fails is tried again, and a process that dies is replaced.
Masters keep the workers busy for minutes, and a mail with a log-in link should not wait for that.
Webhooks have another process: it waits for other people's servers, and nothing else waits for it.
"""

import contextlib
import logging
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from django.db import close_old_connections

from accounts import services as accounts
from accounts.tasks import Courier
from billing import services as billing
from mastering.management.worker_group import start

IDLE_SECONDS = 1.0
ERRANDS, COURIER = "errands", "webhooks"  # as lists of processes show them

# What is looked for at each turn, and what only now and then, in seconds.
OFTEN: tuple[Callable[[], object], ...] = (
    accounts.deliver_due,
    billing.apply_waiting_events,
    accounts.build_exports,
    accounts.empty_folders,
)
SELDOM: tuple[tuple[float, Callable[[], object]], ...] = (
    (60.0, billing.renew_due),
    (600.0, billing.end_subscriptions_of_the_gone),
    (3600.0, accounts.forget_old_events),
    (3600.0, accounts.forget_old_exports),
    (3600.0, accounts.forget_old_requests),
    (3600.0, accounts.forget_old_tries),
    (3600.0, accounts.forget_sent_mail),
    (24 * 3600.0, billing.reconcile),
)

logger = logging.getLogger(__name__)


def start_errands() -> BaseProcess:
    return start(run_errands)


def start_courier() -> BaseProcess:
    return start(run_courier)


def run_courier() -> None:
    _name(COURIER)
    Courier().run()


def run_errands() -> None:
    _name(ERRANDS)
    rounds = Rounds()
    while True:
        close_old_connections()
        rounds.go(now=time.monotonic())
        time.sleep(IDLE_SECONDS)


class Rounds:
    def __init__(self) -> None:
        self.next: dict[Callable[[], object], float] = {}

    def go(self, *, now: float) -> None:
        """Do what is due; one that fails holds up no other."""
        for errand in OFTEN:
            _do(errand)
        for pause_seconds, errand in SELDOM:
            if now >= self.next.get(errand, 0.0):
                self.next[errand] = now + pause_seconds
                _do(errand)


def _name(name: str) -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name)


def _do(errand: Callable[[], object]) -> None:
    try:
        errand()
    except Exception:
        logger.exception("An errand failed: %s", errand.__name__)
