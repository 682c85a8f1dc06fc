"""Everything that is said to Stripe, and its answers in our own words.

Every POST names a key made of a row of ours, so that a repeated one does nothing twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from billing.errors import NothingForSale, StripeAway

TIMEOUT_SECONDS = 3.0  # each of the tries, so that a person waits ten seconds at most
RETRIES = 2
SIGNATURE_SECONDS = 300


class ForgedEvent(Exception):
    """A webhook that Stripe did not sign for this site, or not lately."""


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    type: str
    object_id: str
    customer: str  # where the event names one
    created: datetime


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    id: str
    customer: str
    status: str
    price: str
    period_start: datetime
    period_end: datetime
    ends_at_period_end: bool


@dataclass(frozen=True, slots=True)
class PaymentState:
    """A checkout or an invoice, with what became of its money since."""

    id: str
    customer: str
    is_paid: bool
    amount: int
    currency: str
    payment_intent: str = ""
    item: str = ""  # of a checkout: the code that we gave it
    subscription: str = ""
    prices: tuple[str, ...] = ()  # of an invoice: what it is for
    prices_returned: tuple[str, ...] = ()  # and what it gives back, after a change of plan
    period_end: datetime | None = None
    attempts: int = 0
    amount_refunded: int = 0
    dispute: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice, as listed to its customer."""

    number: str
    created: datetime
    amount: int
    currency: str
    status: str
    url: str


def is_set_up() -> bool:
    return bool(settings.STRIPE_SECRET_KEY)


def create_customer(*, account_id: str, email: str) -> str:
    with _asking():
        customer = _client().v1.customers.create(
            {"email": email, "metadata": {"account": account_id}},
            {"idempotency_key": f"customer:{account_id}"},
        )
    return customer.id


def create_checkout(
    *, checkout_id: str, customer: str, item: str, price: str, is_plan: bool, urls: dict[str, str]
) -> tuple[str, str]:
    """Begin a payment on Stripe's page; return the session's id and address."""
    with _asking():
        session = _client().v1.checkout.sessions.create(
            {
                "mode": "subscription" if is_plan else "payment",
                "customer": customer,
                "client_reference_id": checkout_id,
                "metadata": {"item": item},
                "line_items": [{"price": price, "quantity": 1}],
                "success_url": urls["success"],
                "cancel_url": urls["cancel"],
                "automatic_tax": {"enabled": True},
                "customer_update": {"address": "auto"},
                **({} if is_plan else {"invoice_creation": {"enabled": True}}),
            },
            {"idempotency_key": f"checkout:{checkout_id}"},
        )
    return session.id, session.url or ""


def create_portal(*, customer: str, return_url: str, key: str) -> str:
    """Return the address where a customer changes card and plan, or cancels."""
    with _asking():
        session = _client().v1.billing_portal.sessions.create(
            {"customer": customer, "return_url": return_url},
            {"idempotency_key": f"portal:{key}"},
        )
    return session.url


def bills_of(customer: str) -> list[Bill]:
    with _asking():
        listed = _client().v1.invoices.list({"customer": customer, "limit": 24}).data
    return [
        Bill(
            number=invoice.number or "",
            created=_time(invoice.created),
            amount=invoice.total,
            currency=invoice.currency,
            status=invoice.status or "",
            url=invoice.hosted_invoice_url or "",
        )
        for invoice in listed
    ]


def cancel_subscription(stripe_id: str) -> None:
    """End a subscription at once, as when its person leaves."""
    with _asking():
        try:
            _client().v1.subscriptions.cancel(
                stripe_id, options={"idempotency_key": f"cancel:{stripe_id}"}
            )
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise


def subscription(stripe_id: str) -> SubscriptionState:
    with _asking():
        found = _client().v1.subscriptions.retrieve(stripe_id)
    item = found["items"].data[0]
    return SubscriptionState(
        id=found.id,
        customer=_id(found.customer),
        status=found.status,
        price=item.price.id,
        period_start=_time(item.current_period_start),
        period_end=_time(item.current_period_end),
        ends_at_period_end=found.cancel_at_period_end,
    )


def checkout(stripe_id: str) -> PaymentState:
    with _asking():
        found = _client().v1.checkout.sessions.retrieve(stripe_id)
        intent = _id(found.payment_intent)
        return PaymentState(
            id=found.id,
            customer=_id(found.customer),
            is_paid=found.payment_status == "paid",
            amount=found.amount_total or 0,
            currency=found.currency or "",
            payment_intent=intent,
            item=found.metadata["item"] if found.metadata is not None else "",
            subscription=_id(found.subscription),
            **_taken_back(intent),
        )


