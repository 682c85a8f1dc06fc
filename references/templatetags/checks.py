"""What a check found, summed up in a line."""

from collections.abc import Sequence
from typing import Protocol

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


class Told(Protocol):
    """What is said of a finding."""

    @property
    def severity(self) -> str: ...


@register.filter
def ready_words(findings: Sequence[Told]) -> str:
    """Say that a mix can be mastered, and how many warnings or else notes there are to read."""
    warnings = sum(finding.severity == "warning" for finding in findings)
    if warnings:
        text = ngettext("with one warning", "with %(count)s warnings", warnings)
    elif findings:
        text = ngettext("with one note", "with %(count)s notes", len(findings))
    else:
        return _("Ready to master")
    return _("Ready to master, %(reading)s") % {
        "reading": text % {"count": warnings or len(findings)}
    }
