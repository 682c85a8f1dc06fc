"""Events of a busy life, in any order, number and at once, make one ledger."""

import functools
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from billing import gateway, services
from billing.models import Checkout, Entry, Payment, StripeEvent, Subscription
from tests.billing.shop import FREE_CREDITS, bought, post
from tests.billing.stripe_double import Row, StripeDouble, signed


def busy_life(double: StripeDouble, user: User) -> None:
    """Make 40 events that depend on each other."""
    packs = []
    for _ in range(6):
        Checkout.objects.update(is_done=True)
        packs.append(bought(double, user, "pack5"))
    subscription = bought(double, user, "artist")["subscription"]
    for _ in range(4):
        double.renew(subscription)
    bill = double.renew(subscription, card_works=False)
    double.pay_late(bill["id"])
    for pack in packs[:3]:
        double.refund(pack["payment_intent"], 120)
        double.refund(pack["payment_intent"], 120)
    for pack, won in zip(packs[2:5], (True, False, True), strict=True):
        double.close_dispute(double.dispute(pack["payment_intent"])["id"], won=won)
    double.cancel_later(subscription)
    double.end_subscription(subscription)
    while len(double.events) < 40:
        double.tell("customer.subscription.updated", double.rows[subscription])


def books() -> tuple[Any, ...]:
    """Return everything that the events may change, without what counts tries."""
    payments = Payment.objects.order_by("stripe_id")
    by_lot = {
        payment.stripe_id: sorted(
            [("GRANT", payment.lot.available), *payment.lot.draws.values_list("kind", "available")]
        )
        for payment in payments.select_related("lot")
        if payment.lot is not None
    }
    facts = ("stripe_id", "amount", "amount_refunded", "dispute", "shortfall")
    return (
        by_lot,
        list(payments.values_list(*facts)),
        list(Subscription.objects.values_list("stripe_id", "plan", "status", "period_end")),
        Entry.objects.all().total("available"),
    )


@pytest.mark.slow
def test_forty_events_three_times_in_two_hundred_orders_make_one_ledger(
    carol: User, double, monkeypatch
):
    busy_life(double, carol)
    for asked in ("checkout", "invoice", "subscription", "payment_intent_of", "paid_with"):
        # All has happened: Stripe's answers are the same from here on, and are asked for once.
        monkeypatch.setattr(gateway, asked, functools.cache(getattr(gateway, asked)))
    assert len(double.events) == 40
    rng = random.Random(9)  # noqa: S311
    told = [_read(event) for event in double.events] * 3
    outcomes = list(_outcomes(told, cuts=[24, 24, 72], branches=[8, 5, 5], rng=rng))
    assert len(outcomes) == 200
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert outcomes[0][3] == FREE_CREDITS + 6 * 12 + 6 * 5 - 3 * 2 - 5


def _outcomes(
    told: list[gateway.Event], *, cuts: list[int], branches: list[int], rng: random.Random
) -> Iterator[Any]:
    """Tell events in random orders that share their beginnings; yield the books after each."""
    if not cuts:
        services.apply_waiting_events()
        assert not StripeEvent.objects.filter(applied=None).exists()
        yield books()
        return
    for _ in range(branches[0]):
        order = rng.sample(told, len(told))
        with transaction.atomic():
            for event in order[: cuts[0]]:
                services.receive_event(event)
                if rng.random() < 0.1:
                    services.apply_waiting_events()
            yield from _outcomes(order[cuts[0] :], cuts=cuts[1:], branches=branches[1:], rng=rng)
            transaction.set_rollback(True)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(8))
def test_forty_events_three_times_at_once_make_one_ledger(carol: User, double, seed: int):
    busy_life(double, carol)
    order = double.events * 3
    random.Random(seed).shuffle(order)  # noqa: S311

    def take(number: int) -> list[int]:
        answers = []
        for event in order[number::8]:
            answers.append(post(event))
            services.apply_waiting_events()
        connection.close()
        return answers

    with ThreadPoolExecutor(8) as threads:
        answers = [answer for each in threads.map(take, range(8)) for answer in each]
    StripeEvent.objects.update(run_at=timezone.now() - timedelta(seconds=1))
    services.apply_waiting_events()
    assert set(answers) == {200}
    assert not StripeEvent.objects.filter(applied=None).exists()
    assert books()[3] == FREE_CREDITS + 6 * 12 + 6 * 5 - 3 * 2 - 5


def _read(event: Row) -> gateway.Event:
    body, signature = signed(event)
    return gateway.verified_event(body.encode(), signature)
