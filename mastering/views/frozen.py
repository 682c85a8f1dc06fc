"""Applying a version's exact processing to another file of the song."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.http import AuthenticatedRequest
from dsp.errors import AudioError
from mastering import services
from mastering.errors import MasterRefused
from mastering.forms.sets import FrozenForm
from mastering.models import Version
from mastering.views.found import made_version, told
from references.errors import UploadRefused
from references.forms import upload_limits
from references.http import receives_files, turns_away_when_busy
from references.models import AudioFile
from references.services import clean_filename, receive_upload

OFFERED = 50


@login_required
@require_http_methods(["GET", "POST"])
@receives_files(at_most=1)
@turns_away_when_busy
def apply(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    version = made_version(request, master_id, number)
    choices = _other_mixes(version)
    if request.method == "GET":
        return _page(request, version, FrozenForm(choices=choices))
    form = FrozenForm(request.POST, request.FILES, choices=choices)
    if not form.is_valid():
        return _page(request, version, form)
    try:
        if services.left_to_freeze(user=request.user, version=version) <= 0:
            form.add_error(None, told("too_many_frozen"))  # before anything is stored
            return _page(request, version, form)
        mix = _mix(request, form, choices)
        made = services.apply_frozen(version=version, mix=mix)
    except (AudioError, UploadRefused, MasterRefused) as refusal:
        form.add_error(None, told(refusal.code))
        return _page(request, version, form)
    return redirect("mastering:detail", made.pk)


def _page(request: AuthenticatedRequest, version: Version, form: FrozenForm) -> HttpResponse:
    context: dict[str, Any] = {
        "version": version,
        "master": version.master,
        "form": form,
        "left": services.left_to_freeze(user=request.user, version=version),
        "most": services.MOST_FROZEN,
        "limits": upload_limits(),
    }
    return render(request, "mastering/frozen.html", context, status=422 if form.errors else 200)


def _mix(request: AuthenticatedRequest, form: FrozenForm, choices: list[AudioFile]) -> AudioFile:
    file = form.cleaned_data["file"]
    if file is None:
        return next(audio for audio in choices if audio.pk == form.cleaned_data["mix"])
    file.name = clean_filename(file.name or "")
    return receive_upload(user=request.user, kind=AudioFile.Kind.MIX, file=file)


def _other_mixes(version: Version) -> list[AudioFile]:
    mine = AudioFile.objects.of(version.user).of_mode(is_test=version.master.is_test)
    mine = mine.sounding().filter(kind=AudioFile.Kind.MIX)
    usable = mine.exclude(status=AudioFile.Status.REJECTED).exclude(pk=version.master.mix_id)
    return list(usable[:OFFERED])
