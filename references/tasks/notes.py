"""What an attempt leaves written down, however it ended: its steps, its box, its log."""

import logging
import re
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import DatabaseError, transaction
from django.utils import timezone

from dsp.settings import ENGINE_VERSION
from references.models import Run, Work

LINES: Final = 400  # of the log; the last ones
CHARACTERS: Final = 60_000
AROUND: Final = "around"  # what is not the engine: files to and fro, rows

_QUERY: Final = re.compile(r"(https?://[^\s?]+)\?[^\s'\"]+")

logger = logging.getLogger(__name__)


@dataclass
class Notes:
    outcome: str = "lost"
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    steps: dict[str, list[float]] = field(default_factory=dict)

    def box_used(self, usage: Any) -> None:
        """Add what a box used; an attempt may run several."""
        self.cpu_seconds += usage.cpu_seconds
        self.peak_memory_bytes = max(self.peak_memory_bytes, usage.peak_memory_bytes)
        for step, seconds in usage.steps.items():
            self.add(step, *seconds)

    def add(self, step: str, wall_seconds: float, cpu_seconds: float) -> None:
        wall, cpu = self.steps.get(step, (0.0, 0.0))
        self.steps[step] = [round(wall + wall_seconds, 3), round(cpu + cpu_seconds, 3)]


@contextmanager
def written_down(work: Work, *, box: str) -> Iterator[Notes]:
    """Keep what is logged while the block runs, and write the attempt's row at its end.

    The row is for the operator: where it cannot be written, the work itself is not disturbed.
    """
    notes, began = Notes(), timezone.now()
    wall, cpu = time.monotonic(), time.process_time()
    heard = _Heard()
    logging.getLogger().addHandler(heard)
    try:
        yield notes
    finally:
        logging.getLogger().removeHandler(heard)
        in_box = sum(seconds for seconds, _ in notes.steps.values())
        own_cpu_seconds = time.process_time() - cpu
        notes.add(AROUND, max(time.monotonic() - wall - in_box, 0.0), own_cpu_seconds)
        notes.cpu_seconds += own_cpu_seconds
        _write(work, notes, began=began, log=heard.text, box=box)


def _write(work: Work, notes: Notes, **columns: Any) -> None:
    try:
        with transaction.atomic():
            if not type(work)._default_manager.filter(pk=work.pk).exists():
                return  # its person left, or deleted it
            Run.objects.create(
                user_id=work.user_id,
                kind=work._meta.label_lower,
                work=work.pk,
                attempt=work.attempts,
                worker=work.worker,
                ended=timezone.now(),
                outcome=notes.outcome,
                steps=notes.steps,
                cpu_seconds=round(notes.cpu_seconds, 3),
                peak_memory_bytes=notes.peak_memory_bytes,
                engine_version=ENGINE_VERSION,
                **columns,
            )
    except DatabaseError as error:
        logger.warning("What attempt %s of %s took is not kept: %s", work.attempts, work.pk, error)


class _Heard(logging.Handler):
    """Keeps the last lines in memory, as the log shows them."""

    def __init__(self) -> None:
        super().__init__(level=logging.INFO)
        self.setFormatter(logging.Formatter("{asctime} {levelname} {name}: {message}", style="{"))
        self.lines: deque[str] = deque(maxlen=LINES)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.extend(self._without_secrets(self.format(record)).splitlines())

    @property
    def text(self) -> str:
        return "\n".join(self.lines)[-CHARACTERS:]

    @staticmethod
    def _without_secrets(text: str) -> str:
        """Cut the queries off addresses: a signature in one opens a stored file to its reader."""
        return _QUERY.sub(r"\1?…", text)
