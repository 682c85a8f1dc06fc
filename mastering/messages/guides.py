"""The guides that findings and reports point to: their titles, and what each is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Guide:
    title: str | Promise
    summary: str | Promise


GUIDES: Final[Mapping[str, Guide]] = {
    "how-it-works": Guide(
        _("How reference mastering works"),
        _("What is measured, what is moved, how far, and what never happens."),
    ),
    "prepare": Guide(
        _("Preparing a mix"),
        _("The export that gives the best master, and the accidents that spoil one."),
    ),
    "reference": Guide(
        _("Choosing a reference"),
        _("The choice that decides most, and how to make it."),
    ),
    "limits": Guide(
        _("What mastering cannot fix"),
        _("What stays in the mix, and how to mend it there."),
    ),
    "listening": Guide(
        _("Judging at equal loudness"),
        _("Louder always seems better at first. How to hear what really changed."),
    ),
    "engineer": Guide(
        _("When to book an engineer"),
        _("What a person hears that no measurement tells, and what to hand over."),
    ),
}
