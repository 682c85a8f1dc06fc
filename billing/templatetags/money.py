"""Money and credits as people read them."""

from django import template
from django.utils.formats import number_format

register = template.Library()

SIGNS = {"eur": "€", "usd": "$", "gbp": "£"}


@register.filter
def money(cents: int, currency: str) -> str:
    """900 → €9; 950 → €9.50."""
    decimals = 2 if cents % 100 else 0
    amount = number_format(cents / 100, decimals)
    sign = SIGNS.get(currency.lower())
    return f"{sign}{amount}" if sign else f"{amount} {currency.upper()}"


@register.filter
def change(credits: int) -> str:
    """3 → +3; -1 → −1; nothing → a blank."""
    return f"{'+' if credits > 0 else '−'}{abs(credits)}" if credits else ""
