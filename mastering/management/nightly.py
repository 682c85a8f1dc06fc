"""What is done once a site and night, in a process of its own: farewells, then the invariants."""

import logging
from multiprocessing.process import BaseProcess

from django.core.cache import cache
from django.utils import timezone

from accounts.services import audit
from mastering import services
from mastering.management.invariants import broken_invariants
from mastering.management.stored import delete_lost_attempts
from mastering.management.worker_group import start
from references import services as references
from references.models import WorkerGroup

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
    return start(spend_the_night)


def spend_the_night() -> None:
    """Delete and announce what plans keep no longer, then look whether all is well.

    What fails is tried again the next night; nothing of it holds up the rest.
    """
    for errand in (
        services.delete_what_was_announced,
        services.announce_farewells,
        references.forget_old_runs,
        WorkerGroup.objects.forget,
    ):
        try:
            errand()
        except Exception:
            logger.exception("A task of the night failed: %s", errand.__name__)
    tell_broken_invariants()


def tell_broken_invariants() -> None:
    if lost := delete_lost_attempts():
        logger.info("%d files of lost attempts were deleted.", lost)
    broken = broken_invariants()
    cache.set("invariants:broken", len(broken), 2 * A_DAY_SECONDS)  # for the metrics
    verdict = audit.verify()  # its head in the log, which is kept elsewhere, shows a cut end
    logger.info("The audit log has %s entries; its head is %s.", verdict.entries, verdict.head)
    for line in broken:
        logger.error("Broken invariant: %s", line)
    if not broken:
        logger.info("The nightly check found every invariant whole.")
