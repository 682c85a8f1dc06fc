"""Shapes of the reference library in the API: entries, what is asked of them, how they suit."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rest import Choices, Expandable, IdField, Moment, Text
from accounts.rest.paging import Page
from references.forms.library import MOST_AT_ONCE, place_of
from references.messages.library import flag_words
from references.models import Reference
from references.models.figures import COSTS
from references.models.library import MOST_TAG_CHARACTERS, MOST_TAGS, ORDERS
from references.serializers.uploads import AUDIO_STATES, AudioShape, ModeField, StatesRights

REFERENCE_KINDS = [origin.lower() for origin in Reference.Origin.values]


class HealthFlag(serializers.Serializer[Any]):
    """A reason to trust a reference less."""

    code = serializers.ChoiceField(choices=list(COSTS))
    confidence = serializers.FloatField(min_value=0, max_value=1)
    value = serializers.FloatField(allow_null=True)
    title = Text()
    text = Text()


class ReferenceShape(serializers.Serializer[Any]):
    """An entry of the library. Its numbers are null until it is measured."""

    id = IdField("ref")
    mode = ModeField(source="audio.is_test")
    kind = Choices(
        choices=REFERENCE_KINDS,
        source="origin",
        help_text="`profile` came without its sound, `starter` is of this site, `blend` of several",
    )
    title = Text()
    artist = Text(allow_blank=True)
    genre = Text(allow_blank=True)
    tags = serializers.ListField(child=Text())
    notes = Text(allow_blank=True)
    status = Choices(choices=AUDIO_STATES, source="audio.status")
    has_sound = serializers.BooleanField(
        source="audio.has_sound", help_text="False: its profile alone is kept."
    )
    loudness_lufs = serializers.FloatField(allow_null=True)
    plr_db = serializers.FloatField(allow_null=True, help_text="Peaks over loudness.")
    width_db = serializers.FloatField(allow_null=True, help_text="Side over mid.")
    brightness_db = serializers.FloatField(allow_null=True, help_text="Top against the whole.")
    duration_seconds = serializers.FloatField(allow_null=True, source="seconds")
    trust = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    trust_level = serializers.SerializerMethodField()
    health = serializers.SerializerMethodField(help_text="What costs most trust first.")
    same_as = IdField(
        "ref",
        source="same_as_id",
        allow_null=True,
        help_text="An older entry with the same sound.",
    )
    likeness = serializers.FloatField(
        allow_null=True, help_text="With `same_as`; 1: the samples are the same."
    )
    starter = serializers.SerializerMethodField(help_text="Its code, where it is one.")
    audio = Expandable(AudioShape, "aud")
    created = Moment()

    @extend_schema_field(
        serializers.ChoiceField(choices=["full", "part", "little"], allow_null=True)
    )
    def get_trust_level(self, reference: Reference) -> str | None:
        return reference.trust_level or None

    @extend_schema_field(HealthFlag(many=True))
    def get_health(self, reference: Reference) -> list[dict[str, Any]]:
        told = []
        for flag in reference.flags:
            words = flag_words(flag)
            told.append(asdict(flag) | {"title": words.title, "text": words.text})
        return told

    def get_starter(self, reference: Reference) -> str | None:
        return reference.starter or None


def _tags(**options: Any) -> serializers.ListField:
    tag = Text(max_length=MOST_TAG_CHARACTERS)
    return serializers.ListField(child=tag, max_length=MOST_TAGS, required=False, **options)


class ReferenceFields(serializers.Serializer[Any]):
    title = Text(max_length=200, required=False)
    artist = Text(max_length=200, required=False, allow_blank=True)
    genre = Text(max_length=60, required=False, allow_blank=True)
    tags = _tags(help_text="All of them, in place of those it has.")
    notes = Text(max_length=2_000, required=False, allow_blank=True)


class ReferenceForm(ReferenceFields, StatesRights):
    """A track for the library: a file sent along, or one of your uploads."""

    file = serializers.FileField(
        required=False, allow_empty_file=True, help_text="Audio, or a profile document."
    )
    audio = IdField("aud", required=False)

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if ("file" in sent) == ("audio" in sent):
            raise serializers.ValidationError("Send either `file` or `audio`.", "one_of_two")
        return sent


class ReferenceOfUpload(ReferenceFields, StatesRights):
    audio = IdField("aud")


class ReferenceQuery(Page):
    q = Text(
        max_length=200,
        required=False,
        help_text="Words that all stand in its texts or tags; `#warm` is a tag.",
    )
    genre = Text(max_length=60, required=False)
    tag = Text(max_length=MOST_TAG_CHARACTERS, required=False)
    kind = serializers.ChoiceField(choices=REFERENCE_KINDS, required=False)
    trust = serializers.ChoiceField(choices=["full", "doubtful"], required=False)
    sound = serializers.ChoiceField(choices=["kept", "none"], required=False)
    doubles = serializers.BooleanField(
        default=False, help_text="Only those that are there more than once."
    )
    loudness_lufs_min = serializers.FloatField(required=False)
    loudness_lufs_max = serializers.FloatField(required=False)
    plr_db_min = serializers.FloatField(required=False)
    plr_db_max = serializers.FloatField(required=False)
    width_db_min = serializers.FloatField(required=False)
    width_db_max = serializers.FloatField(required=False)
    brightness_db_min = serializers.FloatField(required=False)
    brightness_db_max = serializers.FloatField(required=False)
    sort = serializers.ChoiceField(choices=list(ORDERS), default="newest")
    cursor = serializers.RegexField(
        r"^[A-Za-z0-9_=-]+$",
        max_length=2_000,
        required=False,
        help_text="`next_cursor` of the page before, of the same order.",
    )

    def validate_cursor(self, value: str) -> str:  # type: ignore[override]  # of another order
        return value

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "cursor" in asked:
            place = place_of(asked["cursor"].rstrip("="), asked["sort"])
            if place is None:
                told = serializers.ErrorDetail("Not a cursor of this order.", "invalid_cursor")
                raise serializers.ValidationError({"cursor": told})
            asked["place"] = place
        return asked


class BulkAct(serializers.Serializer[Any]):
    """One act on several entries."""

    act = serializers.ChoiceField(choices=["describe", "drop_sound", "delete"])
    ids = serializers.ListField(child=IdField("ref"), min_length=1, max_length=MOST_AT_ONCE)
    add_tags = _tags(help_text="With `describe`.")
    remove_tags = _tags(help_text="With `describe`.")
    genre = Text(max_length=60, required=False, allow_blank=True, help_text="With `describe`.")
    artist = Text(max_length=200, required=False, allow_blank=True, help_text="With `describe`.")


class Refusal(serializers.Serializer[Any]):
    id = IdField("ref")
    code = Text()
    detail = Text()


class BulkDone(serializers.Serializer[Any]):
    done = serializers.ListField(child=IdField("ref"))
    refused = Refusal(many=True)


class DocumentFlag(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=list(COSTS))
    confidence = serializers.FloatField(min_value=0, max_value=1)
    value = serializers.FloatField(allow_null=True)


class ProfileDocument(serializers.Serializer[Any]):
    """What carries a profile from one library to another."""

    format = Text()
    format_version = serializers.IntegerField()
    title = Text(required=False, allow_blank=True)
    artist = Text(required=False, allow_blank=True)
    genre = Text(required=False, allow_blank=True)
    notes = Text(required=False, allow_blank=True)
    tags = serializers.ListField(child=Text(), required=False)
    health = DocumentFlag(
        many=True, required=False, help_text="What was found where its sound was; [] is nothing."
    )
    profile = serializers.DictField()


class PairQuery(serializers.Serializer[Any]):
    mix = IdField("aud", help_text="A measured mix.")
    genre = Text(
        max_length=60, required=False, help_text="What you say the mix is; it is never guessed."
    )


class RankQuery(serializers.Serializer[Any]):
    mix = IdField("aud", help_text="A measured mix.")
    limit = serializers.IntegerField(min_value=1, max_value=100, default=20)


class Ranked(serializers.Serializer[Any]):
    reference = ReferenceShape()
    score = serializers.FloatField(min_value=0, max_value=1)
    reasons = serializers.ListField(child=Text())


class Ranking(serializers.Serializer[Any]):
    mix = IdField("aud")
    data = Ranked(many=True)  # type: ignore[assignment]  # a field


class AxisShape(serializers.Serializer[Any]):
    code = Text()
    title = Text()
    text = Text(allow_blank=True)
    remedy = Text(allow_blank=True)
    severity = Text()
    score = Text()


class SuitabilityShape(serializers.Serializer[Any]):
    mix = IdField("aud")
    reference = IdField("ref")
    score = serializers.FloatField(min_value=0, max_value=1)
    verdict = serializers.ChoiceField(choices=["good", "usable", "misleading"])
    title = Text()
    summary = Text(allow_blank=True)
    reasons = AxisShape(many=True, help_text="The strongest.")
    axes = AxisShape(many=True)
    better = IdField("ref", allow_null=True, help_text="A clearly better one of your library.")
