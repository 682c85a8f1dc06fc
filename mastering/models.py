"""Masters, a mix brought toward a reference, and their versions, one render each."""

from datetime import timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from dsp.formats import CANONICAL_NAME
from dsp.settings import MasterSettings
from references.models import (
    AudioFile,
    Phases,
    PublicIdField,
    Work,
    WorkQuerySet,
    work_constraints,
    work_indexes,
)

# What people see of a render, in this order; "queued" and "done" stand at its ends.
STEPS = (
    "queued",
    "checking",
    "measuring",
    "tone",
    "dynamics",
    "width",
    "limiting",
    "verifying",
    "encoding",
    "done",
)

# What browsers may play without loss, the smallest first.
LOSSLESS_NAMES = ("flac24.flac", "wav24.wav", CANONICAL_NAME)

_PHASES = Phases(
    waiting="QUEUED",
    running="RUNNING",
    succeeded="SUCCEEDED",
    failed="FAILED",
    canceled="CANCELED",
)


class MasterQuerySet(models.QuerySet["Master"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user).select_related("mix", "reference")

    def with_versions(self) -> Self:
        return self.prefetch_related("versions")


class Master(models.Model):
    id = PublicIdField(prefix="mst")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="masters")
    # RESTRICT: audio stays as long as a master needs it, and goes with its person all the same.
    mix = models.ForeignKey(AudioFile, models.RESTRICT, related_name="masters_of_mix")
    reference = models.ForeignKey(AudioFile, models.RESTRICT, related_name="masters_toward")
    title = models.CharField(max_length=200)
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = MasterQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        indexes = [models.Index("user", F("created").desc(), name="master_history")]

    def __str__(self) -> str:
        return self.title

    @property
    def latest(self) -> "Version":
        """The newest version; there is always one."""
        return max(self.versions.all(), key=lambda version: version.number)


class VersionQuerySet(WorkQuerySet["Version"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user).select_related("master__mix", "master__reference")

    def due(self) -> Self:
        """Keep what a worker could begin now: both tracks are measured."""
        ready = AudioFile.Status.READY
        measured = super().due().filter(master__mix__status=ready, master__reference__status=ready)
        return measured.select_related("master__mix")

    def needing(self, audio_id: str) -> Self:
        return self.filter(Q(master__mix=audio_id) | Q(master__reference=audio_id))

    def ahead_of(self, version: "Version") -> Self:
        """Those that wait longer; fairness between people may let others pass."""
        earlier = Q(priority__lt=version.priority) | Q(
            priority=version.priority, created__lt=version.created
        )
        return self.waiting().filter(earlier).exclude(pk=version.pk)

    def cancel(self) -> int:
        """End what has not ended, at its owner's wish."""
        return self.open()._settle(_PHASES.canceled)

    def fail_unusable(self) -> int:
        """Fail what waits for a track that was rejected."""
        rejected, waiting = AudioFile.Status.REJECTED, self.waiting()
        return waiting.filter(master__mix__status=rejected)._fail("mix_rejected") + waiting.filter(
            master__reference__status=rejected
        )._fail("reference_rejected")


class Version(Work):
    class Status(models.TextChoices):
        QUEUED = "QUEUED"
        RUNNING = "RUNNING"
        SUCCEEDED = "SUCCEEDED"
        FAILED = "FAILED"
        CANCELED = "CANCELED"

    phases: ClassVar[Phases] = _PHASES

    id = PublicIdField(prefix="ver")
    master = models.ForeignKey(Master, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    settings = models.JSONField()
    report = models.JSONField(default=dict)
    provenance = models.JSONField(default=dict)
    loudness_lufs = models.FloatField(null=True, blank=True)
    true_peak_dbtp = models.FloatField(null=True, blank=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["master", "-number"]
        constraints = [
            *work_constraints("version", _PHASES),
            models.UniqueConstraint("master", "number", name="version_number_once_per_master"),
        ]
        indexes = work_indexes("version", _PHASES)

    def __str__(self) -> str:
        return f"{self.pk} (v{self.number})"

    @property
    def chosen(self) -> MasterSettings:
        return MasterSettings.from_dict(self.settings)

    @property
    def proxy_name(self) -> str | None:
        """The name of the copy that browsers play first."""
        return next((name for name in self.outputs if name.startswith("proxy.")), None)

    @property
    def lossless_name(self) -> str | None:
        """The name of the copy that browsers play on demand."""
        return next((name for name in LOSSLESS_NAMES if name in self.outputs), None)

    @property
    def time_limit(self) -> timedelta:
        seconds = 60.0 + 3.0 * (self.master.mix.duration_seconds or 0.0)
        return timedelta(seconds=min(seconds, settings.JOB_TIMEOUT_SECONDS - 60))

    @property
    def folder(self) -> str:
        return f"masters/{self.pk}"
