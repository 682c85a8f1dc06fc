"""Receiving and removing uploads, and ringing for a worker.

A file comes with a form (`receive_upload`), or straight to the storage: `begin_upload` signs the
one request that may bring it, `complete_upload` takes what came. Until a worker has looked at it
in a box, such a file lies in the quarantine, where its sender could still replace it; what was
looked at is what is kept, with its hash.
"""

import contextlib
import hashlib
import logging
import shutil
import time
import unicodedata
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.signing import BadSignature
from django.db import transaction
from django.db.models import RestrictedError
from django.db.models.functions import Now
from django.dispatch import receiver
from django_q.tasks import async_task

from accounts.models import User
from accounts.services import Chapter, collecting, leaving
from accounts.storage import delete_folder
from dsp.errors import TooLarge, UnsupportedFormat
from dsp.formats import SNIFF_BYTES, sniff
from references.errors import (
    AudioInUse,
    Busy,
    EmptyUpload,
    StorageAway,
    TooManyUploads,
    UploadExpired,
    UploadIncomplete,
    UploadRefused,
)
from references.fixtures import short_song, tuning_of
from references.models import AudioFile, DirectUpload, Reference
from references.models.direct import SENDING
from references.models.limits import most_open_uploads
from references.storage import (
    Readable,
    SignedRequest,
    copy_stream,
    head_of,
    signed_put,
    size_of,
    unsigned,
)

TEST_FORMAT = "wav"  # of the songs that test keys work with
DOORBELL = "mastering.tasks.work"  # by name: the bell knows nothing of who answers it
MAX_FILENAME_CHARACTERS = 200
SCRATCH = Path(settings.DATA_DIR) / "scratch"  # of the workers of this machine

logger = logging.getLogger(__name__)


def receive_upload(
    *, user: User, kind: AudioFile.Kind, file: "File[bytes]", is_test: bool = False
) -> AudioFile:
    """Store one audio file and queue it to be measured.

    Raises
    ------
    UploadRefused, AudioError
        With nothing stored.
    """
    with stored_upload(user=user, kind=kind, file=file, is_test=is_test) as audio:
        enter_upload(audio=audio)
    return audio


@contextlib.contextmanager
def stored_upload(
    *, user: User, kind: AudioFile.Kind, file: "File[bytes]", is_test: bool = False
) -> Iterator[AudioFile]:
    """Store the bytes of one audio file, for `enter_upload` to follow; else they go again.

    What is sent with a test key is looked at and let go: a short song stands in its place.

    Raises
    ------
    UploadRefused, AudioError
        With nothing stored.
    """
    refuse_if_busy()
    _refuse_if_too_many_open(user)
    _refuse_size(file.size)
    source_format, name = _format_of(_head(file)), clean_filename(file.name or "")
    if is_test:
        file, source_format = _in_place_of(_sha256(file), kind), TEST_FORMAT
    audio = AudioFile(
        user=user,
        kind=kind,
        filename=name,
        size_bytes=file.size,
        sha256=_sha256(file),
        format=source_format,
        is_test=is_test,
    )
    with _reaching_storage():
        default_storage.save(audio.source_key, file)
    try:
        yield audio
    except BaseException:
        default_storage.delete(audio.source_key)
        raise


def enter_upload(*, audio: AudioFile) -> None:
    """Queue an upload to be measured whose bytes are stored.

    Raises
    ------
    TooManyUploads
    """
    with transaction.atomic():
        _lock(audio.user)
        _refuse_if_too_many_open(audio.user)
        _enter(audio)


def begin_upload(
    *, user: User, kind: AudioFile.Kind, filename: str, size_bytes: int, is_test: bool = False
) -> tuple[DirectUpload, SignedRequest]:
    """Announce a file, and return the request by which it may be sent within 15 minutes.

    Raises
    ------
    UploadRefused, AudioError
    """
    refuse_if_busy()
    _refuse_size(size_bytes)
    with transaction.atomic():
        _lock(user)
        _refuse_if_too_many_open(user)
        upload = DirectUpload.objects.create(
            user=user,
            kind=kind,
            filename=clean_filename(filename),
            size_bytes=size_bytes,
            is_test=is_test,
            expires=Now() + SENDING,
        )
    return upload, signed_put(upload)


def complete_upload(*, upload: DirectUpload) -> AudioFile:
    """Take what was sent, and queue it to be measured; asked again, answer the same.

    Raises
    ------
    UploadRefused, AudioError
        Where nothing came, or not what was announced; it may be sent again until it expires.
    """
    if upload.audio is not None:
        return upload.audio
    with _reaching_storage():
        size_bytes = size_of(upload.key)
        if size_bytes != upload.size_bytes:
            raise UploadIncomplete(f"{size_bytes or 0} of {upload.size_bytes} bytes arrived.")
        head = head_of(upload.key, SNIFF_BYTES)
    try:
        source_format = _format_of(head)
    except UnsupportedFormat:
        upload.delete()
        raise
    if upload.is_test:
        return _complete_test(upload)
    audio = AudioFile(
        user=upload.user,
        kind=upload.kind,
        filename=upload.filename,
        size_bytes=upload.size_bytes,
        format=source_format,
    )
    with transaction.atomic():
        locked = DirectUpload.objects.select_for_update().filter(pk=upload.pk).first()
        if locked is None:
            raise UploadExpired
        if locked.audio is not None:
            return locked.audio
        _enter(audio)
        DirectUpload.objects.filter(pk=upload.pk).update(audio=audio)
    return audio


