"""When the supervisor replaces a worker group, and how it ends."""

import os
import signal
import time
from collections.abc import Callable
from multiprocessing import RawValue
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.db import OperationalError

from mastering import services
from mastering.management import supervisor
from mastering.management.supervisor import Place, Supervisor, restart_delay_seconds
from mastering.management.worker_group import IDLE, WhenIdle, WorkerGroup, start


class Group(WorkerGroup):
    """A worker group without processes."""

    name = "here:1"
    sentinels: list[int] = []

    def __init__(self, name: str = "here:1") -> None:
        self.name = name
        self.dead: list[str] = []
        self.closed = self.killed = False

    def dead_parts(self) -> list[str]:
        return self.dead

    def close(self) -> None:
        self.closed = True

    def kill(self) -> None:
        self.killed = True


class Check:
    """A check of the invariants that takes two looks."""

    def __init__(self) -> None:
        self.left = 2
        self.killed = False

    def kill(self) -> None:
        self.killed = True

    def is_alive(self) -> bool:
        self.left -= 1
        return self.left > 0


class Bells:
    """A broker with as many bells as one likes, which says whom it gave them to."""

    list_key = "bells"

    def __init__(self) -> None:
        self.taken = 0

    def dequeue(self) -> list[str]:
        self.taken += 1
        return [f"bell {self.taken}"]


class Services:
    """What the supervisor asks of the rows, and what it told them."""

    def __init__(self) -> None:
        self.waiting = False
        self.busy: set[str] = set()
        self.told: list[str] = []

    def sweep(self) -> None:
        self.told.append("sweep")

    def begin_nightly_check(self) -> Check:
        self.told.append("night")
        return Check()

    def work_is_waiting(self) -> bool:
        return self.waiting

    def busy_workers(self) -> set[str]:
        return self.busy

    def tell_of_groups(self, names: list[str]) -> None:
        self.told.append(f"standing {names}")

    def lose_worker(self, name: str, *, why: str) -> None:
        self.told.append(f"lost {name}")
        self.told.append(f"{name} {why}")

    def release_worker(self, name: str) -> None:
        self.told.append(f"released {name}")


@pytest.fixture
def rows(monkeypatch):
    rows = Services()
    asked = ("sweep", "work_is_waiting", "busy_workers", "lose_worker", "release_worker")
    for name in (*asked, "tell_of_groups"):
        monkeypatch.setattr(services, name, getattr(rows, name))
    monkeypatch.setattr(supervisor, "begin_nightly_check", rows.begin_nightly_check)
    monkeypatch.setattr(supervisor, "close_old_connections", lambda: None)
    monkeypatch.setattr(supervisor, "TICK_SECONDS", 0.001)
    return rows


def supervising(*, groups: int = 1, grace_seconds: float = 0.2):
    started: list[Group] = []

    def start() -> Group:
        started.append(Group(f"here:{len(started) + 1}"))
        return started[-1]

    chief = Supervisor(groups=groups, grace_seconds=grace_seconds, start_group=start)
    chief.tend(now=0.0)
    return chief, started


def test_a_group_that_lost_a_part_is_replaced_whole(rows):
    chief, started = supervising()
    started[0].dead = ["pusher"]
    chief.tend(now=100.0)
    assert started[0].killed
    assert len(started) == 2
    assert "lost here:1" in rows.told, "its work need not wait for the lease to run out"
    assert "here:1 lost its pusher" in rows.told, "the operator reads why"
    assert "standing ['here:2']" in rows.told, "the operator sees who stands there instead"


def test_the_death_of_one_group_touches_no_other(rows):
    chief, started = supervising(groups=3)
    started[1].dead = ["worker"]
    chief.tend(now=100.0)
    assert [group.killed for group in started] == [False, True, False, False]


def test_work_that_waits_beside_an_idle_group_gets_another_group(rows):
    chief, started = supervising()
    rows.waiting = True
    for now in range(2, 17, 2):
        chief.tend(now=float(now))
    assert len(started) == 1, "patience"
    chief.tend(now=18.0)
    assert started[0].killed
    chief.tend(now=40.0)
    assert len(started) == 2


def test_a_busy_group_is_left_alone_while_work_waits(rows):
    chief, started = supervising(groups=2)
    rows.waiting, rows.busy = True, {"here:2"}
    for now in range(2, 30, 2):
        chief.tend(now=float(now))
    assert started[0].killed
    assert not started[1].killed


def test_patience_begins_anew_when_the_work_was_taken_meanwhile(rows):
    chief, started = supervising()
    for now in range(2, 60, 2):
        rows.waiting = now % 10 != 0
        chief.tend(now=float(now))
    assert len(started) == 1


def test_the_sweep_comes_every_ten_seconds(rows):
    chief, _ = supervising()
    for tenths in range(0, 300, 5):
        chief.tend(now=tenths / 10)
    assert rows.told.count("sweep") == 3


def test_a_nightly_check_that_still_runs_is_left_alone(rows):
    chief, _ = supervising()
    chief.next_check = 60.0
    for now, checks in ((59.0, 0), (60.0, 1), (90.0, 1), (120.0, 1), (180.0, 2)):
        chief.tend(now=now)
        assert rows.told.count("night") == checks


def test_a_database_that_is_away_ends_nothing(rows, monkeypatch, caplog):
    def away() -> None:
        raise OperationalError("no route")

    chief, started = supervising()
    monkeypatch.setattr(services, "sweep", away)
    monkeypatch.setattr(services, "work_is_waiting", away)
    chief.tend(now=100.0)
    assert not started[0].killed
    assert "Could not sweep: no route" in caplog.text


