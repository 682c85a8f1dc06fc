"""Sharing a version by a link, and what listeners may do with it."""

import hashlib
from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from mastering.errors import NotExportable, TooManyAttempts, TooManyNotes
from mastering.models import Share, ShareNote, Version

MAX_SHARE_DAYS = 365
MAX_NOTES = 500  # of a share
NOTES_A_WINDOW = 20  # of one listener
ATTEMPTS_A_WINDOW = 10  # at a password, of one listener
ATTEMPTS_OF_ALL_A_WINDOW = 100  # at one password
WINDOW_SECONDS = 600


def create_share(
    *,
    version: Version,
    days: int,
    label: str = "",
    password: str = "",
    allows_lossless: bool = False,
    includes_reference: bool = False,
) -> Share:
    """Open a link to a version.

    Raises
    ------
    NotExportable
        The version is not finished.
    """
    if not version.has_succeeded:
        raise NotExportable
    return Share.objects.create(
        version=version,
        label=label,
        password=make_password(password) if password else "",
        allows_lossless=allows_lossless,
        includes_reference=includes_reference,
        expires=timezone.now() + timedelta(days=min(max(days, 1), MAX_SHARE_DAYS)),
    )


def revoke_share(*, share: Share) -> None:
    """Close a link at once, for good; what was said of it stays."""
    Share.objects.filter(pk=share.pk).revoke()


def unlock(*, share: Share, password: str, client: str) -> str | None:
    """Return the key that a right password gives, for the listener's session; None for a wrong.

    Raises
    ------
    TooManyAttempts
    """
    for name, limit in ((client, ATTEMPTS_A_WINDOW), ("", ATTEMPTS_OF_ALL_A_WINDOW)):
        if not _within(f"unlock:{share.pk}:{name}", limit):
            raise TooManyAttempts
    return _key(share) if check_password(password, share.password) else None


def is_unlocked_by(*, share: Share, key: str) -> bool:
    """Tell whether a listener may hear a share: it has no password, or the key is its own."""
    return not share.password or key == _key(share)


def add_note(
    *,
    share: Share,
    kind: ShareNote.Kind,
    author: str,
    client: str,
    text: str = "",
    at_seconds: float | None = None,
) -> ShareNote:
    """Keep what a listener said.

    Raises
    ------
    TooManyNotes
    """
    if not _within(f"note:{share.pk}:{client}", NOTES_A_WINDOW):
        raise TooManyNotes
    with transaction.atomic():
        Share.objects.select_for_update().get(pk=share.pk)  # so that the count holds
        if share.notes.count() >= MAX_NOTES:
            raise TooManyNotes
        return ShareNote.objects.create(
            share=share, kind=kind, author=author, text=text, at_seconds=at_seconds
        )


def _key(share: Share) -> str:
    """Return what a session keeps in place of the password; another password, another key."""
    return hashlib.sha256(f"{share.pk}:{share.password}".encode()).hexdigest()


def _within(name: str, limit: int) -> bool:
    """Count one more of something, and tell whether it is still within its limit."""
    key = "share:" + hashlib.sha256(name.encode()).hexdigest()
    cache.add(key, 0, WINDOW_SECONDS)
    try:
        count = cache.incr(key)
    except ValueError:  # the window ended in between
        cache.set(key, 1, WINDOW_SECONDS)
        count = 1
    return count <= limit
