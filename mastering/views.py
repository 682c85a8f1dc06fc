"""Pages of mastering: a new master, its progress and result, its files."""

from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import AuthenticatedRequest
from dsp.errors import AudioError
from mastering import services
from mastering.errors import MasterRefused
from mastering.forms import MasterForm, SettingsForm
from mastering.http import address, downloads_of, output_name, player_of, plots_of
from mastering.messages import failure_message, steps_of
from mastering.models import Master, Version
from references.errors import UploadRefused
from references.forms import upload_limits
from references.http import deliver, receives_files, turns_away_when_busy
from references.messages import audio_messages
from references.models import AudioFile, Reference
from references.services import clean_filename, receive_upload

PAGE_ROWS = 20


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("mastering:new")
    return render(request, "mastering/home.html")


@login_required
@require_http_methods(["GET", "POST"])
@receives_files(at_most=2)
@turns_away_when_busy
def new(request: AuthenticatedRequest) -> HttpResponse:
    if request.method == "GET":
        chosen = {
            kind: _own_audio(request, request.GET.get(kind, "")) for kind in ("mix", "reference")
        }
        return _new_page(request, MasterForm(), chosen)
    services.refuse_if_busy()
    form = MasterForm(request.POST, request.FILES)
    form.is_valid()
    tracks = {kind: _track(request, form, kind) for kind in ("mix", "reference")}
    mix, reference = tracks["mix"], tracks["reference"]
    if form.errors or mix is None or reference is None:
        return _new_page(request, form, tracks)
    try:
        master = services.submit_master(
            user=request.user, mix=mix, reference=reference, settings=form.chosen()
        )
    except MasterRefused as refusal:
        form.add_error(None, _told(refusal.code))
        return _new_page(request, form, tracks)
    return redirect("mastering:detail", master.pk)


@login_required
@require_GET
def history(request: AuthenticatedRequest) -> HttpResponse:
    paginator = Paginator(Master.objects.of(request.user).with_versions(), PAGE_ROWS)
    page = paginator.get_page(request.GET.get("page"))
    return render(request, "mastering/master_list.html", {"masters": page})


