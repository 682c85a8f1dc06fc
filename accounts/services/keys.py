"""Making, renewing and closing keys to the API, and finding whose a key is."""

import binascii
import hashlib
import re
import secrets
import string
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from accounts.errors import KeyInvalid, NotThisKey, TooManyKeys
from accounts.models import SCOPES, ApiKey, User
from accounts.services.leaving import Chapter, collecting

MOST_KEYS: Final = 20  # in force, of one person
LONGEST: Final = timedelta(days=366)
OVERLAP: Final = timedelta(hours=24)  # in which a renewed key's old secret still opens

ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_CHARACTERS: Final = 32  # 190 bits: a plain hash keeps it
CHECK_CHARACTERS: Final = 6
FORM: Final = re.compile(rf"lq_(live|test)_[0-9A-Za-z]{{{RANDOM_CHARACTERS + CHECK_CHARACTERS}}}")


@dataclass(frozen=True, slots=True)
class Made:
    """A key and its secret, which nobody can read again."""

    key: ApiKey
    secret: str


def create_key(
    *,
    user: User,
    name: str,
    scopes: Collection[str],
    mode: ApiKey.Mode = ApiKey.Mode.LIVE,
    expires: datetime | None = None,
) -> Made:
    """Make a key that opens the given scopes.

    Raises
    ------
    TooManyKeys
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # so that the count holds
        if ApiKey.objects.of(user).in_force().count() >= MOST_KEYS:
            raise TooManyKeys
        chosen = [scope for scope in SCOPES if scope in scopes]
        return _make(user=user, name=name, scopes=chosen, mode=mode, expires=expires)


def rotate_key(*, key: ApiKey) -> Made:
    """Make a key like this one; this one's secret opens for a while longer, then no more.

    Raises
    ------
    NotThisKey
        Of a key that opens nothing any more.
    """
    with transaction.atomic():
        old = ApiKey.objects.select_for_update().get(pk=key.pk)
        if not old.is_in_force:
            raise NotThisKey
        made = _make(
            user=old.user,
            name=old.name,
            scopes=old.scopes,
            mode=ApiKey.Mode(old.mode),
            expires=_renewed(old),
            replaces=old,
        )
        end = timezone.now() + OVERLAP
        old.expires = min(old.expires, end) if old.expires else end
        old.save(update_fields=["expires"])
    return made


def revoke_key(*, key: ApiKey) -> None:
    """Close a key at once, for good."""
    ApiKey.objects.filter(pk=key.pk).revoke()


def key_of(secret: str) -> ApiKey:
    """Return the key whose secret this is.

    Raises
    ------
    KeyInvalid
    """
    if not is_well_formed(secret):
        raise KeyInvalid
    try:
        found = ApiKey.objects.select_related("user").get(sha256=_digest(secret))
    except ApiKey.DoesNotExist as unknown:
        raise KeyInvalid from unknown
    if not found.is_in_force or not found.user.is_active:
        raise KeyInvalid
    ApiKey.objects.note_use(found)
    return found


@receiver(collecting)
def collect(user: User, **_: Any) -> Chapter:
    """Return what there is to tell of a person's keys; nobody can tell the keys."""
    told = ("id", "name", "mode", "scopes", "created", "expires", "last_used", "revoked")
    return Chapter("keys", list(ApiKey.objects.of(user).values(*told)))


def is_well_formed(secret: str) -> bool:
    """Tell from the checksum alone whether a text can be a key, as scanners for leaks do."""
    return bool(FORM.fullmatch(secret)) and secret.endswith(_checksum(secret[:-CHECK_CHARACTERS]))


def _make(*, mode: ApiKey.Mode, **columns: object) -> Made:
    head = f"lq_{mode}_" + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
    secret = head + _checksum(head)
    shown = secret[: len(f"lq_{mode}_") + 4]
    key = ApiKey(mode=mode, shown=shown, sha256=_digest(secret), **columns)
    key.save(force_insert=True)
    key.refresh_from_db()
    return Made(key, secret)


def _renewed(old: ApiKey) -> datetime | None:
    """Return when the new key ends: it lasts as long as the old one was to last."""
    return old.expires and timezone.now() + (old.expires - old.created)


def _checksum(head: str) -> str:
    number, text = binascii.crc32(head.encode()), ""
    for _ in range(CHECK_CHARACTERS):
        number, digit = divmod(number, len(ALPHABET))
        text = ALPHABET[digit] + text
    return text


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
