"""Each break of the books is planted, and told."""

import pytest

from accounts.models import User
from billing.models import Account, Entry, Payment
from billing.services import capture, reserve
from billing.services.audit import broken_books
from tests.unguarded import unguarded


@pytest.fixture
def _unguarded(db: None):
    with unguarded(f"billing_entry_no_{deed}" for deed in ("update", "delete", "replace")):
        yield


def told(words: str) -> bool:
    return any(words in line for line in broken_books())


def test_books_in_use_are_whole(carol: User):
    for number in range(3):
        reserve(user=carol, work=f"pair:{number}")
    capture(user_id=carol.pk, work="pair:0")
    assert list(broken_books()) == []


@pytest.mark.usefixtures("_unguarded")
def test_each_break_is_told(carol: User, account: Account):
    reserve(user=carol, work="pair:1")
    assert told("lets its entries change")
    held = Entry.objects.get(kind="RESERVE")
    Entry.objects.filter(pk=held.pk).update(available=-9, reserved=9)
    assert told("a balance below zero")
    assert told("more was drawn from the lot")
    Entry.objects.filter(pk=held.pk).update(available=-1, reserved=2)
    assert told("neither granted, spent nor taken back")
    Entry.objects.filter(pk=held.pk).update(available=-1, reserved=1)
    Entry.objects.create(
        account=account, kind="CAPTURE", pool="MONTHLY", lot=held.lot, reserved=-1, reason="stray"
    )
    assert told("not what waits to be resolved")


@pytest.mark.usefixtures("_unguarded")
def test_a_payment_and_its_grant_belong_together(account: Account):
    grant = Entry.objects.get()
    Payment.objects.create(
        account=account, stripe_id="cs_1", item="pack5", lot=grant, amount=1, currency="eur"
    )
    assert told("its grant is another payment's")
    Payment.objects.all().delete()
    Entry.objects.update(reason="payment:cs_1")
    assert told("a payment that is not there")
