"""What must hold of rows and stored files at any time, looked at from outside the code."""

import hashlib
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.services import audit
from billing.models import Entry
from billing.services.audit import broken_books
from dsp.weights import BLEND_FORMAT
from mastering.management.stored import FOLDERS, Stored, files_of, orphans
from mastering.models import (
    WORK_KINDS,
    Album,
    AlbumTrack,
    Fingerprint,
    Master,
    Version,
    WorkKind,
)
from mastering.services import SWEEP_SECONDS
from references.models import AudioFile, BlendPart, Work
from references.models.work import MAX_ATTEMPTS, MAX_ENGINE_ERRORS

OVERDUE = timedelta(seconds=2 * SWEEP_SECONDS)
PAUSE_SECONDS = 5.0


def broken_invariants(*, deep: bool = False, pause_seconds: float = PAUSE_SECONDS) -> list[str]:
    """Return a line for each break; with `deep`, stored bytes are hashed too.

    Work goes on meanwhile, so only what is seen twice, some seconds apart, is told.
    """
    seen = set(_breaks(deep=deep))
    if seen:
        time.sleep(pause_seconds)
        seen &= set(_breaks(deep=deep))
    return sorted(seen)


def _breaks(*, deep: bool) -> Iterator[str]:
    for kind in WORK_KINDS:
        yield from _broken_rows(kind)
        yield from _changeable(kind)
    for owner in FOLDERS.values():
        yield from _broken_files(owner, deep=deep)
    for pk in Master.objects.filter(versions=None).values_list("pk", flat=True):
        yield f"{pk}: a master without a version"
    yield from _misplaced()
    for orphan in orphans():
        yield f"{orphan.key}: {orphan.wording}"
    yield from broken_books()
    yield from (f"audit log, {line}" for line in audit.verify().breaks)
    yield from _unsettled()
    yield from _unknown_masters()


def _misplaced() -> Iterator[str]:
    """Find what belongs to two people, or stands nowhere: rows that no constraint can hold."""
    foreign = ~Q(mix__user=F("album__user")) | Q(
        ~Q(master__user=F("album__user")), master__isnull=False
    )
    for pk in AlbumTrack.objects.filter(foreign).values_list("pk", flat=True):
        yield f"{pk}: a song of another person's"
    foreign_albums = Album.objects.filter(~Q(reference__user=F("user")), reference__isnull=False)
    for pk in foreign_albums.values_list("pk", flat=True):
        yield f"{pk}: an album toward another person's reference"
    parts = BlendPart.objects.filter(~Q(audio__user=F("blend__audio__user")), audio__isnull=False)
    for pk in parts.values_list("blend", flat=True):
        yield f"{pk}: a blend of another person's reference"
    unmixed = AudioFile.objects.filter(format=BLEND_FORMAT, blend=None)
    for pk in unmixed.values_list("pk", flat=True):
        yield f"{pk}: a blend of nothing"


def _broken_rows(kind: WorkKind) -> Iterator[str]:
    phases = kind.phases
    running, failed = Q(status=phases.running), Q(status=phases.failed)
    ended, succeeded = Q(status__in=phases.terminal), Q(status=phases.succeeded)
    no_code, no_lease = Q(error_code=""), Q(lease_token="", lease_until=None, deadline_at=None)
    leased = ~Q(lease_token="") & Q(lease_until__isnull=False, deadline_at__isnull=False)
    wrong = {
        "failed without an error code": failed & no_code,
        "an error code without having failed": ~failed & ~no_code,
        "running without a whole lease": running & ~leased,
        "a lease without running": ~running & ~no_lease,
        "a lease expired, and no sweep took it back": Q(lease_until__lt=Now() - OVERDUE),
        "ended without a time": ended & Q(finished=None),
        "a time of its end before that end": ~ended & Q(finished__isnull=False),
        "begun too often": Q(attempts__gt=MAX_ATTEMPTS),
        "too many errors of ours": Q(engine_errors__gt=MAX_ENGINE_ERRORS),
        "more errors than attempts": Q(engine_errors__gt=F("attempts")),
        "worked on without an attempt": (running | succeeded) & Q(attempts=0),
        "succeeded without outputs": succeeded & Q(outputs={}),
        "outputs without success": ~succeeded & ~Q(outputs={}),
    }
    for wording, condition in wrong.items():
        rows = kind._default_manager.filter(condition).order_by("pk")
        for pk in rows.values_list("pk", flat=True).iterator():
            yield f"{pk}: {wording}"


def _unsettled() -> Iterator[str]:
    """Find credits that wait for work of which nothing is open, and masters that nobody paid."""
    held = Entry.objects.exclude(work="").held().select_related("account")
    for entry in held.filter(subject__startswith="mst_", account__user__isnull=False):
        if not Version.objects.open().filter(master__pair=entry.work).exists():
            yield f"{entry.pk}: a credit is reserved for nothing"
    delivered = Master.objects.filter(versions__status=Version.Status.SUCCEEDED).exclude(pair="")
    for master in delivered.distinct():
        entries = Entry.objects.filter(account__user=master.user_id, work=master.pair)
        if entries.exists() and not entries.captured().exists():
            yield f"{master.pk}: delivered, and its credit was not taken"


def _unknown_masters() -> Iterator[str]:
    """Find versions whose files would not be known as ours when somebody brings one."""
    for version in Version.objects.filter(status=Version.Status.SUCCEEDED).iterator():
        recorded = {
            (of, digest)
            for of, column in Fingerprint.RECORDED.items()
            for digest in version.provenance.get(column, {}).values()
        }
        if recorded - set(version.fingerprints.values_list("of", "sha256")):
            yield f"{version.pk}: a digest of its files was not entered"


def _changeable(kind: WorkKind) -> Iterator[str]:
    """Try to change a finished row, and take it back."""
    rows: Any = kind._default_manager
    finished = rows.filter(status__in=kind.phases.terminal)
    pk = finished.order_by("pk").values_list("pk", flat=True).first()
    if pk is None:
        return
    try:
        with transaction.atomic():
            finished.filter(pk=pk).update(status=F("status"))
            transaction.set_rollback(True)
    except IntegrityError:
        return
    yield f"{kind._meta.label}: the database lets finished rows change"


def _broken_files(owner: type[Stored], *, deep: bool) -> Iterator[str]:
    for row in owner._default_manager.order_by("pk").iterator(chunk_size=500):
        if isinstance(row, Work) and row.stored_bytes is not None:
            recorded_bytes = sum(int(each["size_bytes"]) for each in files_of(row).values())
            is_leaving = isinstance(row, AudioFile) and row.sound == AudioFile.Sound.LEAVING
            if row.stored_bytes != recorded_bytes and not is_leaving:
                yield f"{row.pk}: {row.stored_bytes} bytes are counted, {recorded_bytes} recorded"
        for key, recorded in files_of(row).items():
            try:
                size = default_storage.size(key)
                if size != recorded["size_bytes"]:
                    yield f"{key}: {size} bytes are stored, {recorded['size_bytes']} recorded"
                elif deep and _sha256(key) != recorded["sha256"]:
                    yield f"{key}: the content is not what was recorded"
            except FileNotFoundError:
                yield f"{key}: recorded, but not stored"


def _sha256(key: str) -> str:
    digest = hashlib.sha256()
    with default_storage.open(key) as stored:
        for chunk in stored.chunks():
            digest.update(chunk)
    return digest.hexdigest()
