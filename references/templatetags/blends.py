"""How shares are written."""

from django import template

register = template.Library()


@register.filter
def percent(share: float) -> str:
    """Return a share as people read it."""
    return f"{round(100 * share)} %"
