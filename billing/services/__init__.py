"""What is done with money: credits come, are reserved, captured, released and taken back."""

from billing.services.books import (
    Balance,
    balance_of,
    capture,
    grant_credits,
    is_frozen,
    is_paid,
    is_reserved,
    lock,
    release,
    renew_due,
    reserve,
)
from billing.services.checkout import (
    apply_waiting_events,
    end_subscriptions_of_the_gone,
    open_portal,
    receive_event,
    reconcile,
    start_checkout,
)
from billing.services.entitlement import (
    Limits,
    Standing,
    limits_of,
    plan_of,
    running_by_plan,
    standing_of,
)

__all__ = [
    "Balance",
    "Limits",
    "Standing",
    "apply_waiting_events",
    "balance_of",
    "capture",
    "end_subscriptions_of_the_gone",
    "grant_credits",
    "is_frozen",
    "is_paid",
    "is_reserved",
    "limits_of",
    "lock",
    "open_portal",
    "plan_of",
    "receive_event",
    "reconcile",
    "release",
    "renew_due",
    "reserve",
    "running_by_plan",
    "standing_of",
    "start_checkout",
]
