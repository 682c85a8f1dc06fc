"""SQLite under many writers, in processes of their own."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction

ROOT = Path(__file__).parent.parent.parent


def refused_and_counted(mode: str) -> tuple[int, int]:
    command = [sys.executable, "-m", "tests.sqlite_writers", mode]
    environment = {"PATH": os.environ["PATH"]}
    told = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    words = told.stdout.split()
    return int(words[0]), int(words[4])


@pytest.mark.slow
def test_eight_writers_are_never_told_that_the_database_is_locked():
    assert refused_and_counted("IMMEDIATE") == (0, 400)


@pytest.mark.slow
def test_without_locking_at_the_begin_they_would_be():
    refused, counted = refused_and_counted("DEFERRED")
    assert refused > 0
    assert refused + counted == 400


@pytest.fixture
def other() -> Iterator[sqlite3.Connection]:
    """Give a writer of another process, so to speak, that holds the lock."""
    if connection.vendor != "sqlite":
        pytest.skip("another database")
    writer = sqlite3.connect(
        connection.settings_dict["NAME"], isolation_level=None, check_same_thread=False
    )
    writer.execute("BEGIN IMMEDIATE")
    yield writer
    writer.close()


def patience_ms() -> int:
    with connection.cursor() as cursor:
        patience: int = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
    return patience


@pytest.mark.django_db(transaction=True)
def test_a_writer_begins_once_the_other_has_ended(other: sqlite3.Connection):
    before = patience_ms()
    ending = threading.Timer(0.2, other.rollback)
    ending.start()
    with transaction.atomic():
        assert patience_ms() == before == 20_000
        assert not other.in_transaction
    ending.join()


@pytest.mark.django_db(transaction=True)
def test_a_writer_gives_up_in_the_end_and_is_as_patient_as_before(
    other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
):
    connection.ensure_connection()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.1)
    with pytest.raises(OperationalError, match="locked"), transaction.atomic():
        pytest.fail("the lock is another's")
    assert patience_ms() == 100
    other.rollback()
    with transaction.atomic():
        assert connection.in_atomic_block
