"""Numbers as people of the trade write them: true minus sign, one decimal, with the unit."""

import math

from django import template
from django.utils.formats import get_format

register = template.Library()

ABSENT = "–"
MINUS = "−"


@register.filter
def number(value: float | None, decimals: int = 1) -> str:
    """-9.42 → −9.4; nothing, silence and not-a-number → –."""
    if value is None or not math.isfinite(value):
        return ABSENT
    rounded = round(value, decimals) + 0.0  # + 0.0: no −0.0
    # As Django's number_format writes it, at a fifth of the time: a report has a thousand numbers.
    text = f"{abs(rounded):.{decimals}f}".replace(".", get_format("DECIMAL_SEPARATOR"))
    return f"{MINUS}{text}" if rounded < 0 else text


@register.filter
def signed(value: float | None, decimals: int = 1) -> str:
    """1.42 → +1.4: a change."""
    text = number(value, decimals)
    if value is None or not math.isfinite(value) or round(value, decimals) <= 0:
        return text
    return f"+{text}"


@register.filter
def lufs(value: float | None) -> str:
    return _with_unit(number(value), "LUFS")


@register.filter
def lu(value: float | None) -> str:
    return _with_unit(number(value), "LU")


@register.filter
def dbtp(value: float | None) -> str:
    return _with_unit(number(value), "dBTP")


@register.filter
def db(value: float | None) -> str:
    return _with_unit(number(value), "dB")


def signed_db(value: float | None) -> str:
    return _with_unit(signed(value), "dB")


@register.filter
def khz(value_hz: float | None) -> str:
    """44100 → 44.1 kHz; 48000 → 48 kHz."""
    if value_hz is None:
        return ABSENT
    decimals = next((n for n in range(3) if value_hz % 10 ** (3 - n) == 0), 3)
    return _with_unit(number(value_hz / 1000, decimals), "kHz")


@register.filter
def percent(share: float | None) -> str:
    """0.7 → 70 %."""
    return _with_unit(number(None if share is None else 100 * share, 0), "%")


@register.filter
def seconds(value_seconds: float | None) -> str:
    """238.2 → 3:58."""
    if value_seconds is None or not math.isfinite(value_seconds):
        return ABSENT
    minute, second = divmod(int(value_seconds + 0.5), 60)
    hour, minute = divmod(minute, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


@register.filter
def moment(value_seconds: float | None) -> str:
    """12.4 → 0:12.40: a place in a song, to a hundredth of a second."""
    if value_seconds is None or not math.isfinite(value_seconds):
        return ABSENT
    minute, hundredths = divmod(int(100 * value_seconds + 0.5), 6_000)
    return f"{minute}:{hundredths // 100:02}.{hundredths % 100:02}"


@register.filter
def minutes(value_seconds: float) -> str:
    """900 → 15."""
    return number(value_seconds / 60, 0)


@register.filter
def megabytes(value_bytes: float) -> str:
    """500000000 → 500 MB, as the limit is set: in millions."""
    return _with_unit(number(value_bytes / 1e6, 0 if value_bytes >= 1e7 else 1), "MB")


def quantity(value: float | None, unit: str = "") -> str:
    """Return a number with the unit that a finding or a report names."""
    return _with_unit(number(value, _DECIMALS.get(unit, 1)), _SYMBOLS.get(unit, unit))


# What is written behind the number, where it is not the unit's own name.
_SYMBOLS = {"runs": "", "channel": "", "gaps": ""}
_DECIMALS = {"": 2, "runs": 0, "channel": 0, "ms": 0, "Hz": 0, "bpm": 0, "gaps": 0, "bit": 0}


def _with_unit(text: str, unit: str) -> str:
    return text if text == ABSENT or not unit else f"{text}\N{NO-BREAK SPACE}{unit}"
