"""The ledger's verbs. Each locks the account, so that what it sees still holds when it writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import User
from accounts.services import Chapter, collecting
from billing.errors import AccountFrozen, NoCredits
from billing.models import PAID_BEFORE, SETTLED, Account, Entry, Payment, Pool
from billing.services.entitlement import standing_of
from billing.services.notices import tell_that_credits_are_low, tell_that_credits_came

RETURNED_LAST = timedelta(days=30)  # credits released when their own month is already over
PLAN_LOOK = timedelta(days=1)  # between two looks at whether a paid plan has ended
BATCH = 200

Kind = Entry.Kind


@dataclass(frozen=True, slots=True)
class Balance:
    """What a person has: ``available`` to spend, of it ``one_off``; and ``reserved`` for work."""

    available: int
    reserved: int
    one_off: int

    @property
    def monthly(self) -> int:
        return self.available - self.one_off


def open_account(user: User) -> Account:
    """Give a new person a place in the books, with the first month's free credits."""
    with transaction.atomic():
        account = Account.objects.create(user=user)
        renew(account)
    return account


@receiver(post_save, sender=User)
def open_account_of_the_new(instance: User, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        open_account(instance)


@receiver(collecting)
def collect(user: User, **_: Any) -> Chapter:
    """Return a person's ledger and payments."""
    account = Account.objects.get(user=user)
    entries = ("id", "kind", "pool", "available", "reserved", "subject", "expires_at", "created")
    payments = ("stripe_id", "item", "amount", "currency", "amount_refunded", "dispute")
    rows = {
        "account": account.pk,
        "stripe_customer": account.stripe_customer,
        "ledger": list(Entry.objects.of(account).order_by("pk").values(*entries)),
        "payments": list(account.payments.order_by("pk").values(*payments)),
        "subscriptions": list(
            account.subscriptions.values("stripe_id", "plan", "status", "period_end")
        ),
    }
    return Chapter("billing", rows)


def balance_of(account: Account) -> Balance:
    entries = Entry.objects.of(account)
    return Balance(
        available=entries.total("available"),
        reserved=entries.total("reserved"),
        one_off=entries.filter(pool=Pool.ONE_OFF).total("available"),
    )


def is_frozen(account: Account) -> bool:
    """Tell whether a payment was taken back whose credits are spent, or is in dispute."""
    trouble = Q(shortfall__gt=0) | Q(dispute=Payment.Dispute.OPEN)
    return account.payments.filter(trouble, is_forgiven=False).exists()


def is_paid(user: User, *, work: str) -> bool:
    """Tell whether work costs nothing more: it was delivered before, or its credit is reserved."""
    return _is_captured(user.pk, work) or is_reserved(user, work=work)


def is_reserved(user: User, *, work: str) -> bool:
    """Tell whether a credit is set aside for work that was not delivered yet."""
    return Entry.objects.filter(account__user=user, work=work).held().exists()


def reserve(*, user: User, work: str, subject: str = "") -> None:
    """Set one credit aside for work; where it is paid or set aside already, do nothing.

    Parameters
    ----------
    work
        Names what costs one credit once, however often it is asked for.
    subject
        The id of what the person asked for, to be shown in their ledger.

    Raises
    ------
    NoCredits, AccountFrozen
        With nothing written.
    """
    with transaction.atomic():
        account = lock(user_id=user.pk)
        if is_paid(user, work=work):
            return
        if is_frozen(account):
            raise AccountFrozen
        renew(account)
        lot = Entry.objects.of(account).usable().first()
        if lot is None:
            raise NoCredits
        times = Entry.objects.of(account).filter(work=work, kind=Kind.RESERVE).count()
        _write(
            Kind.RESERVE,
            lot,
            available=-1,
            reserved=1,
            work=work,
            subject=subject,
            reason=f"reserve:{account.pk}:{work}:{times + 1}",
        )


def capture(*, user_id: int, work: str, known_as: str = "") -> bool:
    """Take the credit that was set aside for work, since it was delivered.

    ``known_as`` is by what the work is known now, where that was not known when its credit was set
    aside: under that name it is paid. Of two credits for one piece of work, one is given back.
    """
    name = known_as or work
    with transaction.atomic():
        account = lock(user_id=user_id)
        held = _held(account, work)
        if held is None:
            return False
        if name != work:
            if _is_captured(user_id, name):
                _give_back(account, held, because=PAID_BEFORE)
                return False
            if (twice := _held(account, name)) is not None:
                _give_back(account, twice, because=PAID_BEFORE)
        _resolve(Kind.CAPTURE, held, work=name)
        tell_that_credits_are_low(
            held.account, available=balance_of(held.account).available, lot=held.lot_id
        )
    return True


def release(*, user_id: int, work: str) -> bool:
    """Give back the credit that was set aside for work, since it was not delivered."""
    with transaction.atomic():
        account = lock(user_id=user_id)
        held = _held(account, work)
        if held is None:
            return False
        _give_back(account, held)
    return True


def grant_credits(*, user: User, credits: int, reason: str) -> Entry:
    """Give credits that never expire, as the operator does, once for each reason."""
    with transaction.atomic():
        return _grant(lock(user_id=user.pk), credits, reason=reason)


def renew(account: Account) -> None:
    """Let what is over expire, and give the month's free credits where the plan is free.

    The account must be locked, or new.
    """
    _expire(account)
    now = timezone.now()
    begin, end = _month_of(now)
    plan = standing_of(account).plan
    reason = f"free:{account.pk}:{begin:%Y-%m}"
    if plan.is_free and plan.credits and not Entry.objects.filter(reason=reason).exists():
        _grant(account, plan.credits, reason=reason, expires_at=end)
    account.renews_at = end if plan.is_free else min(end, now + PLAN_LOOK)
    account.save(update_fields=["renews_at"])


def renew_due() -> int:
    """Renew those whose month is over, some at a time; return how many were due."""
    due = list(Account.objects.due().values_list("pk", flat=True)[:BATCH])
    for pk in due:
        with transaction.atomic():
            account = Account.objects.select_for_update().due().filter(pk=pk).first()
            if account is not None:
                renew(account)
    return len(due)


def grant_for_payment(payment: Payment, *, credits: int, expires_at: datetime | None) -> None:
    """Give what a payment bought. Its account must be locked."""
    reason = f"payment:{payment.stripe_id}"
    payment.lot = _grant(payment.account, credits, reason=reason, expires_at=expires_at)
    payment.save(update_fields=["lot"])


def take_back(payment: Payment) -> None:
    """Bring the ledger to what is left of a payment after refunds and disputes.

    Credits that were spent meanwhile stay spent: the books never go below zero, and the account is
    frozen until the operator lets it pass. Its account must be locked.
    """
    lot = payment.lot
    if lot is None:
        return
    moves = Entry.objects.filter(lot=lot, kind__in=(Kind.REVERSE, Kind.RESTORE))
    missing = payment.credits_lost + moves.total("available")
    left = Entry.objects.left_of(lot)
    change = -min(missing, left) if missing > 0 else -missing
    if change:
        kind = Kind.REVERSE if change < 0 else Kind.RESTORE
        reason = f"take-back:{lot.pk}:{moves.count() + 1}"
        _write(kind, lot, available=change, reason=reason)
    payment.shortfall = max(missing - left, 0)
    payment.save(update_fields=["shortfall"])


def lock(*, user_id: int) -> Account:
    """Return a person's account, locked until the transaction ends."""
    return Account.objects.select_for_update().get(user_id=user_id)


def _grant(
    account: Account, credits: int, *, reason: str, expires_at: datetime | None = None
) -> Entry:
    tell_that_credits_came(account, credits=credits, expires_at=expires_at)
    return Entry.objects.create(
        account=account,
        kind=Kind.GRANT,
        pool=Pool.MONTHLY if expires_at else Pool.ONE_OFF,
        available=credits,
        expires_at=expires_at,
        reason=reason,
    )


def _write(kind: Entry.Kind, lot: Entry, **columns: Any) -> Entry:
    """Add an entry that draws from a lot, or gives back to it."""
    return Entry.objects.create(
        account_id=lot.account_id, kind=kind, pool=lot.pool, lot=lot, **columns
    )


def _give_back(account: Account, held: Entry, *, because: str = SETTLED) -> None:
    _resolve(Kind.RELEASE, held, available=held.reserved, because=because)
    payment = Payment.objects.filter(lot=held.lot_id).first()
    if payment is not None:
        take_back(payment)
    lot = held.lot
    if lot is not None and Entry.objects.of(account).over().filter(pk=lot.pk).exists():
        _expire(account)
        ends = timezone.now() + RETURNED_LAST
        _grant(account, held.reserved, reason=f"return:{held.pk}", expires_at=ends)


def _resolve(
    kind: Entry.Kind, held: Entry, *, available: int = 0, work: str = "", because: str = SETTLED
) -> None:
    Entry.objects.create(
        account_id=held.account_id,
        kind=kind,
        pool=held.pool,
        lot_id=held.lot_id,
        resolves=held,
        available=available,
        reserved=-held.reserved,
        work=work or held.work,
        subject=held.subject,
        reason=f"{because}:{held.pk}",
    )


def _expire(account: Account) -> None:
    over: Iterable[Any] = Entry.objects.of(account).over()
    for lot in over:
        times = Entry.objects.filter(lot=lot, kind=Kind.EXPIRE).count()
        reason = f"expire:{lot.pk}:{times + 1}"
        _write(Kind.EXPIRE, lot, available=-lot.left, reason=reason)


def _is_captured(user_id: int, work: str) -> bool:
    return Entry.objects.filter(account__user=user_id, work=work).captured().exists()


def _held(account: Account, work: str) -> Entry | None:
    return Entry.objects.of(account).filter(work=work).held().first()


def _month_of(now: datetime) -> tuple[datetime, datetime]:
    begin = datetime(now.year, now.month, 1, tzinfo=UTC)
    following = begin + timedelta(days=32)
    return begin, datetime(following.year, following.month, 1, tzinfo=UTC)
