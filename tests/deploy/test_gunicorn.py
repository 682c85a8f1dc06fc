"""What web processes share, and what they keep: asked of one that gunicorn's file prepared."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.config.test_settings import KEY

ROOT = Path(__file__).parent.parent.parent

# Prepare a process, or not; then let eight threads hold memory at once, and count their arenas.
PROGRAM = """
import gc, json, sys, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
import config.wsgi
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.unreader import SocketUnreader

LOADED = ("mastering.views", "config.admin", "numpy")
worker = SimpleNamespace(cfg=SimpleNamespace(threads=4), tpool=ThreadPoolExecutor(4))
if sys.argv[1] == "prepared":
    hooks = run_path("deploy/gunicorn_conf.py")
    hooks["on_starting"](None)
    hooks["post_worker_init"](worker)
all_hold = threading.Barrier(8)

def hold():
    kept = [bytes(5_000) for _ in range(100)]
    all_hold.wait()

threads = [threading.Thread(target=hold) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()

class Connection:
    asked = []

    def recv(self, size):
        self.asked.append(size)
        return bytes(size)

Body(LengthReader(SocketUnreader(Connection()), 40_000_000)).read(65_536)
maps = [line.split() for line in Path("/proc/self/maps").open()]
begins = [int(parts[0].partition("-")[0], 16) for parts in maps if len(parts) == 5]
print(json.dumps({
    "arenas": sum(begin % (64 << 20) == 0 for begin in begins),  # where glibc begins one
    "frozen": gc.get_freeze_count(),
    "threads": len(worker.tpool._threads),
    "received": max(Connection.asked),
    "loaded": [name for name in LOADED if name in sys.modules],
}))
"""


def told(folder: Path, how: str) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, how],
        cwd=ROOT,
        env={
            "PATH": os.defpath,
            "ENV_FILE": os.devnull,
            "DATA_DIR": str(folder),
            "SECRET_KEY": KEY,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    read: dict[str, Any] = json.loads(ran.stdout)
    return read


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "metrics").mkdir()
    (folder / "metrics" / "counter_1.db").write_bytes(b"of a process that is no more")
    return told(folder, "prepared") | {"counts": list((folder / "metrics").glob("*_1.db"))}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return told(tmp_path_factory.mktemp("site"), "plain")


def test_pages_are_loaded_once_for_all_processes_and_the_engine_for_none(
    prepared: dict[str, Any], plain: dict[str, Any]
):
    assert prepared["loaded"] == ["mastering.views", "config.admin"]
    assert "mastering.views" not in plain["loaded"]


def test_what_is_shared_is_never_looked_through_for_garbage(
    prepared: dict[str, Any], plain: dict[str, Any]
):
    assert prepared["frozen"] > 100_000
    assert plain["frozen"] == 0


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_their_memory(prepared: dict[str, Any], plain: dict[str, Any]):
    assert prepared["arenas"] <= 2
    assert plain["arenas"] >= 4


def test_what_ended_processes_counted_is_forgotten(prepared: dict[str, Any]):
    assert prepared["counts"] == []


def test_no_more_of_an_upload_is_read_than_is_soon_asked_for(
    prepared: dict[str, Any], plain: dict[str, Any]
) -> None:
    assert prepared["received"] <= 2 * 65_536 < plain["received"]


def test_all_threads_are_there_from_the_beginning(
    prepared: dict[str, Any], plain: dict[str, Any]
) -> None:
    assert (prepared["threads"], plain["threads"]) == (4, 0)
