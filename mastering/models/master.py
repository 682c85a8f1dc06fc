"""Masters: a mix and the reference it is brought toward; every render of it is a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from references.models import AudioFile, PublicIdField

if TYPE_CHECKING:
    from mastering.models.version import Version


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
        indexes = [models.Index("user", models.F("created").desc(), name="master_history")]

    def __str__(self) -> str:
        return self.title

    @property
    def latest(self) -> Version:
        """The newest version; there is always one."""
        return max(self.versions.all(), key=lambda version: version.number)
