"""How much one person may have at work and waiting: the place where plans have their say."""

from typing import Any

from django.conf import settings
from django.db.models import IntegerField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Least

from billing.services import limits_of, running_by_plan


def most_running() -> Combinable:
    """Return how many pieces of a kind may run at once, as SQL over rows that have a ``user``."""
    return Value(settings.MAX_RUNNING_PER_PERSON, IntegerField())


def most_rendering() -> Combinable:
    """Return how many masters may be rendered at once: as many as the plan says, and no more."""
    limit = most_running()
    return Least(limit, running_by_plan()) if settings.PLAN_LIMITS else limit


def most_stored_bytes(user: Any) -> int | None:
    """Return how much a person may keep; None where nothing limits it but the disk."""
    return limits_of(user).storage_bytes if settings.PLAN_LIMITS else None


def most_open_masters(user: Any) -> int:
    """Return how many versions a person may have waiting and running."""
    limit: int = settings.MAX_OPEN_MASTERS_PER_PERSON
    if settings.PLAN_LIMITS:
        plan = limits_of(user)
        return min(limit, plan.max_running + plan.max_queued)
    return limit
