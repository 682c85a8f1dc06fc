"""Albums, their songs and their ZIPs as the API takes and tells them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rest import Choices, IdField, Moment, Text
from dsp.settings import LOUDNESS_LUFS
from mastering.models import GAP_SECONDS, MOST_TRACKS, OFFSET_LU, Album, AlbumArchive
from mastering.serializers.masters import ID_OF_REFERENCE, STATES, Cost, WorkShape
from mastering.serializers.settings import Settings
from mastering.services import ALBUM_FORMATS
from references.serializers.uploads import ModeField

RELATIONS = Album.Mode.values


class AlbumShape(serializers.Serializer[Any]):
    """Songs in an order, and where all of them are to go."""

    id = IdField("alb")
    mode = ModeField(source="is_test")
    title = Text()
    artist = Text(allow_blank=True)
    reference = IdField("aud", source="reference_id", allow_null=True)
    loudness = serializers.ChoiceField(
        choices=RELATIONS,
        source="mode",
        help_text="`keep`: songs stay as much quieter as their mixes are; `even`: all alike.",
    )
    settings = Settings(help_text="Of every song; its loudness is the album's.")
    lowered_lu = serializers.FloatField(help_text="By how much all is quieter for one song.")
    created = Moment()


class SongShape(serializers.Serializer[Any]):
    """One song, and how far it is."""

    id = IdField("trk")
    number = serializers.IntegerField(min_value=1)
    mix = IdField("aud")
    title = Text()
    gap_seconds = serializers.FloatField(help_text="Of silence after it.")
    offset_lu = serializers.FloatField(help_text="By how much it is set apart.")
    master = IdField("mst", allow_null=True)
    version = IdField("ver", allow_null=True)
    status = Choices(choices=STATES, allow_null=True, help_text="Null before it is mastered.")
    progress = serializers.FloatField(min_value=0, max_value=1)
    error_code = Text(allow_null=True)
    goal_lufs = serializers.FloatField(
        allow_null=True, min_value=LOUDNESS_LUFS[0], max_value=LOUDNESS_LUFS[1]
    )
    loudness_lufs = serializers.FloatField(allow_null=True)
    off_lu = serializers.FloatField(allow_null=True, help_text="From its goal.")
    is_as_asked = serializers.BooleanField(help_text="Whether it is as the album says by now.")


class AlbumDetailShape(AlbumShape):
    is_open = serializers.BooleanField(help_text="Whether anything is still to come of itself.")
    songs = SongShape(many=True)


class AlbumForm(serializers.Serializer[Any]):
    title = Text(max_length=200)
    artist = Text(max_length=200, required=False, allow_blank=True)
    reference = serializers.RegexField(
        ID_OF_REFERENCE,
        required=False,
        allow_null=True,
        help_text="An upload, or an entry of the library.",
    )
    loudness = serializers.ChoiceField(choices=RELATIONS, required=False)
    settings = Settings(required=False)
    mixes = serializers.ListField(
        child=IdField("aud"), required=False, max_length=MOST_TRACKS, help_text="In their order."
    )


class AlbumChanges(serializers.Serializer[Any]):
    title = Text(max_length=200, required=False)
    artist = Text(max_length=200, required=False, allow_blank=True)
    reference = serializers.RegexField(ID_OF_REFERENCE, required=False, allow_null=True)
    loudness = serializers.ChoiceField(choices=RELATIONS, required=False)
    settings = Settings(required=False)
    order = serializers.ListField(
        child=IdField("trk"),
        required=False,
        max_length=MOST_TRACKS,
        help_text="Songs in their order; those that are not named follow.",
    )


class SongForm(serializers.Serializer[Any]):
    mix = IdField("aud")
    title = Text(max_length=200, required=False)


class SongChanges(serializers.Serializer[Any]):
    title = Text(max_length=200, required=False)
    gap_seconds = serializers.FloatField(
        min_value=GAP_SECONDS[0], max_value=GAP_SECONDS[1], required=False
    )
    offset_lu = serializers.FloatField(
        min_value=OFFSET_LU[0], max_value=OFFSET_LU[1], required=False
    )


class SubmitForm(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField(default=False, help_text="Tell the cost; make nothing.")


class AlbumQuote(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    would_be_accepted = serializers.BooleanField()
    cost = Cost()


class ArchiveForm(serializers.Serializer[Any]):
    format = serializers.ChoiceField(choices=list(ALBUM_FORMATS), default=ALBUM_FORMATS[0])


class ArchiveShape(WorkShape):
    """The finished songs of an album as one ZIP."""

    id = IdField("arc")
    album = IdField("alb", source="album_id")
    format = serializers.ChoiceField(choices=list(ALBUM_FORMATS))
    songs = serializers.SerializerMethodField(help_text="How many are in it.")
    missing = serializers.SerializerMethodField(help_text="Titles that were not finished.")
    size_bytes = serializers.IntegerField()
    expires = Moment(help_text="Then it is deleted, unless it is asked for again.")
    url = serializers.SerializerMethodField(help_text="Where it is fetched, once it is made.")

    def get_songs(self, archive: AlbumArchive) -> int:
        return len(archive.content["tracks"])

    @extend_schema_field(serializers.ListField(child=Text()))
    def get_missing(self, archive: AlbumArchive) -> list[str]:
        missing: list[str] = archive.content["missing"]
        return missing

    @extend_schema_field(Text(allow_null=True))
    def get_url(self, archive: AlbumArchive) -> str | None:
        if not archive.has_succeeded:
            return None
        return f"/api/v1/albums/{archive.album_id}/archives/{archive.pk}/file"
