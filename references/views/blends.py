"""Pages of blends: making one, looking at one, and changing one into another."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.http import AuthenticatedRequest
from dsp.errors import AudioError
from references.errors import LibraryRefused, UploadRefused
from references.forms.blends import BlendForm, initial_of
from references.http import turns_away_when_busy
from references.messages import audio_messages, refusal_message
from references.models import Blend, Reference
from references.models.blends import shares_of
from references.services import create_blend

MOST_OFFERED = 200  # of a library, the newest; more may be named by the address


@login_required
@require_http_methods(["GET", "POST"])
@turns_away_when_busy
def new_blend(request: AuthenticatedRequest) -> HttpResponse:
    """Make a blend: of what ``?reference=`` names, or like the one that ``?like=`` names."""
    choices = _offered(request)
    if request.method == "GET":
        return _form_page(request, BlendForm(choices=choices, initial=_initial(request, choices)))
    form = BlendForm(request.POST, choices=choices)
    if not form.is_valid():
        return _form_page(request, form)
    try:
        made = create_blend(user=request.user, title=form.cleaned_data["title"], parts=form.parts())
    except (AudioError, LibraryRefused, UploadRefused) as refusal:
        told = refusal_message(refusal.code)
        form.add_error(None, " ".join(filter(None, (told.text, told.advice))))
        return _form_page(request, form)
    return redirect("references:blend", made.pk)


@login_required
@require_GET
def blend(request: AuthenticatedRequest, reference_id: str) -> HttpResponse:
    entry = get_object_or_404(Reference.objects.of(request.user), pk=reference_id)
    made = Blend.objects.of(request.user).with_parts().filter(audio=entry.audio_id).first()
    if made is None:
        raise Http404
    parts = list(made.parts.all())
    entries = _entries_of(request, made)
    rows = [
        {"part": part, "shares": shares, "entry": entries.get(str(part.audio_id))}
        for part, shares in zip(parts, shares_of(parts), strict=True)
    ]
    refusals = audio_messages(entry.audio) if entry.audio.has_failed else []
    context = {"entry": entry, "rows": rows, "refusals": refusals}
    return render(request, "references/blend_detail.html", context)


def _form_page(request: AuthenticatedRequest, form: BlendForm) -> HttpResponse:
    context = {"form": form, "can_blend": len(form.fields["reference_0"].choices) > 2}  # type: ignore[attr-defined]
    return render(
        request, "references/blend_form.html", context, status=422 if form.errors else 200
    )


def _offered(request: AuthenticatedRequest) -> list[Reference]:
    """Return what can be blended: the newest, and what was named."""
    mine = Reference.objects.of(request.user).of_mode(is_test=False).usable().single().light()
    sent = [request.POST.get(name, "") for name in request.POST if name.startswith("reference_")]
    named = {*sent, *request.GET.getlist("reference")}
    if like := _like(request):
        named |= {entry.pk for entry in _entries_of(request, like).values()}
    newest = list(mine[:MOST_OFFERED])
    return newest + list(mine.filter(pk__in=named).exclude(pk__in=[each.pk for each in newest]))


def _initial(request: AuthenticatedRequest, choices: list[Reference]) -> dict[str, Any]:
    like = _like(request)
    if like is not None:
        parts = list(like.parts.all())
        entries = {str(each.audio_id): each for each in choices}
        return initial_of(parts, entries) | {"title": like.audio.title}
    known = {each.pk for each in choices}
    named = [pk for pk in dict.fromkeys(request.GET.getlist("reference")) if pk in known]
    return {f"reference_{slot}": pk for slot, pk in enumerate(named)}


def _like(request: AuthenticatedRequest) -> Blend | None:
    entry = Reference.objects.of(request.user).filter(pk=request.GET.get("like", "")).first()
    blends = Blend.objects.of(request.user).with_parts()
    return blends.filter(audio=entry.audio_id).first() if entry else None


def _entries_of(request: AuthenticatedRequest, made: Blend) -> dict[str, Reference]:
    """Return the entries of what is in a blend, by its audio, as far as they are there."""
    mine = Reference.objects.of(request.user).of_mode(is_test=False).usable().single()
    found = mine.filter(audio__in=[part.audio_id for part in made.parts.all() if part.audio_id])
    return {str(entry.audio_id): entry for entry in found}
