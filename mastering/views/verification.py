"""Is this file an untouched master from here? Hashed as it streams by; nothing is stored."""

from typing import Any

from allauth.core import ratelimit
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from dsp.payload import Digests, PayloadMeter
from mastering import services
from references.http import receives_files
from references.services import clean_filename


class HashedFile(UploadedFile):  # type: ignore[type-arg]  # not subscriptable as it runs
    """What is left of an upload that was hashed: its name, its size, its digests."""

    def __init__(self, name: str, size: int, digests: Digests) -> None:
        super().__init__(file=None, name=clean_filename(name), size=size)
        self.digests = digests

    def close(self) -> None:
        """Do nothing: there is no file any more."""


class HashingHandler(FileUploadHandler):
    """Hashes what is uploaded, piece by piece, and lets it go."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.meter = PayloadMeter()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002
        self.meter.feed(raw_data)

    def file_complete(self, file_size: int) -> HashedFile:
        return HashedFile(self.file_name or "", file_size, self.meter.digests())


@csrf_exempt  # until the handler stands: the check, in ``receives_files``, reads the body
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponseBase:
    if request.method == "POST" and not ratelimit.consume(request, action="verify"):
        return render(request, "mastering/verify.html", {"is_limited": True}, status=429)
    request.upload_handlers = [HashingHandler(request)]
    return _verify(request)


@receives_files(at_most=1)
def _verify(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "mastering/verify.html")
    file = request.FILES.get("file")
    if not isinstance(file, HashedFile) or not file.size:
        return render(request, "mastering/verify.html", {"is_missing": True}, status=422)
    context = {"file": file, "found": services.recognise(file.digests, user=request.user)}
    return render(request, "mastering/verify.html", context)
