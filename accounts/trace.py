"""For whom the code at hand runs: which request, which piece of work. Logs and rows ask here."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Trace:
    request_id: UUID | None = None
    work: str = ""  # the key of the row that a worker is at
    attempt: int = 0


NOBODY = Trace()
_trace: ContextVar[Trace] = ContextVar("trace", default=NOBODY)


def current_trace() -> Trace:
    return _trace.get()


def current_request_id() -> UUID | None:
    """Return what a new row keeps, so that its work is found by the request that wanted it."""
    return _trace.get().request_id


@contextmanager
def serving(trace: Trace) -> Iterator[None]:
    """Do what is inside in the name of a request or a piece of work."""
    before = _trace.set(trace)
    try:
        yield
    finally:
        _trace.reset(before)
