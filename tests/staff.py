"""Staff of the tests: with two factors, in a role or without any, and their browsers."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from billing.models import Account, Entry, Payment
from mastering.models import Album, AlbumArchive
from tests.conftest import browser_of, member
from tests.studio import submitted

ROLES = ("support", "finance", "operations")
GRANT = {"credits": 5, "reason": "the master was late"}
PROOF = {"reason": "told the last three titles"}


def staff(*roles: str, may_do_everything: bool = False) -> User:
    """Return someone who works here."""
    name = "-".join(roles) or ("chief" if may_do_everything else "nobody")
    person = member(f"{name}@staff.example.com", credits=0)
    User.objects.filter(pk=person.pk).update(is_staff=True, is_superuser=may_do_everything)
    person.groups.set(Group.objects.filter(name__in=roles))
    Authenticator.objects.create(user=person, type="totp", data={})
    return User.objects.get(pk=person.pk)


def as_staff(*roles: str, may_do_everything: bool = False) -> Client:
    return browser_of(staff(*roles, may_do_everything=may_do_everything))


@pytest.fixture
def ids(alice: User) -> dict[str, Any]:
    version = submitted(alice)
    account = Account.objects.get(user=alice)
    lot = Entry.objects.filter(account=account, kind="GRANT").first()
    payment = Payment.objects.create(
        account=account, stripe_id="in_1", item="pack20", lot=lot, amount=2000, currency="eur"
    )
    Authenticator.objects.create(user=alice, type="totp", data={})
    return {
        "version": version.pk,
        "audio": version.master.mix_id,
        "person": alice.pk,
        "payment": payment.pk,
        "archive": archived(alice).pk,
    }


def archived(user: User) -> AlbumArchive:
    """Return a ZIP of an album that waits to be packed."""
    album = Album.objects.create(user=user, title="Nine Rooms", settings={})
    return AlbumArchive.objects.create(
        user=user,
        album=album,
        format="wav24",
        content={"album": "Nine Rooms", "tracks": []},
        request_sha256="a" * 64,
        expires=timezone.now() + timedelta(days=7),
    )


@pytest.fixture
def chief(db) -> Client:
    return as_staff(may_do_everything=True)


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
