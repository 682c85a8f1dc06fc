"""Running a function in a box: the caller's side."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from dsp.box.confine import WITHOUT
from dsp.box.limits import BoxFailure, BoxLimits, BoxStrength, Usage
from dsp.box.protocol import MAX_REQUEST_BYTES, Request
from dsp.box.visit import Progress, Visit
from dsp.errors import TooLarge

READY_SECONDS: Final = 120.0  # for imports and compiled kernels of a cold machine

_PASSED_ON: Final = ("OPENBLAS_", "OMP_", "MKL_", "NUMBA_", WITHOUT)


def run(
    function: Callable[..., Any] | str,
    /,
    *args: Any,
    limits: BoxLimits,
    scratch: str | os.PathLike[str] | None = None,
    readable: Iterable[str | os.PathLike[str]] = (),
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
    on_usage: Callable[[Usage], None] | None = None,
    label: str = "",
    files_at_fault: bool = False,
    allow_weak: bool = False,
    **kwargs: Any,
) -> Any:
    """Call a function in a box and return its result as read from JSON.

    Parameters
    ----------
    function : callable or str
        Of the top level of a module; or ``"module:name"``, so that the caller need not import
        the module and what it needs, which the server has in memory anyway.
    *args, **kwargs
        For the function; small, and able to be pickled. Large things travel in files.
    limits : BoxLimits
        What the box may use.
    scratch : path, optional
        Folder that the box sees and writes, and where it works; by default one that is gone
        afterwards.
    readable : iterable of path
        What else the box may read.
    progress : callable, optional
        Told each step and share from 0 to 1 while the function runs; the function then gets a
        ``progress`` argument to call.
    should_stop : callable, optional
        Asked ten times a second; at True the box is killed.
    on_usage : callable, optional
        Told what the box used, however it ended, unless the server died with it.
    label : str
        What the box is named in lists of processes (of which the kernel keeps 15 characters), so
        that whoever looks at a busy machine knows whose work it is.
    files_at_fault : bool
        Raise `TooLarge` where the box goes over its memory or processor time: right for looking
        at an upload, where a file that needs more than any honest one is a bomb.
    allow_weak : bool
        Run even where this machine cannot confine a box (`BoxStrength.is_strong`).

    Returns
    -------
    object
        Made of dicts, lists, strings, numbers, booleans and None. It comes from a process that
        a file may have taken over: check what depends on it.

    Raises
    ------
    AudioError
        As the function raised it, by its code.
    BoxFailure
        With its reason.
    """
    with contextlib.ExitStack() as stack:
        if scratch is None:
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="box-"))
        server = _server()
        if not (server.strength.is_strong or allow_weak):
            raise BoxFailure("weak", str(server.strength))
        module, name = _address(function)
        request = Request(
            module=module,
            name=name,
            args=args,
            kwargs=kwargs,
            limits=limits,
            scratch=str(Path(scratch).resolve()),
            readable=tuple(str(Path(path).resolve()) for path in readable),
            tells_progress=progress is not None,
            label=label,
        )
        visit = Visit(limits, progress, should_stop)
        try:
            visit.listen(*server.ask(request))
        finally:
            if on_usage and visit.usage:
                on_usage(visit.usage)
        if files_at_fault and visit.over_limit:
            raise TooLarge("The file takes more memory or time than audio of its kind should.")
        return visit.result()


def warm(function: Callable[[], Any] | str) -> None:
    """Start the server, if need be, and have it import a function's module and call it.

    For imports and compiled kernels only: what runs here runs unboxed, and what it leaves in
    memory is in every box.
    """
    module, name = _address(function)
    _server().call(Request(module=module, name=name))


def strength() -> BoxStrength:
    """Return what this machine lets a box be confined by."""
    return _server().strength


def close() -> None:
    """End the server and all its boxes; the next call starts another."""
    global _current
    with _starting:
        server, _current = _current, None
    if server is not None:
        server.close()


class _Server:
    """The process that boxes are forked from, as its owner sees it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.owner = os.getpid()
        self.control = ours
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dsp.box.server", str(theirs.fileno())],
                env=_environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        answer = self.call(Request())
        self.strength = BoxStrength(**answer["strength"])

    def ask(self, request: Request) -> tuple[int, socket.socket]:
        """Send a request; return where its results and its ending will come."""
        message = pickle.dumps(request)
        if len(message) > MAX_REQUEST_BYTES:
            raise ValueError("arguments for a box must be small: put large things into a file")
        results, results_in_box = os.pipe()
        status, status_in_server = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            socket.send_fds(self.control, [message], [results_in_box, status_in_server.fileno()])
        except OSError:
            os.close(results)
            status.close()
            raise BoxFailure("lost", "the server does not answer") from None
        finally:
            os.close(results_in_box)
            status_in_server.close()
        return results, status

    def call(self, request: Request) -> dict[str, Any]:
        """Have the server itself call a function."""
        results, status = self.ask(request)
        os.close(results)
        with status:
            status.settimeout(READY_SECONDS)
            try:
                answer = status.recv(MAX_REQUEST_BYTES)
            except TimeoutError:
                raise BoxFailure("lost", "the server takes too long to start") from None
        if not answer:
            raise BoxFailure("lost", "the server ended")
        ending: dict[str, Any] = json.loads(answer)
        if "failed" in ending:
            raise BoxFailure("failed", ending["failed"])
        return ending

    def is_alive(self) -> bool:
        return self.owner == os.getpid() and self.process.poll() is None

    def close(self) -> None:
        self.control.close()
        if self.owner == os.getpid():
            self.process.wait()
        else:
            self.process.returncode = 0  # somebody else's child


_current: _Server | None = None
_starting = threading.Lock()


def _server() -> _Server:
    global _current
    with _starting:
        if _current is not None and not _current.is_alive():
            _current.close()
            _current = None
        if _current is None:
            _current = _Server()
        return _current


def _address(function: Callable[..., Any] | str) -> tuple[str, str]:
    if isinstance(function, str):
        module, _, name = function.partition(":")
        return module, name
    return function.__module__, function.__qualname__


def _forget_after_fork() -> None:
    """Let go of the parent's server, which would otherwise outlive the parent."""
    global _starting
    _starting = threading.Lock()
    close()


os.register_at_fork(after_in_child=_forget_after_fork)
atexit.register(close)


def _environment() -> dict[str, str]:
    """Return an environment without any secret of the site."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    path = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)
    home = os.environ.get("HOME", "/nonexistent")  # where numba keeps kernels if not in the tree
    return threads | kept | {"PYTHONPATH": path, "LC_ALL": "C.UTF-8", "HOME": home}
