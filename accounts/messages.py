"""What people are told of webhooks: why one is not made, and how a call went."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise

REFUSALS: Final[Mapping[str, Sentence]] = {
    "url_invalid": _("This is no address that we could call."),
    "https_only": _("The address must begin with https://, since what we tell is yours alone."),
    "address_forbidden": _("This address leads to a private network, where we do not call."),
    "port_forbidden": _("We call port 443 only. Take the port out of the address."),
    "event_type_unknown": _("There is no such type of event."),
    "too_many_webhooks": _("You have as many webhooks as one person can have. Remove some."),
    "webhook_disabled": _("This webhook is switched off. Switch it on first."),
    "too_many_calls": _("That were many calls by hand within an hour. Try again later."),
}
CALLS: Final[Mapping[str, Sentence]] = {
    "not_taken": _("It answered something else than 2xx."),
    "redirected": _("It answered with a redirect, which we do not follow."),
    "timeout": _("It took longer than 15 seconds."),
    "name_unknown": _("Its name is unknown to the DNS."),
    "connection_failed": _("No connection came about, or it broke off."),
    "tls_failed": _("Its certificate does not hold, or TLS failed otherwise."),
    "answer_unreadable": _("What it answered is no HTTP."),
    "internal": _("Something failed on our side."),
}


def refusal(code: str) -> str:
    return str(REFUSALS[code])


def call_failure(code: str) -> str:
    """Return why a call failed, in words; nothing where it did not."""
    return str(CALLS.get(code) or REFUSALS.get(code, ""))
