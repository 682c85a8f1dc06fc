"""Files in requests and answers: uploads within limits, stored bytes with ranges."""

import re
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from references.errors import Busy
from references.models import Reference
from references.services import STARTERS

FORM_BYTES: Final = 1_000_000  # what a form may hold beside its files
RETRY_AFTER_SECONDS: Final = 120  # a good part of a full queue is done by then
CHUNK_BYTES: Final = 64 * 1024
CONTENT_TYPES: Final = {
    ".wav": "audio/wav",
    ".aiff": "audio/aiff",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".json": "application/json",
    ".zip": "application/zip",
    ".jpg": "image/jpeg",
    ".png": "image/png",
}
UNSATISFIABLE: Final = (-1, -1)

View = Callable[..., HttpResponseBase]


def receives_files(*, at_most: int, bytes_each: int | None = None) -> Callable[[View], View]:
    """Refuse a body that is larger than so many files before any of it is read.

    A file may have as many bytes as an upload, unless told otherwise.

    The check for forgery, which reads the body, comes after; put this below ``login_required``.
    """

    def decorate(view: View) -> View:
        protected = csrf_protect(view)

        @csrf_exempt
        @wraps(view)
        def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            length = request.META.get("CONTENT_LENGTH") or "0"
            limit = at_most * (bytes_each or settings.MAX_UPLOAD_BYTES) + FORM_BYTES
            if not length.isdecimal() or int(length) > limit:
                return render(request, "413.html", status=413)
            return protected(request, *args, **kwargs)

        return limited

    return decorate


def turns_away_when_busy(view: View) -> View:
    """Answer 503 where there is too much work for everyone."""

    @wraps(view)
    def patient(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Busy:
            return busy(render(request, "503.html"))

    return patient


def busy(response: HttpResponse) -> HttpResponse:
    """Tell programs too that it is worth trying again, and when."""
    response.status_code = 503
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def wants_fragment(request: HttpRequest) -> bool:
    """Tell whether a script asked, for a part of a page."""
    return "HX-Request" in request.headers


def choices_of(user: Any) -> dict[str, Any]:
    """Return what a reference can be chosen from while no mix is there to rank it for."""
    taken = set(
        Reference.objects.filter(user=user).exclude(starter="").values_list("starter", flat=True)
    )
    return {
        "library": Reference.objects.of(user).of_mode(is_test=False).recent(),
        "starters": [code for code in STARTERS if code not in taken],
    }


def deliver(
    request: HttpRequest,
    key: str,
    *,
    sha256: str = "",
    download_as: str = "",
    signed_seconds: int | None = None,
) -> HttpResponseBase:
    """Answer with a stored file: from disk with ranges, else by a short-lived signed address.

    How long it lives is the storage's to say, unless told otherwise.

    JSON is passed through in either case, so that scripts need no leave to read the bucket.
    """
    content_type = CONTENT_TYPES[Path(key).suffix]
    disposition = content_disposition_header(bool(download_as), download_as)
    try:
        path = Path(default_storage.path(key))
    except NotImplementedError:
        if content_type == "application/json":
            return _private(HttpResponse(_stored(key), content_type=content_type))
        # Remote storages take what S3 takes; Django's own interface ends at the name.
        url = default_storage.url(  # type: ignore[call-arg]
            key,
            parameters={
                "ResponseContentType": content_type,
                "ResponseContentDisposition": disposition or "inline",
            },
            expire=signed_seconds,
        )
        return _private(HttpResponseRedirect(url))
    response = _from_disk(request, path, content_type=content_type, etag=sha256)
    if disposition:
        response["Content-Disposition"] = disposition
    return _private(response)


def _stored(key: str) -> bytes:
    try:
        with default_storage.open(key) as file:
            content: bytes = file.read()
    except FileNotFoundError as missing:
        raise Http404 from missing
    return content


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "private"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _from_disk(
    request: HttpRequest, path: Path, *, content_type: str, etag: str
) -> HttpResponseBase:
    try:
        facts = path.stat()
    except FileNotFoundError as missing:
        raise Http404 from missing
    size = facts.st_size
    etag = quote_etag(etag or f"{size:x}-{facts.st_mtime_ns:x}")
    if unchanged := get_conditional_response(request, etag=etag):
        unchanged["ETag"] = etag
        return unchanged
    first, last = 0, size - 1
    status = 200
    if (wanted := _range_header(request, etag)) is not None:
        span = _span(wanted, size)
        if span is UNSATISFIABLE:
            refusal = HttpResponse(status=416)
            refusal["Content-Range"] = f"bytes */{size}"
            return refusal
        if span is not None:
            first, last = span
            status = 206
    response: HttpResponseBase = (
        HttpResponse(status=status, content_type=content_type)
        if request.method == "HEAD"
        else StreamingHttpResponse(
            _Slice(path.open("rb"), first, last - first + 1),
            status=status,
            content_type=content_type,
        )
    )
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Content-Length"] = str(last - first + 1)
    if status == 206:
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def _range_header(request: HttpRequest, etag: str) -> str | None:
    """Return the Range header where it holds: GET only, and of the version that was meant."""
    if request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    return request.headers.get("Range")


def _span(wanted: str, size: int) -> tuple[int, int] | None:
    """Return first and last byte, or None to send all (RFC 9110, 14.2).

    Several ranges at once are answered whole, as the standard allows.
    """
    match = re.fullmatch(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", wanted)
    if match is None or match.groups() == ("", ""):
        return None
    start, end = match.groups()
    if not start:
        first, last = max(size - int(end), 0), size - 1
    else:
        first, last = int(start), min(int(end), size - 1) if end else size - 1
        if end and int(end) < first:
            return None
    return (first, last) if first <= last else UNSATISFIABLE


class _Slice:
    """So many bytes of an open file from a place on; closed with the response."""

    def __init__(self, file: BinaryIO, first: int, length: int) -> None:
        self.file = file
        self.file.seek(first)
        self.left = length

    def __iter__(self) -> Iterator[bytes]:
        while self.left > 0 and (chunk := self.file.read(min(CHUNK_BYTES, self.left))):
            self.left -= len(chunk)
            yield chunk

    def close(self) -> None:
        self.file.close()
