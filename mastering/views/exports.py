"""What is taken away from a version: files made on demand, their tags, plots as CSV, the check."""

from dataclasses import replace

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import AuthenticatedRequest
from dsp.covers import MAX_COVER_BYTES
from mastering import services
from mastering.deliverables import export_name
from mastering.errors import MasterRefused
from mastering.forms.release import ExportForm, TagsForm
from mastering.models import Export, ReleaseTags, Version
from mastering.plots import plot_of_report
from mastering.views.found import made_version, own_master, told
from references.errors import StorageAway
from references.http import deliver, receives_files, turns_away_when_busy, wants_fragment
from references.services import clean_filename


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@turns_away_when_busy
def exports(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    """Queue the chosen files, or tell how far those are that were asked for."""
    version = made_version(request, master_id, number)
    if request.method == "POST":
        form = ExportForm(request.POST)
        if not form.is_valid():
            return _taken_away(request, version, refusal="not_exportable")
        chosen = form.cleaned_data
        wanted = [chosen["formats"]] if chosen["packed"] else [[f] for f in chosen["formats"]]
        try:
            for formats in wanted:
                services.request_export(
                    version=version,
                    formats=formats,
                    rate_hz=chosen["rate_hz"],
                    is_archive=chosen["packed"],
                )
        except MasterRefused as refusal:
            return _taken_away(request, version, refusal=refusal.code)
    return _taken_away(request, version)


@login_required
@require_safe
def exported(
    request: AuthenticatedRequest, master_id: str, number: int, export_id: str
) -> HttpResponseBase:
    mine = Export.objects.of(request.user)
    export = get_object_or_404(
        mine, pk=export_id, version__master=master_id, version__number=number
    )
    name = export.file_name
    if name is None:
        raise Http404
    return deliver(
        request,
        export.key(name),
        sha256=export.outputs[name]["sha256"],
        download_as=export_name(export),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@receives_files(at_most=1, bytes_each=MAX_COVER_BYTES)
def tags(request: AuthenticatedRequest, master_id: str) -> HttpResponse:
    master = own_master(request, master_id)
    known = master.tags.first()
    if request.method == "POST":
        form = TagsForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                services.save_tags(
                    master=master,
                    texts=form.texts,
                    cover=form.cleaned_data["cover"],
                    keep_cover=not form.cleaned_data["remove_cover"],
                )
            except StorageAway as refusal:
                form.add_error(None, told(refusal.code))
            else:
                messages.success(request, _("Kept. Files made from now on carry these."))
                return redirect(f"{reverse('mastering:detail', args=[master.pk])}#take-away")
    else:
        initial = known.texts if known else {"title": master.title}
        form = TagsForm(initial=initial)
    context = {"master": master, "form": form, "tags": known}
    return render(request, "mastering/tags.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def cover(request: AuthenticatedRequest, master_id: str) -> HttpResponseBase:
    known = ReleaseTags.objects.of(request.user).filter(master=master_id).first()
    if known is None or not known.cover_sha256:
        raise Http404
    return deliver(request, known.cover_key, sha256=known.cover_sha256)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@turns_away_when_busy
def check(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    """Begin the check before a release, or tell how far it is."""
    version = made_version(request, master_id, number)
    if request.method == "POST":
        services.request_check(version=version)
    if not wants_fragment(request):
        return redirect(_at(version, "release"))
    return render(request, "mastering/_release.html", {"version": version, "seen": True})


@login_required
@require_POST
@turns_away_when_busy
def safe_ceiling(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    """Render a version again under the ceiling that its lossy copies need."""
    version = made_version(request, master_id, number)
    found = getattr(version, "release_check", None)
    ceiling_dbtp = found.found.get("safe_ceiling_dbtp") if found else None
    if ceiling_dbtp is None:
        raise Http404
    settings = replace(version.chosen, ceiling_dbtp=ceiling_dbtp)
    try:
        services.render_version(master=version.master, settings=settings)
    except MasterRefused as refusal:
        messages.error(request, told(refusal.code))
    return redirect("mastering:detail", master_id)


@login_required
@require_safe
def plot_csv(request: AuthenticatedRequest, master_id: str, number: int, kind: str) -> HttpResponse:
    version = made_version(request, master_id, number)
    plot = plot_of_report(version.report, kind)
    if plot is None:
        raise Http404
    name = clean_filename(f"{version.master.mix.title} v{number} {kind}.csv")
    return HttpResponse(
        plot.csv,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": content_disposition_header(True, name),  # noqa: FBT003
            "Cache-Control": "private, max-age=86400",  # a finished version never changes
            "X-Content-Type-Options": "nosniff",
        },
    )


def _taken_away(
    request: AuthenticatedRequest, version: Version, *, refusal: str = ""
) -> HttpResponse:
    if not wants_fragment(request):
        if refusal:
            messages.error(request, told(refusal))
        return redirect(_at(version, "take-away"))
    context = {"version": version, "trouble": told(refusal) if refusal else ""}
    return render(request, "mastering/_deliveries.html", context)


def _at(version: Version, part: str) -> str:
    page = reverse("mastering:detail", args=[version.master_id])
    return f"{page}?version={version.number}#{part}"
