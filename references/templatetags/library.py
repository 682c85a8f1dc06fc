"""Parts of the library's pages: the curve of a track's tone, starters, addresses of a search."""

from collections.abc import Sequence
from typing import Any, Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from references.services import STARTERS, Starter

register = template.Library()

WIDTH: Final = 112
HEIGHT: Final = 36
TOP_DB: Final = 18.0
BOTTOM_DB: Final = -30.0
MARGIN: Final = 2.0


@register.simple_tag
def tone_curve(tone_db: Sequence[float]) -> SafeString:
    """Draw the levels of a track's third octaves from 31 Hz to 16 kHz, low on the left.

    The line in the middle is the track's own level, so that a louder copy looks the same.
    """
    if len(tone_db) < 2:
        return format_html(
            '<svg class="tone" viewBox="0 0 {} {}" aria-hidden="true"></svg>', WIDTH, HEIGHT
        )
    step = (WIDTH - 2 * MARGIN) / (len(tone_db) - 1)
    points = " ".join(f"{MARGIN + step * n:.1f},{_y(level):.1f}" for n, level in enumerate(tone_db))
    return format_html(
        '<svg class="tone" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<line x1="0" x2="{}" y1="{}" y2="{}" vector-effect="non-scaling-stroke"/>'
        '<polyline points="{}" vector-effect="non-scaling-stroke"/></svg>',
        WIDTH, HEIGHT, WIDTH, f"{_y(0.0):.1f}", f"{_y(0.0):.1f}", points,
    )  # fmt: skip


@register.filter
def starter(code: str) -> Starter:
    return STARTERS[code]


@register.simple_tag
def query_with(query: Any, **changes: Any) -> str:
    """Return the address's query with some of its parts changed; an empty one is left out."""
    changed = query.copy()
    for name, value in changes.items():
        changed.pop(name, None)
        if value not in ("", None):
            changed[name] = value
    return f"?{changed.urlencode()}"


def _y(level_db: float) -> float:
    share = (TOP_DB - min(max(level_db, BOTTOM_DB), TOP_DB)) / (TOP_DB - BOTTOM_DB)
    return MARGIN + share * (HEIGHT - 2 * MARGIN)
