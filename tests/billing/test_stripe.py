"""Buying through Stripe: checkouts, what goes wrong, and a whole life of a plan."""

import time
from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest
import stripe
from django.test import Client
from django.utils import timezone

from accounts.models import Event, User
from billing import gateway, services
from billing.errors import NothingForSale, StripeAway
from billing.models import Account, Checkout, Payment, StripeEvent, Subscription
from tests.billing.shop import FREE_CREDITS, URLS, bought, deliver, post, standing
from tests.billing.stripe_double import signed
from tests.conftest import browser_of


def test_a_pack_is_paid_at_stripe_and_its_credits_come_by_the_event(carol: User, double):
    url = services.start_checkout(user=carol, item="pack5", urls=URLS)
    assert url.startswith("https://checkout.stripe.com/")
    assert standing(carol) == ("free", FREE_CREDITS, 0), "nothing before it is paid"
    double.pay(Checkout.objects.get().stripe_id)
    deliver(double)
    assert standing(carol) == ("free", FREE_CREDITS, 5)


def test_a_plan_brings_its_credits_each_month_and_they_end(carol: User, double):
    bought(double, carol, "artist")
    deliver(double)
    assert standing(carol) == ("artist", FREE_CREDITS + 12, 0)
    lot = Payment.objects.get().lot
    assert lot is not None
    assert lot.expires_at == Subscription.objects.get().period_end


def test_a_double_click_leads_to_one_checkout(carol: User, double):
    urls = {services.start_checkout(user=carol, item="pack5", urls=URLS) for _ in range(2)}
    assert len(urls) == 1
    assert len([row for row in double.rows.values() if row["object"] == "checkout.session"]) == 1


def test_every_post_has_a_key_that_a_retry_repeats(carol: User, double):
    failures = iter([True, True])

    def fail(path: str) -> None:
        if path == "checkout/sessions" and next(failures, False):
            raise stripe.APIConnectionError("cut", should_retry=True)

    double.failing = fail
    services.start_checkout(user=carol, item="pack5", urls=URLS)
    services.open_portal(user=carol, return_url=URLS["success"])
    assert all(key for _, key in double.posts)
    tries = {key for path, key in double.posts if path == "checkout/sessions"}
    assert len(tries) == 1
    assert len(double.posts) == 5


def test_a_stripe_that_is_away_is_said_and_nothing_is_lost(as_carol, double):
    def away(_path: str) -> None:
        raise stripe.APIConnectionError("no route", should_retry=True)

    double.failing = away
    page = as_carol.post("/billing/buy/pack5/", follow=True)
    assert page.status_code == 200
    assert "does not answer" in page.content.decode()
    with pytest.raises(StripeAway):
        gateway.subscription("sub_1")


@pytest.fixture
def as_carol(carol: User) -> Client:
    return browser_of(carol)


def test_forged_stale_changed_and_other_mode_events_are_refused(carol: User, double, settings):
    bought(double, carol, "pack5")
    event = double.events[-1]
    assert post(event, secret="whsec_" + "x" * 32) == 400
    assert post(event, at=int(time.time()) - 301) == 400
    assert post(event | {"livemode": True}) == 400
    body, signature = signed(event)
    changed = body.replace("cs_", "cx_")
    answer = Client().post(
        "/stripe/events/", changed, "application/json", headers={"Stripe-Signature": signature}
    )
    assert answer.status_code == 400
    assert Client().post("/stripe/events/", "{", "application/json").status_code == 400
    settings.STRIPE_SECRET_KEY = "sk_live_double"
    assert post(event) == 400, "a test must not count where money is real"
    assert not StripeEvent.objects.exists()


def test_events_of_no_interest_and_of_strangers_are_answered_and_leave_nothing(carol, double):
    double.tell("customer.created", {"id": "cus_other", "object": "customer"})
    double.begin_subscription("cus_other", "price_artist")
    deliver(double)
    assert not Subscription.objects.exists()
    assert not StripeEvent.objects.filter(applied=None).exists()


def test_an_event_that_cannot_be_applied_is_tried_again_later(carol: User, double):
    bought(double, carol, "pack5")

    def away(path: str) -> None:
        if path.startswith("checkout"):
            raise stripe.APIConnectionError("no route", should_retry=True)

    double.failing = away
    deliver(double)
    event = StripeEvent.objects.get()
    assert (event.applied, event.attempts) == (None, 1)
    assert event.error
    double.failing = lambda _path: None
    StripeEvent.objects.update(run_at=timezone.now() - timedelta(seconds=1))
    services.apply_waiting_events()
    assert standing(carol)[2] == 5


def test_reconciling_fetches_what_never_came(carol: User, double):
    bought(double, carol, "pack5")
    assert services.reconcile() == 1
    assert services.reconcile() == 0
    services.apply_waiting_events()
    assert standing(carol)[2] == 5


def test_an_upgrade_within_the_month_brings_the_difference(carol: User, double):
    bought(double, carol, "artist")
    (row,) = (row for row in double.rows.values() if row["object"] == "subscription")
    row["items"]["data"][0]["price"] = {"id": "price_studio", "object": "price"}
    double.tell("customer.subscription.updated", row)
    upgrade = double.bill(row, reason="subscription_update")
    returned = dict(upgrade["lines"]["data"][0])
    returned |= {
        "amount": -900,
        "pricing": {"type": "price_details", "price_details": {"price": "price_artist"}},
    }
    upgrade["lines"]["data"].append(returned)
    deliver(double)
    assert standing(carol) == ("studio", FREE_CREDITS + 50, 0)


