"""What a check found, summed up in a line."""

from collections.abc import Sequence

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from references.messages.wording import Message

register = template.Library()


@register.filter
def ready_words(findings: Sequence[Message]) -> str:
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
