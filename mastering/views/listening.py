"""Trying settings beside the player, versions and what is said of them, several references."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.http import AuthenticatedRequest
from billing.http import credits_left
from dsp.formats import EXCERPT_NAME
from mastering import services
from mastering.errors import MasterRefused
from mastering.forms import BlindTestForm, RemarkForm, SiblingsForm, TrialForm
from mastering.http import lossless_address, matrix_of, sources_of
from mastering.models import Master, Preview, Version
from mastering.views.found import own_master, own_version, told
from references.http import deliver, turns_away_when_busy
from references.models import AudioFile, Reference

MOST_OFFERED = 50  # further references, the newest


@login_required
@require_POST
@turns_away_when_busy
def try_settings(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    """Answer where a part with these settings will be heard, and the whole after it."""
    shown = own_version(request, master_id)
    form = TrialForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"code": "invalid_settings", "errors": form.errors}, status=422)
    try:
        trial = services.try_settings(
            master=shown.master,
            settings=form.chosen(shown.chosen),
            start_seconds=form.cleaned_data["start"],
            end_seconds=form.cleaned_data["end"],
        )
    except MasterRefused as refusal:
        return JsonResponse({"code": refusal.code, "text": told(refusal.code)}, status=409)
    return JsonResponse(
        {
            "preview_url": trial.preview
            and reverse("mastering:preview", args=[master_id, trial.preview.pk]),
            "version_url": reverse("mastering:state", args=[master_id, trial.version.number]),
        },
        status=202,
    )


@login_required
@require_GET
def preview(request: AuthenticatedRequest, master_id: str, preview_id: str) -> HttpResponse:
    """Answer how far a part is, and where it can be heard."""
    found = _preview(request, master_id, preview_id)
    answer: dict[str, Any] = _state_of(found)
    if found.has_succeeded:
        args = [master_id, preview_id]
        answer |= {
            "start_seconds": found.start_seconds,
            "gain_db": found.gain_db,
            "url": reverse("mastering:excerpt", args=args),
            "waveform_url": reverse("mastering:excerpt_waveform", args=args),
        }
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


@login_required
@require_safe
def excerpt(request: AuthenticatedRequest, master_id: str, preview_id: str) -> HttpResponseBase:
    return _deliver_part(request, master_id, preview_id, EXCERPT_NAME)


@login_required
@require_safe
def excerpt_waveform(
    request: AuthenticatedRequest, master_id: str, preview_id: str
) -> HttpResponseBase:
    return _deliver_part(request, master_id, preview_id, "waveform.json")


@login_required
@require_GET
def state(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    """Answer how far a version is, and once it is made what a player needs of it."""
    version = own_version(request, master_id, number, is_poll=True)
    answer = _state_of(version) | {"number": version.number}
    if version.has_succeeded:
        answer["sources"] = sources_of(version)
    elif version.is_audible_early:
        answer["early_url"] = lossless_address(version)
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


@login_required
@require_POST
def restore(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    """Go back to a version: its sound and its settings are the current ones again."""
    version = own_version(request, master_id, number)
    try:
        services.show(version=version)
    except MasterRefused as refusal:
        messages.error(request, told(refusal.code))
    else:
        text = _("Version %(number)s is the current one again; the others are kept.")
        messages.success(request, text % {"number": number})
    return redirect("mastering:detail", master_id)


@login_required
@require_POST
def remark(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    version = own_version(request, master_id, number)
    form = RemarkForm(request.POST)
    if form.is_valid():
        services.remark(version=version, **form.cleaned_data)
    else:
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
    shown = request.POST.get("shown", "")  # the version whose page it was said on
    query = f"?version={int(shown) if shown.isdecimal() else number}#versions"
    return redirect(f"{reverse('mastering:detail', args=[master_id])}{query}")


@login_required
@require_POST
def blind_test(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    """Keep a count, and answer how likely guessing would give one as uneven."""
    version = own_version(request, master_id, number)
    form = BlindTestForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"code": "invalid_count", "errors": form.errors}, status=422)
    other = form.cleaned_data["against"]
    try:
        kept = services.count_blind_test(
            version=version,
            against=own_version(request, master_id, other) if other else None,
            trials=form.cleaned_data["trials"],
            chosen=form.cleaned_data["chosen"],
        )
    except MasterRefused as refusal:
        return JsonResponse({"code": refusal.code, "text": told(refusal.code)}, status=409)
    return JsonResponse(
        {"chosen": kept.chosen, "trials": kept.trials, "probability": kept.probability},
        status=201,
    )


@login_required
@require_GET
def matrix(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    """Show the masters of one mix toward several references, on the same excerpt."""
    return _matrix_page(request, own_master(request, master_id), None)


@login_required
@require_GET
def matrix_status(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    """Answer how far the masters of a mix are; tell the page to load anew when one has ended."""
    master = own_master(request, master_id)
    masters = list(Master.objects.of(request.user).siblings(master))
    context = {"master": master, "masters": masters, "is_waiting": _is_waiting(masters)}
    response = render(request, "mastering/_matrix_rows.html", context)
    if str(context["is_waiting"]) != request.GET.get("waiting"):
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
@turns_away_when_busy
def siblings(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    """Master the same mix toward further references, all of them or none."""
    master = own_master(request, master_id)
    form = SiblingsForm(request.POST, choices=_other_references(master))
    if not form.is_valid():
        return _matrix_page(request, master, form)
    chosen = Reference.objects.of(request.user).filter(audio__in=form.cleaned_data["references"])
    try:
        services.submit_siblings(
            master=master,
            references=[each.audio for each in chosen.select_related("audio")],
            settings=form.chosen(),
        )
    except MasterRefused as refusal:
        messages.error(request, told(refusal.code))
    return redirect("mastering:matrix", master_id)


@login_required
@require_POST
def use(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    """Take one of several masters of a mix: its version is starred, and its page opens."""
    services.prefer(master=own_master(request, master_id))
    return redirect("mastering:detail", master_id)


def _matrix_page(
    request: AuthenticatedRequest, master: Master, form: SiblingsForm | None
) -> HttpResponse:
    masters = list(Master.objects.of(request.user).siblings(master))
    choices = _other_references(master)
    context = {
        "master": master,
        "masters": masters,
        "player": matrix_of(masters),
        "form": form or SiblingsForm(choices=choices, settings=master.shown.chosen),
        "choices": _priced(master, choices),
        "room": max(0, services.MOST_SIBLINGS - len(masters)),
        "is_waiting": _is_waiting(masters),
        "credits_left": credits_left(request.user),
    }
    status = 422 if form and form.errors else 200
    return render(request, "mastering/matrix.html", context, status=status)


def _is_waiting(masters: list[Master]) -> int:
    return sum(1 for each in masters if each.shown.is_open)


def _priced(master: Master, choices: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return references on offer, each with what a master toward it would cost."""
    tracks = AudioFile.objects.of(master.user).in_bulk([pk for pk, _title in choices])
    return [
        {
            "value": pk,
            "title": title,
            "cost": services.cost_credits(user=master.user, mix=master.mix, reference=tracks[pk]),
        }
        for pk, title in choices
    ]


def _other_references(master: Master) -> list[tuple[str, str]]:
    """Return the references of the library that the mix has not been mastered toward."""
    used = Master.objects.filter(user=master.user, mix=master.mix).values("reference")
    library = Reference.objects.of(master.user).of_mode(is_test=master.is_test)
    found = library.kept().exclude(audio__in=used)
    return [(each.audio_id, each.title) for each in found[:MOST_OFFERED]]


def _state_of(work: Version | Preview) -> dict[str, Any]:
    if work.has_failed:
        return {"state": "failed", "code": work.error_code, "text": told(work.error_code)}
    if work.has_succeeded:
        return {"state": "done"}
    return {"state": "open" if work.is_open else "canceled"}


def _preview(request: AuthenticatedRequest, master_id: str, preview_id: str) -> Preview:
    return get_object_or_404(Preview.objects.of(request.user), master=master_id, pk=preview_id)


def _deliver_part(
    request: AuthenticatedRequest, master_id: str, preview_id: str, name: str
) -> HttpResponseBase:
    found = _preview(request, master_id, preview_id)
    if not found.has_succeeded:
        raise Http404
    return deliver(request, found.key(name), sha256=found.outputs[name]["sha256"])
