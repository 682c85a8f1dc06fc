"""A mix and its reference together: how well they suit, and which of their sections are paired."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.http import AuthenticatedRequest
from mastering import services
from mastering.errors import MasterRefused
from mastering.forms import SectionsForm
from mastering.messages import failure_message
from mastering.messages.coaching import coaching_of_mixes
from mastering.models import Master, Version
from references.http import turns_away_when_busy
from references.messages.suitability import suitability_words
from references.models import AudioFile
from references.ranking import better_reference, suitability_of


@login_required
@require_GET
def suitability(request: AuthenticatedRequest) -> HttpResponse:
    """Answer how well two tracks suit, as far as they are measured."""
    mix, reference = (
        AudioFile.objects.of(request.user).filter(pk=request.GET.get(kind, "")).first()
        for kind in ("mix", "reference")
    )
    previous = Master.objects.of(request.user).filter(pk=request.GET.get("previous", "")).first()
    context = pair_of(mix, reference, genre=request.GET.get("genre", ""), previous=previous)
    return render(request, "references/_suitability.html", context)


@login_required
@require_POST
@turns_away_when_busy
def sections(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    """Render a version whose sections are compared as chosen."""
    mine = Version.objects.of(request.user)
    version = get_object_or_404(mine, master=master_id, number=number)
    if not version.has_succeeded:
        raise Http404
    form = SectionsForm(request.POST, version=version)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
        return redirect("mastering:detail", master_id)
    settings = replace(version.chosen, sections=form.chosen())
    try:
        services.render_version(master=version.master, settings=settings)
    except MasterRefused as refusal:
        told = failure_message(refusal.code)
        messages.error(request, f"{told.text} {told.advice}")
    return redirect("mastering:detail", master_id)


def pair_of(
    mix: AudioFile | None,
    reference: AudioFile | None,
    *,
    genre: str = "",
    previous: Master | None = None,
) -> dict[str, Any]:
    """Return what a page tells of two tracks before they are mastered."""
    tracks = (mix, reference)
    context: dict[str, Any] = {
        "mix": mix,
        "reference": reference,
        "pair_is_open": all(tracks) and any(track.is_open for track in tracks if track),
        "pair_is_told": True,
        "previous": previous,
    }
    if mix is None or reference is None or not (mix.is_ready and reference.is_ready):
        return context
    comparison = suitability_of(mix, reference, genre=genre)
    better = None
    if comparison["verdict"] != "good":
        better = better_reference(mix, reference, score=comparison["score"])
    return context | {
        "suitability": suitability_words(comparison),
        "better": better,
        "coaching": coaching_of_mixes(previous.mix, mix, reference) if previous else None,
    }
