"""Ringing for a worker, and what killed workers leave behind."""

import contextlib
import shutil
import time
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

DOORBELL = "mastering.tasks.work"  # by name: the bell knows nothing of who answers it
SCRATCH = Path(settings.DATA_DIR) / "scratch"  # of the workers of this machine


def ring() -> None:
    """Tell the workers, once this transaction is committed, that there is something to do.

    A bell in the database is committed with what it rings for. One that is lost is rung again by
    the sweep, so a broken broker refuses nobody.
    """
    if "orm" in settings.Q_CLUSTER and transaction.get_connection().in_atomic_block:
        _ring()
    else:
        transaction.on_commit(_ring, robust=True)


def clear_scratch() -> None:
    """Delete what killed workers left on this machine's disk."""
    if not SCRATCH.is_dir():
        return
    oldest = time.time() - 2 * settings.JOB_TIMEOUT_SECONDS
    for folder in SCRATCH.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another sweep was faster
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder)


def _ring() -> None:  # a function, since Django tells of failures by their __qualname__
    async_task(DOORBELL)
