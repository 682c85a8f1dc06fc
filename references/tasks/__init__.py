"""Measuring uploads, and how any claimed work is carried out: lease, scratch, box, settling."""

import functools
import hashlib
import logging
import os
import re
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import asdict, replace
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
from dsp.errors import AudioError, ProfileInvalid
from dsp.formats import PROFILE_NAME, READABLE, Limits
from dsp.profiles import PROFILE_FORMAT, PROFILE_VERSION
from dsp.settings import ENGINE_VERSION
from references.errors import ChecksumMismatch, StorageAway
from references.models import AudioFile, DirectUpload, Machine, Work
from references.models.work import LEASE
from references.services import SCRATCH, enter_measured
from references.storage import size_of, stream
from references.tasks.notes import Notes, written_down

BEAT_SECONDS: Final = 4.0  # also how soon a cancelled piece of work ends
PROGRESS_SECONDS: Final = 0.5  # between two notes of the same step
LEASE_MARGIN_SECONDS: Final = 10.0  # stop so long before a lease that cannot be extended ends
ROOM_BYTES: Final = 2_000_000_000  # free disk that the largest piece of work may need
OUTPUT_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9]+){1,2}")

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """The work was cancelled or deleted, or belongs to another worker by now."""


class TooSlow(Exception):
    """The work reached its time limit."""


def measure_next() -> AudioFile | None:
    """Measure the upload whose turn it is, and return it; None where none is due."""
    audio = AudioFile.objects.claim_next(worker=worker_name())
    if audio is not None:
        carry_out(audio, lambda attempt: _measure(attempt, audio))
        enter_measured(audio_id=audio.pk)
    return audio


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
            except (AudioError, ChecksumMismatch) as error:  # theirs: they can act on the code
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


def can_work() -> bool:
    """Tell whether this machine may begin a piece of work, so that what it cannot do waits."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    free_bytes = shutil.disk_usage(SCRATCH).free
    if free_bytes < ROOM_BYTES:
        logger.error("No work is begun: %s bytes are free in %s.", free_bytes, SCRATCH)
        return False
    strength = box.strength()
    if not (strength.is_strong or settings.ALLOW_WEAK_SANDBOX):
        logger.error("No work is begun: decoders cannot be confined here (%s).", strength)
        return False
    warm_up()
    return True


def tell_of_machine() -> None:
    """Let the operator see what this machine shuts decoders in with."""
    Machine.objects.tell(
        name=socket.gethostname()[:100],
        is_confining=box.strength().is_strong,
        boxes=guards(),
    )


def guards() -> str:
    """Name what this machine shuts decoders in with."""
    strength = box.strength()
    found = {
        "namespaces": strength.namespaces,
        f"Landlock {strength.landlock}": strength.landlock,
        "seccomp": strength.seccomp,
    }
    return ", ".join(name for name, there in found.items() if there) or "limits alone"


@functools.cache
def warm_up() -> None:
    """Load and compile the engine before the first lease runs; once in a worker's life."""
    box.warm("dsp.jobs:warm_up")


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:100]


def decoding_limits() -> dict[str, Any]:
    """Return how much audio the site accepts, for the engine."""
    limits = Limits(
        max_bytes=settings.MAX_UPLOAD_BYTES,
        min_seconds=settings.MIN_AUDIO_SECONDS,
        max_seconds=settings.MAX_AUDIO_SECONDS,
    )
    return asdict(limits)


