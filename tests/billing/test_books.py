"""Credits come, are set aside, taken and given back; and what was written stays."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Event, User
from billing import plans, services
from billing.errors import AccountFrozen, NoCredits
from billing.messages import entry_lines
from billing.models import Account, Entry, Payment, Terms
from billing.services import books
from billing.services.audit import broken_books
from tests.billing.shop import FREE_CREDITS


def kinds(account: Account) -> list[str]:
    return list(Entry.objects.of(account).order_by("pk").values_list("kind", flat=True))


def numbers(account: Account) -> tuple[int, int]:
    balance = services.balance_of(account)
    return balance.available, balance.reserved


def at(monkeypatch, now: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now)


def bought(account: Account, *, credits: int, amount: int = 1000) -> Payment:
    payment = Payment.objects.create(
        account=account, stripe_id=f"cs_{credits}", item="pack", amount=amount, currency="eur"
    )
    books.grant_for_payment(payment, credits=credits, expires_at=None)
    return payment


def spend(user: User, work: str) -> None:
    services.reserve(user=user, work=work)
    assert services.capture(user_id=user.pk, work=work)


def test_a_new_person_has_the_free_credits_of_the_month(account: Account):
    assert numbers(account) == (FREE_CREDITS, 0)
    assert kinds(account) == ["GRANT"]


def test_a_credit_is_set_aside_and_then_taken(carol: User, account: Account):
    services.reserve(user=carol, work="pair:1")
    assert numbers(account) == (FREE_CREDITS - 1, 1)
    assert services.capture(user_id=carol.pk, work="pair:1")
    assert numbers(account) == (FREE_CREDITS - 1, 0)
    assert kinds(account) == ["GRANT", "RESERVE", "CAPTURE"]


def test_of_two_credits_for_what_proves_the_same_work_one_is_given_back(
    carol: User, account: Account
):
    spend(carol, "pair:content")
    services.reserve(user=carol, work="pair:id")
    assert not services.capture(user_id=carol.pk, work="pair:id", known_as="pair:content")
    assert numbers(account) == (FREE_CREDITS - 1, 0)
    given_back = Entry.objects.latest("pk")
    assert [line.label for line in entry_lines([given_back])] == ["Given back: paid before"]


def test_work_is_paid_under_the_name_that_it_is_known_by_at_last(carol: User, account: Account):
    for name in ("pair:id", "pair:content"):
        services.reserve(user=carol, work=name)
    assert services.capture(user_id=carol.pk, work="pair:id", known_as="pair:content")
    assert numbers(account) == (FREE_CREDITS - 1, 0), "the other is given back"
    assert not services.capture(user_id=carol.pk, work="pair:content")
    assert services.is_paid(carol, work="pair:content")
    assert not services.is_paid(carol, work="pair:id")
    assert list(broken_books()) == []


def test_programs_hear_once_that_credits_are_low(carol: User):
    for number in range(FREE_CREDITS):
        spend(carol, f"pair:{number}")
    low = Event.objects.of(carol).get(type="credits.low")
    assert low.content == {"available": 1}


def test_what_was_not_delivered_is_given_back(carol: User, account: Account):
    services.reserve(user=carol, work="pair:1")
    assert services.release(user_id=carol.pk, work="pair:1")
    assert numbers(account) == (FREE_CREDITS, 0)


def test_what_is_set_aside_is_resolved_once(carol: User, account: Account):
    services.reserve(user=carol, work="pair:1")
    assert services.capture(user_id=carol.pk, work="pair:1")
    assert not services.capture(user_id=carol.pk, work="pair:1")
    assert not services.release(user_id=carol.pk, work="pair:1")
    held = Entry.objects.get(kind="RESERVE")
    with pytest.raises(IntegrityError), transaction.atomic():
        books._resolve(Entry.Kind.RELEASE, held, available=1)


def test_the_same_work_is_set_aside_and_paid_once(carol: User, account: Account):
    for _ in range(2):
        services.reserve(user=carol, work="pair:1")
    services.capture(user_id=carol.pk, work="pair:1")
    services.reserve(user=carol, work="pair:1")
    assert kinds(account) == ["GRANT", "RESERVE", "CAPTURE"]


def test_work_given_back_is_set_aside_anew(carol: User, account: Account):
    for _ in range(2):
        services.reserve(user=carol, work="pair:1")
        services.release(user_id=carol.pk, work="pair:1")
    assert numbers(account) == (FREE_CREDITS, 0)


def test_without_credits_nothing_is_written(carol: User, account: Account):
    for number in range(FREE_CREDITS):
        services.reserve(user=carol, work=f"pair:{number}")
    before = Entry.objects.count()
    with pytest.raises(NoCredits):
        services.reserve(user=carol, work="pair:more")
    assert Entry.objects.count() == before


def test_credits_that_end_are_used_before_those_that_never_do(carol: User, account: Account):
    services.grant_credits(user=carol, credits=2, reason="gift")
    for number in range(FREE_CREDITS):
        spend(carol, f"pair:{number}")
    balance = services.balance_of(account)
    assert (balance.monthly, balance.one_off) == (0, 2)


def test_a_gift_is_given_once_for_each_reason(carol: User):
    services.grant_credits(user=carol, credits=2, reason="gift")
    with pytest.raises(IntegrityError), transaction.atomic():
        services.grant_credits(user=carol, credits=2, reason="gift")


def test_a_month_that_is_over_ends_its_credits_and_no_others(carol: User, account: Account):
    services.grant_credits(user=carol, credits=5, reason="gift")
    spend(carol, "pair:1")
    with connection.cursor() as cursor:  # by the database's clock, a month ago
        _age(cursor)
    Account.objects.update(renews_at=timezone.now() - timedelta(seconds=1))
    assert services.renew_due() == 1
    assert services.renew_due() == 0
    assert services.balance_of(account).one_off == 5
    assert services.balance_of(account).monthly == 0, "this month's credits were given already"


def _age(cursor) -> None:
    """Write what cannot be written: lots whose month is over."""
    if connection.vendor != "sqlite":
        cursor.execute("SET LOCAL session_replication_role = replica")
    else:
        cursor.execute("DROP TRIGGER billing_entry_no_update")
    Entry.objects.filter(expires_at__isnull=False).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    if connection.vendor != "sqlite":
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_each_month_has_its_own_credits(carol: User, account: Account, monkeypatch):
    begin = timezone.now()
    for months in range(1, 4):
        at(monkeypatch, begin + timedelta(days=31 * months))
        books.renew(account)
    assert Entry.objects.filter(reason__startswith="free:").count() == 4


def test_a_credit_given_back_when_its_month_is_over_can_still_be_used(
    carol: User, account: Account
):
    services.reserve(user=carol, work="pair:1")
    with connection.cursor() as cursor:
        _age(cursor)
    services.release(user_id=carol.pk, work="pair:1")
    assert numbers(account) == (1, 0)
    assert kinds(account)[-3:] == ["RELEASE", "EXPIRE", "GRANT"]


def test_a_refund_takes_its_share_of_the_credits_back(carol: User, account: Account):
    payment = bought(account, credits=10)
    payment.amount_refunded = 500
    books.take_back(payment)
    books.take_back(payment)
    assert services.balance_of(account).one_off == 5
    payment.amount_refunded = 1000
    books.take_back(payment)
    assert services.balance_of(account).one_off == 0
    assert not services.is_frozen(account)


def test_a_refund_of_spent_credits_freezes_and_never_goes_below_zero(carol: User, account: Account):
    payment = bought(account, credits=2)
    for number in range(FREE_CREDITS + 1):
        spend(carol, f"pair:{number}")
    payment.amount_refunded = 1000
    books.take_back(payment)
    assert numbers(account) == (0, 0)
    assert payment.shortfall == 1
    services.grant_credits(user=carol, credits=1, reason="gift")
    with pytest.raises(AccountFrozen):
        services.reserve(user=carol, work="pair:more")
    Payment.objects.update(is_forgiven=True)
    services.reserve(user=carol, work="pair:more")


def test_a_credit_given_back_after_the_refund_goes_with_it(carol: User, account: Account):
    payment = bought(account, credits=1)
    for number in range(FREE_CREDITS):
        spend(carol, f"pair:{number}")
    services.reserve(user=carol, work="pair:held")
    payment.amount_refunded = 1000
    books.take_back(payment)
    payment.save()
    assert services.is_frozen(account)
    services.release(user_id=carol.pk, work="pair:held")
    assert numbers(account) == (0, 0)
    assert not services.is_frozen(account), "nothing is missing any more"


def test_a_dispute_holds_the_credits_until_it_is_won(carol: User, account: Account):
    payment = bought(account, credits=5)
    payment.dispute = Payment.Dispute.OPEN
    payment.save()
    books.take_back(payment)
    assert services.balance_of(account).one_off == 0
    assert services.is_frozen(account)
    payment.dispute = Payment.Dispute.WON
    payment.save()
    books.take_back(payment)
    assert services.balance_of(account).one_off == 5
    assert not services.is_frozen(account)


@pytest.mark.parametrize(
    "deed",
    [
        lambda: Entry.objects.update(available=1_000),
        lambda: Entry.objects.all().delete(),
        lambda: Entry.objects.get().save(),
        lambda: Entry.objects.get().delete(),
        lambda: _run("UPDATE billing_entry SET available = 1000"),
        lambda: _run("DELETE FROM billing_entry"),
    ],
    ids=["update", "delete", "save", "delete one", "SQL update", "SQL delete"],
)
def test_the_ledger_cannot_be_changed(account: Account, deed):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        deed()
    assert numbers(account) == (FREE_CREDITS, 0)


def test_the_ledger_cannot_be_replaced_on_sqlite(account: Account):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has INSERT OR REPLACE")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        _run("INSERT OR REPLACE INTO billing_entry SELECT * FROM billing_entry")


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "GRANT", "available": -1},
        {"kind": "GRANT", "available": 1, "reserved": 1},
        {"kind": "CAPTURE", "reserved": -1},
        {"kind": "RESERVE", "available": -1, "reserved": 1},
        {"kind": "GRANT", "available": 1, "expires_at": datetime(2030, 1, 1, tzinfo=UTC)},
    ],
)
def test_the_database_refuses_an_entry_that_cannot_be(account: Account, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(account=account, pool="ONE_OFF", reason="wrong", **wrong)


def test_the_operators_terms_go_before_the_catalogue(carol: User):
    Terms.objects.create(code="free", max_queued=1)
    assert services.limits_of(carol).max_queued == 1
    assert services.limits_of(carol).retention_days == plans.plan("free").retention_days


def test_the_books_outlive_the_person(carol: User, account: Account):
    carol.delete()
    account.refresh_from_db()
    assert account.user is None
    assert numbers(account) == (FREE_CREDITS, 0)
