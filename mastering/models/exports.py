"""What is made of a version on demand: files to download, and the check before a release."""

from datetime import timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from mastering.models.made import PHASES, KeptFile, KeptFileQuerySet, Made
from mastering.models.masters import Master, Version
from references.models import (
    PublicIdField,
    WorkQuerySet,
    within_a_job,
    work_constraints,
    work_indexes,
)


class ReleaseTagsQuerySet(models.QuerySet["ReleaseTags"]):
    def of(self, user: Any) -> Self:
        return self.filter(master__user=user)

    def in_use(self, master: Master) -> "ReleaseTags | None":
        """Return what players show of a master's files; None where nothing is filled in."""
        newest = self.filter(master=master).first()
        return newest if newest and any(newest.content.values()) else None

    def unused(self) -> Self:
        """Keep what later tags replaced and no export was made with."""
        newer = ReleaseTags.objects.filter(master=OuterRef("master"), number__gt=OuterRef("number"))
        exports = Export.objects.filter(tags=OuterRef("pk"))
        return self.filter(Exists(newer), ~Exists(exports))


class ReleaseTags(models.Model):
    """What a player shows of a master's files; a change makes a new row, exports keep theirs."""

    id = PublicIdField(prefix="tag")
    master = models.ForeignKey(Master, models.CASCADE, related_name="tags")
    number = models.PositiveIntegerField(help_text="The highest of a master is in use.")
    title = models.CharField(max_length=250, blank=True)
    artist = models.CharField(max_length=250, blank=True)
    album = models.CharField(max_length=250, blank=True)
    isrc = models.CharField(max_length=12, blank=True)
    cover_type = models.CharField(max_length=20, blank=True)
    cover_sha256 = models.CharField(max_length=64, blank=True)
    cover_bytes = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = ReleaseTagsQuerySet.as_manager()

    class Meta:
        ordering = ["master", "-number"]
        constraints = [
            models.UniqueConstraint("master", "number", name="tags_number_once_per_master")
        ]

    def __str__(self) -> str:
        return " – ".join(filter(None, (self.artist, self.title))) or self.pk

    @property
    def texts(self) -> dict[str, str]:
        names = ("title", "artist", "album", "isrc")
        return {name: getattr(self, name) for name in names}

    @property
    def content(self) -> dict[str, str]:
        """All that files show of it."""
        return self.texts | {"cover": self.cover_sha256}

    @property
    def folder(self) -> str:
        return f"tags/{self.pk}"

    @property
    def cover_key(self) -> str:
        ending = "png" if self.cover_type == "image/png" else "jpg"
        return f"{self.folder}/cover.{ending}"


class ExportQuerySet(KeptFileQuerySet["Export"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user).select_related("version__master__mix", "tags")

    def due(self) -> Self:
        return super().due().select_related("version__master__mix")


class Export(KeptFile):
    """A version as one file, or as a ZIP of several, for as long as it is kept."""

    id = PublicIdField(prefix="exp")
    version = models.ForeignKey(Version, models.CASCADE, related_name="exports")
    formats = models.JSONField(help_text="Keys of dsp.formats.WRITABLE.")
    rate_hz = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as the mix.")
    is_archive = models.BooleanField(default=False)
    # Two of one master's tags differ; without tags, nothing is written into the files.
    tags = models.ForeignKey(
        ReleaseTags, models.RESTRICT, null=True, blank=True, related_name="exports"
    )

    objects = ExportQuerySet.as_manager()

    class Meta(KeptFile.Meta):
        constraints = [
            *work_constraints("export", PHASES),
            models.UniqueConstraint("version", "request_sha256", name="export_made_once"),
        ]
        indexes = [
            *work_indexes("export", PHASES),
            models.Index("expires", name="export_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} ({', '.join(self.formats)})"

    @property
    def time_limit(self) -> timedelta:
        return _time_limit(self.version, per_second=1.0 + 1.0 * len(self.formats))

    @property
    def folder(self) -> str:
        return f"exports/{self.pk}"


class ReleaseCheckQuerySet(WorkQuerySet["ReleaseCheck"]):
    def due(self) -> Self:
        return super().due().select_related("version__master__mix")


class ReleaseCheck(Made):
    """What becomes of a version as lossy copies and in mono; measured when someone looks."""

    id = PublicIdField(prefix="chk")
    version = models.OneToOneField(Version, models.CASCADE, related_name="release_check")
    found = models.JSONField(default=dict)

    objects = ReleaseCheckQuerySet.as_manager()

    class Meta:
        ordering = [F("created").desc()]
        constraints = work_constraints("release_check", PHASES)
        indexes = work_indexes("release_check", PHASES)

    def __str__(self) -> str:
        return f"{self.pk} of {self.version_id}"

    @property
    def time_limit(self) -> timedelta:
        return _time_limit(self.version, per_second=3.0)

    @property
    def folder(self) -> str:
        return f"checks/{self.pk}"


def _time_limit(version: Version, *, per_second: float) -> timedelta:
    seconds = 60.0 + per_second * (version.master.mix.duration_seconds or 0.0)
    return within_a_job(seconds)
