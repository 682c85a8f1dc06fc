"""The reference library: tracks that were uploaded once and can be chosen again."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from accounts.models.ids import PublicIdField
from references.models.audio import AudioFile

RECENT = 20


class ReferenceQuerySet(models.QuerySet["Reference"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user).select_related("audio")

    def of_mode(self, *, is_test: bool) -> Self:
        """Keep what test keys made, or all that they did not."""
        return self.filter(audio__is_test=is_test)

    def usable(self) -> Self:
        """Those that are measured and can be mastered toward."""
        return self.filter(audio__status=AudioFile.Status.READY)

    def recent(self) -> Self:
        """Return the newest usable ones, for a short list."""
        return self.usable()[:RECENT]

    def kept(self) -> Self:
        """All but those that turned out not to be audio we can use."""
        return self.exclude(audio__status=AudioFile.Status.REJECTED)

    def with_use_count(self) -> Self:
        """Count the masters made toward each."""
        counted = self.annotate(use_count=models.Count("audio__masters_toward"))
        return counted.order_by("-created", "-pk")  # counting drops the order


class Reference(models.Model):
    id = PublicIdField(prefix="ref")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="references")
    audio = models.OneToOneField(AudioFile, models.CASCADE, related_name="library_entry")
    title = models.CharField(max_length=200)
    artist = models.CharField(max_length=200, blank=True)
    genre = models.CharField(max_length=60, blank=True)
    notes = models.TextField(blank=True)
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.title
