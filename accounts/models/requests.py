"""What programs asked for once and must not get twice; and what was theirs and is gone."""

from datetime import timedelta
from typing import Any, Final, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

KEPT: Final = timedelta(hours=24)
REMEMBERED: Final = timedelta(days=90)


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user)

    def over(self) -> Self:
        return self.filter(created__lt=Now() - KEPT)

    def kept(self) -> Self:
        return self.filter(created__gte=Now() - KEPT)


class IdempotencyKey(models.Model):
    """The answer to a request that carried a key, written together with what it made."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="idempotency_keys"
    )
    is_test = models.BooleanField(default=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="Of method, path, query and body.")
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    headers = models.JSONField(default=dict)
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("user", "is_test", "key", name="idempotency_key_once")
        ]
        indexes = [models.Index("created", name="idempotency_key_age")]

    def __str__(self) -> str:
        return self.key


class TombstoneQuerySet(models.QuerySet["Tombstone"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user)

    def over(self) -> Self:
        return self.filter(created__lt=Now() - REMEMBERED)


class Tombstone(models.Model):
    """Something of a person's that was kept as long as was said, and is deleted since."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tombstones")
    object_id = models.CharField(max_length=40, primary_key=True)
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = TombstoneQuerySet.as_manager()

    class Meta:
        indexes = [models.Index("created", name="tombstone_age")]

    def __str__(self) -> str:
        return self.object_id
