"""What happened to a person's things, and whom they want told of it: events, webhooks, deliveries.

    event ──▶ a delivery for each webhook that hears of it: one call each, done or still to come
    delivery WAITING ──claim the webhook──▶ call ──▶ SUCCEEDED
                                                └──▶ FAILED, and the next WAITING at a later time

A webhook is called by one hand at a time: the lease stands in its row, so whoever answers slowly
keeps only its own deliveries waiting.
"""

import secrets
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from accounts.models.ids import PublicIdField

EVENTS_KEPT = timedelta(days=30)
LEASE = timedelta(seconds=60)  # far longer than a call may take
CALLS_AT_ONCE = 3  # of one person's webhooks together
# Waits before the next attempt, as Standard Webhooks recommends: over three days in all.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MAX_ATTEMPTS = len(WAITS) + 1
ANSWER_CHARACTERS = 1_000  # kept of what an endpoint says


class EventType(models.TextChoices):
    AUDIO_READY = "audio.ready", _("An upload is measured and ready")
    AUDIO_REJECTED = "audio.rejected", _("An upload cannot be used")
    MASTER_SUCCEEDED = "master.succeeded", _("A version of a master is done")
    MASTER_FAILED = "master.failed", _("A version of a master failed")
    MASTER_CANCELED = "master.canceled", _("A version of a master was cancelled")
    EXPORT_SUCCEEDED = "export.succeeded", _("A file to download is made")
    EXPORT_FAILED = "export.failed", _("A file to download could not be made")
    CHECK_SUCCEEDED = "release_check.succeeded", _("A release check is done")
    CHECK_FAILED = "release_check.failed", _("A release check failed")
    ALBUM_FINISHED = "album.finished", _("All songs of an album have ended")
    ARCHIVE_SUCCEEDED = "album_archive.succeeded", _("The ZIP of an album is made")
    ARCHIVE_FAILED = "album_archive.failed", _("The ZIP of an album could not be made")
    CREDITS_GRANTED = "credits.granted", _("Credits were added")
    CREDITS_LOW = "credits.low", _("Credits are running low")
    PAYMENT_FAILED = "payment.failed", _("A payment failed")
    SUBSCRIPTION_CHANGED = "subscription.changed", _("The plan was begun, changed or ended")
    DATA_EXPORT_READY = "data_export.ready", _("An export of your data is ready")
    WEBHOOK_TEST = "webhook.test", _("You asked for a test")


