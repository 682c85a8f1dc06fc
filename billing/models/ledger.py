"""The ledger of credits: what was written stays, and a balance is a sum of it.

Each entry changes what is available, what is reserved, or moves from one to the other:

    GRANT    available +n   a lot: one grant of credits that later entries draw from
    RESERVE  available −n, reserved +n     for work that was asked for
    CAPTURE  reserved −n    the work was delivered
    RELEASE  reserved −n, available +n     it was not
    EXPIRE   available −n   of a lot whose time is over
    REVERSE  available −n   of a lot whose payment was refunded or disputed
    RESTORE  available +n   of a lot whose dispute was won
"""

import hashlib
from typing import Final, Self

from django.db import models
from django.db.models import F, Q, Sum, Value
from django.db.models.functions import Coalesce, Now

from billing.models.account import Account

# How the reason of what resolves a reservation begins.
SETTLED: Final = "settle"
PAID_BEFORE: Final = "paid-before"  # a credit was taken for the same work


class Pool(models.TextChoices):
    MONTHLY = "MONTHLY"
    ONE_OFF = "ONE_OFF"


class EntryQuerySet(models.QuerySet["Entry"]):
    def of(self, account: Account) -> Self:
        return self.filter(account=account)

    def lots(self) -> Self:
        """Keep the grants, each with how much of it is ``left``."""
        drawn = Coalesce(Sum("draws__available"), Value(0))
        return self.filter(kind=Entry.Kind.GRANT).annotate(left=F("available") + drawn)

    def usable(self) -> Self:
        """Keep lots with something left, those first that end first; one-off ones never do."""
        lasting = Q(expires_at__isnull=True) | Q(expires_at__gt=Now())
        order = (F("expires_at").asc(nulls_last=True), "pk")
        return self.lots().filter(lasting, left__gt=0).order_by(*order)

    def overdrawn(self) -> Self:
        """Keep lots from which more was drawn than they had: there must be none."""
        return self.lots().filter(left__lt=0)

    def left_of(self, lot: "Entry") -> int:
        """Return how much of a lot is left."""
        return lot.available + self.filter(lot=lot).total("available")

    def over(self) -> Self:
        """Keep lots whose time is over with something left."""
        return self.lots().filter(expires_at__lte=Now(), left__gt=0).order_by("pk")

    def held(self) -> Self:
        """Keep reservations that were neither captured nor released."""
        return self.filter(kind=Entry.Kind.RESERVE, resolution__isnull=True)

    def captured(self) -> Self:
        return self.filter(kind=Entry.Kind.CAPTURE)

    def total(self, column: str) -> int:
        total: int = self.aggregate(total=Coalesce(Sum(column), 0))["total"]
        return total


class Entry(models.Model):
    class Kind(models.TextChoices):
        GRANT = "GRANT"
        RESERVE = "RESERVE"
        CAPTURE = "CAPTURE"
        RELEASE = "RELEASE"
        EXPIRE = "EXPIRE"
        REVERSE = "REVERSE"
        RESTORE = "RESTORE"

    account = models.ForeignKey(Account, models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind)
    pool = models.CharField(max_length=10, choices=Pool)
    lot = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="draws")
    resolves = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="resolution"
    )
    available = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    reason = models.CharField(max_length=200, unique=True, help_text="Each happens once.")
    work = models.CharField(max_length=64, blank=True, help_text="What is paid for; no names.")
    subject = models.CharField(max_length=40, blank=True, help_text="The id to show it by.")
    expires_at = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "entries"
        constraints = [
            models.CheckConstraint(
                name="entry_moves_what_its_kind_moves",
                condition=Q(kind="GRANT", available__gt=0, reserved=0, lot=None)
                | Q(kind="RESERVE", available__lt=0, reserved=-F("available"), lot__isnull=False)
                | Q(kind="CAPTURE", available=0, reserved__lt=0, resolves__isnull=False)
                | Q(
                    kind="RELEASE",
                    available__gt=0,
                    reserved=-F("available"),
                    resolves__isnull=False,
                )
                | Q(kind__in=("EXPIRE", "REVERSE"), available__lt=0, reserved=0, lot__isnull=False)
                | Q(kind="RESTORE", available__gt=0, reserved=0, lot__isnull=False),
            ),
            models.CheckConstraint(
                name="entry_one_off_never_expires",
                condition=Q(pool=Pool.MONTHLY) | Q(expires_at=None),
            ),
        ]
        indexes = [
            models.Index("account", "work", name="entry_work", condition=~Q(work="")),
            models.Index("expires_at", name="entry_expiry", condition=Q(kind="GRANT")),
        ]

    def __str__(self) -> str:
        return self.reason

    @property
    def public_id(self) -> str:
        """What it is called outside: its number would tell how much is written in all."""
        return hashlib.sha256(f"{self.account_id}:{self.pk}".encode()).hexdigest()[:24]
