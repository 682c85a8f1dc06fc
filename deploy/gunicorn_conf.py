"""How web processes run, at ./run and anywhere else.

    gunicorn -c deploy/gunicorn_conf.py config.wsgi

Sizes are for a machine of two cores; give others on the command line, or in GUNICORN_CMD_ARGS.
"""

import contextlib
import ctypes
import gc
import os
import sys
import threading
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.http.unreader import SocketUnreader

# Opening a connection to the database takes longer than most requests: each thread keeps its own.
os.environ.setdefault("DATABASE_KEEP_SECONDS", "60")

# Every query gives up the interpreter's lock, and waits as long for it as another thread computes.
SWITCH_SECONDS = 0.0005

worker_class = "gthread"
workers = 4
threads = 4
preload_app = True
graceful_timeout = 25  # below what systemd and Kubernetes wait before they kill
keepalive = 75  # longer than proxies keep a connection, or they would use one that just closed
max_requests = 20_000  # renews processes, should one ever grow
max_requests_jitter = 2_000
worker_tmp_dir = "/dev/shm"  # noqa: S108 (a heartbeat, which must not wait for a disk)
loglevel = "warning"


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801 (gunicorn's name for it)
    """Sends gunicorn's own lines the way of all others: one form, and scrubbed."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


def post_fork(_server: Any, _worker: Any) -> None:
    """Let threads take turns often: one that reads an upload would hold up the others' queries."""
    sys.setswitchinterval(SWITCH_SECONDS)


def post_worker_init(worker: Any) -> None:
    """Begin all threads at once: what a process holds is then all it will ever hold."""
    all_here = threading.Barrier(worker.cfg.threads)
    for _ in range(worker.cfg.threads):
        worker.tpool.submit(all_here.wait)


M_ARENA_MAX = -8  # of glibc's malloc.h

# What is read beyond what was asked for is copied with every further piece: of 1 MiB, gunicorn's
# own, Django takes 64 KiB at a time, and 40 MB of an upload cost .21 s of processor for .02.
RECEIVED_BYTES = 128 * 1024


def on_starting(_server: Any) -> None:
    """Load what every process needs before there are any; keep each from growing by itself.

    What is here at the fork is shared. Frozen, it is not looked through for garbage, which would
    copy it, and is not counted, so that garbage of requests goes when there is some of it and not
    a quarter of all there is. By itself malloc also gives each thread an arena, which keeps the
    most that its thread has needed: all threads of a process share two.
    """
    from django.urls import get_resolver  # noqa: PLC0415 (loaded by now)

    _forget_counts()
    SocketUnreader.max_body_chunk = RECEIVED_BYTES
    _ = get_resolver().reverse_dict  # and every view with it
    with contextlib.suppress(AttributeError):  # elsewhere than on glibc
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)
    gc.collect()
    gc.freeze()


def _forget_counts() -> None:
    """Forget what processes counted that are no more."""
    from django.conf import settings  # noqa: PLC0415 (loaded by now)

    for counts in Path(settings.METRICS_DIR).glob("*.db"):
        counts.unlink(missing_ok=True)
