"""What the operator tells everyone stands above every page, for its time."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.models import Announcement

HOUR = timedelta(hours=1)


def announce(text: str, begins: timedelta, ends: timedelta | None, **columns: str) -> None:
    now = timezone.now()
    Announcement.objects.create(
        text=text, begins=now + begins, ends=None if ends is None else now + ends, **columns
    )


def test_everyone_reads_what_is_announced_now(client: Client, as_alice: Client):
    announce("Masters wait tonight.", -HOUR, HOUR)
    announce("It lasts.", -HOUR, None, severity="warning")
    announce("It was.", -2 * HOUR, -HOUR)
    announce("It comes.", HOUR, None)
    for page in (client.get("/"), as_alice.get("/new/")):
        told = page.content.decode()
        assert told.index("It lasts.") < told.index("Masters wait tonight.")
        assert "It was." not in told
        assert "It comes." not in told


def test_what_is_announced_is_text(client: Client, db):
    announce("<script>alert(1)</script>", -HOUR, None)
    assert "<script>alert" not in client.get("/").content.decode()


def test_it_cannot_end_before_it_begins(db):
    now = timezone.now()
    with pytest.raises(ValidationError):
        Announcement(text="x", begins=now, ends=now - HOUR).full_clean()
