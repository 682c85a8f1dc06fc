"""Uploads: announced and sent straight to the storage, or with one request; and what they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.http import HttpResponseBase
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.errors import NotReady
from accounts.rest import ApiRequest, ApiView, Raw, describe, idempotent, listed, page_of
from references.http import deliver
from references.messages import finding_message, findings_of
from references.models import AudioFile, DirectUpload
from references.serializers.uploads import (
    Analysis,
    AudioForm,
    AudioQuery,
    AudioShape,
    Checks,
    NewUploadShape,
    UploadForm,
    UploadShape,
)
from references.services import (
    begin_upload,
    complete_upload,
    delete_audio,
    enter_upload,
    require_rights,
    stored_upload,
)


class AudioView(ApiView):
    """What endpoints of one upload share."""

    resource = "audio"

    def audio(self, audio_id: str) -> AudioFile:
        mine = AudioFile.objects.of(self.request.user).of_mode(is_test=self.is_test)
        return self.find(mine, audio_id)

    def measured(self, audio_id: str) -> AudioFile:
        """Return an upload that is measured.

        Raises
        ------
        NotReady
        """
        audio = self.audio(audio_id)
        if not audio.is_ready:
            raise NotReady
        return audio


class UploadsView(ApiView):
    resource = "audio"

    @describe(
        "Begin a direct upload",
        NewUploadShape,
        status=201,
        request=UploadForm,
        once=True,
        errors=(413, 422, 429, 503),
        description=(
            "Send the file with the request that `send` holds, within 15 minutes; it goes straight "
            "to the storage. Then complete the upload."
        ),
    )
    @idempotent()
    def post(self, request: ApiRequest) -> Response:
        said = self.read(UploadForm)
        take_statement(self, said)
        upload, send = begin_upload(user=request.user, is_test=self.is_test, **said)
        upload.refresh_from_db()
        url = request.build_absolute_uri(send.url)
        shown = self.show(UploadShape, upload) | {"send": asdict(send) | {"url": url}}
        headers = {"Location": reverse("api:upload", args=[upload.pk])}
        return Response(shown, status=201, headers=headers)


class UploadView(ApiView):
    resource = "audio"

    @describe("Read a direct upload", UploadShape, errors=(404,))
    def get(self, request: ApiRequest, upload_id: str) -> Response:
        return Response(self.show(UploadShape, _upload(self, upload_id)))


class UploadCompleteView(ApiView):
    resource = "audio"

    @describe(
        "Complete a direct upload",
        AudioShape,
        status=202,
        errors=(404, 409, 410, 422, 503),
        description=(
            "Takes what was sent, and queues it to be measured. Asked again, it answers the same."
        ),
    )
    def post(self, request: ApiRequest, upload_id: str) -> Response:
        return accepted(self, complete_upload(upload=_upload(self, upload_id)))


class AudiosView(ApiView):
    resource = "audio"
    most_files = 1
    parser_classes = (MultiPartParser,)

    @describe("List uploads", listed(AudioShape), query=AudioQuery)
    def get(self, request: ApiRequest) -> Response:
        asked = self.asked(AudioQuery)
        rows = AudioFile.objects.of(request.user).of_mode(is_test=self.is_test)
        for name in ("kind", "status"):
            if name in asked:
                rows = rows.filter(**{name: asked[name].upper()})
        return page_of(self, rows, lambda audio: self.show(AudioShape, audio), asked=asked)

    @contextmanager
    def _stored(self) -> Iterator[AudioFile]:
        said = self.read(AudioForm)
        take_statement(self, said)
        user, is_test = self.request.user, self.is_test
        with stored_upload(user=user, is_test=is_test, **said) as audio:
            yield audio

    @describe(
        "Upload with one request",
        AudioShape,
        status=202,
        request=AudioForm,
        files=True,
        once=True,
        errors=(429, 503),
        description="For small files; large ones are better sent straight to the storage.",
    )
    @idempotent(before=_stored)
    def post(self, request: ApiRequest, *, stored: AudioFile) -> Response:
        enter_upload(audio=stored)
        return accepted(self, stored)


class AudioDetailView(AudioView):
    @describe("Read an upload", AudioShape, errors=(404, 410))
    def get(self, request: ApiRequest, audio_id: str) -> Response:
        return Response(self.show(AudioShape, self.audio(audio_id)))

    @describe(
        "Delete an upload",
        status=204,
        errors=(404, 409, 410),
        description="And its entry in the library. What a master needs stays.",
    )
    def delete(self, request: ApiRequest, audio_id: str) -> Response:
        delete_audio(audio=self.audio(audio_id))
        return Response(status=204)


class AudioAnalysisView(AudioView):
    @describe("Read what was measured of an upload", Analysis, errors=(404, 409, 410))
    def get(self, request: ApiRequest, audio_id: str) -> Response:
        audio = self.measured(audio_id)
        return Response(
            {
                "audio": audio.pk,
                "facts": audio.facts,
                "summary": audio.summary,
                "engine_version": audio.engine_version,
            }
        )


class AudioChecksView(AudioView):
    @describe("Read the checks of an upload", Checks, errors=(404, 409, 410))
    def get(self, request: ApiRequest, audio_id: str) -> Response:
        audio = self.measured(audio_id)
        findings = []
        for found in findings_of(audio):
            told = asdict(finding_message(found))
            words = {name: told[name] for name in ("title", "text", "why", "advice")}
            findings.append({"value": None, "unit": "", "ranges": []} | found | words)
        return Response(
            {
                "audio": audio.pk,
                "is_past_mastering": audio.is_past_mastering,
                "findings": findings,
            }
        )


class AudioWaveformView(AudioView):
    @describe(
        "Read the waveform of an upload",
        Raw("Lowest and highest samples, to draw.", "application/json"),
        errors=(404, 409, 410),
    )
    def get(self, request: ApiRequest, audio_id: str) -> HttpResponseBase:
        return delivered(self, self.measured(audio_id), "waveform.json")


class AudioListenView(AudioView):
    @describe(
        "Listen to an upload",
        Raw("A small copy, as the player loads it.", "audio/mp4", "audio/ogg", redirects=True),
        errors=(404, 409, 410),
    )
    def get(self, request: ApiRequest, audio_id: str) -> HttpResponseBase:
        audio = self.measured(audio_id)
        return delivered(self, audio, audio.proxy_name)


def take_statement(view: ApiView, said: dict[str, Any]) -> None:
    """Take ``states_rights`` out of a body, and remember it; a program need not say it.

    A test key brings nothing that anyone would need a right to: it states nothing.

    Raises
    ------
    RightsUnstated
    """
    states = said.pop("states_rights", None)
    if states is not None and not view.is_test:
        require_rights(user=view.request.user, states=states)


def accepted(view: ApiView, audio: AudioFile) -> Response:
    """Answer with an upload that will be measured, and where to ask how far it is."""
    audio.refresh_from_db()
    headers = {"Location": reverse("api:audio", args=[audio.pk]), "Retry-After": "1"}
    return Response(view.show(AudioShape, audio), status=202, headers=headers)


def delivered(view: ApiView, audio: AudioFile, name: str | None) -> HttpResponseBase:
    if name is None or name not in audio.outputs:
        raise NotFound
    return deliver(view.request._request, audio.key(name), sha256=audio.outputs[name]["sha256"])


def _upload(view: ApiView, upload_id: str) -> DirectUpload:
    mine = DirectUpload.objects.of(view.request.user).of_mode(is_test=view.is_test)
    return view.find(mine.select_related("audio"), upload_id)
