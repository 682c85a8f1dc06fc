"""What is made of a version: exports, the release check, shares; and what the site can do."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rest import IdField, Moment, Text
from accounts.rest.paging import Page
from dsp.formats import EXPORT_RATES_HZ, WRITABLE
from dsp.tags import MAX_TEXT
from mastering.models import Export, Share
from mastering.serializers.masters import WorkShape
from mastering.services.exports import OFFERED
from mastering.services.shares import MAX_SHARE_DAYS


class ExportForm(serializers.Serializer[Any]):
    """Files to be made: one format, or several in a ZIP."""

    formats = serializers.ListField(
        child=serializers.ChoiceField(choices=list(OFFERED)), min_length=1, max_length=len(OFFERED)
    )
    rate_hz = serializers.ChoiceField(
        choices=list(EXPORT_RATES_HZ), required=False, help_text="By default the mix's own."
    )
    archive = serializers.BooleanField(
        default=False, help_text="As a ZIP with the report and the record of provenance."
    )

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if len(set(said["formats"])) > 1 and not said["archive"]:
            raise serializers.ValidationError(
                {"archive": serializers.ErrorDetail("Several formats come in a ZIP.", "required")}
            )
        return said


class ExportShape(WorkShape):
    id = IdField("exp")
    version = IdField("ver", source="version_id")
    formats = serializers.ListField(child=serializers.ChoiceField(choices=list(WRITABLE)))
    rate_hz = serializers.IntegerField(allow_null=True)
    archive = serializers.BooleanField(source="is_archive")
    size_bytes = serializers.IntegerField()
    expires = Moment(help_text="Then it is deleted, unless it is asked for again.")
    url = serializers.SerializerMethodField(help_text="Where it is fetched, once it is made.")

    @extend_schema_field(Text(allow_null=True))
    def get_url(self, export: Export) -> str | None:
        return f"/api/v1/exports/{export.pk}/file" if export.has_succeeded else None


class ExportQuery(Page):
    version = IdField("ver", required=False)


class CheckedShape(serializers.Serializer[Any]):
    name = Text()
    value = Text()
    text = Text()
    severity = Text()


class PlayedShape(serializers.Serializer[Any]):
    code = Text()
    name = Text()
    gain_db = serializers.FloatField()
    played_lufs = serializers.FloatField()
    rule = Text()
    source = Text()  # type: ignore[assignment]  # a field
    dated = Text()


class ReleaseCheckShape(WorkShape):
    id = IdField("chk")
    version = IdField("ver", source="version_id")
    found = serializers.DictField(help_text="The numbers.")
    lines = CheckedShape(many=True, help_text="The same in words.")
    platforms = PlayedShape(many=True)
    safe_ceiling_dbtp = serializers.FloatField(
        allow_null=True, help_text="Null: this ceiling keeps lossy copies whole."
    )


class ShareForm(serializers.Serializer[Any]):
    version = IdField("ver")
    days = serializers.IntegerField(min_value=1, max_value=MAX_SHARE_DAYS, default=30)
    label = Text(max_length=100, required=False, allow_blank=True)  # type: ignore[assignment]  # a field
    password = Text(max_length=128, required=False, allow_blank=True)
    allows_lossless = serializers.BooleanField(default=False)
    includes_reference = serializers.BooleanField(default=False)


class NoteShape(serializers.Serializer[Any]):
    kind = Text()
    author = Text()
    text = Text(allow_blank=True)
    at_seconds = serializers.FloatField(allow_null=True)
    created = Moment()

    def to_representation(self, note: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(note)
        return shown | {"kind": shown["kind"].lower()}


class ShareShape(serializers.Serializer[Any]):
    id = IdField("shr")
    version = IdField("ver", source="version_id")
    master = IdField("mst", source="version.master_id")
    label = Text(allow_blank=True)  # type: ignore[assignment]  # a field
    url = serializers.SerializerMethodField(help_text="For whom it is shared with.")
    has_password = serializers.SerializerMethodField()
    allows_lossless = serializers.BooleanField()
    includes_reference = serializers.BooleanField()
    state = serializers.SerializerMethodField()
    views = serializers.IntegerField()
    last_viewed = Moment(allow_null=True)
    created = Moment()
    expires = Moment()

    def get_url(self, share: Share) -> str:
        path = reverse("mastering:share", args=[share.token])
        address: str = self.context["request"].build_absolute_uri(path)
        return address

    def get_has_password(self, share: Share) -> bool:
        return bool(share.password)

    @extend_schema_field(serializers.ChoiceField(choices=["open", "expired", "revoked"]))
    def get_state(self, share: Share) -> str:
        if share.revoked is not None:
            return "revoked"
        return "open" if share.is_open else "expired"


class ShareDetailShape(ShareShape):
    notes = NoteShape(many=True, source="notes.all")


class ShareQuery(Page):
    version = IdField("ver", required=False)


class TagsTexts(serializers.Serializer[Any]):
    """What a player shows of a master's files. What is not said stays."""

    title = Text(max_length=MAX_TEXT, required=False, allow_blank=True)
    artist = Text(max_length=MAX_TEXT, required=False, allow_blank=True)
    album = Text(max_length=MAX_TEXT, required=False, allow_blank=True)
    isrc = Text(max_length=20, required=False, allow_blank=True)
    remove_cover = serializers.BooleanField(default=False)


class TagsForm(TagsTexts):
    """The same, with a cover as a file."""

    cover = serializers.FileField(required=False)


class TagsShape(serializers.Serializer[Any]):
    master = IdField("mst", source="master_id")
    title = Text(allow_blank=True)
    artist = Text(allow_blank=True)
    album = Text(allow_blank=True)
    isrc = Text(allow_blank=True)
    has_cover = serializers.BooleanField()


class Usage(serializers.Serializer[Any]):
    """The month so far, in UTC, and what is kept; what test keys made is left out."""

    since = Moment()
    masters_delivered = serializers.IntegerField()
    versions_rendered = serializers.IntegerField()
    uploads = serializers.IntegerField()
    stored_bytes = serializers.IntegerField()
    limits = serializers.DictField(child=serializers.IntegerField())


class Capabilities(serializers.Serializer[Any]):
    """What this site can do: read it in place of writing its limits down."""

    api_version = Text()
    engine_version = Text()
    settings = serializers.DictField(help_text="Default, lowest and highest of each setting.")
    limits = serializers.DictField()
    formats_read = serializers.ListField(child=serializers.DictField())
    formats_written = serializers.ListField(child=serializers.DictField())
    rates_hz = serializers.ListField(child=serializers.IntegerField())
    genres = serializers.ListField(child=serializers.DictField())
    releases = serializers.ListField(child=serializers.DictField())
    steps = serializers.ListField(child=Text())
    platforms = serializers.ListField(child=serializers.DictField())
    platforms_checked = Text(help_text="When the rules were last looked over.")
    scopes = serializers.ListField(child=Text())
