"""Masters, versions and previews as the API tells them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rest import Choices, Expandable, IdField, Moment, Text
from accounts.rest.paging import Page
from dsp.formats import WRITABLE
from mastering.http import output_name
from mastering.messages import failure_message
from mastering.models import STEPS, Master, Preview, Release, Version
from mastering.serializers.settings import Settings
from mastering.services import MOST_SIBLINGS, expected_end
from references.models import Genre, Work
from references.serializers.uploads import AudioShape, Fault, ModeField

STATES = [state.lower() for state in Version.Status.values]
ID_OF_REFERENCE = r"^(aud|ref)_[a-z0-9]{24}$"


# Ids, or with ``expand`` what they name.
VERSIONS = {
    "type": "array",
    "items": {
        "oneOf": [
            {"type": "string", "pattern": "^ver_[a-z0-9]{24}$"},
            {"$ref": "#/components/schemas/Version"},
        ]
    },
}


class WorkShape(serializers.Serializer[Any]):
    """How far a piece of work is."""

    status = Choices(choices=STATES)
    step = Text(allow_blank=True, help_text=", ".join(STEPS))
    progress = serializers.FloatField(min_value=0, max_value=1)
    error = serializers.SerializerMethodField()
    created = Moment()
    started = Moment(allow_null=True)
    finished = Moment(allow_null=True)

    @extend_schema_field(Fault(allow_null=True))
    def get_error(self, work: Work) -> dict[str, str] | None:
        if not work.has_failed:
            return None
        told = failure_message(work.error_code)
        detail = " ".join(filter(None, (told.text, told.advice)))
        return {"code": work.error_code, "title": told.title, "detail": detail}


class FileShape(serializers.Serializer[Any]):
    format = serializers.ChoiceField(choices=list(WRITABLE))
    label = Text()  # type: ignore[assignment]  # a field
    content_type = Text()
    size_bytes = serializers.IntegerField()
    sha256 = Text()
    url = Text()


class VersionShape(WorkShape):
    """One render of a master."""

    id = IdField("ver")
    master = IdField("mst", source="master_id")
    number = serializers.IntegerField()
    queue_position = serializers.SerializerMethodField(help_text="How many wait before it.")
    eta = serializers.SerializerMethodField(help_text="When it should be done; an estimate.")
    settings = Settings()
    loudness_lufs = serializers.FloatField(allow_null=True)
    true_peak_dbtp = serializers.FloatField(allow_null=True)
    verdict = serializers.SerializerMethodField(help_text="Stable; the report says it in words.")
    engine_version = Text(allow_blank=True)
    name = serializers.SerializerMethodField()
    note = serializers.SerializerMethodField()
    is_starred = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField(help_text="Others are made on demand: exports.")

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_queue_position(self, version: Version) -> int | None:
        return version.ahead if version.is_waiting else None

    @extend_schema_field(Moment(allow_null=True))
    def get_eta(self, version: Version) -> str | None:
        return _told(expected_end(version))

    @extend_schema_field(Text(allow_null=True))
    def get_verdict(self, version: Version) -> str | None:
        return str(version.report["verdict"]["code"]) if version.has_succeeded else None

    def get_name(self, version: Version) -> str:
        return str(_said(version, "name", ""))

    def get_note(self, version: Version) -> str:
        return str(_said(version, "note", ""))

    def get_is_starred(self, version: Version) -> bool:
        return bool(_said(version, "is_starred", None))

    @extend_schema_field(FileShape(many=True))
    def get_files(self, version: Version) -> list[dict[str, Any]]:
        return files_of(version) if version.has_succeeded else []


class MasterShape(serializers.Serializer[Any]):
    """A mix brought toward a reference. Status, step and progress are its newest version's."""

    id = IdField("mst")
    mode = ModeField(source="is_test")
    title = Text()
    status = Choices(choices=STATES, source="latest.status")
    step = Text(source="latest.step", allow_blank=True)
    progress = serializers.FloatField(source="latest.progress", min_value=0, max_value=1)
    queue_position = serializers.SerializerMethodField()
    eta = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    mix = Expandable(AudioShape, "aud")
    reference = Expandable(AudioShape, "aud")
    previous = IdField("mst", source="previous_id", allow_null=True)
    frozen_from = IdField(
        "ver",
        source="frozen_from_id",
        allow_null=True,
        help_text="The version whose exact processing it has, where it was applied to this file.",
    )
    version = serializers.SerializerMethodField(
        help_text="The version in use: the newest, or the one that was gone back to."
    )
    versions = serializers.SerializerMethodField(help_text="The newest first.")
    genre = serializers.ChoiceField(choices=[*Genre.values, ""], allow_blank=True)
    release = serializers.ChoiceField(choices=[*Release.values, ""], allow_blank=True)
    created = Moment()

    def _latest(self, master: Master) -> Version:
        version = master.latest
        version.master = master  # as its queue place and its estimate look at the mix
        return version

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_queue_position(self, master: Master) -> int | None:
        version = self._latest(master)
        return version.ahead if version.is_waiting else None

    @extend_schema_field(Moment(allow_null=True))
    def get_eta(self, master: Master) -> str | None:
        return _told(expected_end(self._latest(master)))

    @extend_schema_field(Fault(allow_null=True))
    def get_error(self, master: Master) -> dict[str, str] | None:
        return WorkShape().get_error(master.latest)

    @extend_schema_field(IdField("ver"))
    def get_version(self, master: Master) -> str:
        return str(master.current_id or master.latest.pk)

    @extend_schema_field(VERSIONS)
    def get_versions(self, master: Master) -> list[Any]:
        versions = sorted(master.versions.all(), key=lambda version: -version.number)
        if "versions" not in self.context.get("expand", ()):
            return [version.pk for version in versions]
        for version in versions:
            version.master = master
        return [VersionShape(version, context=self.context).data for version in versions]


