"""Mails on their way: a row each, so that none is lost while the mail server is away."""

import random
import secrets
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 30
LONGEST_WAIT = timedelta(hours=4)  # so the attempts go on for four days


class MailQuerySet(models.QuerySet["Mail"]):
    def due(self) -> Self:
        """Keep what is to be sent now, and is not in someone's hands."""
        free = Q(lease_until=None) | Q(lease_until__lt=Now())
        waiting = self.filter(free, sent=None, attempts__lt=MAX_ATTEMPTS, run_at__lte=Now())
        return waiting.order_by("run_at", "pk")

    def claim_next(self) -> "Mail | None":
        """Take the next one in hand; None where nothing is due."""
        for pk in self.due().values_list("pk", flat=True)[:20]:
            token = secrets.token_hex(16)
            taken = self.due().filter(pk=pk)
            if taken.update(
                attempts=F("attempts") + 1, lease_token=token, lease_until=Now() + LEASE
            ):
                return self.get(pk=pk)
        return None

    def settle(self, mail: "Mail") -> None:
        """Note that it is sent, and forget what it said: it may hold links that let one in."""
        self._held(mail).update(
            sent=Now(), text="", html="", lease_token="", lease_until=None, error=""
        )

    def put_off(self, mail: "Mail", error: str) -> None:
        """Try again later, longer each time, and not all at once."""
        wait = min(timedelta(seconds=5 * 2 ** min(mail.attempts, 20)), LONGEST_WAIT)
        spread = wait * random.uniform(0.8, 1.2)  # noqa: S311
        self._held(mail).update(
            run_at=Now() + spread, lease_token="", lease_until=None, error=error[:500]
        )

    def _held(self, mail: "Mail") -> Self:
        return self.filter(pk=mail.pk, sent=None, lease_token=mail.lease_token)


class Mail(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="mails"
    )
    reason = models.CharField(max_length=200, blank=True, help_text="Each is written once.")
    to = models.EmailField(max_length=254)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField(blank=True)
    created = models.DateTimeField(db_default=Now(), editable=False)
    run_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    sent = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "reason", name="mail_once_for_each_reason", condition=~Q(reason="")
            )
        ]
        indexes = [models.Index("run_at", name="mail_due", condition=Q(sent=None))]

    def __str__(self) -> str:
        return self.subject
