"""Rows of money: whose account, its ledger, and what Stripe told."""

from accounts.models import AppendOnly
from billing.models.account import Account
from billing.models.ledger import PAID_BEFORE, SETTLED, Entry, Pool
from billing.models.stripe import Checkout, Payment, StripeEvent, Subscription
from billing.models.terms import Terms

__all__ = [
    "PAID_BEFORE",
    "SETTLED",
    "Account",
    "AppendOnly",
    "Checkout",
    "Entry",
    "Payment",
    "Pool",
    "StripeEvent",
    "Subscription",
    "Terms",
]
