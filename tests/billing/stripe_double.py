"""A Stripe of the tests' own: it keeps state, answers the real SDK, and tells by signed events."""

import copy
import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

SECRET = "whsec_" + "s" * 32
PRICES = {"artist": "price_artist", "studio": "price_studio", "pack5": "price_5"}
AMOUNTS = {"price_artist": 900, "price_studio": 2900, "price_5": 600}
MONTH = 31 * 24 * 3600

Row = dict[str, Any]


class StripeDouble(stripe.HTTPClient):
    name = "double"

    def __init__(self, *, now: int | None = None) -> None:
        super().__init__()
        self.now = now or int(time.time())
        self.rows: dict[str, Row] = {}
        self.events: list[Row] = []
        self.posts: list[tuple[str, str]] = []  # path and idempotency key
        self.replays: dict[str, Row] = {}
        self.failing: Callable[[str], None] = lambda _path: None
        self.counter = itertools.count(1)
        self.lock = threading.Lock()

    # The wire

    def request(  # type: ignore[override]  # the SDK takes any body that has these parts
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[str, int, dict[str, str]]:
        parts = urlsplit(url)
        path = parts.path.removeprefix("/v1/")
        with self.lock:
            key = (headers or {}).get("Idempotency-Key", "")
            if method == "post":
                self.posts.append((path, key))
            self.failing(path)
            if method == "post" and key in self.replays:
                answer = self.replays[key]
            else:
                fields = dict(parse_qsl(post_data if method == "post" else parts.query))
                answer = self.answer(method, path, fields)
                if method == "post":
                    self.replays[key] = answer
        status = 404 if "error" in answer else 200
        return json.dumps(answer), status, {"Request-Id": "req_double"}

    def close(self) -> None:
        pass

    def answer(self, method: str, path: str, fields: dict[str, str]) -> Row:
        if method == "post":
            return copy.deepcopy(self.made(path, fields))
        *_, last = path.split("/")
        if last in self.rows:
            row = self.rows[last]
            if method == "delete":
                self.end_subscription(last)
            return copy.deepcopy(row)
        if path == "events":
            return _list(
                [row for row in self.events if row["created"] >= int(fields["created[gte]"])]
            )
        kind = {
            "invoices": "invoice",
            "checkout/sessions": "checkout.session",
            "disputes": "dispute",
            "invoice_payments": "invoice_payment",
        }.get(path)
        if kind is None:
            missing = {"type": "invalid_request_error", "code": "resource_missing"}
            return {"error": missing | {"message": f"No such {path}"}}
        wanted = {name: fields[name] for name in ("customer", "payment_intent") if name in fields}
        found = [
            row
            for row in self.rows.values()
            if row["object"] == kind and all(row.get(k) == v for k, v in wanted.items())
        ]
        if kind == "invoice_payment":
            intent = fields["payment[payment_intent]"]
            found = [row for row in found if row["payment"]["payment_intent"] == intent]
        return _list(copy.deepcopy(found))

    def made(self, path: str, fields: dict[str, str]) -> Row:
        if path == "customers":
            return self.keep("cus", object="customer", email=fields["email"])
        if path == "billing_portal/sessions":
            url = "https://billing.stripe.com/p/session"
            return self.keep("bps", object="billing_portal.session", url=url)
        return self.keep(
            "cs",
            object="checkout.session",
            url="https://checkout.stripe.com/c/pay",
            mode=fields["mode"],
            customer=fields["customer"],
            metadata={"item": fields["metadata[item]"]},
            price=fields["line_items[0][price]"],
            payment_status="unpaid",
            payment_intent=None,
            subscription=None,
            amount_total=AMOUNTS[fields["line_items[0][price]"]],
            currency="eur",
        )

    # What happens at Stripe

    def pay(self, session_id: str) -> Row:
        """Let a person pay on the checkout's page."""
        session = self.rows[session_id]
        session["payment_status"] = "paid"
        if session["mode"] == "subscription":
            subscription = self.begin_subscription(session["customer"], session["price"])
            session["subscription"] = subscription["id"]
        else:
            session["payment_intent"] = self.intent(session["amount_total"])
        self.tell("checkout.session.completed", session)
        return session

    def begin_subscription(self, customer: str, price: str) -> Row:
        subscription = self.keep(
            "sub",
            object="subscription",
            customer=customer,
            status="active",
            cancel_at_period_end=False,
            items=_list([self._item(price, self.now)]),
        )
        self.tell("customer.subscription.created", subscription)
        self.bill(subscription, reason="subscription_create")
        return subscription

    def renew(self, subscription_id: str, *, card_works: bool = True) -> Row:
        """Begin the next month."""
        subscription = self.rows[subscription_id]
        item = subscription["items"]["data"][0]
        subscription["items"] = _list([self._item(item["price"]["id"], item["current_period_end"])])
        if not card_works:
            subscription["status"] = "past_due"
        self.tell("customer.subscription.updated", subscription)
        return self.bill(subscription, reason="subscription_cycle", card_works=card_works)

    def pay_late(self, invoice_id: str) -> None:
        """Let the card of an open invoice work at last."""
        invoice = self.rows[invoice_id]
        subscription = self.rows[invoice["parent"]["subscription_details"]["subscription"]]
        subscription["status"] = "active"
        self._settle(invoice)
        self.tell("customer.subscription.updated", subscription)

    def cancel_later(self, subscription_id: str) -> None:
        self.rows[subscription_id]["cancel_at_period_end"] = True
        self.tell("customer.subscription.updated", self.rows[subscription_id])

    def end_subscription(self, subscription_id: str) -> None:
        self.rows[subscription_id]["status"] = "canceled"
        self.tell("customer.subscription.deleted", self.rows[subscription_id])

    def refund(self, intent: str, amount: int) -> None:
        charge = self.rows[intent]["latest_charge"]
        charge["amount_refunded"] += amount
        self.tell("charge.refunded", charge)

    def dispute(self, intent: str) -> Row:
        customer = ""
        dispute = self.keep(
            "dp", object="dispute", status="needs_response", payment_intent=intent, owner=customer
        )
        self.tell("charge.dispute.created", dispute)
        return dispute

    def close_dispute(self, dispute_id: str, *, won: bool) -> None:
        self.rows[dispute_id]["status"] = "won" if won else "lost"
        self.tell("charge.dispute.closed", self.rows[dispute_id])

    def bill(self, subscription: Row, *, reason: str, card_works: bool = True) -> Row:
        item = subscription["items"]["data"][0]
        price = item["price"]["id"]
        line = {
            "id": f"il_{next(self.counter)}",
            "object": "line_item",
            "amount": AMOUNTS[price],
            "period": {"start": item["current_period_start"], "end": item["current_period_end"]},
            "pricing": {"type": "price_details", "price_details": {"price": price}},
        }
        invoice = self.keep(
            "in",
            object="invoice",
            customer=subscription["customer"],
            status="open",
            billing_reason=reason,
            number=f"L-{next(self.counter)}",
            total=AMOUNTS[price],
            amount_paid=0,
            attempt_count=1,
            currency="eur",
            hosted_invoice_url="https://invoice.stripe.com/i/1",
            parent={
                "type": "subscription_details",
                "subscription_details": {"subscription": subscription["id"]},
            },
            lines=_list([line]),
            payments=_list([]),
        )
        if card_works:
            self._settle(invoice)
        else:
            self.tell("invoice.payment_failed", invoice)
        return invoice

    def _settle(self, invoice: Row) -> None:
        intent = self.intent(invoice["total"])
        payment = self.keep(
            "inpay",
            object="invoice_payment",
            invoice=invoice["id"],
            payment={"type": "payment_intent", "payment_intent": intent},
        )
        invoice |= {"status": "paid", "amount_paid": invoice["total"], "payments": _list([payment])}
        self.tell("invoice.paid", invoice)

    def intent(self, amount: int) -> str:
        intent = self.keep("pi", object="payment_intent", amount=amount)
        charge = self.keep(
            "ch",
            object="charge",
            amount=amount,
            amount_refunded=0,
            payment_intent=intent["id"],
        )
        intent["latest_charge"] = charge
        return str(intent["id"])

    def _item(self, price: str, start: int) -> Row:
        return {
            "id": f"si_{next(self.counter)}",
            "object": "subscription_item",
            "price": {"id": price, "object": "price"},
            "current_period_start": start,
            "current_period_end": start + MONTH,
        }

    # The books of the double

    def keep(self, prefix: str, **columns: Any) -> Row:
        pk = f"{prefix}_{next(self.counter)}"
        self.rows[pk] = {"id": pk, "created": self.now} | columns
        return self.rows[pk]

    def tell(self, kind: str, subject: Row) -> None:
        number = next(self.counter)
        self.events.append(
            {
                "id": f"evt_{number}",
                "object": "event",
                "type": kind,
                "livemode": False,
                "created": self.now + number,
                "data": {"object": copy.deepcopy(subject)},
            }
        )


def signed(event: Row, *, secret: str = SECRET, at: int | None = None) -> tuple[str, str]:
    """Return an event's body and its signature, as Stripe sends them."""
    body = json.dumps(event)
    timestamp = at or int(time.time())
    header = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=timestamp)
    return body, header


def _list(rows: list[Row]) -> Row:
    return {"object": "list", "data": rows, "has_more": False, "url": "/v1/rows"}
