"""What Django's storages do not offer by themselves, of a disk and an S3 service alike."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.signing import TimestampSigner
from django.urls import reverse

from references.models import DirectUpload
from references.models.direct import SENDING

CHUNK_BYTES: Final = 16 * 1024  # small, so that a slow line is noticed in time
CONTENT_TYPE: Final = "application/octet-stream"  # what it is, its content tells
SALT: Final = "references.direct_upload"


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The one request by which an announced file may be sent, good for 15 minutes."""

    url: str
    method: str = "PUT"
    headers: dict[str, str] = field(default_factory=dict)


def is_remote() -> bool:
    """Tell whether browsers reach the storage by themselves."""
    return hasattr(default_storage, "bucket")


def signed_put(upload: DirectUpload) -> SignedRequest:
    """Sign the request that puts the announced file into the quarantine.

    Length and type are part of what is signed: nothing larger is taken under it.
    """
    headers = {"Content-Type": CONTENT_TYPE}
    if not is_remote():
        token = TimestampSigner(salt=SALT).sign(upload.pk)
        return SignedRequest(reverse("references:receive", args=[token]), headers=headers)
    storage: Any = default_storage
    url = storage.bucket.meta.client.generate_presigned_url(
        "put_object",
        Params={
            "Bucket": storage.bucket_name,
            "Key": upload.key,
            "ContentLength": upload.size_bytes,
            "ContentType": CONTENT_TYPE,
        },
        ExpiresIn=int(SENDING.total_seconds()),
    )
    return SignedRequest(url, headers=headers)


def unsigned(token: str) -> str:
    """Return the id in a signed address of ours.

    Raises
    ------
    BadSignature
        Where the address is not one, or too old.
    """
    return TimestampSigner(salt=SALT).unsign(token, max_age=SENDING)


def stream(key: str) -> Iterator[bytes]:
    """Read an object piece by piece, so that its reader may stop at any of them.

    Raises
    ------
    EOFError
        Where the storage ends before the object does.
    """
    if not is_remote():
        with default_storage.open(key) as stored:
            yield from stored.chunks(CHUNK_BYTES)
        return
    storage: Any = default_storage
    answer = storage.bucket.Object(key).get()
    left = answer["ContentLength"]
    for chunk in answer["Body"].iter_chunks(CHUNK_BYTES):
        left -= len(chunk)
        yield chunk
    if left:
        raise EOFError(f"{left} bytes of {key} are missing")


def head_of(key: str, size: int) -> bytes:
    """Read the beginning of an object only."""
    if is_remote():
        storage: Any = default_storage
        answer = storage.bucket.Object(key).get(Range=f"bytes=0-{size - 1}")
        return cast(bytes, answer["Body"].read())
    with default_storage.open(key) as stored:
        return cast(bytes, stored.read(size))


def size_of(key: str) -> int | None:
    """Return an object's size; None where there is none."""
    try:
        return int(default_storage.size(key))
    except FileNotFoundError:
        return None


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def copy_stream(source: Readable, target: "File[bytes]", size: int) -> bool:
    """Copy exactly so many bytes; tell whether the source had them, and no more were taken."""
    left = size
    while left and (chunk := source.read(min(CHUNK_BYTES, left))):
        target.write(chunk)
        left -= len(chunk)
    target.flush()
    return not left
