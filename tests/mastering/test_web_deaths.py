"""Web processes that die while they take orders lose nothing and charge nothing twice."""

from pathlib import Path

import pytest

from tests.web_deaths import deaths

pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.1"])]

SEED = 20_260_701


def test_web_processes_that_die_change_no_sum(tmp_path: Path) -> None:
    told = deaths(tmp_path, pairs=2, seed=SEED)
    assert told.wrong == [], told
    assert told.deaths.total() >= 3, told


def test_without_transactions_their_deaths_leave_halves(tmp_path: Path) -> None:
    for luck in range(6):  # a death may come between two requests
        folder = tmp_path / str(luck)
        folder.mkdir()
        told = deaths(folder, pairs=3, seed=SEED + luck, without="transaction")
        if told.wrong:
            return
    pytest.fail(str(told))
