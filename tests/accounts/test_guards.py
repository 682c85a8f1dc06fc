"""What keeps others out: limits, sessions that end, two factors, and nothing told by time."""

import itertools
import statistics
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.forms import GuessablePasswordValidator
from accounts.models import User, Window
from accounts.services import Rate, forget_old_tries, may_try
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def log_in(browser: Client, email: str, password: str = PASSWORD, **options):
    return browser.post("/account/login/", {"login": email, "password": password}, **options)


def test_so_many_tries_and_no_more_in_a_time():
    rate = Rate(tries=3, seconds=60)
    assert [may_try("deed", "key", rate) for _ in range(5)] == [True, True, True, False, False]
    assert may_try("deed", "other", rate)
    assert may_try("other", "key", rate)


def test_old_tries_are_forgotten(monkeypatch):
    rate = Rate(tries=1, seconds=60)
    assert may_try("deed", "key", rate)
    later = time.time() + 61
    monkeypatch.setattr("accounts.services.rates.time.time", lambda: later)
    assert may_try("deed", "key", rate)
    Window.objects.update(idle_from=timezone.now() - timedelta(seconds=1))
    forget_old_tries()
    assert not Window.objects.exists()


def test_a_limit_holds_whatever_address_a_request_claims(alice: User):
    texts = [
        log_in(Client(), alice.email, "wrong", headers={"X-Forwarded-For": f"1.2.3.{number}"})
        for number in range(8)
    ]
    refused = ["Too many failed" in page.content.decode() for page in texts]
    assert refused == [False] * 5 + [True] * 3


def test_one_address_tries_few_accounts(db):
    pages = [log_in(Client(), f"{number}@example.com", "wrong") for number in range(14)]
    assert sum("Too many failed" in page.content.decode() for page in pages) == 4


@pytest.mark.django_db(transaction=True)
def test_a_log_in_waits_for_the_disk_twice_for_the_counts_of_its_tries(alice: User):
    with CaptureQueriesContext(connection) as asked:
        assert log_in(Client(), alice.email).status_code == 302
    commits = [one["sql"] for one in asked].count("COMMIT")
    assert commits <= 5  # counted, given back; a session made, listed and saved


def test_a_person_is_not_locked_out_of_a_device_they_used_before(alice: User):
    mine, theirs = Client(), Client()
    assert log_in(mine, alice.email).status_code == 302
    mine.post("/account/logout/")
    for _ in range(8):
        log_in(theirs, alice.email, "wrong")
    assert log_in(theirs, alice.email).status_code == 200, "a stranger waits"
    assert log_in(mine, alice.email).status_code == 302


def test_a_device_counts_for_its_person_only(alice: User, bob: User):
    mine = Client()
    log_in(mine, alice.email)
    mine.post("/account/logout/")
    for _ in range(8):
        log_in(mine, bob.email, "wrong")
    assert log_in(mine, bob.email).status_code == 200


@pytest.mark.parametrize(
    "path", ["/account/login/", "/account/signup/", "/account/password/reset/"]
)
def test_known_and_unknown_addresses_take_the_same_time(alice, settings, monkeypatch, path):
    """Nobody waits here: what an answer took is the work before its rest, and the rest."""
    settings.EVEN_PACE_SECONDS = 60.0
    settings.PASSWORD_HASHERS = ["accounts.hashers.InTurnArgon2PasswordHasher"]
    monkeypatch.setattr("accounts.adapters.may_try", lambda *_: True)
    settings.ACCOUNT_RATE_LIMITS = False
    took: dict[bool, list[float]] = {True: [], False: []}
    said: dict[bool, set[tuple[int, str]]] = {True: set(), False: set()}
    for number, known in itertools.product(range(5), (True, False)):
        email = alice.email if known else f"{number}@example.net"
        form = {"login": email, "email": email, "password": "wrong", "password1": PASSWORD}
        rests: list[float] = []
        begun = time.perf_counter()
        monkeypatch.setattr(
            "config.middleware.time.sleep",
            lambda left, begun=begun, rests=rests: rests.append(time.perf_counter() - begun + left),
        )
        answer = Client().post(path, form)
        took[known] += rests
        said[known].add((answer.status_code, answer.headers.get("Location", "")))
    assert said[True] == said[False]
    assert len(took[True]) == len(took[False]) == 5, "every answer rested"
    known_s, unknown_s = (statistics.median(took[known]) for known in (True, False))
    assert abs(known_s - unknown_s) <= 0.05


def test_an_answer_that_missed_its_time_waits_for_the_next(client, settings, monkeypatch):
    settings.EVEN_PACE_SECONDS = 0.6
    rests: list[float] = []
    times = itertools.count(100.0, 1.0)  # a second an answer
    clock = SimpleNamespace(time=time.time, monotonic=lambda: next(times), sleep=rests.append)
    monkeypatch.setattr("config.middleware.time", clock)
    log_in(client, "nobody@example.com")
    assert rests == pytest.approx([0.2])


@pytest.mark.parametrize(
    "password",
    ["password1234", "qwertyuiop12", "iloveyou12345", "password.1234", "aaaaaaaaaaaaaa"],
)
def test_leaked_passwords_and_small_changes_of_them_are_refused(alice: User, password: str):
    with pytest.raises(ValidationError):
        GuessablePasswordValidator().validate(password, alice)


def test_a_good_password_is_accepted(alice: User):
    GuessablePasswordValidator().validate(PASSWORD, alice)


