"""The library: its page, one entry, and what is done to several at once."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import AuthenticatedRequest
from dsp.errors import AudioError
from dsp.weights import MOST_PARTS
from references import services
from references.errors import Busy, LibraryRefused, StorageAway, UploadRefused
from references.forms import DirectUploadForm, upload_limits
from references.forms.library import BulkForm, LibraryForm, ReferenceForm, cursor_of, place_of
from references.http import busy, choices_of, receives_files, wants_fragment
from references.messages import refusal_message
from references.messages.library import health_words
from references.messages.suitability import suitability_words
from references.models import AudioFile, Reference
from references.ranking import Ranked, rank_library

PAGE_ROWS = 50
MOST_RANKED_SHOWN = 100
CHOICES = 5  # beside a mix
MOST_AT_ONCE = 20  # files in one form; scripts send them one by one
MIXES = 20  # that a library can be ranked for


@login_required
@require_GET
def library(request: AuthenticatedRequest) -> HttpResponse:
    form = LibraryForm(request.GET)
    mine = Reference.objects.of(request.user).of_mode(is_test=False).kept()
    uploads = AudioFile.objects.of(request.user).of_mode(is_test=False)
    mix = uploads.filter(pk=request.GET["mix"]).first() if request.GET.get("mix") else None
    found = form.chosen(mine)
    if mix is not None and mix.is_ready:
        shown: dict[str, Any] = {"ranked": _ranked(mix, found.usable().unlike(mix))}
    else:
        shown = _page_of(found, form.order, request.GET.get("after", ""))
    context = {"form": form, "mix": mix, "is_next": bool(request.GET.get("after")), **shown}
    if wants_fragment(request):
        return render(request, "references/_crate.html", context)
    mixes = uploads.filter(kind=AudioFile.Kind.MIX, status=AudioFile.Status.READY)
    taken = set(mine.exclude(starter="").values_list("starter", flat=True))
    context |= {
        "count": mine.count(),
        "tags": mine.tags()[:30],
        "mixes": mixes.order_by("-created").only("pk", "filename")[:MIXES],
        "limits": upload_limits(),
        "rights_stated": services.has_stated_rights(user=request.user),
        "bulk": BulkForm(),
        "starters": [
            {"code": code, "starter": services.STARTERS[code], "tone_db": tone_db}
            for code, tone_db in services.starter_curves()
            if code not in taken
        ],
    }
    return render(request, "references/reference_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def detail(request: AuthenticatedRequest, reference_id: str) -> HttpResponse:
    reference = _own(request, reference_id)
    form = ReferenceForm(request.POST or None, reference=reference)
    if request.method == "POST" and form.is_valid():
        services.edit_reference(reference=reference, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("references:detail", reference.pk)
    doubles = Reference.objects.of(request.user).light()
    root = reference.same_as_id or reference.pk
    context = {
        "reference": reference,
        "health": health_words(reference),
        "form": form,
        "doubles": (doubles.filter(pk=root) | doubles.filter(same_as=root)).exclude(
            pk=reference.pk
        ),
        "measured": {
            name: reference.audio.summary.get(name)
            for name in ("true_peak_dbtp", "loudness_range_lu")
        },
        "use_count": reference.audio.masters_toward.count(),
        "sources": services.sources_of(reference.starter) if reference.starter else [],
    }
    status = 422 if form.errors else 200
    return render(request, "references/reference_detail.html", context, status=status)


@login_required
@require_POST
@receives_files(at_most=MOST_AT_ONCE)
def add(request: AuthenticatedRequest) -> HttpResponse:
    """Take files for the library: several from a form, one at a time from a script."""
    files = request.FILES.getlist("files")[:MOST_AT_ONCE]
    states = "rights" in request.POST
    refused: list[tuple[str, str]] = [] if files else [("", "missing_file")]
    for file in files:
        try:
            services.add_reference(user=request.user, file=file, states_rights=states)
        except (AudioError, UploadRefused) as refusal:
            refused.append((services.clean_filename(file.name or ""), refusal.code))
    if wants_fragment(request):
        return _refused(*refused[0]) if refused else JsonResponse({}, status=201)
    for name, code in refused:
        told = refusal_message(code)
        messages.error(request, " ".join(filter(None, (name, told.title, told.text, told.advice))))
    if files and (taken := len(files) - len(refused)):
        text = ngettext("%(count)d track is added.", "%(count)d tracks are added.", taken)
        messages.success(request, text % {"count": taken})
    return redirect("references:list")


@login_required
@require_POST
def begin(request: AuthenticatedRequest) -> HttpResponse:
    """Announce a file for the library that goes straight to the storage."""
    form = DirectUploadForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    said = form.cleaned_data
    try:
        upload, send = services.begin_reference(
            user=request.user,
            filename=said["filename"],
            size_bytes=said["size_bytes"],
            states_rights="rights" in request.POST,
        )
    except (AudioError, UploadRefused) as refusal:
        return _refused(said["filename"], refusal.code)
    told = {"url": send.url, "method": send.method, "headers": send.headers}
    complete_url = reverse("references:complete", args=[upload.pk])
    return JsonResponse(told | {"complete_url": complete_url}, status=201)


@login_required
@require_POST
def bulk(request: AuthenticatedRequest) -> HttpResponse:
    """Describe, empty or remove the chosen entries."""
    form = BulkForm(request.POST)
    if not form.is_valid():
        chosen = "ids" not in form.errors
        text = (
            _("Nothing was changed.")
            if chosen
            else _("Choose at least one reference, at most 500.")
        )
        messages.error(request, text)
        return _back(request)
    ids = form.cleaned_data["ids"]
    match form.cleaned_data["act"]:
        case "blend":
            named = urlencode({"reference": ids[:MOST_PARTS]}, doseq=True)
            return redirect(f"{reverse('references:new_blend')}?{named}")
        case "remove":
            count = services.remove_references(user=request.user, ids=ids)
            text = ngettext("%(count)d is removed.", "%(count)d are removed.", count)
        case "drop_sound":
            count = _drop_each(request, ids)
            text = ngettext(
                "%(count)d is kept as a profile only.",
                "%(count)d are kept as profiles only.",
                count,
            )
        case _:
            count = services.edit_references(user=request.user, ids=ids, **form.described())
            text = ngettext("%(count)d is changed.", "%(count)d are changed.", count)
    if count:
        messages.success(request, text % {"count": count})
    return _back(request)


@login_required
@require_GET
def choices(request: AuthenticatedRequest) -> HttpResponse:
    """Answer what a reference can be chosen from: ranked for the mix, once that is measured."""
    mix = AudioFile.objects.of(request.user).filter(pk=request.GET.get("mix", "")).first()
    genre = request.GET.get("genre", "")
    if mix is not None and mix.is_open and request.GET.get("told") == mix.pk:
        return HttpResponse(status=204)  # what is on the page stays, and whoever points at it
    context: dict[str, Any] = {"mix": mix, "is_told": True}
    if mix is not None and mix.is_ready:
        ranked = rank_library(mix, genre=genre, most=CHOICES, with_starters=True)
        context["ranked"] = [_told(each) for each in ranked]
    else:
        context |= choices_of(request.user)
    return render(request, "references/_choices.html", context)


def _own(request: AuthenticatedRequest, reference_id: str) -> Reference:
    return get_object_or_404(Reference.objects.of(request.user), pk=reference_id)


def _page_of(found: Any, order: str, after: str) -> dict[str, Any]:
    """Return one page of entries, and the cursor of the next where there is one."""
    entries = found.with_use_count().light().sorted_by(order)
    place = place_of(after, order) if after else None
    if place is not None:
        entries = entries.after(order, *place)
    rows = list(entries[: PAGE_ROWS + 1])
    more = cursor_of(rows[PAGE_ROWS - 1]) if len(rows) > PAGE_ROWS else ""
    rows = rows[:PAGE_ROWS]
    return {
        "references": [{"entry": row, "health": health_words(row)} for row in rows],
        "more": more,
        "is_measuring": any(row.audio.is_open or row.trust is None for row in rows),
    }


def _ranked(mix: AudioFile, among: "QuerySet[Reference]") -> list[dict[str, Any]]:
    counted = rank_library(mix, among=among, most=MOST_RANKED_SHOWN)
    return [_told(each) for each in counted]


def _told(ranked: Ranked) -> dict[str, Any]:
    return {
        "reference": ranked.reference,
        "starter": ranked.starter,
        "score": ranked.score,
        "words": suitability_words(ranked.comparison),
    }


def _drop_each(request: AuthenticatedRequest, ids: list[str]) -> int:
    dropped = 0
    for reference in Reference.objects.of(request.user).with_sound().filter(pk__in=ids):
        try:
            services.drop_sound(reference=reference)
            dropped += 1
        except LibraryRefused as refusal:
            told = refusal_message(refusal.code)
            messages.error(request, f"{reference.title}: {told.title}. {told.text} {told.advice}")
    return dropped


def _refused(filename: str, code: str) -> HttpResponse:
    told = refusal_message(code)
    text = f"{told.title}. {told.text} {told.advice}".strip()
    response = JsonResponse({"code": code, "filename": filename, "text": text}, status=422)
    return busy(response) if code in (Busy.code, StorageAway.code) else response


def _back(request: AuthenticatedRequest) -> HttpResponse:
    """Return to the list as it was searched."""
    asked = request.POST.get("back", "")
    here = reverse("references:list")
    safe = asked.startswith("?") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return redirect(f"{here}{asked}" if safe else here)