def receive_sent(*, token: str, size_bytes: int, body: Readable) -> None:
    """Take the one request that `begin_upload` signed, where the storage takes none itself.

    Raises
    ------
    UploadExpired
        Where the address is not one, too old, or was used.
    UploadIncomplete
        Where the body is not as long as announced; it may be sent again.
    StorageAway
    """
    try:
        upload = DirectUpload.objects.filter(pk=unsigned(token)).first()
    except BadSignature as forged:
        raise UploadExpired from forged
    if upload is None or upload.arrived:
        raise UploadExpired
    if size_bytes != upload.size_bytes:
        raise UploadIncomplete(f"{size_bytes} bytes are sent, {upload.size_bytes} announced.")
    with TemporaryUploadedFile("upload", None, size_bytes, None) as file:
        if not copy_stream(body, file, size_bytes):
            raise UploadIncomplete("The connection broke.")
        if not DirectUpload.objects.filter(pk=upload.pk, arrived=False).update(arrived=True):
            raise UploadExpired
        try:
            with _reaching_storage():
                default_storage.delete(upload.key)  # or the storage would choose another name
                default_storage.save(upload.key, file)
        except StorageAway:
            DirectUpload.objects.filter(pk=upload.pk).update(arrived=False)
            raise


def clear_uploads() -> None:
    """Forget announced uploads that are over, and empty their place in the quarantine."""
    DirectUpload.objects.over().delete()


def keep_reference(*, user: User, audio: AudioFile) -> Reference:
    """Enter a track into the library; itself where it is there."""
    entry, _ = Reference.objects.get_or_create(
        audio=audio, defaults={"user": user, "title": audio.title}
    )
    return entry


def edit_reference(
    *, reference: Reference, title: str, artist: str = "", genre: str = "", notes: str = ""
) -> Reference:
    """Describe an entry anew."""
    described = {"title": title, "artist": artist, "genre": genre, "notes": notes}
    for name, value in described.items():
        setattr(reference, name, value)
    reference.save(update_fields=[*described])
    return reference


def forget_double(*, audio_id: str) -> None:
    """Keep one entry of the library for one content, now that the content is known."""
    entry = Reference.objects.usable().filter(audio=audio_id).select_related("audio").first()
    if entry is None:
        return
    mine = Reference.objects.of(entry.user_id).of_mode(is_test=entry.audio.is_test).usable()
    same = mine.filter(audio__sha256=entry.audio.sha256)
    if same.order_by("created", "pk").first() != entry:
        entry.delete()


def refuse_if_busy() -> None:
    """Turn an upload away while too many of everyone's wait."""
    if AudioFile.objects.backlog_is_full():
        raise Busy


def delete_audio(*, audio: AudioFile) -> None:
    """Delete an upload, and its entry in the library.

    Raises
    ------
    AudioInUse
        Where a master needs it; with nothing changed.
    """
    folder = audio.folder
    try:
        with transaction.atomic():
            Reference.objects.filter(audio=audio).delete()
            audio.delete()
            transaction.on_commit(partial(delete_folder, folder))
    except RestrictedError as needed:
        raise AudioInUse from needed


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
    audio.save(force_insert=True)
    mine = Reference.objects.of(audio.user).of_mode(is_test=audio.is_test)
    known = mine.kept().filter(audio__sha256=audio.sha256)
    is_new = not (audio.sha256 and known.exists())
    if audio.kind == AudioFile.Kind.REFERENCE and is_new:
        Reference.objects.create(user=audio.user, audio=audio, title=audio.title)
    ring()


def _complete_test(upload: DirectUpload) -> AudioFile:
    """Take a short song in place of what was sent, as of one that came with a form."""
    kind = AudioFile.Kind(upload.kind)
    with _reaching_storage(), default_storage.open(upload.key) as sent:
        song = _in_place_of(_sha256(sent), kind)
    audio = AudioFile(
        user=upload.user,
        kind=kind,
        filename=upload.filename,
        size_bytes=song.size,
        sha256=_sha256(song),
        format=TEST_FORMAT,
        is_test=True,
    )
    with _reaching_storage():
        default_storage.save(audio.source_key, song)
    with transaction.atomic():
        locked = DirectUpload.objects.select_for_update().filter(pk=upload.pk).first()
        if locked is None:
            raise UploadExpired
        if locked.audio is not None:
            return locked.audio
        _enter(audio)
        DirectUpload.objects.filter(pk=upload.pk).update(audio=audio)
    return audio


def _in_place_of(sha256: str, kind: AudioFile.Kind) -> "ContentFile[bytes]":
    is_reference = kind == AudioFile.Kind.REFERENCE
    return ContentFile(short_song(is_reference=is_reference, tuning=tuning_of(sha256)))


def _lock(user: User) -> None:
    """Let nothing else of this person's begin before this transaction ends, so that counts hold."""
    User.objects.select_for_update().get(pk=user.pk)


def _refuse_if_too_many_open(user: User) -> None:
    opened = AudioFile.objects.of(user).open().count()
    awaited = DirectUpload.objects.of(user).awaited().count()
    if opened + awaited >= most_open_uploads(user):
        raise TooManyUploads


def _refuse_size(size_bytes: int | None) -> None:
    if not size_bytes:
        raise EmptyUpload
    if size_bytes > settings.MAX_UPLOAD_BYTES:
        raise TooLarge(
            f"The file has {size_bytes} bytes; the limit is {settings.MAX_UPLOAD_BYTES}."
        )


def _format_of(head: bytes) -> str:
    source_format = sniff(head)
    if source_format is None:
        raise UnsupportedFormat("The content is none of the formats we read.")
    return source_format


@contextlib.contextmanager
def _reaching_storage() -> Iterator[None]:
    """Tell the failures of the storage, of whatever kind it is, from refusals."""
    try:
        yield
    except UploadRefused:
        raise
    except Exception as error:
        logger.exception("The storage did not take or give an upload.")
        raise StorageAway from error


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