def test_a_session_is_listed_and_ended_from_another(alice: User):
    here, there = Client(), Client()
    log_in(here, alice.email)
    named = {"User-Agent": "Other browser"}
    log_in(there, alice.email, headers=named)
    there.get("/account/", headers=named)
    page = here.get("/account/sessions/").content.decode()
    assert "Other browser" in page
    other = UserSession.objects.exclude(session_key=here.session.session_key).get()
    here.post(f"/account/sessions/{other.pk}/end/")
    assert there.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200


def test_a_log_in_forgets_the_sessions_that_are_over(alice: User, bob: User):
    browsers = [Client() for _ in range(3)]
    for browser, person in zip(browsers, (alice, alice, bob), strict=True):
        log_in(browser, person.email)
    browsers[0].session.delete()
    Session.objects.filter(pk=browsers[2].session.session_key).update(expire_date=timezone.now())
    log_in(here := Client(), alice.email)
    listed = UserSession.objects.values_list("session_key", flat=True)
    assert set(listed) == {each.session.session_key for each in (browsers[1], browsers[2], here)}


def test_a_log_in_asks_no_more_of_a_person_with_many_sessions(alice: User):
    asked = []
    for _ in range(4):
        with CaptureQueriesContext(connection) as captured:
            log_in(Client(), alice.email)
        asked.append(len(captured))
    assert asked[-1] == asked[0]


def test_nobody_ends_a_session_of_someone_else(alice: User, as_bob):
    log_in(Client(), alice.email)
    session = UserSession.objects.get(user=alice)
    assert as_bob.post(f"/account/sessions/{session.pk}/end/").status_code == 404


@pytest.mark.parametrize(
    ("days", "visits", "lets_in"),
    [(13, 1, True), (15, 1, False), (29, 10, True), (31, 10, False)],
)
def test_a_log_in_ends_when_unused_or_too_old(alice, monkeypatch, days, visits, lets_in):
    browser = Client()
    log_in(browser, alice.email)
    begun = time.time()
    browser.get("/account/")
    for visit in range(1, visits + 1):
        now = begun + visit * days * 24 * 3600 / visits
        monkeypatch.setattr("config.middleware.time.time", lambda now=now: now)
        answer = browser.get("/account/")
    assert (answer.status_code == 200) == lets_in


def test_staff_sessions_end_after_half_an_hour(alice: User, monkeypatch):
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    browser = Client()
    log_in(browser, alice.email)
    browser.get("/account/")
    later = time.time() + 31 * 60
    monkeypatch.setattr("config.middleware.time.time", lambda: later)
    assert browser.get("/account/").status_code == 302


def with_app(user: User) -> str:
    """Set an authenticator app up; return its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str) -> str:
    code: str = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    return code


def test_with_an_app_the_password_alone_does_not_let_in(alice: User):
    secret = with_app(alice)
    browser = Client()
    assert log_in(browser, alice.email).url.startswith("/account/2fa/authenticate/")
    assert browser.get("/account/").status_code == 302
    assert browser.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    code = code_of(secret)
    assert browser.post("/account/2fa/authenticate/", {"code": code}).status_code == 302
    assert browser.get("/account/").status_code == 200
    again = Client()
    log_in(again, alice.email)
    again.post("/account/2fa/authenticate/", {"code": code})
    assert again.get("/account/").status_code == 302, "a code lets in once"


def test_a_recovery_code_lets_in_once(alice: User):
    with_app(alice)
    code = RecoveryCodes.activate(alice).get_unused_codes()[0]
    for lets_in in (True, False):
        browser = Client()
        log_in(browser, alice.email)
        browser.post("/account/2fa/authenticate/", {"code": code})
        assert (browser.get("/account/").status_code == 200) == lets_in


def test_codes_cannot_be_guessed(alice: User):
    with_app(alice)
    browser = Client()
    log_in(browser, alice.email)
    pages = [browser.post("/account/2fa/authenticate/", {"code": f"{n:06}"}) for n in range(8)]
    assert "Too many" in pages[-1].content.decode()


def test_the_secret_of_an_app_is_not_in_the_database(alice: User):
    secret = with_app(alice)
    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in kept
    assert get_adapter().decrypt(kept) == secret


def test_staff_reach_the_admin_with_two_factors_only(alice: User):
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    browser = Client()
    log_in(browser, alice.email)
    assert browser.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/account/2fa/")
    with_app(alice)
    assert browser.get("/admin/").status_code == 200


def test_the_admin_has_no_door_of_its_own(db):
    answer = Client().get("/admin/login/")
    assert answer.headers["Location"].startswith("/account/login/")


def test_a_changed_address_is_confirmed_before_it_counts_and_the_old_one_hears_of_it(
    alice: User, mailoutbox
):
    browser = Client()
    log_in(browser, alice.email)
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    changing = {"email": "new@example.com", "action_add": ""}
    answer = browser.post("/account/email/", changing)
    assert answer.headers["Location"] == "/account/email/"
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    link = next(
        str(mail.body).split("http://testserver")[1].split()[0]
        for mail in mailoutbox
        if mail.to == ["new@example.com"]
    )
    browser.post(link)
    alice.refresh_from_db()
    assert alice.email == "new@example.com"
    assert any(mail.to == ["alice@example.com"] for mail in mailoutbox)


@pytest.mark.parametrize("path", ["/account/2fa/totp/activate/", "/account/2fa/webauthn/add/"])
def test_changes_of_the_log_in_need_the_password_again(as_alice, path):
    assert as_alice.get(path).url.startswith("/account/reauthenticate/")