def test_who_left_is_charged_no_more(carol: User, double):
    bought(double, carol, "artist")
    deliver(double)
    carol.delete()
    services.end_subscriptions_of_the_gone()
    (row,) = (row for row in double.rows.values() if row["object"] == "subscription")
    assert row["status"] == "canceled"


def test_programs_hear_of_credits_plans_and_failed_payments_once_each(carol: User, double):
    def told() -> list[tuple[str, dict[str, Any]]]:
        events = Event.objects.of(carol).order_by("created", "pk")
        return [(event.type, event.content) for event in events]

    assert told() == [("credits.granted", {"credits": FREE_CREDITS, "expires_at": ANY})]
    subscription = bought(double, carol, "artist")["subscription"]
    deliver(double)
    plan = {"plan": "artist", "status": "active", "ends_at_period_end": False}
    assert ("subscription.changed", plan) in told()
    assert ("credits.granted", {"credits": 12, "expires_at": ANY}) in told()
    double.now = int(time.time()) - 24 * 3600
    double.rows[subscription]["items"]["data"][0]["current_period_end"] = int(time.time())
    double.renew(subscription, card_works=False)
    double.cancel_later(subscription)
    for _ in range(2):
        StripeEvent.objects.all().delete()
        deliver(double)
    assert [content for type, content in told() if type == "payment.failed"] == [{"attempt": 1}]
    changes = [content for type, content in told() if type == "subscription.changed"]
    assert changes[-1] == {"plan": "artist", "status": "past_due", "ends_at_period_end": True}
    assert len(changes) == len({str(change) for change in changes})


def test_a_life_from_sign_up_to_a_lost_dispute(carol: User, double, mailoutbox, monkeypatch):
    """Each step as the expected table has it: plan, credits of the month, credits to keep."""
    table = []
    told = 0

    def step() -> None:
        nonlocal told
        deliver(double, since=told)
        told = len(double.events)
        table.append(standing(carol))

    step()
    pack = bought(double, carol, "pack5")
    step()
    subscription = bought(double, carol, "artist")["subscription"]
    step()
    services.reserve(user=carol, work="pair:1")
    services.capture(user_id=carol.pk, work="pair:1")
    step()
    double.now = int(time.time()) - 24 * 3600
    row = double.rows[subscription]["items"]["data"][0]
    row["current_period_end"] = int(time.time())  # so that the next month has just begun
    bill = double.renew(subscription, card_works=False)
    step()
    assert "payment" in mailoutbox[-1].subject.lower()
    with monkeypatch.context() as patch:
        later = timezone.now() + timedelta(days=8)
        patch.setattr(timezone, "now", lambda: later)
        table.append(standing(carol))
    double.pay_late(bill["id"])
    step()
    double.cancel_later(subscription)
    step()
    double.end_subscription(subscription)
    step()
    double.refund(pack["payment_intent"], 240)
    step()
    dispute = double.dispute(pack["payment_intent"])
    step()
    double.close_dispute(dispute["id"], won=True)
    step()
    double.dispute(pack["payment_intent"])
    step()
    assert table == [
        ("free", 3, 0),  # signed up
        ("free", 3, 5),  # a pack
        ("artist", 15, 5),  # a plan
        ("artist", 14, 5),  # a master: of the month's first
        ("artist", 14, 5),  # the card failed: grace
        ("free", 14, 5),  # and if nothing is paid within it
        ("artist", 26, 5),  # paid late
        ("artist", 26, 5),  # cancelled for the end of the month
        ("free", 26, 5),  # ended: what was bought stays
        ("free", 26, 3),  # two fifths of the pack refunded
        ("free", 26, 0),  # disputed
        ("free", 26, 3),  # won
        ("free", 26, 0),  # disputed again
    ]
    assert services.is_frozen(Account.objects.get(user=carol))


def test_without_a_key_nothing_is_sold_and_the_pages_say_so(as_carol, settings):
    for path in ("/pricing/", "/billing/"):
        assert "This site sells nothing" in as_carol.get(path).content.decode()
    page = as_carol.post("/billing/buy/pack5/", follow=True)
    assert "sells nothing" in page.content.decode()
    assert Client().post("/stripe/events/", "{}", "application/json").status_code == 404
    with pytest.raises(NothingForSale):
        services.start_checkout(user=User.objects.get(), item="pack5", urls=URLS)


def test_invoices_that_stripe_cannot_tell_now_are_to_be_asked_for_again(
    as_carol, carol: User, double
):
    bought(double, carol, "pack5")

    def away(_path: str) -> None:
        raise stripe.APIConnectionError("no route", should_retry=True)

    double.failing = away
    answer = as_carol.get("/billing/invoices/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


def test_invoices_are_listed(as_carol, carol: User, double):
    bought(double, carol, "artist")
    page = as_carol.get("/billing/invoices/").content.decode()
    assert "€9" in page
    assert "https://invoice.stripe.com/i/1" in page
