"""Nothing is lost or done twice under fire; without its guard each of these would fail."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos import Site, storm

pytestmark = pytest.mark.slow

SEED = 20_260_701


@contextmanager
def site_at_work(folder: Path, **options) -> Iterator[Site]:
    site = Site(folder, **options)
    site.start()
    try:
        assert came(lambda: len(site.parts()) == 6)
        yield site
    finally:
        site.stop()


def came(happened: Callable[[], object], *, seconds: float = 120.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.05)
    return False


def test_a_storm_loses_nothing_and_does_nothing_twice(tmp_path):
    site = Site(tmp_path, job_seconds=0.6)
    told = storm(site, masters=8, seed=SEED, bursts=2, at_most_seconds=300.0)
    assert (told.done, told.lost, told.doubled, told.broken) == (8, 0, [], []), told
    assert sum(told.deeds.values()) >= 5, "it was a storm"


@pytest.mark.parametrize("without", [(), ("watchdog",)], ids=["watched", "unwatched"])
def test_work_is_done_after_idle_workers_were_killed_if_someone_watches(tmp_path, without):
    with site_at_work(tmp_path, without=without) as site:
        time.sleep(1.5)  # so that the workers wait inside their queues, with the lock
        for pid in site.parts()[::3]:
            os.kill(pid, signal.SIGKILL)
        site.submit(1)
        assert came(site.is_done, seconds=10.0 if without else 120.0) == (not without)
    assert site.broken() == []


@pytest.mark.parametrize("without", [(), ("sweep",)], ids=["swept", "unswept"])
def test_lost_bells_are_rung_again_if_someone_sweeps(tmp_path, without):
    site = Site(tmp_path, without=without)
    site.submit(1)
    site.ask("DELETE FROM django_q_ormq")
    site.start()
    try:
        assert came(site.is_done, seconds=10.0 if without else 120.0) == (not without)
    finally:
        site.stop()


@pytest.mark.parametrize("without", [(), ("fence",)], ids=["fenced", "unfenced"])
def test_a_worker_that_froze_past_its_lease_changes_nothing_if_it_is_fenced(tmp_path, without):
    def renders() -> int:
        return site.lines("ran").count("render")

    with site_at_work(tmp_path, without=without, job_seconds=3.0) as site:
        site.submit(1)
        assert came(lambda: renders() == 1)
        ((worker,),) = site.ask("SELECT worker FROM mastering_version")
        frozen = int(worker.rsplit(":", 1)[1])
        os.kill(frozen, signal.SIGSTOP)
        assert came(lambda: renders() == 2), "another takes over once the lease is over"
        os.kill(frozen, signal.SIGCONT)
        assert came(site.is_done)
        time.sleep(4.0)  # the other one ends too
    assert (site.broken() == []) == (not without)
