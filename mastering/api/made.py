"""What is made of a version: exports, the release check, tags, shares."""

from typing import Any

from django.http import HttpResponseBase
from rest_framework import serializers
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.errors import NotReady
from accounts.rest import ApiRequest, Raw, describe, idempotent, listed, page_of
from accounts.rest.paging import Page
from dsp.covers import MAX_COVER_BYTES, clean_cover
from dsp.errors import InvalidSettings
from dsp.platforms import platforms
from dsp.tags import Tags
from mastering import services
from mastering.api.found import MasteringView
from mastering.deliverables import export_name
from mastering.messages.release import release_lines
from mastering.models import Export, ReleaseCheck, Share
from mastering.serializers.made import (
    ExportForm,
    ExportQuery,
    ExportShape,
    ReleaseCheckShape,
    ShareDetailShape,
    ShareForm,
    ShareQuery,
    ShareShape,
    TagsForm,
    TagsShape,
    TagsTexts,
)
from mastering.serializers.masters import WorkShape
from references.http import deliver

TEXTS = ("title", "artist", "album", "isrc")
RULE = ("code", "name", "rule", "source", "dated")


class VersionExportsView(MasteringView):
    @describe("List exports of a version", listed(ExportShape), query=Page, errors=(404, 410))
    def get(self, request: ApiRequest, version_id: str) -> Response:
        rows = Export.objects.of(request.user).filter(version=self.version(version_id))
        return page_of(self, rows, lambda row: self.show(ExportShape, row))

    @describe(
        "Create an export",
        ExportShape,
        status=202,
        request=ExportForm,
        once=True,
        errors=(404, 409, 410, 429, 503),
        description="The same files asked for again are the ones that were made.",
    )
    @idempotent()
    def post(self, request: ApiRequest, version_id: str) -> Response:
        version, said = self.made(version_id), self.read(ExportForm)
        export = services.request_export(
            version=version,
            formats=said["formats"],
            rate_hz=said.get("rate_hz"),
            is_archive=said["archive"],
        )
        export.refresh_from_db()
        headers = {"Location": reverse("api:export", args=[export.pk]), "Retry-After": "1"}
        return Response(self.show(ExportShape, export), status=202, headers=headers)


class ExportsView(MasteringView):
    @describe("List exports", listed(ExportShape), query=ExportQuery)
    def get(self, request: ApiRequest) -> Response:
        asked, rows = self.asked(ExportQuery), _exports(self)
        if "version" in asked:
            rows = rows.filter(version=asked["version"])
        return page_of(self, rows, lambda row: self.show(ExportShape, row), asked=asked)


class ExportView(MasteringView):
    @describe("Read an export", ExportShape, errors=(404, 410))
    def get(self, request: ApiRequest, export_id: str) -> Response:
        return Response(self.show(ExportShape, self.find(_exports(self), export_id)))


class ExportFileView(MasteringView):
    @describe(
        "Download an export",
        Raw(
            "The file.",
            "audio/wav",
            "audio/flac",
            "audio/aiff",
            "audio/mpeg",
            "audio/mp4",
            "application/zip",
            redirects=True,
        ),
        errors=(404, 409, 410),
    )
    def get(self, request: ApiRequest, export_id: str) -> HttpResponseBase:
        export = self.find(_exports(self), export_id)
        name = export.file_name
        if not export.has_succeeded or name is None:
            raise NotReady
        return deliver(
            request._request,
            export.key(name),
            sha256=export.outputs[name]["sha256"],
            download_as=export_name(export),
        )


class ReleaseCheckView(MasteringView):
    @describe(
        "Read the release check of a version",
        ReleaseCheckShape,
        errors=(404, 409, 410),
        description="Until it was begun, there is none.",
    )
    def get(self, request: ApiRequest, version_id: str) -> Response:
        version = self.made(version_id)
        check = ReleaseCheck.objects.filter(version=version).first()
        if check is None:
            raise NotReady
        return Response(_shown_check(self, check))

    @describe(
        "Check a version for release",
        ReleaseCheckShape,
        status=202,
        once=True,
        errors=(404, 409, 410, 429, 503),
        description="True peaks of the file and of its lossy copies, mono, and the platforms.",
    )
    @idempotent()
    def post(self, request: ApiRequest, version_id: str) -> Response:
        check = services.request_check(version=self.made(version_id))
        check.refresh_from_db()
        place = reverse("api:release-check", args=[version_id])
        headers = {"Location": place, "Retry-After": "2"}
        return Response(_shown_check(self, check), status=202, headers=headers)


