"""Pages of albums: their songs and order, their direction, progress, and the ZIP."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import AuthenticatedRequest
from billing.http import credits_left
from dsp.errors import AudioError
from mastering import services
from mastering.errors import MasterRefused, Unpaid
from mastering.forms.sets import AlbumForm, AlbumNameForm, ArchiveForm, TrackForm
from mastering.models import MOST_TRACKS, Album, AlbumArchive, AlbumTrack
from mastering.sets import results_of
from mastering.views.found import told
from references.errors import UploadRefused
from references.forms import upload_limits
from references.http import deliver, receives_files, turns_away_when_busy
from references.models import AudioFile, Reference
from references.services import clean_filename, receive_upload

PAGE_ROWS = 20
OFFERED_MIXES = 50
OFFERED_REFERENCES = 200


@login_required
@require_http_methods(["GET", "POST"])
def albums(request: AuthenticatedRequest) -> HttpResponse:
    """List albums, and begin one."""
    form = AlbumNameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = services.create_album(user=request.user, **form.cleaned_data)
        return redirect("mastering:album", made.pk)
    paginator = Paginator(
        Album.objects.of(request.user).of_mode(is_test=False).with_tracks(), PAGE_ROWS
    )
    context = {"albums": paginator.get_page(request.GET.get("page")), "form": form}
    status = 422 if form.errors else 200
    return render(request, "mastering/album_list.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
@turns_away_when_busy
def album(request: AuthenticatedRequest, album_id: str) -> HttpResponse:
    """Show an album; say where it is to go, and with ``then=master`` go there."""
    found = own_album(request, album_id)
    if request.method == "GET":
        return _page(request, found)
    form = AlbumForm(request.POST, album=found, choices=_references(request))
    if not form.is_valid():
        return _page(request, found, form)
    try:
        _direct(request, found, form)
        if request.POST.get("then") == "master" and not services.submit_album(album=found):
            messages.info(request, told("album_as_it_is"))
    except Unpaid as refusal:
        form.add_error(None, told(refusal.code))
        return _page(request, found, form, status=402)
    except MasterRefused as refusal:
        form.add_error(None, told(refusal.code))
        return _page(request, found, form)
    return redirect("mastering:album", found.pk)


@login_required
@require_GET
def album_status(request: AuthenticatedRequest, album_id: str) -> HttpResponse:
    """Answer how far the songs are; tell the page to load anew once all have ended."""
    found = own_album(request, album_id)
    results = results_of(found)
    response = render(
        request, "mastering/_album_results.html", {"album": found, "results": results}
    )
    if not results.is_open:
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
@receives_files(at_most=MOST_TRACKS)
@turns_away_when_busy
def add_songs(request: AuthenticatedRequest, album_id: str) -> HttpResponse:
    """Take files sent along and mixes that are there; scripts send one file at a time."""
    found = own_album(request, album_id)
    refusals = []
    for file in request.FILES.getlist("files"):
        name = clean_filename(file.name or "")
        try:
            mix = receive_upload(user=request.user, kind=AudioFile.Kind.MIX, file=file)
            services.add_track(album=found, mix=mix)
        except (AudioError, UploadRefused, MasterRefused) as refusal:
            refusals.append({"code": refusal.code, "text": f"{name}: {told(refusal.code)}"})
    mine = AudioFile.objects.of(request.user).filter(pk__in=request.POST.getlist("mixes"))
    for mix in mine.order_by("created"):
        try:
            services.add_track(album=found, mix=mix)
        except MasterRefused as refusal:
            refusals.append({"code": refusal.code, "text": f"{mix.title}: {told(refusal.code)}"})
    if request.accepts("application/json") and not request.accepts("text/html"):
        return JsonResponse({"refusals": refusals}, status=409 if refusals else 201)
    for refused in refusals:
        messages.error(request, refused["text"])
    return redirect("mastering:album", found.pk)


@login_required
@require_POST
def order(request: AuthenticatedRequest, album_id: str) -> HttpResponse:
    """Put the songs in the order in which ``song`` names them."""
    services.order_tracks(album=own_album(request, album_id), ids=request.POST.getlist("song"))
    return HttpResponse(status=204)


@login_required
@require_POST
def move_song(request: AuthenticatedRequest, album_id: str, track_id: str) -> HttpResponse:
    track = _own_track(request, album_id, track_id)
    services.move_track(track=track, by=-1 if request.POST.get("to") == "up" else 1)
    return redirect("mastering:album", album_id)


@login_required
@require_POST
def edit_song(request: AuthenticatedRequest, album_id: str, track_id: str) -> HttpResponse:
    track = _own_track(request, album_id, track_id)
    form = TrackForm(request.POST, track=track)
    if form.is_valid():
        services.edit_track(track=track, **form.cleaned_data)
    else:
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
    return redirect("mastering:album", album_id)


@login_required
@require_POST
def remove_song(request: AuthenticatedRequest, album_id: str, track_id: str) -> HttpResponse:
    services.remove_track(track=_own_track(request, album_id, track_id))
    return redirect("mastering:album", album_id)


@login_required
@require_POST
def delete(request: AuthenticatedRequest, album_id: str) -> HttpResponse:
    services.delete_album(album=own_album(request, album_id))
    return redirect("mastering:albums")


@login_required
@require_POST
@turns_away_when_busy
def archives(request: AuthenticatedRequest, album_id: str) -> HttpResponse:
    """Ask for the ZIP."""
    found = own_album(request, album_id)
    form = ArchiveForm(request.POST)
    try:
        code = form.cleaned_data["format"] if form.is_valid() else ""
        services.request_archive(album=found, format_code=code)
    except MasterRefused as refusal:
        messages.error(request, told(refusal.code))
    return redirect("mastering:album", found.pk)


@login_required
@require_safe
def archive(request: AuthenticatedRequest, album_id: str, archive_id: str) -> HttpResponseBase:
    mine = AlbumArchive.objects.of(request.user)
    found = get_object_or_404(mine, album=album_id, pk=archive_id)
    name = found.file_name
    if not found.has_succeeded or name is None:
        raise Http404
    title = " – ".join(filter(None, (found.content["artist"], found.content["title"])))
    return deliver(
        request,
        found.key(name),
        sha256=found.outputs[name]["sha256"],
        download_as=clean_filename(f"{title.replace('/', '-')}.zip"),
    )


def own_album(request: AuthenticatedRequest, album_id: str) -> Album:
    return get_object_or_404(Album.objects.of(request.user).with_tracks(), pk=album_id)


def _own_track(request: AuthenticatedRequest, album_id: str, track_id: str) -> AlbumTrack:
    return get_object_or_404(AlbumTrack.objects.of(request.user), album=album_id, pk=track_id)


def _direct(request: AuthenticatedRequest, found: Album, form: AlbumForm) -> None:
    said = form.cleaned_data
    reference = AudioFile.objects.of(request.user).filter(pk=said["reference"]).first()
    services.direct_album(
        album=found,
        reference=reference,
        mode=said["mode"],
        settings=form.chosen(found.chosen),
        title=said["title"],
        artist=said["artist"],
    )


def _page(
    request: AuthenticatedRequest, found: Album, form: AlbumForm | None = None, *, status: int = 0
) -> HttpResponse:
    results = results_of(found)
    tracks = list(found.tracks.all())
    mixes = (
        AudioFile.objects.of(request.user)
        .of_mode(is_test=False)
        .sounding()
        .filter(kind=AudioFile.Kind.MIX)
    )
    context: dict[str, Any] = {
        "album": found,
        "form": form or AlbumForm(album=found, choices=_references(request)),
        "songs": [{"track": each, "form": TrackForm(track=each)} for each in tracks],
        "results": results,
        "mixes": mixes.exclude(status=AudioFile.Status.REJECTED).exclude(
            pk__in=[each.mix_id for each in tracks]
        )[:OFFERED_MIXES],
        "archives": AlbumArchive.objects.of(request.user).filter(album=found),
        "archive_form": ArchiveForm(),
        "cost_credits": services.cost_of_album(album=found),
        "credits_left": credits_left(request.user),
        "limits": upload_limits(),
        "most_songs": MOST_TRACKS,
    }
    status = status or (422 if form and form.errors else 200)
    return render(request, "mastering/album.html", context, status=status)


def _references(request: AuthenticatedRequest) -> list[Reference]:
    return list(
        Reference.objects.of(request.user).of_mode(is_test=False).kept()[:OFFERED_REFERENCES]
    )
