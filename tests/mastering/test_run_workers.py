"""Real worker processes, killed for real."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent


class Site:
    """A site of its own, with a database in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(folder),
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "k" * 60,
            "NUMBA_CACHE_DIR": os.environ["NUMBA_CACHE_DIR"],
        }
        self.manage("migrate", "--verbosity=0", "--skip-checks")

    def manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True)

    def queue(self, *calls: tuple[str, str]) -> None:
        """Ring for functions with one argument each."""
        rings = "; ".join(f"async_task{call!r}" for call in calls)
        code = f"from django_q.tasks import async_task; {rings}"
        self.manage("shell", "--no-imports", "-c", code)

    @contextmanager
    def workers(self, *, groups: int = 1) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "manage.py", "run_workers", f"--groups={groups}"]
        chief = subprocess.Popen(command, cwd=ROOT, env=self.environment)
        try:
            until(lambda: len(children(chief.pid)) == 3 * groups)
            yield chief
        finally:
            chief.kill()
            chief.wait()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return Site(tmp_path_factory.mktemp("site"))


def runs_errands(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() in ("errands", "webhooks")
    except FileNotFoundError:
        return False


def children(pid: int) -> list[int]:
    """Return the child processes, oldest first: worker, monitor, pusher."""
    try:
        listed = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return [child for child in listed if not runs_errands(child)]
    except FileNotFoundError:
        return []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(happened: Callable[[], object], seconds: float = 20.0) -> float:
    begun = time.monotonic()
    while not happened():
        assert time.monotonic() - begun < seconds, "it never happened"
        time.sleep(0.05)
    return time.monotonic() - begun


def test_the_stock_queue_hangs_for_ever_where_ours_goes_on(site):
    """Why there is a supervisor: the queue's lock is lost with the worker that waits in it."""

    def parts() -> list[int]:
        return [part for sentinel in children(stock.pid) for part in children(sentinel)]

    before, after = site.folder / "before-the-kill", site.folder / "after-the-kill"
    command = [sys.executable, "manage.py", "qcluster"]
    with subprocess.Popen(command, cwd=ROOT, env=site.environment, start_new_session=True) as stock:
        try:
            site.queue(("os.mkdir", str(before)))
            until(before.is_dir)
            time.sleep(1.0)  # so that the worker waits inside its queue, with the lock
            worker, *others = parts()
            os.kill(worker, signal.SIGKILL)
            until(lambda: len(parts()) == 1 + len(others) and worker not in parts())
            site.queue(("os.mkdir", str(after)))
            time.sleep(8.0)
            assert len(parts()) == 1 + len(others), "everything looks alive"
            assert not after.is_dir(), "and nothing is done"
        finally:
            os.killpg(stock.pid, signal.SIGKILL)
    with site.workers():
        site.queue(("os.mkdir", str(after)))
        until(after.is_dir)


@pytest.mark.parametrize("part", [0, 1, 2], ids=["worker", "monitor", "pusher"])
def test_after_an_idle_part_was_killed_work_is_still_done(site, part):
    done = site.folder / f"after-{part}"
    with site.workers() as chief:
        before = children(chief.pid)
        time.sleep(1.0)  # so that the worker waits inside its queue, with the lock
        os.kill(before[part], signal.SIGKILL)
        until(lambda: len(now := children(chief.pid)) == 3 and not set(before) & set(now))
        site.queue(("os.mkdir", str(done)))
        until(done.is_dir)


def test_nothing_outlives_a_killed_supervisor(site):
    with site.workers() as chief:
        processes = children(chief.pid)
        chief.kill()
        until(lambda: not any(map(alive, processes)), seconds=2.0)


def test_ctrl_c_ends_everything_at_once_even_while_something_runs(site):
    started = site.folder / "sleeping"
    with site.workers() as chief:
        processes = children(chief.pid)
        site.queue(("os.system", f"mkdir {started}; sleep 60"))
        until(started.is_dir)
        begun = time.monotonic()
        chief.send_signal(signal.SIGINT)
        assert chief.wait() == 0
        assert time.monotonic() - begun < 8.0  # far less than the sixty, on a busy machine too
        until(lambda: not any(map(alive, processes)), seconds=1.0)


def test_groups_that_work_side_by_side_live_on(site):
    with site.workers(groups=3) as chief:
        before = children(chief.pid)
        folders = [site.folder / f"side-by-side-{number}" for number in range(9)]
        site.queue(*(("os.system", f"sleep 1; mkdir {folder}") for folder in folders))
        until(lambda: all(folder.is_dir() for folder in folders))
        time.sleep(1.0)
        assert children(chief.pid) == before


def test_two_bells_that_ring_at_once_wake_two_workers(site):
    marks = [site.folder / "first-bell", site.folder / "second-bell"]
    with site.workers(groups=2):
        site.queue(*(("subprocess.getoutput", f"mkdir {mark}; sleep 6") for mark in marks))
        until(lambda: all(mark.is_dir() for mark in marks))
    begun = [mark.stat().st_mtime for mark in marks]
    assert max(begun) - min(begun) < 3.0, "the second does not wait for the first"


def test_workers_leave_the_processor_to_pages(site):
    own = os.nice(0)
    with site.workers() as chief:
        worker = children(chief.pid)[0]
        until(lambda: os.getpriority(os.PRIO_PROCESS, worker) > own)
        assert os.getpriority(os.PRIO_PROCESS, chief.pid) == own
