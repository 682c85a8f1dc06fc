"""How much one person may have at work and waiting: the place where plans have their say."""

from typing import Any

from django.conf import settings
from django.db.models import IntegerField, Value
from django.db.models.expressions import Combinable


def most_running() -> Combinable:
    """Return how many pieces of a kind may run at once, as SQL over rows that have a ``user``."""
    return Value(settings.MAX_RUNNING_PER_PERSON, IntegerField())


def most_open_uploads(user: Any) -> int:  # noqa: ARG001 (everyone's the same so far)
    """Return how many uploads a person may have on their way and waiting to be measured."""
    limit: int = settings.MAX_OPEN_UPLOADS_PER_PERSON
    return limit


def most_open_masters(user: Any) -> int:  # noqa: ARG001
    """Return how many versions a person may have waiting and running."""
    limit: int = settings.MAX_OPEN_MASTERS_PER_PERSON
    return limit
