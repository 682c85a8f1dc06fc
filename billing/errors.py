"""Why nothing is reserved or sold, each with a stable code.

BillingRefused
├── NoCredits         no_credits          fewer credits are there than the work costs
├── AccountFrozen     account_frozen      a refund or a dispute took credits that were spent
├── NothingForSale    nothing_for_sale    this site has no Stripe key, or no price for it
└── StripeAway        stripe_away         Stripe does not answer; trying again is safe
"""

from typing import ClassVar


class BillingRefused(Exception):
    code: ClassVar[str]


class NoCredits(BillingRefused):
    code = "no_credits"


class AccountFrozen(BillingRefused):
    code = "account_frozen"


class NothingForSale(BillingRefused):
    code = "nothing_for_sale"


class StripeAway(BillingRefused):
    code = "stripe_away"
