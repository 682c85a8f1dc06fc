"""A report on a page: its sentences and its plots."""

from collections.abc import Iterable, Sequence
from html import escape

from django import template
from django.utils.safestring import SafeString

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


@register.filter
def table_rows(rows: Iterable[Sequence[str]]) -> SafeString:
    """Return the rows of a table, each after its head.

    A report has a thousand and more cells, for which a template takes twenty times as long.
    """
    return SafeString("".join(_table_row(*row) for row in rows))


def _table_row(head: str, *cells: str) -> str:
    tail = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr><th scope="row">{escape(head)}</th>{tail}</tr>'
