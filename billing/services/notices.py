"""What people are told of their money by mail."""

from accounts.services import notify
from billing.models import Account

LOW = 1  # so many credits left is few


def tell_that_a_payment_failed(account: Account, *, invoice: str, attempt: int) -> None:
    if account.user is not None:
        notify(
            account.user,
            kind="payment_failed",
            template="emails/payment_failed",
            reason=f"payment_failed:{invoice}:{attempt}",
        )


def tell_that_credits_are_low(account: Account, *, available: int, lot: int | None) -> None:
    """Tell once for each grant that was used up but for the last credits."""
    if account.user is not None and available <= LOW:
        notify(
            account.user,
            kind="credits_low",
            template="emails/credits_low",
            reason=f"credits_low:{lot}",
            available=available,
        )
