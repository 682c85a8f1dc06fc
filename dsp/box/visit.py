"""One run of a box as its caller sees it: what it says, how long it takes, how it ends."""

from __future__ import annotations

import json
import math
import select
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from dsp.box.limits import BoxFailure, BoxLimits, Usage
from dsp.box.protocol import MAX_REQUEST_BYTES
from dsp.errors import AudioError

LOOK_SECONDS: Final = 0.1  # how often a running box's caller is asked whether to stop
ENDING_SECONDS: Final = 30.0  # for a killed box to be gone, on a machine that is busy importing
MOST_STEPS_TIMED: Final = 50  # of different names
MOST_STEPS: Final = 10_000  # of progress; a caller may write each one down
LONGEST_SENTENCE: Final = 500  # characters of an AudioError's detail

Progress = Callable[[str, float], None]


class Pace:
    """How long each step of a box takes, from one word of it to the next."""

    def __init__(self) -> None:
        self.step = ""  # before the first is told
        self.began = time.monotonic()
        self.cpu_seconds = 0.0
        self.taken: dict[str, tuple[float, float]] = {}

    def hear(self, step: str, cpu_seconds: object) -> None:
        """Take a box's word of its step and of its processor time, which may be anything."""
        if step != self.step and len(self.taken) < MOST_STEPS_TIMED:
            told = isinstance(cpu_seconds, int | float) and math.isfinite(cpu_seconds)
            self._turn(float(cpu_seconds) if told else self.cpu_seconds)  # type: ignore[arg-type]
            self.step = step

    def finish(self, cpu_seconds: float) -> dict[str, tuple[float, float]]:
        """Return what every step took, scaled down where the box told of more than it used."""
        told = self.cpu_seconds
        self._turn(max(cpu_seconds, told))
        shrink = min(1.0, cpu_seconds / told) if told > 0 else 1.0
        return {
            name: (round(wall, 3), round(cpu * shrink, 3))
            for name, (wall, cpu) in self.taken.items()
        }

    def _turn(self, cpu_seconds: float) -> None:
        now = time.monotonic()
        wall, cpu = self.taken.get(self.step or "loading", (0.0, 0.0))
        more = max(cpu_seconds - self.cpu_seconds, 0.0)
        self.taken[self.step or "loading"] = (wall + now - self.began, cpu + more)
        self.began, self.cpu_seconds = now, max(cpu_seconds, self.cpu_seconds)


