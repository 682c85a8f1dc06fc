"""What the operator does to work: taking it from its worker, forgetting old attempts."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from references.models import Run, Work
from references.services.doorbell import ring

RUNS_KEPT = timedelta(days=180)


def take_from_worker(*, work: Work) -> bool:
    """Let running work wait again at once, with no attempt counted; its worker notices soon."""
    moves: Any = type(work)._default_manager
    taken = moves.filter(pk=work.pk).take_away()
    if taken:
        ring()
    return bool(taken)


def forget_old_runs() -> None:
    """Delete what attempts took and logged, once it is of no use to anyone."""
    Run.objects.filter(ended__lt=Now() - RUNS_KEPT).delete()
