"""The pages of API keys."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiKey
from accounts.services import create_key, key_of
from tests.conftest import PASSWORD, member

pytestmark = pytest.mark.django_db

FORM = {"name": "CI", "mode": "live", "days": "90", "masters": "write", "account": "read"}


@pytest.fixture
def browser(alice):
    """Return a browser that has just logged in, as making keys asks for."""
    client = Client()
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def secret_in(page) -> str:
    secrets: list[str] = re.findall(r'value="(lq_\w+)"', page.content.decode())
    return secrets[0]


def test_a_key_is_made_and_shown_this_once(browser, alice):
    page = browser.post("/account/keys/", FORM)
    assert page.status_code == 201
    assert page["Cache-Control"] == "no-store"
    key = key_of(secret_in(page))
    assert key.user == alice
    assert key.scopes == ["account:read", "masters:write"]
    assert key.expires is not None
    assert 89 <= (key.expires - timezone.now()).days <= 90
    listed = browser.get("/account/keys/").content.decode()
    assert key.shown in listed
    assert secret_in(page) not in listed


def test_making_a_key_asks_for_the_password_again(as_alice):
    assert as_alice.get("/account/keys/").status_code == 200
    asked = as_alice.post("/account/keys/", FORM)
    assert "/account/reauthenticate/" in asked["Location"]
    assert not ApiKey.objects.exists()


def test_a_key_that_opens_nothing_is_refused(browser):
    page = browser.post("/account/keys/", {"name": "x", "mode": "test", "days": ""})
    assert page.status_code == 422
    assert "must open something" in page.content.decode()


def test_a_key_is_renewed_and_revoked(browser, alice):
    first = create_key(user=alice, name="CI", scopes=["masters:read"])
    page = browser.post(f"/account/keys/{first.key.pk}/rotate/")
    assert key_of(secret_in(page)).replaces == first.key
    browser.post(f"/account/keys/{first.key.pk}/revoke/")
    assert ApiKey.objects.get(pk=first.key.pk).state == "revoked"
    gone = browser.post(f"/account/keys/{first.key.pk}/rotate/", follow=True)
    assert "opens nothing" in gone.content.decode()


def test_strangers_find_no_keys(browser, db):
    key = create_key(user=member("eve@example.com"), name="x", scopes=["masters:read"]).key
    for deed in ("rotate", "revoke"):
        assert browser.post(f"/account/keys/{key.pk}/{deed}/").status_code == 404
    assert Client().get("/account/keys/").status_code == 302
