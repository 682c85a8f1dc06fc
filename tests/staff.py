"""Staff of the tests: with two factors, in a role or without any, and their browsers."""

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from tests.conftest import browser_of, member

ROLES = ("support", "finance", "operations")


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
