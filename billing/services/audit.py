"""What must hold of the books at any time, looked at from outside the code that writes them."""

from collections.abc import Callable, Iterator

from django.db import IntegrityError, transaction
from django.db.models import Count, F, ProtectedError

from billing.models import Account, Entry, Payment

Kind = Entry.Kind


def broken_books() -> Iterator[str]:
    """Tell each break: of an account, of a lot, of a payment, and of the whole."""
    for lot in Entry.objects.overdrawn():
        yield f"{lot.pk}: more was drawn from the lot than it had"
    for account in Account.objects.iterator():
        entries = Entry.objects.of(account)
        if min(entries.total("available"), entries.total("reserved")) < 0:
            yield f"{account.pk}: a balance below zero"
        if entries.total("reserved") != entries.held().total("reserved"):
            yield f"{account.pk}: what is reserved is not what waits to be resolved"
    twice = Entry.objects.exclude(work="").held().values("account", "work").alias(n=Count("pk"))
    for pair in twice.filter(n__gt=1):
        yield f"{pair['account']}: reserved twice for {pair['work']}"
    if (left_over := _unaccounted()) != 0:
        yield f"the ledger: {left_over} credits were neither granted, spent nor taken back"
    for payment in Payment.objects.select_related("lot").filter(lot__isnull=False):
        if payment.lot and payment.lot.reason != f"payment:{payment.stripe_id}":
            yield f"{payment.pk}: its grant is another payment's"
    grants = Entry.objects.filter(reason__startswith="payment:", payment=None)
    for pk in grants.values_list("pk", flat=True):
        yield f"{pk}: a grant for a payment that is not there"
    yield from _changeable()


def _unaccounted() -> int:
    """Return what is missing of: granted = available + reserved + captured + taken."""
    entries = Entry.objects.all()
    granted = entries.filter(kind=Kind.GRANT).total("available")
    captured = -entries.captured().total("reserved")
    taken = -entries.filter(kind__in=(Kind.EXPIRE, Kind.REVERSE, Kind.RESTORE)).total("available")
    return granted - entries.total("available") - entries.total("reserved") - captured - taken


def _changeable() -> Iterator[str]:
    """Try to change an entry and to delete it, and take that back."""
    first = Entry.objects.order_by("pk").first()
    if first is None:
        return
    entry = Entry.objects.filter(pk=first.pk)
    deeds: tuple[Callable[[], object], ...] = (
        lambda: entry.update(available=F("available")),
        lambda: Entry.objects.filter(pk=first.pk).delete(),
    )
    for deed in deeds:
        try:
            with transaction.atomic():
                deed()
                transaction.set_rollback(True)
        except (IntegrityError, ProtectedError):
            continue
        yield "the ledger: the database lets its entries change"