@pytest.mark.parametrize(
    ("short_lives", "delay_seconds"),
    [(0, 0.0), (1, 1.0), (2, 2.0), (5, 16.0), (6, 30.0), (99, 30.0)],
)
def test_a_group_that_dies_young_again_and_again_waits_longer(short_lives, delay_seconds):
    assert restart_delay_seconds(short_lives) == delay_seconds


def test_a_long_life_forgives_the_short_ones():
    place = Place()
    for begun in (0.0, 10.0):
        place.took(Group(), now=begun)
        place.lost(now=begun + 1.0)
    assert place.open_from == 11.0 + 2.0
    place.took(Group(), now=20.0)
    place.lost(now=50.0)
    assert place.open_from == 50.0


def test_a_group_that_cannot_start_is_not_tried_all_the_time(rows):
    chief, started = supervising()
    for tenths in range(1, 300):
        started[-1].dead = ["worker"]
        chief.tend(now=tenths / 10)
    assert len(started) == 5, "at 0, 1, 3, 7 and 15 seconds"


def test_the_end_waits_for_running_work_and_dismisses_the_idle_at_once(rows, monkeypatch):
    chief, started = supervising(groups=2, grace_seconds=60.0)
    asked = iter([{"here:2"}, {"here:2"}, set()])
    monkeypatch.setattr(services, "busy_workers", lambda: next(asked))
    chief.finish()
    assert all(group.closed and group.killed for group in started)
    assert next(asked, "all") == "all", "it asked until nobody was busy"


def test_work_that_does_not_end_in_time_is_handed_back(rows):
    chief, started = supervising(grace_seconds=0.05)
    rows.busy = {"here:1"}
    chief.finish()
    assert started[0].killed
    assert rows.told[-1] == "released here:1"


@pytest.fixture
def _signals():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize(
    ("signals", "hurried"),
    [
        ([signal.SIGTERM], False),
        ([signal.SIGINT], True),
        ([signal.SIGTERM, signal.SIGTERM], True),
    ],
)
def test_the_keyboard_and_a_second_signal_hurry_it(rows, monkeypatch, signals, hurried):
    def signal_itself() -> bool:
        for number in signals:
            os.kill(os.getpid(), number)
        return False

    chief, started = supervising(grace_seconds=0.05)
    rows.busy = {"here:1"}
    monkeypatch.setattr(services, "work_is_waiting", signal_itself)
    chief.run()
    assert chief.hurried is hurried
    assert started[0].killed


def test_errands_and_the_courier_are_begun_and_replaced_when_they_die(rows, monkeypatch):
    begun: list[str] = []

    def starting(name: str) -> Callable[[], Check]:
        def start() -> Check:
            begun.append(name)
            return Check()

        return start

    monkeypatch.setattr(supervisor, "start_errands", starting("errands"))
    monkeypatch.setattr(supervisor, "start_courier", starting("courier"))
    chief, _ = supervising()
    for _ in range(3):
        chief.keep_errands()
    assert begun == ["errands", "courier"] * 2, "each lives for one look"


@pytest.mark.usefixtures("_signals")
def test_a_mistake_of_ours_leaves_no_process_that_python_would_wait_for(rows, monkeypatch):
    def fail() -> None:
        raise RuntimeError("a mistake")

    chief, started = supervising()
    chief.check = chief.errands = chief.courier = helper = Check()
    monkeypatch.setattr(chief, "keep_errands", fail)
    with pytest.raises(RuntimeError):
        chief.run()
    assert started[0].killed
    assert helper.killed


def test_a_group_leaves_bells_to_others_while_its_worker_has_something_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bells, state, waiting = Bells(), RawValue("f", IDLE), [0]
    broker = WhenIdle(cast("Any", bells), cast("Any", SimpleNamespace(qsize=waiting.pop)), state)
    assert broker.dequeue() == ["bell 1"]

    # Then a bell lies in the queue, its worker takes it, works for a while, and is idle again.
    waiting += [0, 0, 1]
    state_after = iter([None, 300.0, IDLE])

    def sleep(_seconds: float) -> None:
        assert bells.taken == 1, "no other bell was taken meanwhile"
        if (becomes := next(state_after)) is not None:
            state.value = becomes

    monkeypatch.setattr(time, "sleep", sleep)
    assert broker.dequeue() == ["bell 2"]
    assert next(state_after, "none left") == "none left"
    assert broker.list_key == "bells"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("--groups=0", "--groups, or WORKER_GROUPS, must be 1 or more"),
        ("--groups=-1", "--groups, or WORKER_GROUPS, must be 1 or more"),
        ("--groups=many", "argument --groups: invalid int value: 'many'"),
        ("--grace-seconds=-1", "--grace-seconds must be 0 or more"),
        ("--grace-seconds=nan", "--grace-seconds must be 0 or more"),
    ],
)
def test_workers_that_could_not_be_are_refused(monkeypatch, wrong, told):
    monkeypatch.setattr(Supervisor, "run", lambda _supervisor: pytest.fail("they run"))
    with pytest.raises(CommandError, match=told):
        call_command("run_workers", wrong)


def test_no_workers_are_refused_where_the_settings_say_so(monkeypatch, settings):
    settings.WORKER_GROUPS = 0
    monkeypatch.setattr(Supervisor, "run", lambda _supervisor: pytest.fail("they run"))
    with pytest.raises(CommandError, match="WORKER_GROUPS"):
        call_command("run_workers")


def test_what_is_begun_shares_no_line_to_the_cache_with_the_supervisor() -> None:
    own = caches["default"]
    begun = start(time.sleep, 0.0)
    begun.join(10.0)
    assert begun.exitcode == 0
    assert caches["default"] is not own
