"""Several hosts lose power and their lines, and nothing else; without the sweep they would."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent


def test_what_worker_hosts_had_in_hand_is_done_by_others_if_someone_sweeps():
    fault = "--fault=worker host loses power"
    told = subprocess.run(
        [sys.executable, "-m", "tests.hosts", fault, "--control=sweep", "--masters=3", "--seed=11"],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    if told.stdout.startswith("SKIPPED"):
        pytest.skip(told.stdout.strip())
    assert "Everything holds." in told.stdout, told.stdout + told.stderr[-3000:]
    assert "The sweep is missed." in told.stdout
    assert told.returncode == 0
