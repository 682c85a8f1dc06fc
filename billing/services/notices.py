"""What people and their programs are told of their money."""

from datetime import datetime

from accounts.models import EventType
from accounts.services import notify, record
from billing.models import Account, Subscription

LOW = 1  # so many credits left is few


def tell_that_a_payment_failed(account: Account, *, invoice: str, attempt: int) -> None:
    if account.user is not None:
        reason = f"payment_failed:{invoice}:{attempt}"
        content = {"attempt": attempt}
        record(account.user.pk, EventType.PAYMENT_FAILED, content=content, reason=reason)
        notify(
            account.user,
            kind="payment_failed",
            template="emails/payment_failed",
            reason=reason,
        )


def tell_that_credits_are_low(account: Account, *, available: int, lot: int | None) -> None:
    """Tell once for each grant that was used up but for the last credits."""
    if account.user is not None and available <= LOW:
        reason, content = f"credits_low:{lot}", {"available": available}
        record(account.user.pk, EventType.CREDITS_LOW, content=content, reason=reason)
        notify(
            account.user,
            kind="credits_low",
            template="emails/credits_low",
            reason=reason,
            available=available,
        )


def tell_that_credits_came(account: Account, *, credits: int, expires_at: datetime | None) -> None:
    if account.user_id is not None:
        content = {"credits": credits, "expires_at": expires_at and expires_at.isoformat()}
        record(account.user_id, EventType.CREDITS_GRANTED, content=content)


def tell_that_a_plan_changed(account: Account, subscription: Subscription) -> None:
    if account.user_id is not None:
        record(account.user_id, EventType.SUBSCRIPTION_CHANGED, content=subscription.terms)