class MasterQuery(Page):
    status = serializers.ChoiceField(
        choices=STATES, required=False, help_text="Of its newest version."
    )
    mix = IdField("aud", required=False)


class MasterWish(serializers.Serializer[Any]):
    settings = Settings(required=False)
    preset = IdField("pst", required=False, help_text="Settings by name; `settings` go before it.")
    title = Text(max_length=200, required=False)
    genre = serializers.ChoiceField(choices=Genre.choices, required=False)
    release = serializers.ChoiceField(choices=Release.choices, required=False)


class MasterForm(MasterWish):
    """A master to be made."""

    mix = IdField("aud")
    reference = serializers.RegexField(
        ID_OF_REFERENCE, required=False, help_text="An upload, or an entry of the library."
    )
    references = serializers.ListField(
        child=serializers.RegexField(ID_OF_REFERENCE),
        required=False,
        min_length=1,
        max_length=MOST_SIBLINGS,
        help_text="Several, in its place: a master toward each, all of them or none.",
    )
    previous = IdField(
        "mst", required=False, help_text="The master of an earlier mix of the same song."
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="Tell what would be done, with warnings and cost; make nothing."
    )

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if ("reference" in said) == ("references" in said):
            raise serializers.ValidationError(
                "Send either `reference` or `references`.", "one_of_two"
            )
        return said


class MasterSet(serializers.Serializer[Any]):
    """Masters of one mix toward several references."""

    data = MasterShape(many=True)  # type: ignore[assignment]  # a field
    comparison = Text(help_text="Where they are compared.")


class Compared(serializers.Serializer[Any]):
    """One of several masters of a mix."""

    master = IdField("mst")
    reference = IdField("aud")
    reference_title = Text()
    version = IdField("ver")
    status = Choices(choices=STATES)
    verdict = Text(allow_null=True)
    axes = serializers.DictField(
        allow_null=True, help_text="How far each side is from the reference, before and after."
    )
    loudness_lufs = serializers.FloatField(allow_null=True)
    true_peak_dbtp = serializers.FloatField(allow_null=True)
    gain_db = serializers.FloatField(
        allow_null=True, help_text="To hear all of them at one loudness."
    )
    is_starred = serializers.BooleanField(help_text="As the one that was taken.")
    url = Text(allow_null=True, help_text="Where it is heard.")


class Comparison(serializers.Serializer[Any]):
    """The masters of one mix side by side, the oldest first."""

    mix = IdField("aud")
    start_seconds = serializers.FloatField(allow_null=True, help_text="The loudest part.")
    end_seconds = serializers.FloatField(allow_null=True)
    data = Compared(many=True)  # type: ignore[assignment]  # a field


class ApplyForm(serializers.Serializer[Any]):
    """Another file of a song: instrumental, clean version, radio edit."""

    mix = IdField("aud")
    title = Text(max_length=200, required=False)
    dry_run = serializers.BooleanField(default=False, help_text="Tell the cost; make nothing.")


class SimpleForm(serializers.Serializer[Any]):
    """Two files and, in the same form, what is chosen."""

    mix = serializers.FileField(allow_empty_file=True)
    reference = serializers.FileField(allow_empty_file=True)
    title = Text(max_length=200, required=False)
    preset = IdField("pst", required=False)
    amount = serializers.FloatField(min_value=0, max_value=1, required=False)
    loudness = Text(
        max_length=20,
        required=False,
        help_text="`reference`, the code of a platform, or a number in LUFS.",
    )
    ceiling_dbtp = serializers.FloatField(required=False, min_value=-6, max_value=-0.1)


