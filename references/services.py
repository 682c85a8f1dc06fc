"""Receiving and removing uploads, and ringing for a worker."""

import contextlib
import hashlib
import logging
import shutil
import time
import unicodedata
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import RestrictedError
from django.dispatch import receiver
from django_q.tasks import async_task

from accounts.models import User
from accounts.services import Chapter, collecting, delete_folder, leaving
from dsp.errors import TooLarge, UnsupportedFormat
from dsp.formats import SNIFF_BYTES, sniff
from references.errors import Busy, EmptyUpload, StorageAway, TooManyUploads
from references.models import AudioFile, Reference

DOORBELL = "mastering.tasks.work"  # by name: the bell knows nothing of who answers it
MAX_FILENAME_CHARACTERS = 200
SCRATCH = Path(settings.DATA_DIR) / "scratch"  # of the workers of this machine

logger = logging.getLogger(__name__)


def receive_upload(*, user: User, kind: AudioFile.Kind, file: "File[bytes]") -> AudioFile:
    """Store one audio file and queue it to be measured.

    Raises
    ------
    UploadRefused, AudioError
        With nothing stored.
    """
    refuse_if_busy()
    _refuse_if_too_many_open(user)
    if not file.size:
        raise EmptyUpload
    if file.size > settings.MAX_UPLOAD_BYTES:
        raise TooLarge(f"The file has {file.size} bytes; the limit is {settings.MAX_UPLOAD_BYTES}.")
    source_format = sniff(_head(file))
    if source_format is None:
        raise UnsupportedFormat("The content is none of the formats we read.")
    audio = AudioFile(
        user=user,
        kind=kind,
        filename=clean_filename(file.name or ""),
        size_bytes=file.size,
        sha256=_sha256(file),
        format=source_format,
    )
    try:
        default_storage.save(audio.source_key, file)
    except Exception as error:
        logger.exception("An upload could not be stored.")
        raise StorageAway from error
    try:
        _enter(audio)
    except BaseException:
        default_storage.delete(audio.source_key)
        raise
    return audio


def refuse_if_busy() -> None:
    """Turn an upload away while too many of everyone's wait."""
    if AudioFile.objects.backlog_is_full():
        raise Busy


def remove_audio(*, audio: AudioFile) -> None:
    """Take an upload out of the library, and delete it unless a master still needs it."""
    Reference.objects.filter(audio=audio).delete()
    folder = audio.folder
    try:
        with transaction.atomic():
            audio.delete()
            transaction.on_commit(partial(delete_folder, folder))
    except RestrictedError:
        logger.info("%s stays: a master needs it", folder)


@receiver(leaving)
def tell_folders(user: User, **_: Any) -> list[str]:
    """Tell which folders go with someone who leaves."""
    return [audio.folder for audio in AudioFile.objects.of(user)]


@receiver(collecting)
def collect(user: User, **_: Any) -> Chapter:
    """Return a person's uploads and library, with the files as they were sent."""
    kept = ("id", "kind", "filename", "size_bytes", "sha256", "facts", "summary", "findings")
    uploads = AudioFile.objects.of(user)
    library = Reference.objects.of(user)
    rows = {
        "uploads": [
            {name: getattr(audio, name) for name in (*kept, "status", "created")}
            for audio in uploads
        ],
        "library": [
            {name: value for name, value in reference.items() if name != "user_id"}
            for reference in library.values()
        ],
    }
    files = {f"uploads/{audio.pk}/{audio.filename}": audio.source_key for audio in uploads}
    return Chapter("tracks", rows, files)


def ring() -> None:
    """Tell the workers, once this transaction is committed, that there is something to do.

    A bell that is lost is rung again by the sweep, so a broken broker refuses nobody.
    """
    transaction.on_commit(_ring, robust=True)


def clear_scratch() -> None:
    """Delete what killed workers left on this machine's disk."""
    if not SCRATCH.is_dir():
        return
    oldest = time.time() - 2 * settings.JOB_TIMEOUT_SECONDS
    for folder in SCRATCH.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another sweep was faster
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder)


def clean_filename(name: str) -> str:
    """Return a name that is safe to show and to send: one line, no folders, no hidden signs."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    name = " ".join(name.split())  # also of line breaks and tabs
    # C: control signs, invisible ones (some turn the direction of writing) and what is no letter.
    name = "".join(c for c in name if not unicodedata.category(c).startswith("C")).lstrip(". ")
    path = PurePosixPath(name)
    suffix = path.suffix if len(path.suffix) <= 10 else ""
    stem = name.removesuffix(suffix)[: MAX_FILENAME_CHARACTERS - len(suffix)].strip()
    return f"{stem}{suffix}" if stem else f"untitled{suffix}"


def _ring() -> None:  # a function, since Django tells of failures by their __qualname__
    async_task(DOORBELL)


def _enter(audio: AudioFile) -> None:
    with transaction.atomic():
        User.objects.select_for_update().get(pk=audio.user_id)  # so that counts hold
        _refuse_if_too_many_open(audio.user)
        audio.save(force_insert=True)
        known = Reference.objects.of(audio.user).kept().filter(audio__sha256=audio.sha256)
        if audio.kind == AudioFile.Kind.REFERENCE and not known.exists():
            Reference.objects.create(user=audio.user, audio=audio, title=audio.title)
        ring()


def _refuse_if_too_many_open(user: User) -> None:
    if AudioFile.objects.of(user).open().count() >= settings.MAX_OPEN_UPLOADS_PER_PERSON:
        raise TooManyUploads


def _head(file: "File[bytes]") -> bytes:
    file.seek(0)
    head: bytes = file.read(SNIFF_BYTES)
    return head


def _sha256(file: "File[bytes]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():  # from the start
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
