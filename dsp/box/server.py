"""The warm process that boxes are forked from; started by `dsp.box.client`, never by hand.

It knows nothing but what it is asked: its environment is empty, and it reads requests from one
socket, which only the process that started it holds. It reads nothing that a box writes.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pickle
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from dsp.box import kernel
from dsp.box.confine import confine, measure_strength
from dsp.box.limits import BoxStrength
from dsp.box.protocol import MAX_REQUEST_BYTES, Request
from dsp.errors import AudioError

LONGEST_DETAIL: Final = 4_000  # characters of a traceback


@dataclass(slots=True)
class _Job:
    pid: int
    pidfd: int
    status: socket.socket


class Server:
    """Forks a box for each request and says how each one ended."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.strength = measure_strength()
        self.jobs: dict[int, _Job] = {}  # by file descriptor: each job has two
        self.poll = select.poll()
        self.poll.register(control, select.POLLIN)

    def serve(self) -> None:
        """Work until the other side closes the socket, then end all boxes."""
        while True:
            for descriptor, _ in self.poll.poll():
                if descriptor == self.control.fileno():
                    if not self._accept():
                        for job in self.jobs.values():
                            _kill(job.pid)
                        return
                elif descriptor in self.jobs:
                    self._attend(descriptor)

    def _attend(self, descriptor: int) -> None:
        job = self.jobs[descriptor]
        if descriptor == job.pidfd:
            self._reap(job)
        else:  # the caller has hung up; its box follows, and is reaped then
            self.poll.unregister(descriptor)
            _kill(job.pid)

    def _accept(self) -> bool:
        """Take a request with its two descriptors: where results go, and where the ending goes."""
        message, descriptors, _, _ = socket.recv_fds(self.control, MAX_REQUEST_BYTES, 2)
        if not message:
            return False
        results, status = descriptors[0], socket.socket(fileno=descriptors[1])
        request: Request = pickle.loads(message)  # noqa: S301 (from the process that started us)
        try:
            function = _find(request) if request.module else None
            if function and request.limits:
                self._start(request, function, results, status)
                return True
            if function:
                function()
            _tell(status, strength=asdict(self.strength))
        except Exception:  # noqa: BLE001 (told to the caller, who raises it)
            _tell(status, failed=traceback.format_exc()[-LONGEST_DETAIL:])
        os.close(results)
        return True

    def _start(
        self, request: Request, function: Callable[..., Any], results: int, status: socket.socket
    ) -> None:
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            _be_box(request, function, results, self.strength)  # and never return
        os.close(results)
        job = _Job(pid, os.pidfd_open(pid), status)
        for descriptor in (job.pidfd, status.fileno()):
            self.jobs[descriptor] = job
            self.poll.register(descriptor, select.POLLIN)

    def _reap(self, job: _Job) -> None:
        _, ending, usage = os.wait4(job.pid, 0)
        for descriptor in (job.pidfd, job.status.fileno()):
            del self.jobs[descriptor]
            with contextlib.suppress(KeyError):
                self.poll.unregister(descriptor)
        os.close(job.pidfd)
        _tell(
            job.status,
            ended=os.waitstatus_to_exitcode(ending),
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_memory_bytes=usage.ru_maxrss * 1024,
        )


def _find(request: Request) -> Callable[..., Any]:
    module = importlib.import_module(request.module)
    function: Callable[..., Any] = getattr(module, request.name)
    return function


def _tell(status: socket.socket, **ending: Any) -> None:
    with status, contextlib.suppress(OSError):  # nobody listens any more
        status.send(json.dumps(ending).encode())


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # the group is there once the box has begun
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _be_box(
    request: Request, function: Callable[..., Any], results: int, strength: BoxStrength
) -> None:
    """Confine this process, run the function, send what came of it, and end."""
    status = 1
    try:
        kernel.die_with_parent(signal.SIGKILL)
        os.setsid()
        if request.label:
            Path("/proc/self/comm").write_text(request.label)
        results = _keep_only(results)
        scratch = Path(request.scratch)
        assert request.limits is not None  # noqa: S101 (only boxes come here)
        readable = [*map(Path, request.readable), *_package_of(function)]
        _keep_no_kernels()
        confine(request.limits, strength, scratch=scratch, readable=readable)
        status = _work(request, function, results)
    except BaseException:  # noqa: BLE001 (a fork must never return into the server's loop)
        with contextlib.suppress(BaseException):
            _send(results, kind="failed", detail=traceback.format_exc()[-LONGEST_DETAIL:])
    finally:
        os._exit(status)


def _work(request: Request, function: Callable[..., Any], results: int) -> int:
    kwargs = dict(request.kwargs)
    if request.tells_progress:
        kwargs["progress"] = lambda step, share: _send(
            results, kind="progress", step=step, share=share, cpu_seconds=time.process_time()
        )
    try:
        result = function(*request.args, **kwargs)
        _send(results, kind="result", result=result)
    except AudioError as error:
        _send(results, kind="audio_error", code=error.code, detail=error.detail)
    except MemoryError:
        _send(results, kind="memory")
    except Exception:  # noqa: BLE001 (told to the caller, who raises it)
        _send(results, kind="failed", detail=traceback.format_exc()[-LONGEST_DETAIL:])
    return 0


def _send(results: int, **message: Any) -> None:
    line = json.dumps(message, default=_plain).encode() + b"\n"
    while line:
        line = line[os.write(results, line) :]


def _plain(value: Any) -> Any:
    """Return what JSON can say for a dataclass, a path or a number of numpy's."""
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a box cannot return {type(value).__name__}")


def _keep_only(results: int) -> int:
    """Close every descriptor but the results, which become number 3."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    os.dup2(results, 3)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    return 3


def _keep_no_kernels() -> None:
    """Let kernels that numba compiles in a box die with it.

    It would fail at storing them where nothing can be written; and machine code that a box has
    written must never be loaded by another. `warm` compiles them where they are kept.
    """
    if caching := sys.modules.get("numba.core.caching"):
        caching.Cache.save_overload = lambda *_: None


def _package_of(function: Callable[..., Any]) -> list[Path]:
    """Return the folder of the package that a function comes from, for late imports."""
    top = sys.modules[function.__module__.partition(".")[0]]
    return [Path(top.__file__).parent] if top.__file__ and hasattr(top, "__path__") else []


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller decides when to end
    kernel.stand_back(0)  # as far as its caller does: it leads a session of its own
    Server(socket.socket(fileno=int(sys.argv[1]))).serve()
