"""What is made when a person wants their data, and what stays to be done when they leave."""

import uuid
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

EXPORT_KEPT = timedelta(days=7)
SETTLED = timedelta(hours=2)  # by then no worker writes into a folder any more


class ExportQuerySet(models.QuerySet["Export"]):
    def of(self, user: "models.Model") -> Self:
        return self.filter(user=user)

    def wanted(self) -> Self:
        return self.filter(finished=None, run_at__lte=Now()).order_by("run_at")

    def over(self) -> Self:
        return self.filter(finished__lt=Now() - EXPORT_KEPT)


class Export(models.Model):
    """Everything of a person in one ZIP, made in the background and kept for a week."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="data_exports")
    created = models.DateTimeField(db_default=Now(), editable=False)
    run_at = models.DateTimeField(db_default=Now())
    finished = models.DateTimeField(null=True, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.UniqueConstraint("user", name="export_one_at_a_time", condition=Q(finished=None))
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def folder(self) -> str:
        return f"exports/{self.pk}"

    @property
    def key(self) -> str:
        return f"{self.folder}/lacquer.zip"


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def to_do(self) -> Self:
        """Keep those whose folders must still go; again later for what workers wrote meanwhile."""
        late = Q(done=None, created__lt=Now() - SETTLED)
        return self.filter(Q(emptied=None) | late).order_by("created")


class Erasure(models.Model):
    """Someone who left, without a name; the number serves to erase again after a restore."""

    user_id = models.BigIntegerField()
    folders = models.JSONField(default=list)
    created = models.DateTimeField(db_default=Now(), editable=False)
    emptied = models.DateTimeField(null=True, blank=True)
    done = models.DateTimeField(null=True, blank=True)

    objects = ErasureQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.user_id)