@login_required
@require_GET
def detail(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    version = _version(request, master_id)
    return _result_page(request, version, SettingsForm(settings=version.chosen))


@login_required
@require_GET
def status(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    """Answer the steps of an open version; tell the page to load anew once it has ended."""
    version = _version(request, master_id)
    response = render(request, "mastering/_status.html", _progress(version))
    if not version.is_open:
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
def cancel(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    services.cancel(version=_version(request, master_id))
    return redirect("mastering:detail", master_id)


@login_required
@require_POST
@turns_away_when_busy
def retry(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    version = _version(request, master_id)
    try:
        services.retry(version=version)
    except MasterRefused as refusal:
        messages.error(request, _told(refusal.code))
    return redirect("mastering:detail", master_id)


@login_required
@require_POST
def delete(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    services.delete_master(master=_master(request, master_id))
    return redirect("mastering:list")


@login_required
@require_POST
@turns_away_when_busy
def versions(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    version = _version(request, master_id)
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return _result_page(request, version, form)
    try:
        services.render_version(master=version.master, settings=form.chosen())
    except MasterRefused as refusal:
        messages.error(request, _told(refusal.code))
    return redirect("mastering:detail", master_id)


@login_required
@require_safe
def listen(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponseBase:
    version = _version(request, master_id, number)
    name = version.lossless_name if "lossless" in request.GET else version.proxy_name
    return _deliver(request, version, name)


@login_required
@require_safe
def waveform(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponseBase:
    return _deliver(request, _version(request, master_id, number), "waveform.json")


@login_required
@require_safe
def plots(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    version = _version(request, master_id, number)
    if not version.has_succeeded:
        raise Http404
    # A finished version never changes.
    return JsonResponse(plots_of(version), headers={"Cache-Control": "private, max-age=86400"})


@login_required
@require_safe
def download(
    request: AuthenticatedRequest, master_id: str, number: int, format_code: str
) -> HttpResponseBase:
    version = _version(request, master_id, number)
    name = output_name(format_code)
    if name is None:
        raise Http404
    download_as = f"{version.master.mix.title} (Lacquer master v{number}){PurePath(name).suffix}"
    return _deliver(request, version, name, download_as=clean_filename(download_as))


def _master(request: AuthenticatedRequest, master_id: str) -> Master:
    return get_object_or_404(Master.objects.of(request.user), pk=master_id)


def _version(request: AuthenticatedRequest, master_id: str, number: int | None = None) -> Version:
    """Find a version of one's own: by its number, by ``?version=``, or the latest."""
    asked = str(number or request.GET.get("version", ""))
    found = Version.objects.of(request.user).filter(master=master_id)
    if asked:
        found = found.filter(number=asked) if asked.isdecimal() else found.none()
    version = found.order_by("-number").first()
    if version is None:
        raise Http404
    return version


def _own_audio(request: AuthenticatedRequest, audio_id: str) -> AudioFile | None:
    return AudioFile.objects.of(request.user).filter(pk=audio_id).first()


def _track(request: AuthenticatedRequest, form: MasterForm, kind: str) -> AudioFile | None:
    """Return the track of a new master: the file sent along, or the one uploaded before."""
    file = request.FILES.get(f"{kind}_file")
    if file is None:
        audio = _own_audio(request, request.POST.get(kind, ""))
        if audio is None:
            form.add_error(None, _told(f"missing_{kind}"))
        return audio
    try:
        return receive_upload(user=request.user, kind=AudioFile.Kind(kind.upper()), file=file)
    except (AudioError, UploadRefused) as refusal:
        form.add_error(None, f"{clean_filename(file.name or '')}: {_told(refusal.code)}")
        return None


def _new_page(
    request: AuthenticatedRequest, form: MasterForm, tracks: dict[str, AudioFile | None]
) -> HttpResponse:
    missing = [kind for kind, audio in tracks.items() if audio is None or audio.has_failed]
    context = {
        "form": form,
        **tracks,
        **{f"{kind}_findings": audio_messages(audio) for kind, audio in tracks.items()},
        "library": Reference.objects.of(request.user).recent(),
        "limits": upload_limits(),
        "can_submit": not missing,
        "why_not": " ".join(failure_message(f"missing_{kind}").text for kind in missing),
    }
    return render(request, "mastering/new.html", context, status=422 if form.errors else 200)


def _result_page(
    request: AuthenticatedRequest, version: Version, form: SettingsForm
) -> HttpResponse:
    done = version.has_succeeded
    context = {
        **_progress(version),
        "versions": version.master.versions.order_by("-number"),
        "form": form,
        "report": version.report if done else None,
        "player": player_of(version) if done else None,
        "downloads": downloads_of(version) if done else [],
        "plots_url": address(version, "plots") if done else None,
        "error_text": _told(version.error_code) if version.has_failed else "",
    }
    return render(
        request, "mastering/master_detail.html", context, status=422 if form.errors else 200
    )


def _progress(version: Version) -> dict[str, Any]:
    return {
        "master": version.master,
        "version": version,
        "steps": steps_of(version),
        "queue_position": Version.objects.ahead_of(version).count() if version.is_waiting else 0,
    }


def _told(code: str) -> str:
    told = failure_message(code)
    return " ".join(filter(None, (told.text, told.advice)))


def _deliver(
    request: AuthenticatedRequest, version: Version, name: str | None, *, download_as: str = ""
) -> HttpResponseBase:
    if not version.has_succeeded or name is None or name not in version.outputs:
        raise Http404
    return deliver(
        request,
        version.key(name),
        sha256=version.outputs[name]["sha256"],
        download_as=download_as,
    )
