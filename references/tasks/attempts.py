"""One attempt at a claimed piece of work: its lease, scratch and box, and how it is settled."""

import hashlib
import logging
import os
import re
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django_q.exceptions import TimeoutException

from accounts.storage import delete_folder
from accounts.trace import Trace, serving
from dsp import box
from dsp.errors import AudioError
from dsp.settings import ENGINE_VERSION
from references.errors import ChecksumMismatch, NotBlendable, StorageAway
from references.models import Work
from references.models.work import LEASE
from references.services import SCRATCH
from references.storage import size_of, stream
from references.tasks.machine import guards
from references.tasks.notes import Notes, written_down

BEAT_SECONDS: Final = 4.0  # also how soon a cancelled piece of work ends
PROGRESS_SECONDS: Final = 0.5  # between two notes of the same step
LEASE_MARGIN_SECONDS: Final = 10.0  # stop so long before a lease that cannot be extended ends
URGENT_NICENESS: Final = 4  # about four times the share of the processor that other boxes get
OUTPUT_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9]+){1,2}")

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """The work was cancelled or deleted, or belongs to another worker by now."""


class TooSlow(Exception):
    """The work reached its time limit."""


def carry_out(work: Work, job: Callable[["Attempt"], dict[str, Any]]) -> None:
    """Do a claimed piece of work and settle it, whatever happens.

    The job returns the columns of its outcome. What it stored is deleted again where the attempt
    failed, or lost its lease.
    """
    moves: Any = type(work)._default_manager
    trace = Trace(request_id=work.request_id, work=work.pk, attempt=work.attempts)
    with serving(trace), _scratch_folder(work) as scratch:
        attempt = Attempt(work, scratch)
        succeeded = False
        with written_down(work, box=guards()) as notes:
            try:
                attempt.notes = notes
                with attempt.alive():
                    outcome = job(attempt)
                succeeded = moves.succeed(work, engine_version=ENGINE_VERSION, **outcome)
                notes.outcome = "succeeded" if succeeded else "lost"
            except (AudioError, ChecksumMismatch, NotBlendable) as error:
                # Theirs: they can act on the code.
                notes.outcome = error.code
                moves.fail(work, code=error.code, detail=str(error))
            except (TooSlow, TimeoutException):  # the latter is a SystemExit
                notes.outcome = "too_slow"
                logger.error("%s reached its time limit at attempt %s", work.pk, work.attempts)
                moves.hand_back(work, code="too_slow")
            except StorageAway:
                notes.outcome = StorageAway.code
                logger.exception("%s did not reach its files at attempt %s", work.pk, work.attempts)
                moves.hand_back(work, code=StorageAway.code)
            except LeaseLost:
                logger.info("%s was cancelled or taken over", work.pk)
            except Exception:
                notes.outcome = "internal"
                logger.exception("%s failed at attempt %s", work.pk, work.attempts)
                moves.hand_back(work, code="internal")
            if not succeeded:
                _clear(work)


