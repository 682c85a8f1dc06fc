"""A database without its own guards, as a faulty migration would leave it; SQLite only."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection


@contextmanager
def unguarded(triggers: Iterable[str]) -> Iterator[None]:
    """Drop triggers, and let checks be broken meanwhile."""
    if connection.vendor != "sqlite":
        pytest.skip("other databases do not let their constraints be ignored")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        for trigger in triggers:
            cursor.execute(f"DROP TRIGGER {trigger}")
        yield
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
