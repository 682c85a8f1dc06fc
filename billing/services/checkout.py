"""Buying: to Stripe's pages, and back by events that may come late, twice or in any order.

An event only says what to look at. The object is asked for as it is now, and the books are brought
to it; so whichever event comes last, the outcome is the same.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from billing import gateway, plans
from billing.errors import NothingForSale
from billing.gateway import PaymentState, SubscriptionState
from billing.models import Account, Checkout, Payment, StripeEvent, Subscription
from billing.plans import Pack, Plan
from billing.services.books import grant_for_payment, renew, take_back
from billing.services.notices import tell_that_a_payment_failed, tell_that_a_plan_changed

SAME_CHECKOUT = timedelta(minutes=30)  # asking again within it leads to the same page
RECONCILED = timedelta(days=3)  # as long as Stripe itself tries to deliver
BATCH = 50

# The kinds of event that are about something we keep; the rest are noted and leave no trace.
CHECKOUTS = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
INVOICES = ("invoice.paid", "invoice.payment_failed")
SUBSCRIPTIONS = (
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)
CHARGES = (
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)
HEARD = CHECKOUTS + INVOICES + SUBSCRIPTIONS + CHARGES

MAX_TRIES = 20
State = TypeVar("State", PaymentState, SubscriptionState)

logger = logging.getLogger(__name__)


class TooBusy(Exception):
    """Others wrote to the same account each time that Stripe was asked."""


def start_checkout(*, user: User, item: str, urls: dict[str, str]) -> str:
    """Return the address of Stripe's page where a plan or pack is paid.

    Raises
    ------
    NothingForSale, StripeAway
    """
    wanted = plans.item(item)
    if not gateway.is_set_up() or wanted is None or not wanted.stripe_price:
        raise NothingForSale
    account = customer_account(user)
    checkout, _ = Checkout.objects.get_or_create(
        account=account,
        item=item,
        is_done=False,
        created__gt=timezone.now() - SAME_CHECKOUT,
        defaults={},
    )
    session, url = gateway.create_checkout(
        checkout_id=str(checkout.pk),
        customer=account.stripe_customer,
        item=item,
        price=wanted.stripe_price,
        is_plan=isinstance(wanted, Plan),
        urls=urls,
    )
    Checkout.objects.filter(pk=checkout.pk).update(stripe_id=session)
    return url


def open_portal(*, user: User, return_url: str) -> str:
    """Return the address of Stripe's page for card, plan, invoices and cancelling."""
    account = customer_account(user)
    # The same within a minute, so that a nervous hand gets one page.
    key = f"{account.pk}:{timezone.now():%Y%m%d%H%M}"
    return gateway.create_portal(customer=account.stripe_customer, return_url=return_url, key=key)


def customer_account(user: User) -> Account:
    """Return a person's account, known to Stripe."""
    account = Account.objects.get(user=user)
    if not account.stripe_customer:
        customer = gateway.create_customer(account_id=str(account.pk), email=user.email)
        Account.objects.filter(pk=account.pk).update(stripe_customer=customer)
        account.stripe_customer = customer
    return account


def receive_event(event: gateway.Event) -> bool:
    """Keep an event to be applied; tell whether it is new."""
    if event.type not in HEARD:
        return False
    try:
        with transaction.atomic():
            StripeEvent.objects.create(
                pk=event.id,
                type=event.type,
                object_id=event.object_id,
                customer=event.customer,
                created=event.created,
            )
    except IntegrityError:
        return False
    return True


def apply_waiting_events() -> int:
    """Apply what has come; return how many were. What fails is tried again later."""
    applied = 0
    for event in StripeEvent.objects.due()[:BATCH]:
        try:
            apply_event(event)
            applied += 1
        except Exception as error:
            logger.exception("Stripe's event %s could not be applied.", event.pk)
            StripeEvent.objects.put_off(event, f"{type(error).__name__}: {error}")
    return applied


def apply_event(event: StripeEvent) -> None:
    """Bring the books to the state of what an event is about."""
    if event.type in CHECKOUTS:
        _apply_checkout(event.object_id, event.customer)
    elif event.type in INVOICES:
        _apply_invoice(event.object_id, event.customer)
    elif event.type in SUBSCRIPTIONS:
        _apply_subscription(event.object_id, event.customer)
    elif event.type in CHARGES:
        _apply_charge(event.object_id, event.customer)
    StripeEvent.objects.filter(pk=event.pk).update(applied=timezone.now(), error="")


def end_subscriptions_of_the_gone() -> int:
    """Let nobody pay who has left: end at Stripe what is in force of people who were erased."""
    ended = 0
    for left in Subscription.objects.filter(account__user=None).exclude(status="canceled"):
        gateway.cancel_subscription(left.stripe_id)
        left.status = "canceled"
        left.save(update_fields=["status"])
        ended += 1
    return ended


