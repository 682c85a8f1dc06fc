"""Albums: mixes in an order, brought toward one direction, and the ZIPs made of them."""

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from dsp.settings import MasterSettings
from mastering.models.made import PHASES, KeptFile, KeptFileQuerySet
from mastering.models.masters import Master, Version
from references.models import (
    AudioFile,
    PublicIdField,
    within_a_job,
    work_constraints,
    work_indexes,
)

MOST_TRACKS = 30
LONGEST_ALBUM_SECONDS = 120 * 60.0  # what one ZIP holds on a worker's disk
GAP_SECONDS = (0.0, 30.0)
USUAL_GAP_SECONDS = 2.0
OFFSET_LU = (-12.0, 12.0)


class AlbumQuerySet(models.QuerySet["Album"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user).select_related("reference")

    def of_mode(self, *, is_test: bool) -> Self:
        """Keep what test keys made, or all that they did not."""
        return self.filter(is_test=is_test)

    def with_tracks(self) -> Self:
        return self.prefetch_related("tracks__mix", "tracks__master__versions")

    def settling(self) -> Self:
        """Those whose tracks are still to be brought into their relation."""
        return self.filter(is_settling=True)


class Album(models.Model):
    class Mode(models.TextChoices):
        KEEP = "keep", gettext_lazy("Keep: as much quieter and louder as the mixes are")
        EVEN = "even", gettext_lazy("Even: every song at the same loudness")

    id = PublicIdField(prefix="alb")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="albums")
    title = models.CharField(max_length=200)
    artist = models.CharField(max_length=200, blank=True)
    reference = models.ForeignKey(
        AudioFile, models.RESTRICT, null=True, blank=True, related_name="albums_toward"
    )
    mode = models.CharField(max_length=4, choices=Mode, default=Mode.KEEP)
    settings = models.JSONField(help_text="Of every track; the loudness is the album's.")
    lowered_lu = models.FloatField(
        default=0.0, help_text="By how much all is quieter, since one song gets no louder."
    )
    rounds = models.PositiveSmallIntegerField(default=0, help_text="In which it was lowered.")
    is_settling = models.BooleanField(default=False)
    is_test = models.BooleanField(default=False, help_text="Made with a test key; costs nothing.")
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = AlbumQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            models.CheckConstraint(name="album_is_lowered_only", condition=Q(lowered_lu__gte=0.0))
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def chosen(self) -> MasterSettings:
        return MasterSettings.from_dict(self.settings)


class AlbumTrackQuerySet(models.QuerySet["AlbumTrack"]):
    def of(self, user: Any) -> Self:
        return self.filter(album__user=user).select_related("album", "mix", "master")


class AlbumTrack(models.Model):
    id = PublicIdField(prefix="trk")
    album = models.ForeignKey(Album, models.CASCADE, related_name="tracks")
    place = models.PositiveSmallIntegerField()
    # RESTRICT: a mix stays as long as an album needs it, and goes with its person all the same.
    mix = models.ForeignKey(AudioFile, models.RESTRICT, related_name="album_tracks")
    title = models.CharField(max_length=200)
    gap_seconds = models.FloatField(default=USUAL_GAP_SECONDS, help_text="Of silence after it.")
    offset_lu = models.FloatField(default=0.0, help_text="Beside what the mode gives it.")
    master = models.ForeignKey(
        Master, models.SET_NULL, null=True, blank=True, related_name="album_tracks"
    )

    objects = AlbumTrackQuerySet.as_manager()

    class Meta:
        ordering = ["album", "place", "pk"]
        constraints = [
            models.CheckConstraint(
                name="album_track_gap_and_offset_in_range",
                condition=Q(
                    gap_seconds__gte=GAP_SECONDS[0],
                    gap_seconds__lte=GAP_SECONDS[1],
                    offset_lu__gte=OFFSET_LU[0],
                    offset_lu__lte=OFFSET_LU[1],
                ),
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def version(self) -> Version | None:
        """The version that stands for it; None before it is mastered."""
        return self.master.shown if self.master else None


class AlbumArchiveQuerySet(KeptFileQuerySet["AlbumArchive"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user).select_related("album")


class AlbumArchive(KeptFile):
    """The masters of an album as one ZIP, with its order and gaps, for as long as it is kept."""

    id = PublicIdField(prefix="arc")
    album = models.ForeignKey(Album, models.CASCADE, related_name="archives")
    format = models.CharField(max_length=20, help_text="A key of dsp.formats.WRITABLE.")
    content = models.JSONField(help_text="What it is made of: the album, and its tracks in order.")

    objects = AlbumArchiveQuerySet.as_manager()

    class Meta(KeptFile.Meta):
        constraints = [
            *work_constraints("album_archive", PHASES),
            models.UniqueConstraint("album", "request_sha256", name="album_archive_made_once"),
        ]
        indexes = [
            *work_indexes("album_archive", PHASES),
            models.Index("expires", name="album_archive_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} ({self.format})"

    @property
    def time_limit(self) -> timedelta:
        seconds = 60.0 + 1.5 * sum(track["seconds"] for track in self.content["tracks"])
        return within_a_job(seconds)

    @property
    def folder(self) -> str:
        return f"albums/{self.pk}"
