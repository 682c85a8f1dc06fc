"""What pages of sets say: of frozen settings, and of prices."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext, ngettext

from mastering.messages.frozen import oddity_words
from references.models import Work

register = template.Library()


@register.filter
def oddities(report: Mapping[str, Any] | None) -> list[str]:
    """Return a sentence for each oddity of frozen settings."""
    return oddity_words(report) if report else []


@register.filter
def price(credits: int) -> str:
    """Return a price in words; what is paid costs nothing again."""
    if not credits:
        return gettext("paid")
    return ngettext("%(count)s credit", "%(count)s credits", credits) % {"count": credits}


@register.filter
def done(work: Work) -> int:
    """Return how far a piece of work is, in percent."""
    return round(100 * work.progress)
