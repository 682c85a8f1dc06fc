"""Receiving uploads.

A file comes with a form (`receive_upload`), or straight to the storage: `begin_upload` signs the
one request that may bring it, `complete_upload` takes what came. Until a worker has looked at it
in a box, such a file lies in the quarantine, where its sender could still replace it; what was
looked at is what is kept, with its hash.
"""

import contextlib
import hashlib
import logging
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.signing import BadSignature
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from dsp.errors import AudioError, TooLarge, UnsupportedFormat
from dsp.formats import SNIFF_BYTES, sniff
from dsp.profiles import (
    MOST_DOCUMENT_BYTES,
    PROFILE_FORMAT,
    Document,
    is_document,
    read_document,
)
from references.errors import (
    Busy,
    EmptyUpload,
    StorageAway,
    StorageFull,
    TooManyUploads,
    UploadExpired,
    UploadIncomplete,
    UploadRefused,
)
from references.fixtures import short_song, tuning_of
from references.models import AudioFile, DirectUpload, Reference, stored_bytes_of
from references.models.direct import SENDING
from references.models.library import clean_tags
from references.models.limits import most_stored_bytes
from references.services.doorbell import ring
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
MAX_FILENAME_CHARACTERS = 200

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
    size_bytes = _refuse_size(file.size)
    _refuse_if_full(user, size_bytes)
    source_format, name = _format_of(_head(file), kind), clean_filename(file.name or "")
    if source_format == PROFILE_FORMAT:
        read_document(file.read(MOST_DOCUMENT_BYTES + 1))
    is_profile = source_format == PROFILE_FORMAT and not is_test
    if is_test:
        file, source_format = _in_place_of(_sha256(file), kind), TEST_FORMAT
    audio = AudioFile(
        user=user,
        kind=kind,
        filename=name,
        size_bytes=file.size,
        sha256=_sha256(file),
        format=source_format,
        sound=AudioFile.Sound.NONE if is_profile else AudioFile.Sound.KEPT,
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
    TooManyUploads, StorageFull
    """
    document = None
    if audio.format == PROFILE_FORMAT:
        with _reaching_storage():
            content = head_of(audio.source_key, MOST_DOCUMENT_BYTES + 1)
        document = read_document(content)
    with transaction.atomic():
        _lock(audio.user)
        _refuse_if_too_many_open(audio.user)
        _refuse_if_full(audio.user, audio.size_bytes)
        _enter(audio, document)


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
        _refuse_if_full(user, size_bytes)
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
    document = None
    try:
        source_format = _format_of(head, AudioFile.Kind(upload.kind))
        if source_format == PROFILE_FORMAT:
            with _reaching_storage():
                content = head_of(upload.key, MOST_DOCUMENT_BYTES + 1)
            document = read_document(content)
    except AudioError:
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
        sound=AudioFile.Sound.NONE if document else AudioFile.Sound.KEPT,
    )
    return _enter_once(upload, audio, document)


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


def refuse_if_busy() -> None:
    """Turn an upload away while too many of everyone's wait."""
    if AudioFile.objects.backlog_is_full():
        raise Busy


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


def _enter(audio: AudioFile, document: Document | None) -> None:
    audio.save(force_insert=True)
    mine = Reference.objects.of(audio.user).of_mode(is_test=audio.is_test)
    known = mine.kept().filter(audio__sha256=audio.sha256)
    is_new = not (audio.sha256 and known.exists())
    if audio.kind == AudioFile.Kind.REFERENCE and is_new:
        Reference.objects.create(user=audio.user, audio=audio, **_named(audio, document))
    ring()


def _named(audio: AudioFile, document: Document | None) -> dict[str, Any]:
    """Return what an entry of the library goes by at first."""
    if document is None:
        return {"title": audio.title}
    return {
        "title": document.title.strip() or audio.title,
        "artist": document.artist.strip(),
        "genre": document.genre.strip(),
        "notes": document.notes,
        "tags": clean_tags(document.tags),
        "origin": Reference.Origin.PROFILE,
    }


@contextlib.contextmanager
def begin_measuring(user: User) -> Iterator[None]:
    """Let something enter that a worker has to measure, within the limits; in a transaction.

    Raises
    ------
    Busy, TooManyUploads
    """
    refuse_if_busy()
    _lock(user)
    _refuse_if_too_many_open(user)
    yield


def _enter_once(upload: DirectUpload, audio: AudioFile, document: Document | None) -> AudioFile:
    """Enter what an announced upload brought, unless that was done meanwhile."""
    with transaction.atomic():
        locked = DirectUpload.objects.select_for_update().filter(pk=upload.pk).first()
        if locked is None:
            raise UploadExpired
        if locked.audio is not None:
            return locked.audio
        _enter(audio, document)
        DirectUpload.objects.filter(pk=upload.pk).update(audio=audio)
    return audio


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
    return _enter_once(upload, audio, None)


def _in_place_of(sha256: str, kind: AudioFile.Kind) -> "ContentFile[bytes]":
    is_reference = kind == AudioFile.Kind.REFERENCE
    return ContentFile(short_song(is_reference=is_reference, tuning=tuning_of(sha256)))


def _lock(user: User) -> None:
    """Let nothing else of this person's begin before this transaction ends, so that counts hold."""
    User.objects.select_for_update().get(pk=user.pk)


def _refuse_if_too_many_open(user: User) -> None:
    opened = AudioFile.objects.of(user).open().count()
    awaited = DirectUpload.objects.of(user).awaited().count()
    if opened + awaited >= settings.MAX_OPEN_UPLOADS_PER_PERSON:
        raise TooManyUploads


def _refuse_if_full(user: User, size_bytes: int) -> None:
    """Count what is stored, on its way, and this file; an announced one is counted once."""
    limit = most_stored_bytes(user)
    if limit is not None and stored_bytes_of(user) + size_bytes > limit:
        raise StorageFull


def _refuse_size(size_bytes: int | None) -> int:
    if not size_bytes:
        raise EmptyUpload
    if size_bytes > settings.MAX_UPLOAD_BYTES:
        raise TooLarge(
            f"The file has {size_bytes} bytes; the limit is {settings.MAX_UPLOAD_BYTES}."
        )
    return size_bytes


def _format_of(head: bytes, kind: AudioFile.Kind) -> str:
    if kind == AudioFile.Kind.REFERENCE and is_document(head):
        return PROFILE_FORMAT
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
    file.seek(0)
    return head


def _sha256(file: "File[bytes]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():  # from the start
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
