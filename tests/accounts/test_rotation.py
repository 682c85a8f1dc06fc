"""SECRET_KEY is replaced while people are logged in, and then the old one is dropped."""

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.errors import FactorUnreadable
from accounts.models import Webhook
from accounts.services import add_webhook, rotate_secret, secret_of
from references.services import begin_upload
from references.storage import unsigned
from tests.conftest import PASSWORD, browser_of
from tests.studio import MIX

NEW_KEY = "the-new-key-" + "y" * 50
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def two_factors(alice):
    TOTP.activate(alice, SECRET)
    codes = RecoveryCodes.activate(alice).get_unused_codes()
    assert codes
    return codes


@pytest.fixture
def rotated(settings, two_factors):
    """Return what lets the operator take each step: a new key, and the end of the old one."""
    old = settings.SECRET_KEY

    def rotate(*, drop_old: bool) -> None:
        settings.SECRET_KEY = NEW_KEY
        settings.SECRET_KEY_FALLBACKS = [] if drop_old else [old]

    return rotate


def code_of_now() -> str:
    return str(format_hotp_value(hotp_value(SECRET, next(yield_hotp_counters_from_time()))))


def logs_in() -> bool:
    client = Client()
    client.post("/account/login/", {"login": "alice@example.com", "password": PASSWORD})
    client.post("/account/2fa/authenticate/", {"code": code_of_now()})
    return client.get("/account/").status_code == 200


def secret() -> str:
    text = Authenticator.objects.get(type="totp").data["secret"]
    decrypted: str = get_adapter().decrypt(text)
    return decrypted


def test_with_the_old_key_as_a_fallback_nobody_notices(settings, as_alice, alice, rotated):
    _, put = begin_upload(user=alice, kind=MIX, filename="a.wav", size_bytes=100)
    rotated(drop_old=False)
    assert as_alice.get("/account/").status_code == 200
    assert logs_in()
    assert unsigned(put.url.rsplit("/", 1)[-1]).startswith("upl_")


def test_once_all_is_encrypted_anew_the_old_key_may_go(
    settings, alice, rotated, two_factors, capsys
):
    rotated(drop_old=False)
    call_command("rotate_secrets")
    assert "authenticators 2, webhooks 0" in capsys.readouterr().out
    rotated(drop_old=True)
    assert secret() == SECRET
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes"))
    assert codes.get_unused_codes() == two_factors
    assert logs_in()


def test_webhooks_are_still_signed_as_their_owners_know_it(settings, alice, rotated):
    webhook = add_webhook(user=alice, url="https://example.com/hook")
    former, secret = secret_of(webhook), rotate_secret(webhook=webhook)
    rotated(drop_old=False)
    call_command("rotate_secrets")
    rotated(drop_old=True)
    kept = Webhook.objects.get(pk=webhook.pk)
    assert secret_of(kept) == secret
    assert secret_of(Webhook(secret=kept.previous_secret)) == former


def test_a_factor_that_no_key_opens_is_told_and_lets_nobody_in(alice, rotated, caplog):
    rotated(drop_old=True)
    with pytest.raises(FactorUnreadable):
        secret()
    client = Client()
    client.post("/account/login/", {"login": "alice@example.com", "password": PASSWORD})
    for code in (code_of_now(), "000000", ""):
        answer = client.post("/account/2fa/authenticate/", {"code": code})
        assert answer.status_code == 200
        assert ("factor_unreadable" in answer.content.decode()) is bool(code)
    assert client.get("/account/").status_code == 302
    told = [line for line in caplog.records if "cannot be read" in line.message]
    assert {(line.levelname, line.person) for line in told} == {("ERROR", alice.pk)}


def test_other_factors_let_in_where_one_cannot_be_read(alice, rotated):
    rotated(drop_old=True)
    Authenticator.objects.filter(type="recovery_codes").delete()
    code, *_ = RecoveryCodes.activate(alice).get_unused_codes()  # under the new key
    client = Client()
    client.post("/account/login/", {"login": "alice@example.com", "password": PASSWORD})
    wrong = client.post("/account/2fa/authenticate/", {"code": "nothing"})
    assert "factor_unreadable" in wrong.content.decode()
    client.post("/account/2fa/authenticate/", {"code": code})
    assert client.get("/account/").status_code == 200
    assert (
        code
        not in RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    )


def test_a_code_asked_for_once_more_tells_it_too(alice, rotated):
    rotated(drop_old=True)
    as_alice = browser_of(alice)
    answer = as_alice.post("/account/2fa/reauthenticate/", {"code": code_of_now()})
    assert answer.status_code == 200
    assert "factor_unreadable" in answer.content.decode()


def test_who_is_logged_in_replaces_recovery_codes_that_cannot_be_read(
    alice, two_factors, rotated, caplog
):
    client = Client()
    client.post("/account/login/", {"login": "alice@example.com", "password": PASSWORD})
    client.post("/account/2fa/authenticate/", {"code": code_of_now()})
    rotated(drop_old=True)
    client.force_login(alice)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert "0 left" in client.get("/account/2fa/").content.decode()
    for page in ("", "generate/", "download/"):
        answer = client.get(f"/account/2fa/recovery-codes/{page}")
        assert answer.status_code == 409
        assert "factor_unreadable" in answer.content.decode()
    assert any("cannot be read" in line.message for line in caplog.records)
    answer = client.post("/account/2fa/recovery-codes/generate/", follow=True)
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    assert codes[0] in answer.content.decode()
    assert codes[0] not in two_factors


def test_what_no_key_opens_is_told_and_the_rest_is_encrypted(alice, bob, rotated, settings, capsys):
    add_webhook(user=alice, url="https://example.com/hook")
    rotated(drop_old=True)
    TOTP.activate(bob, SECRET)  # under the new key
    with pytest.raises(CommandError, match="authenticators 2, webhooks 1") as told:
        call_command("rotate_secrets")
    assert "SECRET_KEY_FALLBACKS" in str(told.value)
    assert "authenticators 1, webhooks 0" in capsys.readouterr().out


def test_what_no_key_opens_can_be_forgotten_so_that_people_can_log_in(
    alice, bob, rotated, settings, capsys
):
    webhook = add_webhook(user=alice, url="https://example.com/hook")
    former = secret_of(webhook)
    rotated(drop_old=True)
    TOTP.activate(bob, SECRET)  # under the new key
    call_command("rotate_secrets", forget=True)
    assert (
        "Forgotten, for no key opens them: authenticators 2, webhooks 1" in capsys.readouterr().out
    )
    assert list(Authenticator.objects.values_list("user", flat=True)) == [bob.pk]
    assert secret_of(Webhook.objects.get(pk=webhook.pk)) != former