class TagsView(MasteringView):
    most_files = 1
    parser_classes = (JSONParser, MultiPartParser)

    @describe("Read the tags of a master", TagsShape, errors=(404, 410))
    def get(self, request: ApiRequest, master_id: str) -> Response:
        return Response(self._shown(master_id))

    @describe(
        "Change the tags of a master",
        TagsShape,
        request={"application/json": TagsTexts, "multipart/form-data": TagsForm},
        errors=(404, 410, 503),
        description="Files made from now on carry them.",
    )
    def patch(self, request: ApiRequest, master_id: str) -> Response:
        master, said = self.master(master_id), self.read(TagsForm)
        known = master.tags.first()
        texts = known.texts if known else dict.fromkeys(TEXTS, "")
        for name in TEXTS:
            if name in said:
                texts[name] = _clean(name, said[name])
        sent = said.get("cover")
        services.save_tags(
            master=master,
            texts=texts,
            cover=clean_cover(sent.read(MAX_COVER_BYTES + 1)) if sent else None,
            keep_cover=not said["remove_cover"],
        )
        return Response(self._shown(master_id))

    def _shown(self, master_id: str) -> dict[str, Any]:
        master = self.master(master_id)
        known = master.tags.first()
        texts = known.texts if known else dict.fromkeys(TEXTS, "")
        return texts | {"master": master.pk, "has_cover": bool(known and known.cover_sha256)}


class SharesView(MasteringView):
    resource = "shares"

    @describe("List shares", listed(ShareShape), query=ShareQuery)
    def get(self, request: ApiRequest) -> Response:
        asked, rows = self.asked(ShareQuery), _shares(self)
        if "version" in asked:
            rows = rows.filter(version=asked["version"])
        return page_of(self, rows, lambda row: self.show(ShareShape, row), asked=asked)

    @describe(
        "Create a share",
        ShareShape,
        status=201,
        request=ShareForm,
        once=True,
        errors=(404, 409, 410),
        description="A link by which people without an account listen, level-matched.",
    )
    @idempotent()
    def post(self, request: ApiRequest) -> Response:
        said = self.read(ShareForm)
        version = self.made(said.pop("version"))
        share = services.create_share(version=version, **said)
        share.refresh_from_db()
        headers = {"Location": reverse("api:share", args=[share.pk])}
        return Response(self.show(ShareShape, share), status=201, headers=headers)


class ShareView(MasteringView):
    resource = "shares"

    @describe(
        "Read a share",
        ShareDetailShape,
        errors=(404, 410),
        description="With all that listeners said.",
    )
    def get(self, request: ApiRequest, share_id: str) -> Response:
        return Response(self.show(ShareDetailShape, self.find(_shares(self), share_id)))


class ShareRevokeView(MasteringView):
    resource = "shares"

    @describe("Revoke a share", ShareShape, errors=(404, 410), description="At once, for good.")
    def post(self, request: ApiRequest, share_id: str) -> Response:
        services.revoke_share(share=self.find(_shares(self), share_id))
        return Response(self.show(ShareShape, self.find(_shares(self), share_id)))


def _exports(view: MasteringView) -> Any:
    mine = Export.objects.of(view.request.user)
    return mine.filter(version__master__is_test=view.is_test)


def _shares(view: MasteringView) -> Any:
    return Share.objects.of(view.request.user).filter(version__master__is_test=view.is_test)


def _shown_check(view: MasteringView, check: ReleaseCheck) -> dict[str, Any]:
    version = check.version
    shown = view.show(WorkShape, check)
    played: list[dict[str, Any]] = []
    loudness, peak = version.loudness_lufs, version.true_peak_dbtp
    if loudness is not None and peak is not None:
        for rule in platforms():
            gain_db = rule.gain_db(loudness_lufs=loudness, true_peak_dbtp=peak)
            told = {name: getattr(rule, name) for name in RULE}
            played.append(told | {"gain_db": gain_db, "played_lufs": loudness + gain_db})
    lines = release_lines(check) if check.has_succeeded else []
    return shown | {
        "id": check.pk,
        "version": version.pk,
        "found": check.found,
        "lines": [
            {name: getattr(line, name) for name in ("name", "value", "text", "severity")}
            for line in lines
        ],
        "platforms": played,
        "safe_ceiling_dbtp": check.found.get("safe_ceiling_dbtp"),
    }


def _clean(name: str, text: str) -> str:
    try:
        said: dict[str, Any] = {name: text}
        return str(getattr(Tags(**said), name))
    except InvalidSettings as wrong:
        raise serializers.ValidationError({name: str(wrong)}) from wrong