def reconcile(*, now: datetime | None = None) -> int:
    """Look through Stripe's events of the last days for such as never came; return how many."""
    if not gateway.is_set_up():
        return 0
    since = (now or timezone.now()) - RECONCILED
    missed = sum(map(receive_event, gateway.recent_events(since=since, types=HEARD)))
    if missed:
        logger.warning("%s events of Stripe's had not come and were fetched.", missed)
    return missed


def _apply_checkout(stripe_id: str, customer: str) -> None:
    def apply(account: Account, paid: PaymentState) -> None:
        if not paid.is_paid:
            return
        Checkout.objects.filter(stripe_id=paid.id).update(is_done=True)
        pack = plans.item(paid.item)
        if isinstance(pack, Pack):  # a plan's credits come with its invoices
            _enter(account, paid, item=pack.code, credits=pack.credits, expires_at=None)

    state = _apply(customer, lambda: gateway.checkout(stripe_id), apply)
    if state.subscription:
        _apply_subscription(state.subscription, state.customer)


def _apply_invoice(stripe_id: str, customer: str) -> None:
    def apply(account: Account, bill: PaymentState) -> None:
        if not bill.subscription:
            return
        if not bill.is_paid:
            tell_that_a_payment_failed(account, invoice=bill.id, attempt=bill.attempts)
            return
        bought, returned = _plan_of(bill.prices), _plan_of(bill.prices_returned)
        if bought is not None:
            # After a change of plan within a month, what is more than was given already.
            credits = max(bought.credits - (returned.credits if returned else 0), 0)
            _enter(account, bill, item=bought.code, credits=credits, expires_at=bill.period_end)

    state = _apply(customer, lambda: gateway.invoice(stripe_id), apply)
    if state.subscription:
        _apply_subscription(state.subscription, state.customer)


def _apply_subscription(stripe_id: str, customer: str) -> None:
    def apply(account: Account, state: SubscriptionState) -> None:
        plan = plans.item_of_price(state.price)
        before = Subscription.objects.filter(stripe_id=state.id).first()
        after, _ = Subscription.objects.update_or_create(
            stripe_id=state.id,
            defaults={
                "account": account,
                "plan": plan.code if plan else "",
                "status": state.status,
                "period_start": state.period_start,
                "period_end": state.period_end,
                "ends_at_period_end": state.ends_at_period_end,
            },
        )
        if before is None or before.terms != after.terms:
            tell_that_a_plan_changed(account, after)
        if account.user_id is not None:
            renew(account)

    _apply(customer, lambda: gateway.subscription(stripe_id), apply)


def _apply_charge(stripe_id: str, customer: str) -> None:
    """Look again at what a refunded or disputed payment was for."""
    payment_intent = gateway.payment_intent_of(stripe_id)
    checkout, bill = gateway.paid_with(payment_intent) if payment_intent else ("", "")
    if checkout:
        _apply_checkout(checkout, customer)
    if bill:
        _apply_invoice(bill, customer)


def _apply(
    customer: str, fetch: Callable[[], State], apply: Callable[[Account, State], None]
) -> State:
    """Ask Stripe, then write under the account's lock, unless someone wrote in between.

    No transaction is open while Stripe is asked. An answer from before another was applied may be
    the older one of the two, so it is asked for again.
    """
    for _ in range(MAX_TRIES):
        known = Account.objects.filter(stripe_customer=customer).first() if customer else None
        state = fetch()
        customer = state.customer
        with transaction.atomic():
            account = Account.objects.select_for_update().filter(stripe_customer=customer).first()
            if account is None:
                logger.info("Stripe's customer %s is none of ours.", customer)
                return state
            if known is not None and known.revision == account.revision:
                apply(account, state)
                Account.objects.filter(pk=account.pk).update(revision=account.revision + 1)
                return state
    raise TooBusy


def _enter(
    account: Account,
    paid: PaymentState,
    *,
    item: str,
    credits: int,
    expires_at: datetime | None,
) -> None:
    """Bring the row of a payment, and its credits, to what Stripe says."""
    payment, is_new = Payment.objects.get_or_create(
        stripe_id=paid.id,
        defaults={
            "account": account,
            "item": item,
            "amount": paid.amount,
            "currency": paid.currency,
        },
    )
    payment.payment_intent = paid.payment_intent
    payment.amount_refunded = paid.amount_refunded
    payment.dispute = paid.dispute
    payment.save()
    if is_new and credits:
        grant_for_payment(payment, credits=credits, expires_at=expires_at)
    take_back(payment)


def _plan_of(prices: tuple[str, ...]) -> Plan | None:
    found = (plans.item_of_price(price) for price in prices)
    return next((plan for plan in found if isinstance(plan, Plan)), None)
