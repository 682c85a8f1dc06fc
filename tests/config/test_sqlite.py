"""SQLite under many writers, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
