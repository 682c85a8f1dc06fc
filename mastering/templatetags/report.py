"""A report on a page: its sentences and its plots."""

from django import template
from django.utils.translation import gettext as _

from mastering.messages import answers as judged
from mastering.messages import report as words
from mastering.plots import plots_of_report
from references.templatetags.audio import number

register = template.Library()

verdict = register.simple_tag(words.verdict_words, name="verdict")
for tell in (
    judged.answers,
    judged.fixes,
    words.caps,
    words.changes,
    words.harm_words,
    words.limited_sections,
    words.tone_rows,
):
    register.simple_tag(tell)
register.simple_tag(plots_of_report, name="plots")
register.filter(words.part_name)


@register.filter
def measure(key: str) -> str:
    """Return the name of a number of the report."""
    names = {
        "integrated_lufs": _("Loudness"),
        "max_short_term_lufs": _("Loudest 3 seconds"),
        "loudness_range_lu": _("Loudness range"),
        "true_peak_dbtp": _("True peak"),
        "plr_db": _("Peak to loudness"),
        "psr_db": _("Peak to loudness, over 3 seconds"),
        "width_db": _("Sides against middle"),
        "correlation": _("Correlation"),
    }
    return names.get(key, key.replace("_", " "))


@register.filter
def figure(value: float | None, unit: str) -> str:
    """Return a number whose unit stands elsewhere; what has none gets two decimals."""
    return number(value, 1 if unit else 2)
