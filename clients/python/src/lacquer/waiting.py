"""Waiting for work: asked often while it moves, less often while it does not."""

import time
from collections.abc import Callable
from typing import TypeVar

from lacquer.errors import AudioRejected, TimedOut, WorkFailed
from lacquer.models import Audio, Work
from lacquer.transport import Transport

SOONEST_SECONDS = 0.5
LATEST_SECONDS = 5.0
SLOWER = 1.25

W = TypeVar("W", bound=Work)


def wait_for(
    transport: Transport,
    path: str,
    kind: type[W],
    *,
    timeout: float | None,
    progress: Callable[[W], None] | None,
    raises: bool = True,
) -> W:
    """Return work once it has ended.

    Raises
    ------
    TimedOut
        It goes on, and may be waited for again.
    WorkFailed, AudioRejected
        It ended without what was asked for.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    etag, pause, work = "", SOONEST_SECONDS, None
    while True:
        told, etag, asked = transport.poll(path, etag)
        if told is not None:
            moved = work is None or (work.step, work.progress) != (
                told.get("step"),
                told.get("progress"),
            )
            work, pause = kind.of(told), SOONEST_SECONDS if moved else pause
            if progress is not None:
                progress(work)
        if work is not None and (work.is_done or work.has_failed):
            break
        pause = max(pause, asked)
        if deadline is not None and time.monotonic() + pause > deadline:
            raise TimedOut(kind.__name__, path.rpartition("/")[2])
        transport.sleep(pause)
        pause = min(pause * SLOWER, LATEST_SECONDS)
    if work.has_failed and raises:
        raise _failure(work)
    return work


def _failure(work: Work) -> WorkFailed:
    code = work.error.code if work.error else work.status
    detail = work.error.detail if work.error else ""
    kind = AudioRejected if isinstance(work, Audio) else WorkFailed
    return kind(work.id, code, detail)
