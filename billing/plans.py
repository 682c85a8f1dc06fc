"""The catalogue: what plans and packs give and cost. The operator's terms go before it."""

from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from billing.models import Terms

CURRENCY: Final = "eur"
GIGABYTE: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a person may do, and what a month of it costs."""

    code: str
    name: str | Promise
    credits: int  # a month
    price_cents: int
    max_running: int
    max_queued: int
    retention_days: int
    storage_bytes: int

    @property
    def is_free(self) -> bool:
        return self.code == FREE

    @property
    def stripe_price(self) -> str:
        """The id of its price at Stripe; none where this site does not sell it."""
        return str(settings.STRIPE_PRICES.get(self.code, ""))


@dataclass(frozen=True, slots=True)
class Pack:
    """Credits bought once, which never expire."""

    code: str
    name: str | Promise
    credits: int
    price_cents: int

    @property
    def stripe_price(self) -> str:
        return str(settings.STRIPE_PRICES.get(self.code, ""))


FREE: Final = "free"

Item = TypeVar("Item", bound=Plan | Pack)

_PLANS: Final = (
    Plan(
        code=FREE,
        name=gettext_lazy("Free"),
        credits=3,
        price_cents=0,
        max_running=1,
        max_queued=5,
        retention_days=30,
        storage_bytes=5 * GIGABYTE,
    ),
    Plan(
        code="artist",
        name=gettext_lazy("Artist"),
        credits=12,
        price_cents=900,
        max_running=2,
        max_queued=20,
        retention_days=180,
        storage_bytes=50 * GIGABYTE,
    ),
    Plan(
        code="studio",
        name=gettext_lazy("Studio"),
        credits=50,
        price_cents=2900,
        max_running=3,
        max_queued=50,
        retention_days=730,
        storage_bytes=200 * GIGABYTE,
    ),
)
_PACKS: Final = (
    Pack(code="pack5", name=gettext_lazy("5 credits"), credits=5, price_cents=600),
    Pack(code="pack20", name=gettext_lazy("20 credits"), credits=20, price_cents=2000),
)


def plans() -> list[Plan]:
    return [_as_the_operator_says(plan) for plan in _PLANS]


def packs() -> list[Pack]:
    return [_as_the_operator_says(pack) for pack in _PACKS]


def plan(code: str) -> Plan:
    """Return a plan; one that is no longer in the catalogue counts as the free one."""
    known = {each.code: each for each in _PLANS}
    return _as_the_operator_says(known.get(code, known[FREE]))


def codes() -> list[tuple[str, str | Promise]]:
    """Return what can be sold, by code and name."""
    return [(each.code, each.name) for each in (*_PLANS, *_PACKS)]


def item(code: str) -> Plan | Pack | None:
    """Return what is sold under a code."""
    offered: tuple[Plan | Pack, ...] = (*_PLANS, *_PACKS)
    found = next((each for each in offered if each.code == code), None)
    return found and _as_the_operator_says(found)


def item_of_price(stripe_price: str) -> Plan | Pack | None:
    """Return what Stripe knows by a price's id."""
    code = next(
        (code for code, price in settings.STRIPE_PRICES.items() if price == stripe_price), ""
    )
    return item(code)


def _as_the_operator_says(offered: Item) -> Item:
    terms: Any = Terms.objects.filter(pk=offered.code).values().first() or {}
    changed = {
        name: value
        for name, value in terms.items()
        if value is not None and name != "code" and hasattr(offered, name)
    }
    return replace(offered, **changed)
