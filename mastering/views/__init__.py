"""Pages of mastering: a new master, its progress and result, its files."""

from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import AuthenticatedRequest
from billing.http import catalogue, credits_left
from dsp.errors import AudioError
from mastering import services
from mastering.errors import MasterRefused, Unpaid
from mastering.forms import MasterForm, VersionForm
from mastering.http import address, downloads_of, output_name, player_of
from mastering.messages import failure_message, left_words, steps_of
from mastering.models import AUDIBLE_NAME, Master, Version
from mastering.plots import plots_of_report
from mastering.services import expected_end
from mastering.views.found import own_master, own_version, told
from mastering.views.pairs import pair_of
from references.errors import UploadRefused
from references.forms import upload_limits
from references.http import choices_of, deliver, receives_files, turns_away_when_busy
from references.messages import audio_messages
from references.models import AudioFile, Reference
from references.services import clean_filename, receive_upload

PAGE_ROWS = 20
OFFERED_MORE = 50  # references to compare with the first, the newest


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
    if request.FILES:  # before they are stored
        services.refuse_if_busy()
    more = _more_references(request) if "more" in request.POST else ()
    form = MasterForm(request.POST, request.FILES, more=more)
    form.is_valid()
    tracks = {kind: _track(request, form, kind) for kind in ("mix", "reference")}
    mix, reference = tracks["mix"], tracks["reference"]
    if form.errors or mix is None or reference is None:
        return _new_page(request, form, tracks)
    try:
        masters = services.submit_masters(
            user=request.user,
            mix=mix,
            references=[reference, *_chosen_too(request, form)],
            settings=form.chosen(),
            previous=_previous(request, request.POST),
            genre=form.cleaned_data["genre"],
            release=form.cleaned_data["release"],
        )
    except Unpaid as refusal:
        return _unpaid(request, refusal, mix=mix.pk, reference=reference.pk)
    except MasterRefused as refusal:
        form.add_error(None, told(refusal.code))
        return _new_page(request, form, tracks)
    if len(masters) > 1:
        return redirect("mastering:matrix", masters[0].pk)
    return redirect("mastering:detail", masters[0].pk)


@login_required
@require_GET
def history(request: AuthenticatedRequest) -> HttpResponse:
    masters = Master.objects.of(request.user).of_mode(is_test=False).in_rows()
    paginator = Paginator(masters, PAGE_ROWS)
    page = paginator.get_page(request.GET.get("page"))
    return render(request, "mastering/master_list.html", {"masters": page})