class Attempt:
    """One claimed piece of work: its lease, kept by a thread, and its private folder."""

    def __init__(self, work: Work, scratch: Path) -> None:
        self.work = work
        self.scratch = scratch
        self.out = scratch / "out"
        self.out.mkdir()
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

    def run(self, function: str, *args: Any, files_at_fault: bool = False) -> dict[str, Any]:
        """Run a function of dsp.jobs in a box that sees only the folder; note its progress.

        It goes by its name, since nothing of the engine is loaded here.
        """
        left_seconds = self._left_seconds()
        limits = replace(box.ENGINE, wall_seconds=left_seconds, cpu_seconds=int(left_seconds) + 1)
        try:
            result: dict[str, Any] = box.run(
                f"dsp.jobs:{function}",
                *args,
                scratch=self.scratch,
                limits=limits,
                progress=self._advance,
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
        outputs: dict[str, dict[str, Any]] = {}
        for path in sorted(self.out.iterdir()):
            if path.is_symlink() or not path.is_file() or not OUTPUT_NAME.fullmatch(path.name):
                raise ValueError(f"a box left {path.name!r}")
            outputs |= self.keep(path, path.name)
        return outputs

    def keep(self, path: Path, name: str) -> dict[str, dict[str, Any]]:
        """Store one file under the attempt's key of a name; return its size and hash."""
        key = self.work.key(name)
        with path.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            content.seek(0)
            with _reaching_storage():
                default_storage.delete(key)  # or the storage would choose another name
                default_storage.save(key, _Timely(content, self))
        return {name: {"size_bytes": path.stat().st_size, "sha256": sha256}}

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

    def _advance(self, step: str, share: float) -> None:
        """Note the step on the row: at once where it is new, else now and then."""
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

    def read(self, size: int = -1, /) -> bytes:
        self._attempt.check_time()
        return self._content.read(size)


def _measure(attempt: Attempt, audio: AudioFile) -> dict[str, Any]:
    """Look at a file; one from the quarantine is kept as it was when it was looked at."""
    if audio.is_blend:
        return _mix_references(attempt, audio)
    # What a test key sent is let go: the song in its place is stored already, and its hash known.
    upload = None if audio.sha256 else DirectUpload.objects.filter(audio=audio).first()
    if upload is None:
        source, sha256 = attempt.fetch(audio.source_key, "source", sha256=audio.sha256), ""
    else:
        source, sha256 = attempt.fetch_unknown(upload.key, "source")
        if Path(source).stat().st_size != audio.size_bytes:
            raise ChecksumMismatch
    if audio.format == PROFILE_FORMAT:
        found = attempt.run("inspect_profile", source, str(attempt.out), files_at_fault=True)
        facts = found["facts"]
    else:
        limits = decoding_limits()
        found = attempt.run("inspect", source, str(attempt.out), limits, files_at_fault=True)
        facts = found["facts"] | {"format": READABLE[found["facts"]["container"]].label}
    outcome = {
        "facts": facts,
        "findings": found["findings"],
        "summary": found["summary"],
        "pcm_sha256": facts.get("pcm_sha256", ""),
        "profile_version": found["profile_version"],
        "outputs": attempt.store(),
    }
    if upload is not None:
        outcome["sha256"] = sha256
        outcome["outputs"] |= attempt.keep(Path(source), "source")
    return outcome


def _mix_references(attempt: Attempt, audio: AudioFile) -> dict[str, Any]:
    """Mix a blend; it is as healthy as what goes into it."""
    profiles, weights = [], []
    findings: dict[str, dict[str, Any]] = {}
    for part in audio.blend.parts.select_related("audio"):
        if part.audio is None:
            raise ProfileInvalid("A reference was removed before it was mixed in.")
        recorded = part.audio.outputs[PROFILE_NAME]
        profiles.append(
            attempt.fetch(
                part.audio.key(PROFILE_NAME), f"{part.place}.json.gz", sha256=recorded["sha256"]
            )
        )
        weights.append(part.weights.as_dict())
        for finding in part.audio.findings if part.weights.counts else ():
            known = findings.get(finding["code"])
            if known is None or known.get("confidence", 1.0) < finding.get("confidence", 1.0):
                findings[finding["code"]] = finding | {"ranges": []}
    made = attempt.run("mix_references", profiles, weights, str(attempt.out))
    return {
        "findings": list(findings.values()),
        "summary": made["summary"],
        "profile_version": PROFILE_VERSION,
        "outputs": attempt.store(),
    }


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