class EventQuerySet(models.QuerySet["Event"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user)

    def kept(self) -> Self:
        """Keep what is young enough to be shown; the rest is about to be deleted."""
        return self.filter(created__gte=Now() - EVENTS_KEPT)

    def over(self) -> Self:
        return self.filter(created__lt=Now() - EVENTS_KEPT)


class Event(models.Model):
    id = PublicIdField(prefix="evt")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="events")
    type = models.CharField(max_length=40, choices=EventType)
    subject = models.CharField(max_length=40, blank=True, help_text="The id of what it is about.")
    content = models.JSONField(default=dict, help_text="Ids and states; no names, no measurements.")
    reason = models.CharField(max_length=200, blank=True, help_text="Each is told once.")
    is_test = models.BooleanField(default=False, help_text="Of what a test key made.")
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "reason", name="event_once_for_each_reason", condition=~Q(reason="")
            )
        ]
        indexes = [
            models.Index("user", F("created").desc(), name="event_history"),
            models.Index("created", name="event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user)

    def active(self) -> Self:
        return self.filter(disabled=None)

    def hearing(self, event: Event) -> "list[Webhook]":
        """Return those that an event goes to.

        Locked, or one that is deleted at this moment would take the event's transaction along.
        """
        rows = self.of(event.user_id).active().filter(is_test=event.is_test).order_by("pk")
        locked = rows.select_for_update(no_key=True)
        return [webhook for webhook in locked if webhook.hears(event.type)]

    def free(self) -> Self:
        """Keep those that may be called, and are in nobody's hands."""
        return self.active().filter(Q(lease_until=None) | Q(lease_until__lt=Now()))

    def to_call(self) -> Self:
        """Keep free ones with something due, unless others of their person keep us busy."""
        busy = (
            Webhook.objects.filter(user=OuterRef("user"), lease_until__gt=Now())
            .order_by()
            .values("user")
            .annotate(count=Count("pk"))
            .values("count")
        )
        return (
            self.free()
            .filter(Exists(WebhookDelivery.objects.due().filter(webhook=OuterRef("pk"))))
            .alias(calls_of_user=Coalesce(Subquery(busy), 0))
            .filter(calls_of_user__lt=CALLS_AT_ONCE)
        )

    def claim_next(self, *, quick_only: bool = False) -> "WebhookDelivery | None":
        """Take the webhook whose turn it is in hand and return its oldest call; None without any.

        The turn is of whoever was called longest ago. Those that are slow, or unknown, can be left
        for later, so that they never take all hands.
        """
        due = self.to_call().order_by(F("called").asc(nulls_first=True), "pk")
        if quick_only:
            due = due.filter(is_quick=True)
        for pk in due.values_list("pk", flat=True)[:20]:
            token = secrets.token_hex(16)
            lease = {"lease_token": token, "lease_until": Now() + LEASE, "called": Now()}
            if not self.free().filter(pk=pk).update(**lease):
                continue
            calls = WebhookDelivery.objects.due().filter(webhook=pk).order_by("run_at", "pk")
            call = calls.select_related("webhook", "event").first()
            if call is not None:
                return call
            self.filter(pk=pk, lease_token=token).update(lease_token="", lease_until=None)
        return None

    def release(self, webhook: "Webhook", *, succeeded: bool, is_quick: bool) -> bool:
        """Let go of a webhook after a call; tell whether it was still in these hands."""
        since = None if succeeded else Coalesce(F("failing_since"), Now())
        held = self.filter(pk=webhook.pk, lease_token=webhook.lease_token).exclude(lease_token="")
        return bool(
            held.update(lease_token="", lease_until=None, failing_since=since, is_quick=is_quick)
        )

    def disable(self, reason: str) -> int:
        """Call these no more, and give up what they still wait for."""
        WebhookDelivery.objects.waiting().filter(webhook__in=self.active()).update(
            status=WebhookDelivery.Status.CANCELED
        )
        return self.active().update(disabled=Now(), disabled_reason=reason)

    def enable(self) -> int:
        return self.exclude(disabled=None).update(
            disabled=None, disabled_reason="", failing_since=None
        )


class Webhook(models.Model):
    class Disabled(models.TextChoices):
        BY_PERSON = "by_person", _("switched off by you")
        GONE = "gone", _("the endpoint answered that it is gone (410)")
        FAILING = "failing", _("nothing but failures for five days")

    id = PublicIdField(prefix="whk")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=100, blank=True)
    types = models.JSONField(default=list, blank=True, help_text="Of events; empty: all.")
    is_test = models.BooleanField(default=False, help_text="Hears of what test keys made.")
    # Sealed, so that the database alone does not tell them.
    secret = models.TextField()
    previous_secret = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    disabled = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=10, choices=Disabled, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    is_quick = models.BooleanField(
        default=False, help_text="Its last call was taken, and within a few seconds."
    )
    called = models.DateTimeField(null=True, blank=True, help_text="When its last turn was.")
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["created", "pk"]
        constraints = [
            models.CheckConstraint(
                name="webhook_reason_exactly_when_disabled",
                condition=Q(disabled=None, disabled_reason="")
                | (Q(disabled__isnull=False) & ~Q(disabled_reason="")),
            )
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def state(self) -> str:
        if self.disabled is not None:
            return "disabled"
        return "failing" if self.failing_since is not None else "active"

    @property
    def why_disabled(self) -> str | None:
        return self.disabled_reason or None

    def hears(self, event_type: str) -> bool:
        return not self.types or event_type in self.types


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def of(self, user: Any) -> Self:
        return self.filter(webhook__user=user).select_related("webhook", "event")

    def waiting(self) -> Self:
        return self.filter(status=WebhookDelivery.Status.WAITING)

    def due(self) -> Self:
        return self.waiting().filter(run_at__lte=Now())

    def settle(self, delivery: "WebhookDelivery", *, succeeded: bool, **answer: Any) -> bool:
        """Note how a call went, unless someone else made it meanwhile, or it was given up."""
        status = WebhookDelivery.Status
        return bool(
            self.waiting()
            .filter(pk=delivery.pk)
            .update(status=status.SUCCEEDED if succeeded else status.FAILED, called=Now(), **answer)
        )


class WebhookDelivery(models.Model):
    """A call of a webhook: one that was made, or one that waits for its time."""

    class Status(models.TextChoices):
        WAITING = "WAITING", _("waiting")
        SUCCEEDED = "SUCCEEDED", _("delivered")
        FAILED = "FAILED", _("failed")
        CANCELED = "CANCELED", _("given up")

    id = PublicIdField(prefix="dlv")
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    attempt = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    run_at = models.DateTimeField(db_default=Now())
    called = models.DateTimeField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    answer = models.TextField(blank=True, help_text="How what was answered begins.")
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(
                "webhook", "event", name="delivery_waits_once", condition=Q(status="WAITING")
            )
        ]
        indexes = [
            models.Index("webhook", F("created").desc(), name="delivery_log"),
            models.Index("run_at", name="delivery_due", condition=Q(status="WAITING")),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.webhook_id}, attempt {self.attempt}"
