"""Keeping the queue honest: what was not heard, what was lost, and what is over."""

import socket
from datetime import timedelta

from django.db.models.functions import Now
from django_q.brokers import get_broker

from accounts.models import User
from billing import services as billing
from mastering.models import WORK_KINDS, Version, WorkKind
from mastering.services.albums import settle_albums
from mastering.services.archives import expire_archives
from mastering.services.exports import expire_exports
from mastering.services.previews import expire_previews
from references.models import WorkerGroup
from references.services import (
    clear_scratch,
    clear_sounds,
    clear_uploads,
    mend_library,
    ring,
)

SWEEP_SECONDS = 10.0  # between two sweeps
UNHEARD = timedelta(seconds=5)  # due for so long means that the bell was lost


def bring_in_kept_back(*, user: User) -> None:
    """Ring for what a person's limit of running work kept back until some of theirs ended."""
    if any(kind._default_manager.of(user).kept_back().exists() for kind in WORK_KINDS):
        ring()


def sweep() -> None:
    """Heal what crashes and lost bells left behind; safe to run anywhere, at any time, twice."""
    for kind in WORK_KINDS:
        kind._default_manager.expire()
    Version.objects.fail_unusable()
    billing.renew_due()
    unheard = sum(kind._default_manager.due().count() for kind in WORK_KINDS if _is_unheard(kind))
    for _ in range(unheard - get_broker().queue_size() if unheard else 0):
        ring()
    expire_exports()
    expire_archives()
    expire_previews()
    clear_uploads()
    clear_sounds()
    mend_library()
    settle_albums()
    clear_scratch()


def work_is_waiting() -> bool:
    """Tell whether something has been due for longer than a living worker takes to begin."""
    return any(_is_unheard(kind) for kind in WORK_KINDS)


def busy_workers() -> set[str]:
    """Return the names of the workers that hold something."""
    return {
        name
        for kind in WORK_KINDS
        for name in kind._default_manager.running().values_list("worker", flat=True)
    }


def tell_of_groups(names: list[str]) -> None:
    """Let the operator see which worker groups stand on this machine."""
    WorkerGroup.objects.tell(names, machine=socket.gethostname()[:100])


def lose_worker(worker: str, *, why: str = "") -> None:
    """Take back what a dead worker had, without waiting for its lease to run out."""
    for kind in WORK_KINDS:
        kind._default_manager.lose(worker=worker)
    WorkerGroup.objects.end(worker, why=why)


def release_worker(worker: str) -> None:
    """Let wait again, with no attempt counted, what a worker had that we stopped."""
    for kind in WORK_KINDS:
        kind._default_manager.release(worker=worker)
    WorkerGroup.objects.end(worker, why="stopped")


def _is_unheard(kind: WorkKind) -> bool:
    return kind._default_manager.due().filter(run_at__lte=Now() - UNHEARD).exists()
