"""What Stripe told, as of its latest answer: payments, subscriptions, events."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from billing.models.account import Account
from billing.models.ledger import Entry

GRACE = timedelta(days=7)  # of a plan whose renewal was not paid, while Stripe tries again


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def in_force(self) -> Self:
        """Those whose plan holds; see `Subscription.is_in_force`."""
        in_grace = Q(status="past_due", period_start__gt=Now() - GRACE)
        return self.filter(Q(status__in=Subscription.PAID) | in_grace)


class Subscription(models.Model):
    PAID: ClassVar = ("active", "trialing")

    account = models.ForeignKey(Account, models.PROTECT, related_name="subscriptions")
    stripe_id = models.CharField(max_length=100, unique=True)
    plan = models.CharField(max_length=40)
    status = models.CharField(max_length=30, help_text="In Stripe's words.")
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    ends_at_period_end = models.BooleanField(default=False)

    objects = SubscriptionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def terms(self) -> dict[str, str | bool]:
        """What its person would call it: a renewal changes none of it."""
        told = ("plan", "status", "ends_at_period_end")
        return {name: getattr(self, name) for name in told}

    @property
    def grace_until(self) -> datetime:
        return self.period_start + GRACE

    @property
    def is_past_due(self) -> bool:
        return self.status == "past_due"

    @property
    def is_in_force(self) -> bool:
        """Whether its plan holds: it is paid, or its renewal may still be."""
        grace = self.is_past_due and timezone.now() < self.grace_until
        return self.status in self.PAID or grace


class Payment(models.Model):
    """One paid invoice or checkout: the ledger has one grant for it."""

    class Dispute(models.TextChoices):
        NONE = ""
        OPEN = "open"
        WON = "won"
        LOST = "lost"

    account = models.ForeignKey(Account, models.PROTECT, related_name="payments")
    stripe_id = models.CharField(max_length=100, unique=True, help_text="Invoice or session.")
    payment_intent = models.CharField(max_length=100, blank=True, db_index=True)
    item = models.CharField(max_length=40, help_text="The code of the plan or pack.")
    lot = models.OneToOneField(Entry, models.PROTECT, null=True, blank=True, related_name="payment")
    amount = models.PositiveIntegerField(help_text="In the currency's smallest unit.")
    currency = models.CharField(max_length=3)
    amount_refunded = models.PositiveIntegerField(default=0)
    dispute = models.CharField(max_length=10, choices=Dispute, blank=True)
    shortfall = models.PositiveIntegerField(
        default=0, help_text="Credits that were spent before their payment was taken back."
    )
    is_forgiven = models.BooleanField(default=False, help_text="The operator lets it pass.")

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def credits_lost(self) -> int:
        """How many of its credits a refund or dispute takes back."""
        if self.lot is None:
            return 0
        if self.dispute in (self.Dispute.OPEN, self.Dispute.LOST):
            return self.lot.available
        return self.lot.available * self.amount_refunded // max(self.amount, 1)


class Checkout(models.Model):
    """A way to Stripe's payment page; its id makes asking twice the same as once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="checkouts")
    item = models.CharField(max_length=40)
    created = models.DateTimeField(db_default=Now(), editable=False)
    stripe_id = models.CharField(max_length=100, blank=True)
    is_done = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.pk)


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    def due(self) -> Self:
        return self.filter(applied=None, run_at__lte=Now()).order_by("run_at", "pk")

    def put_off(self, event: "StripeEvent", error: str) -> None:
        """Note a failure and try again later, longer each time; Stripe's own tries go on too."""
        wait = timedelta(seconds=min(10 * 2**event.attempts, 3600))
        self.filter(pk=event.pk).update(
            attempts=F("attempts") + 1, run_at=Now() + wait, error=error[:500]
        )


class StripeEvent(models.Model):
    """A message of Stripe's, kept once; what it is about is asked for when it is applied."""

    id = models.CharField(primary_key=True, max_length=100)
    type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=100)
    customer = models.CharField(max_length=100, blank=True)
    created = models.DateTimeField(help_text="By Stripe's clock.")
    received = models.DateTimeField(db_default=Now(), editable=False)
    run_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    applied = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        indexes = [models.Index("run_at", name="stripe_event_due", condition=Q(applied=None))]

    def __str__(self) -> str:
        return self.pk
