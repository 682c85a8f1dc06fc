"""Whose credits they are; what is left of a person in the books once they are gone."""

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class AccountQuerySet(models.QuerySet["Account"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user)

    def due(self) -> Self:
        """Keep those whose month is over: free credits come, and old ones go."""
        return self.filter(user__isnull=False, renews_at__lte=Now()).order_by("renews_at")


class Account(models.Model):
    """A person's place in the books. Lock it before anything is written to its ledger."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The books outlive the person, without naming anyone.
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="billing_account",
    )
    # A site's customers are known to Stripe by this, and only once they want to pay.
    stripe_customer = models.CharField(max_length=100, blank=True)
    renews_at = models.DateTimeField(db_default=Now(), help_text="When free credits come next.")
    # Counts what was applied, so that an older answer of Stripe's never covers a newer one.
    revision = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "stripe_customer",
                name="account_customer_once",
                condition=~Q(stripe_customer=""),
            )
        ]
        indexes = [models.Index("renews_at", name="account_due")]
        permissions = [("grant_credits", "Can give people credits")]

    def __str__(self) -> str:
        return str(self.pk)