def invoice(stripe_id: str) -> PaymentState:
    with _asking():
        found = _client().v1.invoices.retrieve(stripe_id, {"expand": ["payments"]})
        payments = found.payments.data if found.payments else []
        intent = next((_id(each.payment.payment_intent) for each in payments), "")
        lines = found.lines.data
        details = found.parent.subscription_details if found.parent else None
        return PaymentState(
            id=found.id or "",
            customer=_id(found.customer),
            is_paid=found.status == "paid",
            amount=found.amount_paid,
            currency=found.currency,
            payment_intent=intent,
            subscription=_id(details.subscription) if details else "",
            prices=tuple(_price(line) for line in lines if line.amount >= 0),
            prices_returned=tuple(_price(line) for line in lines if line.amount < 0),
            period_end=max((_time(line.period.end) for line in lines), default=None),
            attempts=found.attempt_count,
            **_taken_back(intent),
        )


def paid_with(payment_intent: str) -> tuple[str, str]:
    """Return the checkout and the invoice that a payment was for, or empty words."""
    with _asking():
        client = _client().v1
        sessions = client.checkout.sessions.list({"payment_intent": payment_intent}).data
        payments = client.invoice_payments.list(
            {"payment": {"type": "payment_intent", "payment_intent": payment_intent}}
        ).data
    return (
        next((session.id for session in sessions), ""),
        next((_id(payment.invoice) for payment in payments), ""),
    )


def payment_intent_of(charge_or_dispute: str) -> str:
    with _asking():
        client = _client().v1
        if charge_or_dispute.startswith(("dp_", "du_")):
            return _id(client.disputes.retrieve(charge_or_dispute).payment_intent)
        return _id(client.charges.retrieve(charge_or_dispute).payment_intent)


def recent_events(*, since: datetime, types: tuple[str, ...]) -> Iterator[Event]:
    with _asking():
        events = _client().v1.events.list(
            {"created": {"gte": int(since.timestamp())}, "types": list(types), "limit": 100}
        )
        for event in events.auto_paging_iter():
            yield _event(event)


def verified_event(payload: bytes, signature: str) -> Event:
    """Read a webhook's body.

    Raises
    ------
    ForgedEvent
        It is not signed with our secret, is older than five minutes, or is of the other mode: a
        payment that was only a test must not count where money is real.
    """
    try:
        event = stripe.Webhook.construct_event(
            payload, signature, settings.STRIPE_WEBHOOK_SECRET, tolerance=SIGNATURE_SECONDS
        )
        is_live = bool(event.livemode)
        read = _event(event)
    except (ValueError, KeyError, AttributeError, stripe.SignatureVerificationError) as error:
        raise ForgedEvent(str(error)) from error
    if is_live != _key_is_live():
        raise ForgedEvent("The event is of the other mode.")
    return read


def _event(event: stripe.Event) -> Event:
    subject: Any = event.data.object
    return Event(
        id=event.id,
        type=event.type,
        object_id=subject["id"],
        customer=_id(getattr(subject, "customer", None)),
        created=_time(event.created),
    )


def _key_is_live() -> bool:
    return "_live_" in settings.STRIPE_SECRET_KEY


def _taken_back(payment_intent: str) -> dict[str, Any]:
    """Return what was refunded of a payment, and how its dispute stands."""
    if not payment_intent:
        return {}
    client = _client().v1
    intent = client.payment_intents.retrieve(payment_intent, {"expand": ["latest_charge"]})
    charge = intent.latest_charge
    refunded = charge.amount_refunded if isinstance(charge, stripe.Charge) else 0
    disputes = client.disputes.list({"payment_intent": payment_intent}).data
    return {"amount_refunded": refunded, "dispute": _standing_of(disputes)}


def _standing_of(disputes: list[stripe.Dispute]) -> str:
    """Return the worst there is, in our words; a mere inquiry takes no money and counts nothing."""
    told = {"lost": "lost", "won": "won", "prevented": "won"}
    found = {
        told.get(dispute.status, "open")
        for dispute in disputes
        if not dispute.status.startswith("warning")
    }
    return next((word for word in ("lost", "open", "won") if word in found), "")


def _price(line: stripe.InvoiceLineItem) -> str:
    details = line.pricing.price_details if line.pricing else None
    return _id(details.price) if details else ""


def _id(value: Any) -> str:
    """Return the id of what Stripe gives as an id, as the object itself, or not at all."""
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value.id)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _client() -> stripe.StripeClient:
    if not is_set_up():
        raise NothingForSale
    return _client_with(settings.STRIPE_SECRET_KEY)


@lru_cache(maxsize=1)
def _client_with(key: str) -> stripe.StripeClient:
    return stripe.StripeClient(key, max_network_retries=RETRIES, http_client=http_client())


def http_client() -> stripe.HTTPClient:
    return stripe.RequestsClient(timeout=TIMEOUT_SECONDS)


@contextmanager
def _asking() -> Iterator[None]:
    """Tell a Stripe that is away, which is worth another try, from a question that was wrong."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise StripeAway from error
    except stripe.APIError as error:
        if (error.http_status or 500) >= 500:
            raise StripeAway from error
        raise
