"""Real workers and their poison, ends, cancellations and outages; each with its guard off too."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.chaos import GRACE_SECONDS, Site
from tests.mastering.test_chaos import came, site_at_work

pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.1"])]

LIMIT_SECONDS = 120.0  # of patience, for machines that are busy with other things
POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def rows(site: Site, columns: str, lot: str) -> list[tuple[Any, ...]]:
    return site.ask(
        f"SELECT {columns} FROM mastering_version AS v JOIN mastering_master AS m "  # noqa: S608
        f"ON m.id = v.master_id WHERE m.title = '{lot}'"
    )


def test_poison_ends_at_its_limit_and_takes_no_more_turns_from_others(tmp_path):
    site = Site(tmp_path, job_seconds=1.0)
    for lot, count in (("crashes", 1), ("kills", 1), ("healthy", 8)):
        site.submit(count, lot)
    site.start()
    try:
        assert came(site.is_done, seconds=LIMIT_SECONDS)
    finally:
        site.stop()
    ended = "v.status, v.error_code, v.attempts, v.engine_errors"
    assert rows(site, ended, "crashes") == [("FAILED", "internal", 3, 3)]
    assert rows(site, ended, "kills") == [("FAILED", "worker_lost", 5, 0)]
    assert {status for (status,) in rows(site, "v.status", "healthy")} == {"SUCCEEDED"}
    turns = Counter(site.lines("rendered"))
    assert turns == {"crashes": 3, "kills": 5, "healthy": 8}, "it takes no more turns from others"
    assert site.broken() == []


def test_poison_would_go_on_for_ever_without_its_limit(tmp_path):
    with site_at_work(tmp_path, without=("attempts",)) as site:
        site.submit(1, "kills")
        site.submit(1, "crashes")
        fewest = "SELECT MIN(attempts) FROM mastering_version WHERE status != 'FAILED'"
        assert came(lambda: (site.ask(fewest)[0][0] or 0) > 5, seconds=LIMIT_SECONDS)


@pytest.mark.parametrize("without", [(), ("release",)], ids=["released", "kept"])
def test_an_asked_for_end_loses_no_work_and_counts_no_attempt(tmp_path, without):
    with site_at_work(tmp_path, without=without) as site:
        site.submit(1)
        assert came(site.is_done, seconds=LIMIT_SECONDS)
        site.submit(1, "long")
        site.submit(2)
        assert came(lambda: rows(site, "v.status", "long") == [("RUNNING",)], seconds=LIMIT_SECONDS)
        processes = site.parts()
        took_seconds = site.end()
        assert took_seconds < GRACE_SECONDS + 10.0
        assert not any(Path(f"/proc/{pid}").exists() for pid in processes), "nothing is orphaned"
        left = rows(site, "v.status, v.attempts", "long")
        assert (left == [("QUEUED", 0)]) == (not without), left
    if not without:
        others = set(rows(site, "v.status, v.attempts", "healthy"))
        assert others <= {("SUCCEEDED", 1), ("QUEUED", 0)}
        assert site.broken() == []


@pytest.mark.parametrize("without", [(), ("beat",)], ids=["beating", "deaf"])
def test_what_is_cancelled_ends_in_every_state(tmp_path, without):
    def cancel(title: str) -> int:
        code = (
            "from mastering.models import Version; "
            f"print(Version.objects.filter(master__title='{title}').cancel())"
        )
        return int(site.run("manage.py", "shell", "--no-imports", "-c", code))

    with site_at_work(tmp_path, without=without) as site:
        site.submit(1)
        assert came(site.is_done, seconds=LIMIT_SECONDS)
        assert cancel("healthy") == 0, "what has ended stays as it is"
        site.submit(1, "long")
        assert came(lambda: site.lines("ran").count("render") == 2, seconds=LIMIT_SECONDS)
        assert cancel("long") == 1
        stopped = came(lambda: site.lines("stopped") == ["render"], seconds=5.0)
        assert stopped == (not without)
    site.submit(1, "crashes")
    assert cancel("crashes") == 1, "what waits"
    assert rows(site, "v.status", "long") == rows(site, "v.status", "crashes") == [("CANCELED",)]
    assert rows(site, "v.status", "healthy") == [("SUCCEEDED",)]
    assert site.broken() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
@pytest.mark.parametrize("without", [(), ("room",)], ids=["looked-for", "taken-for-granted"])
def test_a_full_disk_refuses_and_waits_and_harms_nothing(tmp_path, without):
    def begun() -> int:
        ((count,),) = site.ask("SELECT COUNT(*) FROM references_audiofile WHERE attempts > 0")
        return int(count)

    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(tmp_path)]
    if subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        with site_at_work(tmp_path, without=without, room_bytes=4_000_000) as site:
            site.submit(1)
            assert came(site.is_done, seconds=LIMIT_SECONDS)
            ballast = tmp_path / "ballast"
            free = shutil.disk_usage(tmp_path).free
            ballast.write_bytes(bytes(free - 2_000_000))
            site.submit(2)
            if without:
                assert came(lambda: begun() > 2, seconds=LIMIT_SECONDS)
                return
            time.sleep(3.0)
            assert begun() == 2, "what needs room waits for it"
            fill(ballast)
            assert site.submit(1) != 0, "it is refused"
            assert site.chief is not None
            assert site.chief.poll() is None, "the supervisor lives on"
            ballast.unlink()
            site.submit(1)
            assert came(lambda: len(rows(site, "v.id", "healthy")) >= 4, seconds=LIMIT_SECONDS)
            assert came(site.is_done, seconds=LIMIT_SECONDS), "without being started again"
            assert site.ask("PRAGMA integrity_check") == [("ok",)]
            statuses = rows(site, "v.status, v.error_code", "healthy")
            assert set(statuses) == {("SUCCEEDED", "")}
            assert site.broken() == []
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)  # noqa: S607


def fill(ballast: Path) -> None:
    """Take all that is left of a disk."""
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as more:
        while True:
            more.write(bytes(4_096))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def redis(port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        assert came(lambda: tell_redis(port, "PING").startswith(b"+PONG"))
        yield server
    finally:
        server.kill()
        server.wait()


def tell_redis(port: int, word: str) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(f"{word}\r\n".encode())
            return line.recv(100)
    except OSError:
        return b""


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server on this machine")
@pytest.mark.parametrize("without", [(), ("sweep",)], ids=["swept", "unswept"])
def test_a_redis_that_forgets_everything_loses_no_work(tmp_path, without):
    port = free_port()
    with redis(port):
        site = Site(tmp_path, without=without, REDIS_URL=f"redis://127.0.0.1:{port}/0")
        site.submit(2)
        assert tell_redis(port, "FLUSHALL") == b"+OK\r\n"
        site.start()
        try:
            limit = 10.0 if without else LIMIT_SECONDS
            assert came(site.is_done, seconds=limit) == (not without)
        finally:
            site.stop()
        assert site.broken() == []


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server on this machine")
def test_a_redis_that_is_away_for_a_while_loses_no_work(tmp_path):
    port = free_port()
    with redis(port):
        site = Site(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}/0")
        site.start()
        assert came(lambda: len(site.parts()) == 6)
    try:
        assert site.submit(2) == 0, "a broken broker refuses nobody"
        time.sleep(2.0)
        with redis(port):
            assert came(site.is_done, seconds=LIMIT_SECONDS)
    finally:
        site.stop()
    assert site.broken() == []


@contextmanager
def postgres() -> Iterator[tuple[str, Callable[[], None]]]:
    """Run a PostgreSQL of the test's own; yield its address, and what lets it crash and return."""
    assert POSTGRES is not None
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    as_itself = as_postgres if os.geteuid() == 0 else []
    data, port = Path(tempfile.mkdtemp(prefix="lacquer-postgres-")), free_port()
    if as_itself:
        shutil.chown(data, "postgres", "postgres")
    control = [*as_itself, str(POSTGRES / "pg_ctl"), "--pgdata", str(data), "--wait", "--silent"]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
    silent: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": "/",
    }
    initdb = [
        *as_itself,
        str(POSTGRES / "initdb"),
        "-D",
        str(data),
        "-U",
        "postgres",
        "-A",
        "trust",
    ]
    subprocess.run(initdb, check=True, **silent)
    log = ["--log", str(data / "log"), "--options", options]

    def starts() -> bool:
        return subprocess.run([*control, *log, "start"], check=False, **silent).returncode == 0

    def restart() -> None:
        subprocess.run([*control, "--mode=immediate", "stop"], check=False, **silent)
        assert came(starts), (data / "log").read_text()[-2000:]  # once the last backend is gone

    assert came(starts)
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres", restart
    finally:
        subprocess.run([*control, "--mode=immediate", "stop"], check=False, **silent)
        shutil.rmtree(data)


@pytest.mark.skipif(POSTGRES is None, reason="no PostgreSQL server on this machine")
@pytest.mark.parametrize("without", [(), ("survival",)], ids=["surviving", "fragile"])
def test_a_database_that_is_restarted_loses_no_work(tmp_path, without):
    with postgres() as (address, restart):
        site = Site(tmp_path, without=without, job_seconds=0.5, DATABASE_URL=address)
        site.start()
        try:
            assert came(lambda: len(site.parts()) == 6)
            site.submit(4)
            for _ in range(2):
                time.sleep(1.5)
                restart()

            def is_done() -> bool:
                try:
                    return site.is_done()
                except psycopg.OperationalError:
                    return False

            if without:
                assert site.chief is not None
                assert came(lambda: site.chief and site.chief.poll() is not None)
                return
            assert came(is_done, seconds=LIMIT_SECONDS)
            assert set(rows(site, "v.status", "healthy")) == {("SUCCEEDED",)}
            assert site.broken() == []
        finally:
            site.stop()
            for pid in site.parts():
                os.kill(pid, signal.SIGKILL)
