"""Errands are run in turn; one that fails holds up no other."""

import logging

import pytest

from mastering.management import errands


@pytest.fixture
def done(monkeypatch) -> list[str]:
    done: list[str] = []

    def fails() -> None:
        done.append("fails")
        raise RuntimeError("away")

    monkeypatch.setattr(errands, "OFTEN", (fails, lambda: done.append("often")))
    monkeypatch.setattr(errands, "SELDOM", ((60.0, lambda: done.append("seldom")),))
    return done


def test_one_that_fails_holds_up_no_other_and_is_logged(done, caplog):
    with caplog.at_level(logging.ERROR):
        errands.Rounds().go(now=0.0)
    assert done == ["fails", "often", "seldom"]
    assert "An errand failed: fails" in caplog.text


def test_what_is_seldom_waits(done):
    rounds = errands.Rounds()
    for now in (0.0, 30.0, 61.0):
        rounds.go(now=now)
    assert done.count("often") == 3
    assert done.count("seldom") == 2