class MasterChanges(serializers.Serializer[Any]):
    title = Text(max_length=200, required=False)
    version = IdField("ver", required=False, help_text="Go back to this version.")


class VersionForm(serializers.Serializer[Any]):
    """Another version: what is said of settings goes before those of the one it is based on."""

    settings = Settings(required=False)
    based_on = IdField("ver", required=False, help_text="By default the version in use.")
    adjust = serializers.ChoiceField(
        choices=["gentler", "safe_ceiling"],
        required=False,
        help_text=(
            "`gentler` holds back what did harm; `safe_ceiling` takes the ceiling that the release "
            "check found to keep lossy copies whole."
        ),
    )


class VersionChanges(serializers.Serializer[Any]):
    name = Text(max_length=80, required=False, allow_blank=True)
    note = Text(max_length=2_000, required=False, allow_blank=True)
    is_starred = serializers.BooleanField(required=False)


class PreviewForm(serializers.Serializer[Any]):
    """A part to be heard at once, with settings that are tried."""

    settings = Settings(required=False)
    start_seconds = serializers.FloatField(min_value=0, max_value=36_000)
    end_seconds = serializers.FloatField(min_value=0, max_value=36_000)


class PreviewShape(WorkShape):
    id = IdField("prv")
    master = IdField("mst", source="master_id")
    version = IdField("ver", source="version_id", allow_null=True, help_text="The whole.")
    settings = Settings()
    start_seconds = serializers.FloatField()
    end_seconds = serializers.FloatField()
    gain_db = serializers.FloatField(help_text="By how much it is lowered to be played.")
    url = serializers.SerializerMethodField(help_text="Where it is heard, once it is made.")

    @extend_schema_field(Text(allow_null=True))
    def get_url(self, preview: Preview) -> str | None:
        return f"/api/v1/previews/{preview.pk}/audio" if preview.has_succeeded else None


class TrialShape(serializers.Serializer[Any]):
    preview = PreviewShape(allow_null=True, help_text="Null where the whole was made before.")
    version = VersionShape()


class Cost(serializers.Serializer[Any]):
    credits = serializers.IntegerField(help_text="0: this pair is paid, or a test key asks.")
    available = serializers.IntegerField(help_text="What there is to pay with.")


class Caution(serializers.Serializer[Any]):
    about = serializers.ChoiceField(choices=["mix", "reference", "pair", "credits"])
    code = Text()
    title = Text()
    detail = Text(allow_blank=True)


class DryRun(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    would_be_accepted = serializers.BooleanField()
    mix = IdField("aud")
    reference = IdField("aud")
    references = serializers.ListField(child=IdField("aud"), help_text="All of them.")
    settings = Settings(help_text="As they would be used.")
    warnings = Caution(many=True)
    cost = Cost()


class ApplyQuote(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    would_be_accepted = serializers.BooleanField()
    left = serializers.IntegerField(help_text="How many more files of the song are included.")
    cost = Cost()


def stamp_of(master: Master) -> tuple[Any, ...]:
    """Return all that a master in its shape comes from, where nothing in it is expanded."""
    latest = master.latest
    latest.master = master
    told = (master.pk, master.title, master.current_id, master.genre, master.release)
    still = (latest.status, latest.step, latest.progress, latest.error_code)
    waits = latest.ahead if latest.is_waiting else None
    versions = [version.pk for version in master.versions.all()]
    names = tuple(MasterShape._declared_fields)  # a site that tells more tells it at once
    return (*names, *told, master.previous_id, master.frozen_from_id, *still, waits,
            expected_end(latest), *versions)  # fmt: skip


def files_of(version: Version) -> list[dict[str, Any]]:
    """Return the files that lie ready of a version."""
    files = []
    for code, written in WRITABLE.items():
        name = output_name(code)
        if name is None or name not in version.outputs:
            continue
        files.append(
            {
                "format": code,
                "label": written.label,
                "content_type": written.content_type,
                "size_bytes": version.outputs[name]["size_bytes"],
                "sha256": version.outputs[name]["sha256"],
                "url": f"/api/v1/versions/{version.pk}/files/{code}",
            }
        )
    return files


def _said(version: Version, name: str, otherwise: Any) -> Any:
    return getattr(getattr(version, "remark", None), name, otherwise)


def _told(moment: Any) -> str | None:
    return str(Moment().to_representation(moment)) if moment else None
