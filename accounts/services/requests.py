"""One request with one key is done once, however often it is sent; and what is gone is told so.

The row of a key is written in the transaction that makes what was asked for, so a process that dies
leaves either both or neither. While a request runs, the database or, with SQLite, a locked file
keeps the others out; both let go of a lock whose process died.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files import locks
from django.db import connection

from accounts.errors import KeyReused, StillRunning
from accounts.models import IdempotencyKey, Tombstone, User

LOCKS: Final = Path(settings.DATA_DIR) / "locks"


def answered(*, user: User, is_test: bool, key: str, fingerprint: str) -> IdempotencyKey | None:
    """Return what was answered to a request with this key in the last 24 hours.

    Raises
    ------
    KeyReused
        Where that was another request.
    """
    mine = IdempotencyKey.objects.of(user).filter(is_test=is_test, key=key)
    known = mine.kept().first()
    if known is not None and known.fingerprint != fingerprint:
        raise KeyReused
    return known


def keep_answer(*, user: User, is_test: bool, key: str, **answer: Any) -> None:
    """Keep an answer, in the transaction that made what it tells of."""
    IdempotencyKey.objects.of(user).filter(is_test=is_test, key=key).over().delete()
    IdempotencyKey.objects.create(user=user, is_test=is_test, key=key, **answer)


@contextlib.contextmanager
def alone(*, user: User, is_test: bool, key: str) -> Iterator[None]:
    """Keep other requests with this key out meanwhile.

    Raises
    ------
    StillRunning
        Where one is under way.
    """
    name = hashlib.sha256(f"{user.pk}:{is_test}:{key}".encode()).digest()
    with _locked_row(name) if connection.vendor == "postgresql" else _locked_file(name):
        yield


def bury(rows: Iterable[Any]) -> None:
    """Remember that rows of someone's were deleted when their time was over."""
    Tombstone.objects.bulk_create(
        [Tombstone(user_id=row.user_id, object_id=row.pk) for row in rows], ignore_conflicts=True
    )


def forget_old_requests() -> None:
    IdempotencyKey.objects.over().delete()
    Tombstone.objects.over().delete()


@contextlib.contextmanager
def _locked_row(name: bytes) -> Iterator[None]:
    number = int.from_bytes(name[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            raise StillRunning
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


@contextlib.contextmanager
def _locked_file(name: bytes) -> Iterator[None]:
    LOCKS.mkdir(parents=True, exist_ok=True)
    path = LOCKS / name.hex()
    with path.open("wb") as file:
        if not locks.lock(file, locks.LOCK_EX | locks.LOCK_NB) or not _is_at(file.fileno(), path):
            raise StillRunning
        try:
            yield
        finally:
            path.unlink()  # before the lock is gone, so that nobody holds a file without a name


def _is_at(descriptor: int, path: Path) -> bool:
    """Tell whether an open file is still the one of this name."""
    try:
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False