class Attempt:
    """One claimed piece of work: its lease, kept by a thread, and its private folder."""

    def __init__(self, work: Work, scratch: Path) -> None:
        self.work = work
        self.scratch = scratch
        self.out = scratch / "out"
        self.out.mkdir()
        self.handed_out: dict[str, dict[str, Any]] = {}
        self.lost = threading.Event()
        self.notes = Notes()
        self._moves: Any = type(work)._default_manager
        self._began = time.monotonic()
        self._ended = threading.Event()
        self._told = ("", 0.0)

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Keep the lease while the block runs."""
        beating = threading.Thread(
            target=copy_context().run,  # so that its log lines are this work's too
            args=(self._beat,),
            name=f"lease of {self.work.pk}",
            daemon=True,
        )
        beating.start()
        try:
            yield
        finally:
            self._ended.set()
            beating.join()

    def fetch(self, key: str, name: str, *, sha256: str) -> str:
        """Copy a stored object into the folder, sure that it is the one meant; return its path."""
        path, found = self.fetch_unknown(key, name)
        if found != sha256:
            raise ChecksumMismatch
        return path

    def fetch_unknown(self, key: str, name: str) -> tuple[str, str]:
        """Copy a stored object into the folder; return its path and SHA-256.

        A line so slow that the attempt cannot end in time, or one that breaks off, is no fault
        of the object.
        """
        path = self.scratch / name
        digest = hashlib.sha256()
        with _reaching_storage(), path.open("wb") as copy:
            for chunk in self._in_time(stream(key)):
                digest.update(chunk)
                copy.write(chunk)
            if copy.tell() != size_of(key):
                raise EOFError(key)
        return str(path), digest.hexdigest()

    def run(
        self,
        function: str,
        *args: Any,
        files_at_fault: bool = False,
        urgent: bool = False,
        handing_out: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Run a function of dsp.jobs in a box that sees only the folder; note its progress.

        It goes by its name, since nothing of the engine is loaded here. Urgent work goes before
        what else the machine masters. What is to be handed out, by the step that follows it, is
        stored before that step is noted, while the box goes on.
        """
        left_seconds = self._left_seconds()
        limits = replace(box.ENGINE, wall_seconds=left_seconds, cpu_seconds=int(left_seconds) + 1)
        if urgent:
            limits = replace(limits, niceness=URGENT_NICENESS)
        try:
            result: dict[str, Any] = box.run(
                f"dsp.jobs:{function}",
                *args,
                scratch=self.scratch,
                limits=limits,
                progress=partial(self._advance, handing_out or {}),
                should_stop=self.lost.is_set,
                on_usage=lambda usage: self._note_usage(function, usage),
                label=self.work.pk,
                files_at_fault=files_at_fault,
                allow_weak=settings.ALLOW_WEAK_SANDBOX,
            )
        except box.BoxFailure as failure:
            if self.lost.is_set():
                raise LeaseLost from failure
            if failure.reason in ("deadline", "cpu"):
                raise TooSlow from failure
            raise
        return result

    def _note_usage(self, function: str, usage: box.Usage) -> None:
        self.notes.box_used(usage)
        logger.info(
            "A box ended",
            extra={
                "function": function,
                "cpu_seconds": round(usage.cpu_seconds, 2),
                "peak_memory_bytes": usage.peak_memory_bytes,
            },
        )

    def store(self) -> dict[str, dict[str, Any]]:
        """Store every file of the out folder under the attempt's keys; return sizes and hashes.

        What a box leaves may be hostile: a link could lead to any file of this worker.
        """
        if self.out.is_symlink():
            raise ValueError("a box left another folder")
        outputs = dict(self.handed_out)
        for path in sorted(self.out.iterdir()):
            if path.is_symlink() or not path.is_file() or not OUTPUT_NAME.fullmatch(path.name):
                raise ValueError(f"a box left {path.name!r}")
            if path.name not in outputs:
                outputs |= self.keep(path, path.name)
        return outputs

    def _hand_out(self, name: str) -> None:
        """Store a file of the out folder whose box still runs, and may be hostile: a copy of it."""
        with tempfile.TemporaryDirectory(dir=SCRATCH, prefix=f"{self.work.pk}-") as private:
            copy = Path(private) / name
            with _regular(self.out, name) as content, copy.open("wb") as file:
                shutil.copyfileobj(content, file)
            self.handed_out |= self.keep(copy, name)

    def keep(self, path: Path, name: str) -> dict[str, dict[str, Any]]:
        """Store one file under the attempt's key of a name; return its size and hash.

        The file is gone from the folder afterwards where the storage is on the same disk.
        """
        key = self.work.key(name)
        self.check_time()
        with path.open("rb") as content:
            facts = {
                "size_bytes": path.stat().st_size,
                "sha256": hashlib.file_digest(content, "sha256").hexdigest(),
            }
            content.seek(0)
            with _reaching_storage():
                default_storage.delete(key)  # or the storage would choose another name
                default_storage.save(key, _Timely(content, self))
        return {name: facts}

    def check_time(self) -> None:
        """Give up where the attempt has no more time, or is no longer ours."""
        if self.lost.is_set():
            raise LeaseLost
        if self._left_seconds() <= 0:
            raise TooSlow

    def _in_time(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.check_time()
            yield chunk

    def _left_seconds(self) -> float:
        return self.work.time_limit.total_seconds() - (time.monotonic() - self._began)

    def _advance(self, handing_out: Mapping[str, str], step: str, share: float) -> None:
        """Note the step on the row: at once where it is new, else now and then."""
        if (name := handing_out.get(step)) and name not in self.handed_out:
            self._hand_out(name)
        told_step, told_at = self._told
        now = time.monotonic()
        if step == told_step and now - told_at < PROGRESS_SECONDS:
            return
        self._told = (step, now)
        if not self._moves.advance(self.work, step=step, progress=min(max(share, 0.0), 1.0)):
            self.lost.set()

    def _beat(self) -> None:
        heard = time.monotonic()
        patience = LEASE.total_seconds() - LEASE_MARGIN_SECONDS
        try:
            while not self._ended.wait(BEAT_SECONDS):
                try:
                    held = self._moves.beat(self.work)
                    heard = time.monotonic()
                except DatabaseError:  # a lease outlives a short outage
                    logger.warning("no heartbeat of %s", self.work.pk, exc_info=True)
                    connection.close()
                    held = time.monotonic() - heard < patience
                if not held:
                    self.lost.set()
                    return
        finally:
            connection.close()  # this thread's own


class _Timely(File):  # type: ignore[type-arg]  # not subscriptable as it runs
    """A file that lets nobody read on, once the attempt has no more time."""

    def __init__(self, file: BinaryIO, attempt: Attempt) -> None:
        super().__init__(file)
        self._content, self._attempt = file, attempt

    def temporary_file_path(self) -> str:
        """Return where it lies, so that a storage on a disk need not copy it: its box has ended."""
        return self._content.name

    def read(self, size: int = -1, /) -> bytes:
        self._attempt.check_time()
        return self._content.read(size)


@contextmanager
def _regular(folder: Path, name: str) -> Iterator[BinaryIO]:
    """Open a file that is one, in a folder that is one, whatever else may take their names."""
    within = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=within)
    finally:
        os.close(within)
    with os.fdopen(found, "rb") as content:
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise ValueError(f"a box left {name!r}")
        yield content


@contextmanager
def _reaching_storage() -> Iterator[None]:
    """Tell the failures of the storage, of whatever kind it is, from those of the engine."""
    try:
        yield
    except (LeaseLost, TooSlow):
        raise
    except Exception as error:
        raise StorageAway from error


def _clear(work: Work) -> None:
    """Delete what an attempt stored; where that fails, the invariants tell of it.

    Not if the row stands on it after all: a success whose answer was lost, as the database went
    away just after, looks like a failure from here.
    """
    success = {"status": work.phases.succeeded, "attempts": work.attempts}
    try:
        if not type(work)._default_manager.filter(pk=work.pk, **success).exists():
            delete_folder(f"{work.folder}/{work.attempts}")
    except Exception:
        logger.exception("What attempt %s of %s stored is left", work.attempts, work.pk)


@contextmanager
def _scratch_folder(work: Work) -> Iterator[Path]:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH, prefix=f"{work.pk}-") as folder:
        yield Path(folder)
