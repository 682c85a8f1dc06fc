"""Answers of uploads: how they come, their cards, what is heard of them."""

from dataclasses import asdict
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseBase,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import AuthenticatedRequest
from dsp.errors import AudioError
from references.errors import Busy, StorageAway, UploadExpired, UploadRefused
from references.forms import DirectUploadForm, UploadForm, upload_limits
from references.http import busy, choices_of, deliver, receives_files, wants_fragment
from references.messages import audio_messages, refusal_message
from references.models import AudioFile, DirectUpload
from references.services import (
    begin_upload,
    clean_filename,
    complete_upload,
    receive_sent,
    receive_upload,
    remove_audio,
)


@login_required
@require_POST
@receives_files(at_most=1)
def upload(request: AuthenticatedRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    form.is_valid()
    if "kind" in form.errors:
        return HttpResponseBadRequest()
    kind = AudioFile.Kind(form.cleaned_data["kind"])
    if "file" in form.errors:
        return _refused(request, kind, "", "missing_file")
    file = form.cleaned_data["file"]
    try:
        audio = receive_upload(user=request.user, kind=kind, file=file)
    except (AudioError, UploadRefused) as refusal:
        return _refused(request, kind, file.name, refusal.code)
    if wants_fragment(request):
        return _card(request, audio, status=201)
    return redirect(f"{reverse('mastering:new')}?{urlencode({kind.lower(): audio.pk})}")


@login_required
@require_POST
def begin(request: AuthenticatedRequest) -> HttpResponse:
    """Announce a file that goes straight to the storage; answer how to send it."""
    form = DirectUploadForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    said = form.cleaned_data
    kind = AudioFile.Kind(said["kind"])
    try:
        upload, send = begin_upload(
            user=request.user, kind=kind, filename=said["filename"], size_bytes=said["size_bytes"]
        )
    except (AudioError, UploadRefused) as refusal:
        return _refused(request, kind, said["filename"], refusal.code)
    told = asdict(send) | {"complete_url": reverse("references:complete", args=[upload.pk])}
    return JsonResponse(told, status=201)


@login_required
@require_POST
def complete(request: AuthenticatedRequest, upload_id: str) -> HttpResponse:
    """Take what was sent to the storage; answer with its card."""
    upload = get_object_or_404(DirectUpload.objects.of(request.user), pk=upload_id)
    try:
        audio = complete_upload(upload=upload)
    except (AudioError, UploadRefused) as refusal:
        return _refused(request, AudioFile.Kind(upload.kind), upload.filename, refusal.code)
    return _card(request, audio, status=201)


@csrf_exempt  # the signature in its address is all that it needs, as with an S3 service
@require_http_methods(["PUT"])
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """Take the bytes of an announced file, where the storage is this machine's disk."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    try:
        receive_sent(token=token, size_bytes=int(length) if length.isdecimal() else 0, body=request)
    except UploadExpired as refusal:
        return HttpResponse(refusal.code, status=410, content_type="text/plain")
    except StorageAway as refusal:
        return busy(HttpResponse(refusal.code, content_type="text/plain"))
    except UploadRefused as refusal:
        return HttpResponse(refusal.code, status=400, content_type="text/plain")
    return HttpResponse(status=200)


@login_required
@require_GET
def card(request: AuthenticatedRequest, audio_id: str) -> HttpResponse:
    return _card(request, get_object_or_404(AudioFile.objects.of(request.user), pk=audio_id))


@login_required
@require_POST
@receives_files(at_most=2)  # the button stands in the form of a new master
def remove(request: AuthenticatedRequest, audio_id: str) -> HttpResponse:
    audio = get_object_or_404(AudioFile.objects.of(request.user), pk=audio_id)
    remove_audio(audio=audio)
    if wants_fragment(request):
        return render(request, "references/_upload_card.html", _empty_card(request, audio.kind))
    kept = {
        kind: request.POST[kind]
        for kind in ("mix", "reference")
        if request.POST.get(kind, audio_id) != audio_id
    }
    if {"mix", "reference"} & set(request.POST):
        return redirect(f"{reverse('mastering:new')}?{urlencode(kept)}")
    return redirect("references:list")


@login_required
@require_safe
def listen(request: AuthenticatedRequest, audio_id: str) -> HttpResponseBase:
    audio = get_object_or_404(AudioFile.objects.of(request.user), pk=audio_id)
    name = audio.lossless_name if "lossless" in request.GET else audio.proxy_name
    return _deliver(request, audio, name)


@login_required
@require_safe
def waveform(request: AuthenticatedRequest, audio_id: str) -> HttpResponseBase:
    audio = get_object_or_404(AudioFile.objects.of(request.user), pk=audio_id)
    return _deliver(request, audio, "waveform.json")


def _card(request: AuthenticatedRequest, audio: AudioFile, *, status: int = 200) -> HttpResponse:
    context = _empty_card(request, audio.kind) | {"audio": audio, "findings": audio_messages(audio)}
    return render(request, "references/_upload_card.html", context, status=status)


def _refused(
    request: AuthenticatedRequest, kind: AudioFile.Kind, filename: str, code: str
) -> HttpResponse:
    """Tell why an upload was not taken; its card looks like that of one rejected later."""
    filename = clean_filename(filename)
    audio = AudioFile(
        user=request.user,
        kind=kind,
        filename=filename,
        status=AudioFile.Status.REJECTED,
        error_code=code,
    )
    if wants_fragment(request):
        response = _card(request, audio, status=422)
    else:
        context = {"kind": kind.lower(), "refusal": refusal_message(code), "filename": filename}
        response = render(request, "references/upload_refused.html", context, status=422)
    return busy(response) if code in (Busy.code, StorageAway.code) else response


def _empty_card(request: AuthenticatedRequest, kind: str) -> dict[str, Any]:
    return {
        "audio": None,
        "kind": kind.lower(),
        "findings": [],
        "limits": upload_limits(),
        **choices_of(request.user),
    }


def _deliver(request: AuthenticatedRequest, audio: AudioFile, name: str | None) -> HttpResponseBase:
    if name is None or name not in audio.kept:
        raise Http404
    return deliver(request, audio.key(name), sha256=audio.outputs[name]["sha256"])
