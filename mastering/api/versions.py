"""Versions of a master, parts of them that are tried, and what is told of them."""

from dataclasses import replace

from django.http import HttpResponse, HttpResponseBase
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.errors import NotReady
from accounts.rest import ApiRequest, Raw, describe, idempotent, listed, page_of
from accounts.rest.paging import Page
from dsp.formats import EXCERPT_NAME
from dsp.settings import MasterSettings
from mastering import services
from mastering.api.found import MasteringView
from mastering.deliverables import download_name
from mastering.documents import record_document, report_document, report_pdf
from mastering.http import output_name
from mastering.models import Preview, ReleaseCheck, Version
from mastering.plots import plot_of_report
from mastering.serializers.masters import (
    PreviewForm,
    PreviewShape,
    TrialShape,
    VersionChanges,
    VersionForm,
    VersionShape,
)
from references.http import deliver

AUDIO = ("audio/wav", "audio/flac", "audio/aiff", "audio/mpeg", "audio/mp4")


class MasterVersionsView(MasteringView):
    @describe("List versions", listed(VersionShape), query=Page, errors=(404, 410))
    def get(self, request: ApiRequest, master_id: str) -> Response:
        rows = self.versions.filter(master=self.master(master_id))
        return page_of(self, rows, self.shown_version)

    @describe(
        "Create a version",
        VersionShape,
        status=202,
        request=VersionForm,
        once=True,
        errors=(402, 404, 409, 429, 503),
        description="Renders the master again, from what was measured. It costs nothing more.",
    )
    @idempotent()
    def post(self, request: ApiRequest, master_id: str) -> Response:
        master, said = self.master(master_id), self.read(VersionForm)
        base = master.shown
        if "based_on" in said:
            base = self.find(self.versions.filter(master=master), said["based_on"])
        settings = self.settings_of(said, based_on=_adjusted(base, said.get("adjust")))
        return self.accepted_version(services.render_version(master=master, settings=settings).pk)


class VersionView(MasteringView):
    @describe("Read a version", VersionShape, errors=(404, 410))
    def get(self, request: ApiRequest, version_id: str) -> Response:
        return Response(self.shown_version(self.version(version_id)))

    @describe(
        "Change a version",
        VersionShape,
        request=VersionChanges,
        errors=(404, 410),
        description="What you say of it; the version itself never changes.",
    )
    def patch(self, request: ApiRequest, version_id: str) -> Response:
        version, said = self.version(version_id), self.read(VersionChanges)
        known = getattr(version, "remark", None)
        was = {"name": "", "note": "", "is_starred": False}
        if known is not None:
            was = {name: getattr(known, name) for name in was}
        services.remark(version=version, **(was | said))  # type: ignore[arg-type]
        return Response(self.shown_version(self.version(version_id)))


class VersionCancelView(MasteringView):
    @describe("Cancel a version", VersionShape, errors=(404, 410))
    def post(self, request: ApiRequest, version_id: str) -> Response:
        services.cancel(version=self.version(version_id))
        return Response(self.shown_version(self.version(version_id)))


class VersionRetryView(MasteringView):
    @describe(
        "Retry a version",
        VersionShape,
        status=202,
        once=True,
        errors=(402, 404, 409, 410, 429, 503),
        description="Queues a version that failed or was cancelled once more, as a new one.",
    )
    @idempotent()
    def post(self, request: ApiRequest, version_id: str) -> Response:
        return self.accepted_version(services.retry(version=self.version(version_id)).pk)


class VersionReportView(MasteringView):
    @describe(
        "Read the report of a version",
        dict,
        errors=(404, 409, 410),
        description="What was measured and changed, in numbers and in words.",
    )
    def get(self, request: ApiRequest, version_id: str) -> Response:
        return Response(report_document(self.made(version_id)))


class VersionReportPdfView(MasteringView):
    @describe(
        "Read the report of a version as PDF",
        Raw("The report.", "application/pdf"),
        errors=(404, 409, 410),
    )
    def get(self, request: ApiRequest, version_id: str) -> HttpResponseBase:
        content = report_pdf(self.made(version_id))
        return HttpResponse(content, content_type="application/pdf")


class VersionProvenanceView(MasteringView):
    @describe(
        "Read the provenance of a version",
        dict,
        errors=(404, 409, 410),
        description="What went in, what was done, what came out, by their hashes.",
    )
    def get(self, request: ApiRequest, version_id: str) -> Response:
        return Response(record_document(self.made(version_id)))


class VersionPlotView(MasteringView):
    @describe(
        "Read a plot of a version as CSV",
        Raw("A line for each point.", "text/csv"),
        errors=(404, 409, 410),
    )
    def get(self, request: ApiRequest, version_id: str, kind: str) -> HttpResponseBase:
        plot = plot_of_report(self.made(version_id).report, kind)
        if plot is None:
            raise NotFound
        return HttpResponse(plot.csv, content_type="text/csv")


