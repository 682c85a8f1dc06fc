"""What a decoder might do once a file has taken it over; each function tells what came of it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dsp.errors import AudioError, TooManyChannels

RESULTS = 3  # the descriptor on which a box answers
libc = ctypes.CDLL(None, use_errno=True)


def connect(port: int) -> str:
    return _tried(lambda: socket.create_connection(("127.0.0.1", port), timeout=2).close())


def open_unix_socket(path: str) -> str:
    def attempt() -> None:
        with socket.socket(socket.AF_UNIX) as here:
            here.connect(path)

    return _tried(attempt)


def read_file(path: str) -> str:
    return _tried(lambda: Path(path).read_bytes())


def write_file(path: str) -> str:
    return _tried(lambda: Path(path).write_text("was here"))


def change_mode(path: str) -> str:
    return _tried(lambda: Path(path).chmod(0o777))


def leave_link(path: str) -> list[str]:
    return [
        _tried(lambda: Path("symbolic").symlink_to(path)),
        _tried(lambda: Path("hard").hardlink_to(path)),
        _tried(lambda: os.mkfifo("pipe")),
    ]


def environment() -> dict[str, str]:
    return dict(os.environ)


def open_descriptors() -> list[int]:
    found = []
    for descriptor in range(256):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        found.append(descriptor)
    return found


def fork_100() -> str:
    for _ in range(100):
        answer = _tried(os.fork)
        if answer != "done":
            return answer
    return "done"


def execute() -> str:
    return _tried(lambda: subprocess.run(["/bin/sh", "-c", "true"], check=True))


def replace_itself() -> str:
    return _tried(lambda: os.execv("/bin/sh", ["sh", "-c", "sleep 60"]))  # noqa: S606


def trace_parent() -> str:
    return _tried(lambda: _called(libc.ptrace(16, os.getppid(), 0, 0)))  # PTRACE_ATTACH


def read_parents_memory() -> str:
    return _tried(lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes())


def signal_others(pids: list[int]) -> list[str]:
    return [_tried(lambda pid=pid: os.kill(pid, 0)) for pid in pids]  # type: ignore[misc]


def new_namespace() -> str:
    return _tried(lambda: _called(libc.unshare(0x1000_0000)))


def raw_system_call(number: int, *arguments: int) -> str:
    return _tried(lambda: _called(libc.syscall(number, *arguments)))


def raise_own_limits() -> str:
    import resource  # noqa: PLC0415 (only intruders need it)

    return _tried(lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)))


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)


def use_threads() -> int:
    done: list[int] = []
    threads = [threading.Thread(target=done.append, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done)


def abort() -> None:
    os.abort()


def read_address_zero() -> None:
    ctypes.string_at(0)


def take_memory() -> None:
    hoard = []
    while True:
        hoard.append(bytes(10_000_000))


def write_without_end() -> None:
    with Path("large").open("wb") as file:
        while True:
            file.write(bytes(1_000_000))


def spin() -> None:
    while True:
        pass


def sleep_through_everything(until_told: str = "") -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):
        signal.signal(number, signal.SIG_IGN)
    if until_told:
        Path(until_told).write_text(str(os.getpid()))
    time.sleep(600)


def say(line: str) -> None:
    os.write(RESULTS, line.encode())
    os._exit(0)


def flood() -> None:
    while True:
        os.write(RESULTS, bytes(65_536))


def tell_without_end() -> None:
    while True:
        os.write(RESULTS, b'{"kind": "progress", "step": "a", "share": 0}\n')


def nest() -> None:
    os.write(RESULTS, b"[" * 200_000 + b"\n")
    os._exit(0)


def refuse() -> None:
    raise TooManyChannels("Five channels.\x1b[2J")


def refuse_by_no_known_code() -> None:
    raise AudioError("Something.")


def fail() -> None:
    raise ValueError("a mistake")


def work(
    steps: int, seconds_each: float = 0.0, *, progress: Callable[[str, float], None]
) -> dict[str, Any]:
    for step in range(steps):
        progress(f"step {step}", step / steps)
        time.sleep(seconds_each)
    return {"steps": steps}


def echo(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return {"args": args, "kwargs": kwargs, "pid": os.getpid(), "folder": str(Path.cwd())}


def _called(answer: int) -> None:
    if answer < 0:
        raise OSError(ctypes.get_errno(), "refused")


def _tried(attempt: Callable[[], Any]) -> str:
    try:
        attempt()
    except (OSError, ValueError) as error:
        return type(error).__name__
    return "done"


def work_hard(progress: Any) -> None:
    """Do next to nothing in one step, and a tenth of a second's work in the next."""
    progress("easy", 0.0)
    progress("hard", 0.5)
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
