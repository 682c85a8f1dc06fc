"""Answers about money, and what pages say of it."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponseRedirect

from accounts.models import User
from billing import gateway, plans, services
from billing.models import Account


class HttpResponseSeeStripe(HttpResponseRedirect):
    """Leads to Stripe's own pages, over HTTPS."""

    status_code = 303
    allowed_schemes = ["https"]


def catalogue(user: User | AnonymousUser) -> dict[str, Any]:
    """Return what is offered, and how the one who looks stands to it."""
    context: dict[str, Any] = {
        "plans": plans.plans(),
        "has_limits": settings.PLAN_LIMITS,
        "packs": plans.packs(),
        "currency": plans.CURRENCY,
        "is_for_sale": gateway.is_set_up(),
        "standing": None,
    }
    if isinstance(user, User):
        account = Account.objects.get(user=user)
        context |= {
            "standing": services.standing_of(account),
            "balance": services.balance_of(account),
            "renews_at": account.renews_at,
        }
    return context


def credits_left(user: User) -> int:
    return services.balance_of(Account.objects.get(user=user)).available
