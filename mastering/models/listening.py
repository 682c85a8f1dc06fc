"""Judging by ear: parts rendered while settings are tried, and what blind comparisons counted."""

from datetime import timedelta
from math import comb
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from dsp.settings import MasterSettings
from mastering.models.masters import Master, Version
from references.models import (
    Phases,
    PublicIdField,
    Work,
    WorkQuerySet,
    within_a_job,
    work_constraints,
    work_indexes,
)

PREVIEW_KEPT = timedelta(minutes=10)  # long after the whole version has taken its place
MOST_TRIALS = 1_000

_PHASES = Version.phases


class PreviewQuerySet(WorkQuerySet["Preview"]):
    def due(self) -> Self:
        return super().due().select_related("master__mix", "master__reference")

    def expired(self) -> Self:
        """Keep what nobody listens to any more."""
        return self.filter(created__lt=Now() - PREVIEW_KEPT).exclude(status=_PHASES.running)

    def cancel(self) -> int:
        """End what has not ended: other settings were chosen since."""
        return self.open()._settle(_PHASES.canceled)


class Preview(Work):
    """A part of a master with settings that are being tried; the whole is rendered behind it."""

    Status = Version.Status
    phases: ClassVar[Phases] = _PHASES

    id = PublicIdField(prefix="prv")
    master = models.ForeignKey(Master, models.CASCADE, related_name="previews")
    version = models.ForeignKey(
        Version,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="previews",
        help_text="The whole, with the same settings.",
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    settings = models.JSONField()
    start_seconds = models.FloatField()
    end_seconds = models.FloatField()
    gain_db = models.FloatField(default=0.0, help_text="By how much the file is lowered, ≤ 0.")

    objects = PreviewQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            *work_constraints("preview", _PHASES),
            models.CheckConstraint(
                name="preview_is_a_part",
                condition=Q(start_seconds__gte=0.0, end_seconds__gt=F("start_seconds")),
            ),
        ]
        indexes = work_indexes("preview", _PHASES)

    def __str__(self) -> str:
        return f"{self.pk} of {self.master_id}"

    @property
    def chosen(self) -> MasterSettings:
        return MasterSettings.from_dict(self.settings)

    @property
    def time_limit(self) -> timedelta:
        seconds = 30.0 + 0.5 * (self.master.mix.duration_seconds or 0.0)
        return within_a_job(seconds)

    @property
    def folder(self) -> str:
        return f"previews/{self.pk}"


class BlindTestQuerySet(models.QuerySet["BlindTest"]):
    def of(self, user: Any) -> Self:
        return self.filter(version__user=user)


class BlindTest(models.Model):
    """How often a version was chosen when its name was hidden, at the same loudness."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="blind_tests")
    against = models.ForeignKey(
        Version,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="The other one; empty: the original.",
    )
    trials = models.PositiveSmallIntegerField()
    chosen = models.PositiveSmallIntegerField()
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = BlindTestQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="blind_test_counts_within_trials",
                condition=Q(trials__gte=1, trials__lte=MOST_TRIALS, chosen__lte=F("trials")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.chosen} of {self.trials} for {self.version_id}"

    @property
    def probability(self) -> float:
        """How often mere guessing comes out at least this uneven, 0 to 1: the binomial test."""
        far = max(self.chosen, self.trials - self.chosen)
        tail: int = sum(comb(self.trials, count) for count in range(far, self.trials + 1))
        return float(min(1.0, 2.0 * tail / 2.0**self.trials))
