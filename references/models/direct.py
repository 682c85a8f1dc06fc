"""Uploads that go straight to the storage: announced, sent to a quarantine, then looked at."""

from datetime import timedelta
from typing import Any, Final, Self

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.db.models.signals import post_delete
from django.dispatch import receiver

from accounts.models.ids import PublicIdField
from references.models.audio import AudioFile

SENDING: Final = timedelta(minutes=15)  # as long as its signed address holds
LATE: Final = timedelta(hours=1)  # a transfer that began in time has ended by then


class DirectUploadQuerySet(models.QuerySet["DirectUpload"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user)

    def of_mode(self, *, is_test: bool) -> Self:
        return self.filter(is_test=is_test)

    def awaited(self) -> Self:
        """Those whose file may still arrive."""
        return self.filter(audio=None, expires__gt=Now())

    def over(self) -> Self:
        """Those that nobody needs any more: never completed, or measured by now."""
        ended = Q(audio=None) | Q(audio__status__in=AudioFile.phases.terminal)
        return self.filter(ended, expires__lt=Now() - LATE)


class DirectUpload(models.Model):
    """One announced file; its object lies in the quarantine for no longer than its row."""

    id = PublicIdField(prefix="upl")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="direct_uploads"
    )
    kind = models.CharField(max_length=10, choices=AudioFile.Kind)
    filename = models.CharField(max_length=255, help_text="As announced, cleaned.")
    size_bytes = models.PositiveBigIntegerField()
    is_test = models.BooleanField(default=False, help_text="Announced with a test key.")
    arrived = models.BooleanField(default=False, help_text="By this site's own address; only once.")
    audio = models.OneToOneField(
        AudioFile, models.CASCADE, null=True, blank=True, related_name="direct_upload"
    )
    created = models.DateTimeField(db_default=Now(), editable=False)
    expires = models.DateTimeField()

    objects = DirectUploadQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        indexes = [models.Index("expires", name="direct_upload_expires")]

    def __str__(self) -> str:
        return self.filename

    @property
    def key(self) -> str:
        return f"quarantine/{self.pk}"


@receiver(post_delete, sender=DirectUpload)
def empty_quarantine(instance: DirectUpload, **_: Any) -> None:
    """Let the object go with its row, also when the row goes with its person."""
    key = instance.key
    transaction.on_commit(lambda: default_storage.delete(key), robust=True)
