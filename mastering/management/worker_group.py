"""django-q2's worker, pusher and monitor, as one group that lives and dies together.

An idle worker waits inside a queue whose lock it holds, and a dead one leaves the lock taken for
ever. So nothing of a group outlives any part of it: the supervisor ends the rest and starts
another, with new queues.

A group takes a bell only when its worker is idle. Of two that ring at once, the pusher would else
take both, and the second would wait behind the first while the worker of another group has nothing
to do.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.db import connections
from django_q.brokers import Broker, get_broker
from django_q.conf import Conf
from django_q.monitor import monitor
from django_q.pusher import pusher
from django_q.queues import Queue
from django_q.signals import pre_execute
from django_q.worker import worker

from dsp import box

PR_SET_PDEATHSIG = 1  # linux/prctl.h
JOIN_SECONDS = 5.0
WORKER_NICENESS = 5  # files are read, hashed and stored after pages are made, and boxes later still
IDLE = -1  # what django-q2's worker says of itself, else the seconds it may take
LOOK_SECONDS = 0.05  # longer than a worker takes from a bell to work

_fork = multiprocessing.get_context("fork")


class WorkerGroup:
    """One worker and what feeds it; begins to work when made."""

    def __init__(self) -> None:
        self._closing = _fork.RawValue("b", 0)  # without a lock that a death could leave taken
        doorbells, results = Queue(maxsize=1), Queue()
        idle, never = _fork.Value("f", -1), _fork.Event()
        # Kept: memory shared with the children is given to the next group once we let it go.
        self._shared = (doorbells, results, idle, never)
        self.parts: dict[str, BaseProcess] = {
            "worker": start(_work, self._closing, doorbells, results, idle),
            "monitor": start(monitor, results),
            "pusher": start(_push, doorbells, idle, never),
        }

    @property
    def name(self) -> str:
        """The name its worker claims work by."""
        return f"{socket.gethostname()}:{self.parts['worker'].pid}"

    @property
    def sentinels(self) -> list[int]:
        return [part.sentinel for part in self.parts.values()]

    def dead_parts(self) -> list[str]:
        """Return the parts that ended, with their exit codes (negative: the signal)."""
        dead = {name: part for name, part in self.parts.items() if not part.is_alive()}
        return [f"{name} ({part.exitcode})" for name, part in dead.items()]

    def close(self) -> None:
        """Begin nothing more; what runs goes on."""
        self._closing.value = 1
        self._kill("pusher")

    def kill(self) -> None:
        """End every process of the group, and theirs."""
        for name in self.parts:
            self._kill(name)
        for part in self.parts.values():
            part.join(JOIN_SECONDS)

    def _kill(self, name: str) -> None:
        part = self.parts[name]
        part.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(part.pid or 0, signal.SIGKILL)  # its own children


def start(target: Callable[..., None], *args: Any) -> BaseProcess:
    """Run a function in a process that ends with this one, and shares no connection with it."""
    connections.close_all()
    with contextlib.suppress(AttributeError):  # nobody has asked it yet
        del caches[DEFAULT_CACHE_ALIAS]  # whose connection would stay open in either
    process = _fork.Process(target=_live, args=(os.getpid(), target, *args), daemon=False)
    process.start()
    return process


def _live(parent: int, target: Callable[..., None], *args: Any) -> None:
    """Run in a session of its own, and no longer than the supervisor."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    target(*args)


class WhenIdle:
    """A broker that gives nothing while the worker of its group has something to do."""

    def __init__(self, broker: Broker, doorbells: Queue, worker_state: Any) -> None:
        self._broker, self._doorbells, self._worker_state = broker, doorbells, worker_state
        self._gave = False

    def dequeue(self) -> Any:
        if self._gave:
            time.sleep(LOOK_SECONDS)
        while self._doorbells.qsize() or self._worker_state.value != IDLE:
            time.sleep(LOOK_SECONDS)
        bells = self._broker.dequeue()
        self._gave = bool(bells)
        return bells

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)


def _push(doorbells: Queue, idle: Any, never: Any) -> None:
    """Hand bells on; the state is read without its lock, which a dead worker could hold."""
    pusher(doorbells, never, WhenIdle(get_broker(), doorbells, idle.get_obj()))


def _work(closing: Any, doorbells: Queue, results: Queue, idle: Any) -> None:
    def begin_nothing_more(**_: Any) -> None:
        if closing.value:
            sys.exit()

    box.stand_back(WORKER_NICENESS)
    pre_execute.connect(begin_nothing_more, weak=False)
    worker(doorbells, results, idle, Conf.TIMEOUT)
