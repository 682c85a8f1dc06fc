"""The outbox: nothing is lost while the mail server is away, and nothing is sent twice."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Mail, User
from accounts.services import deliver_due, notify, queue_mail

pytestmark = pytest.mark.django_db


def write(subject: str = "Hello", **options) -> None:
    queue_mail(to="alice@example.com", subject=subject, text="Text", html="<p>Text</p>", **options)


@pytest.fixture
def outage(monkeypatch):
    def refuse(*_):
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    return monkeypatch


def test_a_mail_is_sent_as_text_and_html_and_then_forgotten():
    write()
    assert deliver_due() == 1
    (sent,) = mail.outbox
    assert (sent.to, sent.body) == (["alice@example.com"], "Text")
    assert isinstance(sent, EmailMultiAlternatives)
    assert sent.alternatives[0][1] == "text/html"
    kept = Mail.objects.get()
    assert (kept.text, kept.html) == ("", "")
    assert kept.sent
    assert deliver_due() == 0


def test_a_mail_server_that_is_away_delays_and_loses_nothing(outage):
    for number in range(3):
        write(f"Mail {number}")
    assert deliver_due() == 0
    assert Mail.objects.filter(sent=None).count() == 3
    tried = Mail.objects.get(attempts=1)
    assert "ConnectionRefusedError" in tried.error
    outage.undo()
    assert deliver_due() == 2, "the one that was tried waits"
    Mail.objects.update(run_at=Now())
    assert deliver_due() == 1
    assert sorted(sent.subject for sent in mail.outbox) == ["Mail 0", "Mail 1", "Mail 2"]


def test_the_wait_grows_and_has_an_end(outage):
    write()
    waits = []
    for _ in range(12):
        Mail.objects.update(run_at=Now())
        deliver_due()
        waited = Mail.objects.get()
        waits.append((waited.run_at - waited.created).total_seconds())
    assert waits[3] > 2 * waits[0]
    assert waits[-1] < timedelta(hours=5).total_seconds()


def test_a_mail_in_someones_hands_is_not_taken_and_comes_back_when_they_die():
    write()
    held = Mail.objects.claim_next()
    assert held is not None
    assert deliver_due() == 0
    Mail.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert deliver_due() == 1
    Mail.objects.put_off(held, "late")
    assert Mail.objects.get().sent, "who lost it changes nothing"


def test_each_reason_is_written_once_and_leaves_the_transaction_whole():
    with transaction.atomic():
        for _ in range(2):
            write(reason="once")
        write()
    assert Mail.objects.count() == 2


def test_a_mail_goes_with_its_transaction():
    def fail() -> None:
        with transaction.atomic():
            write()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not Mail.objects.exists()


@pytest.mark.parametrize("template", ["credits_low", "payment_failed"])
def test_notices_have_a_subject_two_bodies_and_a_way_to_turn_them_off(alice: User, template):
    notify(alice, kind=template, template=f"emails/{template}", reason="one", available=1)
    written = Mail.objects.get()
    assert "\n" not in written.subject
    for body in (written.text, written.html):
        assert "/account/notices/" in body
        assert "{" not in body


def test_what_is_not_wanted_is_not_written(alice: User, as_alice):
    page = as_alice.post("/account/notices/", {"wanted": ["master_done"]}, follow=True)
    assert page.status_code == 200
    alice.refresh_from_db()
    notify(alice, kind="credits_low", template="emails/credits_low", reason="one", available=1)
    assert not Mail.objects.exists()
