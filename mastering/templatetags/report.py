"""A report on a page: its sentences and its plots."""

from django import template

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
    words.ceiling_words,
    words.changes,
    words.harm_words,
    words.limited_sections,
    words.tone_rows,
):
    register.simple_tag(tell)
register.simple_tag(plots_of_report, name="plots")
register.filter(words.part_name)
register.filter("measure", words.measure_name)


@register.filter
def figure(value: float | None, unit: str) -> str:
    """Return a number whose unit stands elsewhere; what has none gets two decimals."""
    return number(value, 1 if unit else 2)
