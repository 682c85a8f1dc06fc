"""What is told of a version beside its page: report, provenance, hand-off, a gentler one."""

from typing import TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import (
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from accounts.http import AuthenticatedRequest
from mastering import services
from mastering.documents import hand_off_pack, record_document, report_document, report_pdf
from mastering.errors import MasterRefused
from mastering.messages import failure_message
from mastering.models import Version
from mastering.views.found import made_version
from references.http import turns_away_when_busy
from references.services import clean_filename

Answer = TypeVar("Answer", bound=HttpResponseBase)


@login_required
@require_GET
def report_json(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    version = made_version(request, master_id, number)
    return _attached(JsonResponse(report_document(version)), version, "report.json")


@login_required
@require_GET
def report_as_pdf(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    version = made_version(request, master_id, number)
    response = HttpResponse(report_pdf(version), content_type="application/pdf")
    return _attached(response, version, "report.pdf")


@login_required
@require_GET
def provenance(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    version = made_version(request, master_id, number)
    context = {"version": version, "master": version.master, "record": record_document(version)}
    return render(request, "mastering/provenance.html", context)


@login_required
@require_GET
def provenance_json(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    version = made_version(request, master_id, number)
    return _attached(JsonResponse(record_document(version)), version, "provenance.json")


@login_required
@require_GET
def hand_off(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponseBase:
    version = made_version(request, master_id, number)
    response = StreamingHttpResponse(hand_off_pack(version), content_type="application/zip")
    return _attached(response, version, "hand-off.zip")


@login_required
@require_POST
@turns_away_when_busy
def gentler(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    version = made_version(request, master_id, number)
    try:
        services.render_gentler(version=version)
    except MasterRefused as refusal:
        told = failure_message(refusal.code)
        messages.error(request, f"{told.text} {told.advice}")
    return redirect("mastering:detail", master_id)


def _attached(response: Answer, version: Version, what: str) -> Answer:
    name = clean_filename(f"{version.master.title} v{version.number} {what}")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response["Cache-Control"] = "private"
    return response
