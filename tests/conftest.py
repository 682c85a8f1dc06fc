"""The cast: alice and bob, each with a verified address, and their browsers."""

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from accounts.models import User

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _no_memory_of_other_tests() -> None:
    """Start with an empty cache: it holds the counts of the rate limits."""
    cache.clear()


@pytest.fixture
def alice(db: None) -> User:
    return member("alice@example.com")


@pytest.fixture
def bob(db: None) -> User:
    return member("bob@example.com")


@pytest.fixture
def as_alice(alice: User) -> Client:
    return browser_of(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    return browser_of(bob)


def member(email: str) -> User:
    """Return someone who signed up and confirmed the address."""
    user = User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
