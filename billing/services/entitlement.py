"""Which plan a person has, and what it allows."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Exists, IntegerField, OuterRef, Value, When
from django.db.models.expressions import Combinable

from accounts.models import User
from billing import plans
from billing.models import Account, Subscription
from billing.plans import Plan


@dataclass(frozen=True, slots=True)
class Limits:
    """What one person may have: at work, waiting, and kept."""

    max_running: int
    max_queued: int
    retention_days: int
    storage_bytes: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's plan, and what is to come of it."""

    plan: Plan
    subscription: Subscription | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When a cancelled subscription ends."""
        ending = self.subscription
        return ending.period_end if ending and ending.ends_at_period_end else None

    @property
    def pay_until(self) -> datetime | None:
        """Until when a renewal that failed can still be paid."""
        late = self.subscription
        return late.grace_until if late and late.is_past_due else None


def limits_of(user: User) -> Limits:
    """Return the limits that a person's plan sets."""
    plan = plan_of(user)
    return Limits(
        max_running=plan.max_running,
        max_queued=plan.max_queued,
        retention_days=plan.retention_days,
        storage_bytes=plan.storage_bytes,
    )


def running_by_plan() -> Combinable:
    """Return how many masters may be rendered at once, as SQL over rows that have a ``user``."""
    held = Subscription.objects.in_force().filter(account__user=OuterRef("user"))
    best_first = sorted(plans.plans(), key=lambda plan: plan.credits, reverse=True)
    return Case(
        *(
            When(Exists(held.filter(plan=plan.code)), then=Value(plan.max_running))
            for plan in best_first
            if not plan.is_free
        ),
        default=Value(plans.plan(plans.FREE).max_running),
        output_field=IntegerField(),
    )


def plan_of(user: User) -> Plan:
    return standing_of(Account.objects.get(user=user)).plan


def standing_of(account: Account) -> Standing:
    """Return the best plan that is paid for, or else the free one."""
    held = [
        Standing(plans.plan(subscription.plan), subscription)
        for subscription in account.subscriptions.order_by("pk")
        if subscription.is_in_force
    ]
    return max(held, key=lambda each: each.plan.credits, default=Standing(plans.plan(plans.FREE)))
