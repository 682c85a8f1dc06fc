"""What a plan keeps no longer: the date that its person was told, and the receipt afterwards."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mastering.models.masters import Master
from references.models import AudioFile


class FarewellQuerySet(models.QuerySet["Farewell"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user).select_related("master", "audio").order_by("due", "pk")

    def over(self) -> Self:
        """Keep those whose stated day has come."""
        return self.filter(due__lte=Now()).order_by("due", "pk")


class Farewell(models.Model):
    """The day on which a master or a track goes, as its person was told; moved only further on."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="farewells")
    master = models.OneToOneField(
        Master, models.CASCADE, null=True, blank=True, related_name="farewell"
    )
    audio = models.OneToOneField(
        AudioFile, models.CASCADE, null=True, blank=True, related_name="farewell"
    )
    due = models.DateTimeField(db_index=True)
    last_used = models.DateTimeField(help_text="As it was then; used again, it stays.")
    mail = models.CharField(max_length=200, help_text="The reason of the mail that told of it.")
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = FarewellQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="farewell_of_one_thing",
                condition=Q(master=None, audio__isnull=False) | Q(master__isnull=False, audio=None),
            )
        ]

    def __str__(self) -> str:
        return self.master_id or self.audio_id or ""

    @property
    def title(self) -> str:
        if self.master is not None:
            return self.master.title
        return self.audio.filename if self.audio is not None else ""


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user)


class Receipt(models.Model):
    """Which files were deleted for good, when and why; for their owner, as long as they are here.

    It is written in the transaction that deletes the rows.
    """

    class Reason(models.TextChoices):
        RETENTION = "retention"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="receipts")
    subject = models.CharField(max_length=40, help_text="The id of the master or track.")
    title = models.CharField(max_length=255)
    reason = models.CharField(max_length=20, choices=Reason)
    plan = models.CharField(max_length=40)
    kept_days = models.PositiveIntegerField(help_text="As the plan said then.")
    last_used = models.DateTimeField()
    told = models.DateTimeField(help_text="When its person was told of it.")
    due = models.DateTimeField(help_text="The day that they were told.")
    files = models.JSONField(help_text="Each: name, size_bytes, sha256.")
    size_bytes = models.PositiveBigIntegerField()
    deleted = models.DateTimeField(db_default=Now(), editable=False)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        ordering = ["-deleted", "-pk"]

    def __str__(self) -> str:
        return self.title