class VersionWaveformView(MasteringView):
    @describe(
        "Read the waveform of a version",
        Raw("Lowest and highest samples, to draw.", "application/json"),
        errors=(404, 409, 410),
    )
    def get(self, request: ApiRequest, version_id: str) -> HttpResponseBase:
        return self._delivered(self.made(version_id), "waveform.json")

    def _delivered(
        self, version: Version, name: str | None, *, download_as: str = ""
    ) -> HttpResponseBase:
        if name is None or name not in version.outputs:
            raise NotFound
        return deliver(
            self.request._request,
            version.key(name),
            sha256=version.outputs[name]["sha256"],
            download_as=download_as,
        )


class VersionListenView(VersionWaveformView):
    @describe(
        "Listen to a version",
        Raw("A small copy, as the player loads it.", "audio/mp4", redirects=True),
        errors=(404, 409, 410),
    )
    def get(self, request: ApiRequest, version_id: str) -> HttpResponseBase:
        version = self.made(version_id)
        return self._delivered(version, version.proxy_name)


class VersionFileView(VersionWaveformView):
    @describe(
        "Download a version",
        Raw("The file.", *AUDIO, redirects=True),
        errors=(404, 409, 410),
        description="What lies ready is listed in `files` of the version; exports make the rest.",
    )
    def get(self, request: ApiRequest, version_id: str, format_code: str) -> HttpResponseBase:  # type: ignore[override]
        version, name = self.made(version_id), output_name(format_code)
        ending = name.rpartition(".")[2] if name else ""
        return self._delivered(version, name, download_as=download_name(version, ending))


class MasterPreviewsView(MasteringView):
    @describe("List previews", listed(PreviewShape), query=Page, errors=(404, 410))
    def get(self, request: ApiRequest, master_id: str) -> Response:
        rows = Preview.objects.of(request.user).filter(master=self.master(master_id))
        return page_of(self, rows, lambda row: self.show(PreviewShape, row))

    @describe(
        "Create a preview",
        TrialShape,
        status=202,
        request=PreviewForm,
        once=True,
        errors=(402, 404, 409, 429, 503),
        description=(
            "Renders a part of up to 30 seconds at once, and the whole behind it. What was tried "
            "before gives way. Previews are kept for ten minutes."
        ),
    )
    @idempotent()
    def post(self, request: ApiRequest, master_id: str) -> Response:
        master, said = self.master(master_id), self.read(PreviewForm)
        if master.mix.duration_seconds is None:
            raise NotReady
        trial = services.try_settings(
            master=master,
            settings=self.settings_of(said, based_on=master.shown.chosen),
            start_seconds=said["start_seconds"],
            end_seconds=said["end_seconds"],
        )
        version, preview = self.version(trial.version.pk), trial.preview
        place = reverse("api:version", args=[version.pk])
        if preview is not None:
            preview.refresh_from_db()
            place = reverse("api:preview", args=[preview.pk])
        shown = {
            "preview": preview and self.show(PreviewShape, preview),
            "version": self.shown_version(version),
        }
        return Response(shown, status=202, headers={"Location": place, "Retry-After": "1"})


class PreviewView(MasteringView):
    def preview(self, preview_id: str) -> Preview:
        mine = Preview.objects.of(self.request.user).filter(master__is_test=self.is_test)
        return self.find(mine, preview_id)

    @describe("Read a preview", PreviewShape, errors=(404, 410))
    def get(self, request: ApiRequest, preview_id: str) -> HttpResponseBase:
        return Response(self.show(PreviewShape, self.preview(preview_id)))


class PreviewAudioView(PreviewView):
    @describe(
        "Listen to a preview",
        Raw("The part, without loss.", "audio/flac", redirects=True),
        errors=(404, 409, 410),
    )
    def get(self, request: ApiRequest, preview_id: str) -> HttpResponseBase:
        found = self.preview(preview_id)
        if not found.has_succeeded:
            raise NotReady
        sha256 = found.outputs[EXCERPT_NAME]["sha256"]
        return deliver(request._request, found.key(EXCERPT_NAME), sha256=sha256)


def _adjusted(version: Version, how: str | None) -> MasterSettings:
    """Return a version's settings, or what its report or its release check says they should be.

    Raises
    ------
    NotReady
    """
    if how is None:
        return version.chosen
    if not version.has_succeeded:
        raise NotReady
    if how == "gentler":
        softer = version.report.get("gentler")
        return MasterSettings.from_dict(softer) if softer else version.chosen
    check = ReleaseCheck.objects.filter(version=version).first()
    if check is None or not check.has_succeeded:
        raise NotReady
    ceiling_dbtp = check.found["safe_ceiling_dbtp"]
    if ceiling_dbtp is None:
        return version.chosen
    return replace(version.chosen, ceiling_dbtp=ceiling_dbtp)
