"""The nightly look at the invariants: once a site and day, in a process of its own."""

import logging
from multiprocessing.process import BaseProcess

from django.core.cache import cache
from django.db import connections
from django.utils import timezone

from mastering.management.invariants import broken_invariants
from mastering.management.stored import delete_lost_attempts
from mastering.management.worker_group import start

FROM_HOUR_UTC = 3
A_DAY_SECONDS = 25 * 3600

logger = logging.getLogger(__name__)


def begin_nightly_check() -> BaseProcess | None:
    """Begin the check where it is time and nobody has; None otherwise.

    After a night without workers it comes as soon as there are some.
    """
    now = timezone.now()
    if now.hour < FROM_HOUR_UTC or not cache.add(f"invariants:{now:%F}", 1, A_DAY_SECONDS):
        return None
    connections.close_all()  # a connection must not be in two processes
    return start(tell_broken_invariants)


def tell_broken_invariants() -> None:
    if lost := delete_lost_attempts():
        logger.info("%d files of lost attempts were deleted.", lost)
    broken = broken_invariants()
    for line in broken:
        logger.error("Broken invariant: %s", line)
    if not broken:
        logger.info("The nightly check found every invariant whole.")
