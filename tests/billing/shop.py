"""A shop at a Stripe of the tests': bought, delivered, and where that leaves someone."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from django.test import Client

from accounts.models import User
from billing import gateway, services
from billing.models import Account, Checkout
from tests.billing.stripe_double import PRICES, SECRET, Row, StripeDouble, signed

URLS = {"success": "https://lacquer.example/ok", "cancel": "https://lacquer.example/no"}


FREE_CREDITS = 3


@pytest.fixture
def double(settings, monkeypatch) -> Iterator[StripeDouble]:
    settings.STRIPE_SECRET_KEY = "sk_test_double"
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    settings.STRIPE_PRICES = PRICES
    double = StripeDouble()
    monkeypatch.setattr(gateway, "http_client", lambda: double)
    monkeypatch.setattr(stripe.HTTPClient, "_sleep_time_seconds", lambda *_: 0.0)
    gateway._client_with.cache_clear()
    yield double
    gateway._client_with.cache_clear()


def bought(double: StripeDouble, user: User, item: str) -> Row:
    services.start_checkout(user=user, item=item, urls=URLS)
    session = Checkout.objects.latest("created").stripe_id
    return double.pay(session)


def post(event: Row, **options: Any) -> int:
    body, signature = signed(event, **options)
    answer = Client().post(
        "/stripe/events/", body, "application/json", headers={"Stripe-Signature": signature}
    )
    return answer.status_code


def deliver(double: StripeDouble, *, since: int = 0) -> None:
    for event in double.events[since:]:
        assert post(event) == 200
    services.apply_waiting_events()


def standing(user: User) -> tuple[str, int, int]:
    """Return the plan, the credits of the month, and those to keep."""
    account = Account.objects.get(user=user)
    balance = services.balance_of(account)
    return services.standing_of(account).plan.code, balance.monthly, balance.one_off