@dataclass
class Visit:
    """One run of a box, from its first word to its end.

    Attributes
    ----------
    limits : BoxLimits
    progress : callable or None
        Told each step and share as the box tells them.
    should_stop : callable or None
        Asked every ``LOOK_SECONDS``; at True the box is killed.
    usage : Usage or None
        What the box used, once it has ended; None where the server died with it.
    failure : BoxFailure or None
        Why the box is or was ended early.
    last_word : dict
        The last thing but progress that it told.
    received, steps : int
        Bytes and steps of progress so far.
    pace : Pace
    """

    limits: BoxLimits
    progress: Progress | None
    should_stop: Callable[[], bool] | None
    usage: Usage | None = None
    failure: BoxFailure | None = None
    last_word: dict[str, Any] = field(default_factory=dict)
    received: int = 0
    steps: int = 0
    pace: Pace = field(default_factory=Pace)

    def listen(self, results: int, status: socket.socket) -> None:
        """Pass progress on until the box has ended, or end it."""
        deadline = time.monotonic() + self.limits.wall_seconds
        poll = select.poll()
        poll.register(results, select.POLLIN)
        waiting = b""
        with status, open(results, "rb", buffering=0) as pipe:
            while not self.failure:
                left = deadline - time.monotonic()
                if self.should_stop and self.should_stop():
                    self.failure = BoxFailure("stopped")
                elif left <= 0:
                    self.failure = BoxFailure("deadline", f"{self.limits.wall_seconds:g} s")
                elif poll.poll(1000 * min(left, LOOK_SECONDS)):
                    part = pipe.read(65_536)
                    if not part:
                        break
                    *lines, waiting = (waiting + part).split(b"\n")
                    self._count(len(part))
                    for line in lines:
                        self._hear(line)
            status.shutdown(socket.SHUT_WR)  # the server kills a box that has not ended
            self._learn_ending(status)

    @property
    def over_limit(self) -> bool:
        """Whether the box wanted too much; time by the clock says more of the machine's load."""
        return self.failure is not None and self.failure.reason in ("memory", "cpu")

    def result(self) -> Any:
        """Return what the function returned, or raise what it raised or how it failed."""
        if self.failure:
            raise self.failure
        match self.last_word:
            case {"kind": "result", "result": result}:
                return result
            case {"kind": "audio_error", "code": str(code), "detail": str(detail)}:
                if code in _AUDIO_ERRORS:
                    raise _AUDIO_ERRORS[code](_printable(detail))
        raise BoxFailure("garbled", _printable(repr(self.last_word)))

    def _count(self, size: int) -> None:
        self.received += size
        if self.received > self.limits.result_bytes:
            self.failure = BoxFailure("garbled", "it sends too much")

    def _hear(self, line: bytes) -> None:
        try:
            word = json.loads(line)
        except (ValueError, RecursionError):
            self.failure = BoxFailure("garbled", "it sends no JSON")
            return
        match word:
            case {"kind": "progress", "step": str(step), "share": int() | float() as share}:
                self.steps += 1
                name = _printable(step)[:50]
                self.pace.hear(name, word.get("cpu_seconds"))
                if self.steps > MOST_STEPS:
                    self.failure = BoxFailure("garbled", "it tells too many steps")
                elif self.progress:
                    self.progress(name, min(1.0, max(0.0, float(share))))
            case {"kind": str()}:
                self.last_word = word
            case _:
                self.failure = BoxFailure("garbled", "it sends words of no known kind")

    def _learn_ending(self, status: socket.socket) -> None:
        status.settimeout(ENDING_SECONDS)
        try:
            answer = status.recv(MAX_REQUEST_BYTES)
        except OSError:
            answer = b""
        if not answer:
            self.failure = self.failure or BoxFailure("lost", "the server died")
            return
        ending = json.loads(answer)
        if "failed" in ending:
            self.failure = BoxFailure("failed", ending["failed"])
            return
        cpu_seconds = float(ending["cpu_seconds"])
        steps = self.pace.finish(cpu_seconds)
        self.usage = Usage(cpu_seconds, ending["peak_memory_bytes"], steps)
        self.failure = self.failure or self._failure_of(ending["ended"])

    def _failure_of(self, ended: int) -> BoxFailure | None:
        used = self.usage
        assert used is not None  # noqa: S101 (set by the only caller)
        if ended == -signal.SIGXCPU or (ended < 0 and used.cpu_seconds >= self.limits.cpu_seconds):
            return BoxFailure("cpu", f"{used.cpu_seconds:.0f} s")
        if ended < 0:
            return BoxFailure("crashed", signal.Signals(-ended).name)
        match self.last_word:
            case {"kind": "memory"}:
                return BoxFailure("memory")
            case {"kind": "failed", "detail": str(detail)}:
                return BoxFailure("failed", _printable(detail, keep="\n", longest=4_000))
        return None if ended == 0 else BoxFailure("crashed", f"exit status {ended}")


def _printable(text: str, *, keep: str = "", longest: int = LONGEST_SENTENCE) -> str:
    """Return text of a box without control characters, and not more than is asked for."""
    return "".join(c if c.isprintable() or c in keep else "?" for c in text[:longest])


def _by_code(kind: type[AudioError]) -> dict[str, type[AudioError]]:
    found = {kind.code: kind}
    for narrower in kind.__subclasses__():
        found |= _by_code(narrower)
    return found


_AUDIO_ERRORS: Final = _by_code(AudioError)
