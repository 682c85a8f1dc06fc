"""Takes out of text what must never be kept: passwords, keys, cookies, links that let one in.

Nothing here should ever be needed, since nothing of the kind is logged on purpose. It is for what
other people's code puts into the text of an exception.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

HIDDEN: Final = "[hidden]"
SHORTEST_SECRET: Final = 8  # a shorter one would be found in words

# Settings that hold a secret, or an address with one in it.
SECRET_SETTINGS: Final = (
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "S3_SECRET_KEY",
    "EMAIL_HOST_PASSWORD",
    "METRICS_TOKEN",
    "SENTRY_DSN",
    "REDIS_URL",
)

_NAMES: Final = (
    r"pass(?:word|wd|phrase|code)?\d?|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|session(?:id|_key)?"
    r"|csrf\w*|authorization|signature|credential|known_device|otp|recovery_codes?|private_key"
)
SECRET_NAME: Final = re.compile(rf"[\w-]*(?:{_NAMES}|cookie)s?", re.IGNORECASE)

_RULES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.MULTILINE), put)
    for pattern, put in (
        (r"\b((?:set-)?cookie)(\W{1,4}\s*).*$", rf"\1\2{HIDDEN}"),
        (r"\b(bearer|basic|token)\s+[\w.~+/=-]{12,}", rf"\1 {HIDDEN}"),
        (r"(://)[^/\s@'\"]+@", rf"\1{HIDDEN}@"),
        # What follows a "?" in an address: signatures and keys travel there.
        (r"((?:https?:/|(?<=[\s\"'(]))/[^\s\"'<>?]*)\?[^\s\"'<>]+", rf"\1?{HIDDEN}"),
        (
            rf"\b([\w-]*(?:{_NAMES}))(['\"]?\s*[:=]\s*)b?['\"]?[^\s'\"&,;)}}\]]+['\"]?",
            rf"\1\2{HIDDEN}",
        ),
        # Addresses that let one in by themselves.
        (r"(/s/|/uploads/to/|/reset/key/|/confirm-email/)[^\s/\"'<>?]+", rf"\1{HIDDEN}"),
        # What django.core.signing makes: value:time:signature, and value.signature.
        (r"[\w.=-]+:[\w-]{6}:[\w-]{27,}", HIDDEN),
        (r"\b[a-z]{3}_[a-z0-9]{24}\.[\w-]{27,}", HIDDEN),
        # Keys with a prefix, ours and Stripe's; ids of rows are shorter.
        (r"\b[a-z]{2,6}_(?:live_|test_)?[a-z0-9]{26,}\b", HIDDEN),
        (r"\b(?:argon2\w*|pbkdf2_\w+|scrypt)\$\S+", HIDDEN),
        (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "[address]"),
    )
)


def scrub(text: str) -> str:
    """Return a text without what looks like a secret, or is one of this site's own."""
    for secret in _own_secrets():
        text = text.replace(secret, HIDDEN)
    for pattern, put in _RULES:
        text = pattern.sub(put, text)
    return text


def scrub_all(told: Any) -> Any:
    """Return a structure of dicts and lists with its texts scrubbed, and what has a secret name."""
    if isinstance(told, Mapping):
        return {
            name: HIDDEN if _is_secret(name, value) else scrub_all(value)
            for name, value in told.items()
        }
    if isinstance(told, list | tuple):
        return [scrub_all(one) for one in told]
    return scrub(told) if isinstance(told, str) else told


def _is_secret(name: object, value: Any) -> bool:
    return bool(value) and isinstance(name, str) and bool(SECRET_NAME.fullmatch(name))


def _own_secrets() -> list[str]:
    """Return this site's secrets, the longest first: one may stand in another."""
    found = [getattr(settings, name, None) for name in SECRET_SETTINGS]
    found.append(settings.DATABASES["default"].get("PASSWORD"))
    each = [one for secret in found for one in (secret if isinstance(secret, list) else [secret])]
    return sorted(
        (one for one in each if one and len(one) >= SHORTEST_SECRET), key=len, reverse=True
    )
