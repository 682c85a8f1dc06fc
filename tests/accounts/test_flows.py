"""Sign-up, verification, log-in, reset and change, as a person meets them."""

import re

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from accounts.forms import SignUpForm
from accounts.models import User
from tests.conftest import PASSWORD, member

pytestmark = pytest.mark.django_db


def sign_up(client: Client, email: str, password: str = PASSWORD):
    return client.post("/account/signup/", {"email": email, "password1": password})


def log_in(client: Client, email: str, password: str = PASSWORD):
    return client.post("/account/login/", {"login": email, "password": password})


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"http://testserver(/account/\S+)", str(mail.body))
    assert found, mail.body
    return found[1]


def test_signing_up_asks_for_the_address_to_be_confirmed_and_lets_in_then(client, mailoutbox):
    assert sign_up(client, "carol@example.com").url == "/account/confirm-email/"
    assert client.get("/account/").status_code == 302, "not yet signed in"
    link = link_in(mailoutbox[0])
    assert client.get(link).status_code == 200, "opening the link changes nothing: scanners do that"
    assert client.get("/account/").status_code == 302
    client.post(link)
    assert client.get("/account/").status_code == 200


def test_nobody_logs_in_before_the_address_is_confirmed(client, mailoutbox):
    sign_up(client, "carol@example.com")
    assert log_in(Client(), "carol@example.com").url == "/account/confirm-email/"


def test_signing_up_tells_nobody_that_an_address_has_an_account(client, alice, mailoutbox):
    known = sign_up(client, alice.email)
    unknown = sign_up(Client(), "carol@example.com")
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert [mail.to for mail in mailoutbox] == [[alice.email], ["carol@example.com"]]
    assert User.objects.count() == 2


def test_signing_up_again_tells_nobody_either(alice, mailoutbox):
    """What is said differs from the first time, since no further mail goes out; but for all."""

    def said_again(email: str) -> tuple[list[tuple[str, int]], str]:
        sign_up(Client(), email)
        form = {"email": email, "password1": PASSWORD}
        again = Client().post("/account/signup/", form, follow=True)
        return again.redirect_chain, re.sub(r'token": "\w+', "", again.content.decode())

    assert said_again(alice.email) == said_again("carol@example.com")


def test_who_signs_up_a_moment_later_is_answered_alike_and_changes_nothing(
    client, mailoutbox, monkeypatch
):
    try_save = SignUpForm.try_save

    def outrun(self, request):
        member("carol@example.com")
        return try_save(self, request)

    monkeypatch.setattr(SignUpForm, "try_save", outrun)
    answer = sign_up(client, "carol@example.com", "another horse on a battery")
    assert (answer.status_code, answer.url) == (302, "/account/confirm-email/")
    assert log_in(Client(), "carol@example.com").status_code == 302, "the password of the first"
    assert User.objects.count() == 1
    assert [mail.to for mail in mailoutbox] == [["carol@example.com"]]


def test_asking_for_a_new_password_tells_nobody_either(client, alice, mailoutbox):
    answers = [
        client.post("/account/password/reset/", {"email": email})
        for email in (alice.email, "nobody@example.com")
    ]
    assert answers[0].url == answers[1].url
    assert len(mailoutbox) == 2, "both are written to; only one gets a link"


def test_a_weak_password_is_refused_with_the_reason(client):
    page = sign_up(client, "carol@example.com", "password12")
    assert "too common" in page.content.decode()
    assert not User.objects.exists()


def test_the_address_may_be_typed_in_capitals(client, alice):
    assert log_in(client, alice.email.upper()).url == "/new/"


def test_a_wrong_password_does_not_let_in(client, alice):
    assert log_in(client, alice.email, "not the password").status_code == 200
    assert client.get("/account/").status_code == 302


def test_after_five_wrong_passwords_the_right_one_waits_too(client, alice):
    for _ in range(5):
        log_in(client, alice.email, "not the password")
    page = log_in(client, alice.email)
    assert page.status_code == 200
    assert "Too many failed login attempts" in page.content.decode()


def test_a_forgotten_password_is_replaced_by_the_link_once(client, alice, mailoutbox):
    client.post("/account/password/reset/", {"email": alice.email})
    link = link_in(mailoutbox[0])
    form = client.get(link, follow=True)
    new = "another horse on a battery"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert log_in(Client(), alice.email).status_code == 200, "the old one is dead"
    assert log_in(Client(), alice.email, new).status_code == 302
    again = Client().get(link, follow=True)
    assert "password1" not in again.content.decode()


def test_changing_the_password_ends_the_other_sessions(as_alice, alice, mailoutbox):
    elsewhere = Client()
    log_in(elsewhere, alice.email)
    assert elsewhere.get("/account/").status_code == 200
    new = "another horse on a battery"
    change = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert as_alice.post("/account/password/change/", change).status_code == 302
    assert as_alice.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert "password" in mailoutbox[0].subject.lower(), "and the owner hears of it"


def test_logging_out_needs_a_post_and_ends_the_session(as_alice):
    as_alice.get("/account/logout/")
    assert as_alice.get("/account/").status_code == 200
    as_alice.post("/account/logout/")
    assert as_alice.get("/account/").status_code == 302


def test_the_session_changes_at_log_in(client, alice):
    client.get("/account/login/")
    client.session["before"] = 1
    before = client.session.session_key
    log_in(client, alice.email)
    assert client.session.session_key != before
