"""What people read about money: why something is refused, and each line of their ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import PAID_BEFORE, Entry, Pool

REFUSALS: Final[Mapping[str, str | Promise]] = {
    "no_credits": gettext_lazy("You have no credits left."),
    "account_frozen": gettext_lazy(
        "A payment was taken back whose credits were used. Write to us and we sort it out."
    ),
    "nothing_for_sale": gettext_lazy("This site sells nothing: everyone is on the free plan."),
    "stripe_away": gettext_lazy(
        "The payment service does not answer. Nothing was charged; try again in a minute."
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the ledger as its owner reads it."""

    at: datetime
    label: str
    available: int
    reserved: int
    is_one_off: bool
    expires_at: datetime | None
    subject: str
    title: str


def refusal_message(code: str) -> str:
    return str(REFUSALS[code])


def entry_lines(entries: Iterable[Entry]) -> list[Line]:
    """Tell entries in words; what they paid for has its title as long as it exists."""
    listed = list(entries)
    titles_of = import_string(settings.LEDGER_TITLES)
    titles: dict[str, str] = titles_of({entry.subject for entry in listed if entry.subject})
    return [
        Line(
            at=entry.created,
            label=label_of(entry),
            available=entry.available,
            reserved=entry.reserved,
            is_one_off=entry.pool == Pool.ONE_OFF,
            expires_at=entry.expires_at,
            subject=entry.subject if entry.subject in titles else "",
            title=titles.get(entry.subject, ""),
        )
        for entry in listed
    ]


def label_of(entry: Entry) -> str:
    """Return what an entry says to its owner."""
    if entry.kind == Entry.Kind.GRANT:
        origin = entry.reason.split(":")[0]
        return {
            "free": _("Free credits of the month"),
            "payment": _("Bought") if entry.pool == Pool.ONE_OFF else _("Credits of your plan"),
            "return": _("Given back after its month"),
        }.get(origin, _("Given by us"))
    if entry.reason.startswith(f"{PAID_BEFORE}:"):
        return _("Given back: paid before")
    return {
        Entry.Kind.RESERVE: _("Reserved for a master"),
        Entry.Kind.CAPTURE: _("Master delivered"),
        Entry.Kind.RELEASE: _("Given back: not delivered"),
        Entry.Kind.EXPIRE: _("Expired"),
        Entry.Kind.REVERSE: _("Taken back with its payment"),
        Entry.Kind.RESTORE: _("Given back with its payment"),
    }[Entry.Kind(entry.kind)]