@login_required
@require_GET
def detail(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    version = own_version(request, master_id)
    return _result_page(request, version, VersionForm(settings=version.chosen))


@login_required
@require_GET
def status(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    """Answer the steps of an open version; tell the page to load anew once it has ended."""
    version = own_version(request, master_id, is_poll=True)
    response = render(request, "mastering/_status.html", _progress(version))
    if not version.is_open:
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
def cancel(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    services.cancel(version=own_version(request, master_id))
    return redirect("mastering:detail", master_id)


@login_required
@require_POST
@turns_away_when_busy
def retry(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    version = own_version(request, master_id)
    return _rendered(request, version.master, partial(services.retry, version=version))


@login_required
@require_POST
def delete(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    services.delete_master(master=own_master(request, master_id))
    return redirect("mastering:list")


@login_required
@require_POST
@turns_away_when_busy
def versions(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    version = own_version(request, master_id)
    form = VersionForm(request.POST)
    if not form.is_valid():
        return _result_page(request, version, form)
    master, settings = version.master, form.chosen(version.chosen)
    return _rendered(
        request, master, partial(services.render_version, master=master, settings=settings)
    )


@login_required
@require_safe
def listen(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponseBase:
    version = own_version(request, master_id, number)
    lossless = "lossless" in request.GET
    if lossless and version.is_audible_early:
        return deliver(request, version.key(AUDIBLE_NAME))
    return _deliver(request, version, version.lossless_name if lossless else version.proxy_name)


@login_required
@require_safe
def waveform(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponseBase:
    return _deliver(request, own_version(request, master_id, number), "waveform.json")


@login_required
@require_safe
def plots(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    version = own_version(request, master_id, number)
    if not version.has_succeeded:
        raise Http404
    drawn = {
        "limiting": version.report["limiting"],
        "plots": {plot.kind: plot.drawn for plot in plots_of_report(version.report)},
    }
    # A finished version never changes.
    return JsonResponse(drawn, headers={"Cache-Control": "private, max-age=86400"})


@login_required
@require_safe
def download(
    request: AuthenticatedRequest, master_id: str, number: int, format_code: str
) -> HttpResponseBase:
    version = own_version(request, master_id, number)
    name = output_name(format_code)
    if name is None:
        raise Http404
    download_as = f"{version.master.mix.title} (Lacquer master v{number}){PurePath(name).suffix}"
    return _deliver(request, version, name, download_as=clean_filename(download_as))


def _own_audio(request: AuthenticatedRequest, audio_id: str) -> AudioFile | None:
    return AudioFile.objects.of(request.user).filter(pk=audio_id).first()


def _previous(request: AuthenticatedRequest, named: QueryDict) -> Master | None:
    """Return the master of an earlier mix of this song, where one of their own is named."""
    pk = named.get("previous")
    return Master.objects.of(request.user).filter(pk=pk).first() if pk else None


def _track(request: AuthenticatedRequest, form: MasterForm, kind: str) -> AudioFile | None:
    """Return the track of a new master: the file sent along, or the one uploaded before."""
    file = request.FILES.get(f"{kind}_file")
    if file is None:
        audio = _own_audio(request, request.POST.get(kind, ""))
        if audio is None:
            form.add_error(None, told(f"missing_{kind}"))
        return audio
    try:
        return receive_upload(user=request.user, kind=AudioFile.Kind(kind.upper()), file=file)
    except (AudioError, UploadRefused) as refusal:
        form.add_error(None, f"{clean_filename(file.name or '')}: {told(refusal.code)}")
        return None


def _more_references(request: AuthenticatedRequest) -> dict[str, str]:
    """Return the references that a mix can be mastered toward beside the first, with titles."""
    usable = Reference.objects.of(request.user).of_mode(is_test=False).usable()[:OFFERED_MORE]
    return {entry.audio_id: entry.title for entry in usable}


def _chosen_too(request: AuthenticatedRequest, form: MasterForm) -> list[AudioFile]:
    return list(AudioFile.objects.of(request.user).filter(pk__in=form.cleaned_data["more"]))


def _new_page(
    request: AuthenticatedRequest, form: MasterForm, tracks: dict[str, AudioFile | None]
) -> HttpResponse:
    missing = [kind for kind, audio in tracks.items() if audio is None or audio.has_failed]
    context = {
        "form": form,
        **tracks,
        **_cost(request, tracks),
        **{f"{kind}_findings": audio_messages(audio, kind) for kind, audio in tracks.items()},
        **pair_of(
            tracks["mix"],
            tracks["reference"],
            genre=request.POST.get("genre", ""),
            previous=_previous(request, request.POST or request.GET),
        ),
        **choices_of(request.user),
        **_more(request, form, tracks),
        "limits": upload_limits(),
        "can_submit": not missing,
        "why_not": " ".join(failure_message(f"missing_{kind}").text for kind in missing),
    }
    return render(request, "mastering/new.html", context, status=422 if form.errors else 200)


def _more(
    request: AuthenticatedRequest, form: MasterForm, tracks: dict[str, AudioFile | None]
) -> dict[str, Any]:
    """Return the further references on offer, each with what a master toward it would cost."""
    mix, reference = tracks["mix"], tracks["reference"]
    offered = _more_references(request)
    if reference is not None:
        offered.pop(reference.pk, None)
    audio = AudioFile.objects.of(request.user).in_bulk(list(offered)) if mix else {}
    ticked = form["more"].value() or ()
    return {
        "most_more": services.MOST_SIBLINGS - 1,
        "more_references": [
            {
                "value": pk,
                "title": title,
                "cost": services.cost_credits(user=request.user, mix=mix, reference=audio[pk])
                if mix and pk in audio
                else 1,
                "is_ticked": pk in ticked,
            }
            for pk, title in offered.items()
        ],
    }


def _cost(request: AuthenticatedRequest, tracks: dict[str, AudioFile | None]) -> dict[str, int]:
    """Return what the master would cost, and what there is to pay with."""
    mix, reference = tracks["mix"], tracks["reference"]
    cost = 1
    if mix is not None and reference is not None:
        cost = services.cost_credits(user=request.user, mix=mix, reference=reference)
    return {"cost_credits": cost, "credits_left": credits_left(request.user)}


def _rendered(
    request: AuthenticatedRequest, master: Master, render_again: Callable[[], Version]
) -> HttpResponse:
    """Queue a further version, and go back to its master; say why where there is none."""
    try:
        render_again()
    except Unpaid as refusal:
        return _unpaid(request, refusal, mix=master.mix_id, reference=master.reference_id)
    except MasterRefused as refusal:
        messages.error(request, told(refusal.code))
    return redirect("mastering:detail", master.pk)


def _unpaid(
    request: AuthenticatedRequest, refusal: Unpaid, *, mix: str, reference: str
) -> HttpResponse:
    """Say that credits are out, with two ways on; the tracks stay chosen."""
    query = urlencode({"mix": mix, "reference": reference})
    context = catalogue(request.user) | {
        "resume_url": f"{reverse('mastering:new')}?{query}",
        "why": told(refusal.code),
        "is_frozen": refusal.code == "account_frozen",
    }
    return render(request, "billing/out_of_credits.html", context, status=402)


def _result_page(
    request: AuthenticatedRequest, version: Version, form: VersionForm
) -> HttpResponse:
    done = version.has_succeeded
    other = _compared(request, version) if done else None
    context = {
        **_progress(version),
        "versions": version.master.versions.with_remarks().order_by("-number"),
        "other": other,
        "form": form,
        "report": version.report if done else None,
        "player": player_of(version, other=other) if done else None,
        "downloads": downloads_of(version) if done else [],
        "plots_url": address(version, "plots") if done else None,
        "error_text": told(version.error_code) if version.has_failed else "",
    }
    return render(
        request, "mastering/master_detail.html", context, status=422 if form.errors else 200
    )


def _compared(request: AuthenticatedRequest, version: Version) -> Version | None:
    """Return the version that ``?with=`` names beside the one shown."""
    asked = request.GET.get("with", "")
    if not asked.isdecimal() or int(asked) == version.number:
        return None
    other = own_version(request, version.master_id, int(asked))
    return other if other.has_succeeded else None


def _progress(version: Version) -> dict[str, Any]:
    return {
        "master": version.master,
        "version": version,
        "steps": steps_of(version),
        "queue_position": version.ahead if version.is_waiting else 0,
        "left": left_words(expected_end(version)),
    }


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
