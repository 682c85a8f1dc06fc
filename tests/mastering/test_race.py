"""Many at once, of which one may: and without the guards more do."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent


def raced(folder: Path, *arguments: str) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.race", *arguments],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": f"sqlite:///{folder}/race.sqlite3",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    told: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return told


@pytest.mark.slow
def test_of_fifty_masters_at_once_one_credit_pays_for_one(tmp_path: Path) -> None:
    told = raced(tmp_path, "submits")
    assert told["statuses"] == {"302": 1, "402": 49}
    assert (told["available"], told["reserved"], told["broken"]) == (0, 1, [])


@pytest.mark.slow
def test_without_locks_they_do_not_end_like_that(tmp_path: Path) -> None:
    assert raced(tmp_path, "submits", "unguarded")["statuses"] != {"302": 1, "402": 49}


@pytest.mark.slow
def test_fifty_at_once_with_one_key_make_one_master(tmp_path: Path) -> None:
    told = raced(tmp_path, "repeats")
    assert (told["masters"], told["keys"], told["reserved"]) == (1, 1, 1)
    assert set(told["statuses"]) <= {"202", "409"}
    assert told["broken"] == []


@pytest.mark.slow
def test_without_the_guards_they_make_many(tmp_path: Path) -> None:
    assert raced(tmp_path, "repeats", "unguarded")["masters"] > 1
