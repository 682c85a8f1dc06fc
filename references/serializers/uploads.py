"""Shapes of uploads in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rest import Choices, IdField, Moment, Text
from accounts.rest.paging import Page
from references.messages import refusal_message
from references.models import AudioFile, DirectUpload

KINDS = [kind.lower() for kind in AudioFile.Kind.values]
AUDIO_STATES = [state.lower() for state in AudioFile.Status.values]
MODES = ["live", "test"]


class Fault(serializers.Serializer[Any]):
    """Why work failed: stable, and in words."""

    code = Text()
    title = Text()
    detail = Text()


class ModeField(serializers.ChoiceField):
    """Whether a test key made it: then it is of a short song of ours, and costs nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=MODES, read_only=True, **options)

    def to_representation(self, value: Any) -> str:
        return "test" if value else "live"


class Facts(serializers.Serializer[Any]):
    duration_seconds = serializers.FloatField(required=False)
    rate_hz = serializers.IntegerField(required=False)
    channels = serializers.IntegerField(required=False)
    bits = serializers.IntegerField(required=False, allow_null=True)
    lossy = serializers.BooleanField(required=False, allow_null=True)
    container = Text(required=False)
    codec = Text(required=False, allow_null=True)


FACTS = ("duration_seconds", "rate_hz", "channels", "bits", "lossy", "container", "codec")


class AudioShape(serializers.Serializer[Any]):
    """One upload. It is measured once it has arrived; poll until `ready` or `rejected`."""

    id = IdField("aud")
    mode = ModeField(source="is_test")
    kind = Choices(choices=KINDS)
    status = Choices(choices=AUDIO_STATES)
    step = Text(allow_blank=True)
    progress = serializers.FloatField(min_value=0, max_value=1)
    filename = Text()
    title = Text()
    size_bytes = serializers.IntegerField()
    format = Text(help_text="Told from the content.")
    sha256 = serializers.SerializerMethodField(
        help_text="Null until a direct upload has been measured."
    )
    facts = serializers.SerializerMethodField()
    loudness_lufs = serializers.FloatField(allow_null=True)
    error = serializers.SerializerMethodField()
    created = Moment()
    finished = Moment(allow_null=True)

    def get_sha256(self, audio: AudioFile) -> str | None:
        return audio.sha256 or None

    @extend_schema_field(Facts(allow_null=True))
    def get_facts(self, audio: AudioFile) -> dict[str, Any] | None:
        if not audio.facts:
            return None
        return {name: audio.facts[name] for name in FACTS if name in audio.facts}

    @extend_schema_field(Fault(allow_null=True))
    def get_error(self, audio: AudioFile) -> dict[str, str] | None:
        if not audio.has_failed:
            return None
        told = refusal_message(audio.error_code)
        detail = " ".join(filter(None, (told.text, told.advice)))
        return {"code": audio.error_code, "title": told.title, "detail": detail}


class AudioQuery(Page):
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    status = serializers.ChoiceField(choices=AUDIO_STATES, required=False)


class StatesRights(serializers.Serializer[Any]):
    """The statement that the library's page asks for once."""

    states_rights = serializers.BooleanField(
        required=False,
        allow_null=True,  # or a form without it would say no
        help_text=(
            "True: you state that you may use what you bring as references; it is remembered. "
            "False, as long as that was never stated: `rights_unstated`. Left out, nothing is "
            "stated, and nothing refused."
        ),
    )


class AudioForm(StatesRights):
    """One file, sent along."""

    kind = serializers.ChoiceField(choices=KINDS)
    file = serializers.FileField(allow_empty_file=True)

    def validate_kind(self, value: str) -> AudioFile.Kind:
        return AudioFile.Kind(value.upper())


class UploadForm(StatesRights):
    """A file that is announced, to be sent straight to the storage."""

    kind = serializers.ChoiceField(choices=KINDS)
    filename = Text(max_length=1000)
    size_bytes = serializers.IntegerField(min_value=1, max_value=2**53)

    def validate_kind(self, value: str) -> AudioFile.Kind:
        return AudioFile.Kind(value.upper())


class Send(serializers.Serializer[Any]):
    """The one request that brings the file."""

    method = Text()
    url = Text()
    headers = serializers.DictField(child=Text())


class UploadShape(serializers.Serializer[Any]):
    id = IdField("upl")
    mode = ModeField(source="is_test")
    kind = Choices(choices=KINDS)
    filename = Text()
    size_bytes = serializers.IntegerField()
    status = serializers.SerializerMethodField()
    audio = serializers.SerializerMethodField(help_text="Once it is completed.")
    created = Moment()
    expires = Moment(help_text="Until then the file may be sent.")

    @extend_schema_field(serializers.ChoiceField(choices=["awaiting", "completed"]))
    def get_status(self, upload: DirectUpload) -> str:
        return "completed" if upload.audio_id else "awaiting"

    @extend_schema_field(IdField("aud", allow_null=True))
    def get_audio(self, upload: DirectUpload) -> str | None:
        audio_id: str | None = upload.audio_id
        return audio_id


class NewUploadShape(UploadShape):
    send = Send()


class Analysis(serializers.Serializer[Any]):
    audio = IdField("aud")
    facts = serializers.DictField(help_text="What the file is.")
    summary = serializers.DictField(help_text="What was measured; units stand in the names.")
    engine_version = Text(allow_blank=True)


class Finding(serializers.Serializer[Any]):
    code = Text()
    severity = serializers.ChoiceField(choices=["note", "warning"])
    confidence = serializers.FloatField(min_value=0, max_value=1)
    value = serializers.FloatField(allow_null=True)
    unit = Text(allow_blank=True)
    ranges = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="From and to, in seconds; empty: the whole file.",
    )
    title = Text()
    text = Text(allow_blank=True)
    why = Text(allow_blank=True)
    advice = Text(allow_blank=True)


class Checks(serializers.Serializer[Any]):
    audio = IdField("aud")
    is_past_mastering = serializers.BooleanField(
        help_text="So much is damaged that the mix needs work first."
    )
    findings = Finding(many=True)
