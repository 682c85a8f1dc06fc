"""Calls reach a real server, prove who made them, come again, and hold nobody else up."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import connections
from django.db.models.functions import Now
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from accounts import services
from accounts.gateway import calls
from accounts.models import WAITS, Event, Mail, Webhook, WebhookDelivery
from accounts.tasks import Courier, deliver_due
from tests.accounts.hooks import happen, tried_again
from tests.endpoint import Endpoint, endpoint

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
Status = WebhookDelivery.Status


def test_the_public_library_verifies_what_arrives(alice, hook, theirs):
    event = happen(alice)
    deliver_due()
    (call,) = theirs.calls
    told = Verifier(services.secret_of(hook)).verify(call.body, call.headers)
    assert told == {
        "id": event.pk,
        "type": "audio.ready",
        "timestamp": event.created.isoformat().replace("+00:00", "Z"),
        "data": {"id": "aud_x"},
    }
    assert call.headers["webhook-id"] == event.pk
    assert call.headers["content-type"] == "application/json"
    assert call.headers["host"] == f"127.0.0.1:{theirs.port}"
    delivery = WebhookDelivery.objects.get()
    assert (delivery.status, delivery.status_code, delivery.error_code) == ("SUCCEEDED", 204, "")


def test_another_secret_an_old_time_and_a_changed_body_do_not_verify(alice, bob, hook, theirs):
    other = services.add_webhook(user=bob, url=theirs.url())
    happen(alice)
    deliver_due()
    (call,) = theirs.calls
    with pytest.raises(WebhookVerificationError):
        Verifier(services.secret_of(other)).verify(call.body, call.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(services.secret_of(hook)).verify(call.body + b" ", call.headers)
    old = services.signed_headers(
        hook, Event.objects.latest("created"), at=timezone.now() - timedelta(minutes=6)
    )
    with pytest.raises(WebhookVerificationError, match="too old"):
        Verifier(services.secret_of(hook)).verify(call.body, old)


def test_for_a_day_both_secrets_sign_and_then_the_new_one_alone(alice, hook, theirs):
    before = services.secret_of(hook)
    after = services.rotate_secret(webhook=hook)
    assert before != after
    happen(alice)
    deliver_due()
    call = theirs.calls[-1]
    for secret in (before, after):
        Verifier(secret).verify(call.body, call.headers)
    Webhook.objects.update(previous_until=Now())
    happen(alice)
    deliver_due()
    call = theirs.calls[-1]
    Verifier(after).verify(call.body, call.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(before).verify(call.body, call.headers)


def test_the_database_alone_does_not_tell_a_secret(hook):
    secret = services.secret_of(hook)
    assert secret.startswith("whsec_")
    assert secret[6:] not in hook.secret


def test_failures_are_tried_again_for_days_with_the_same_id_and_then_given_up(alice, hook, theirs):
    theirs.answers(500, b"out of order")
    event = happen(alice)
    deliver_due()
    for wait in WAITS:
        waiting = WebhookDelivery.objects.waiting().get()
        left = waiting.run_at - timezone.now()
        assert 0.79 * wait <= left + timedelta(seconds=1) <= 1.21 * wait + timedelta(seconds=1)
        assert tried_again().status == Status.FAILED
    assert sum(WAITS, timedelta()) > timedelta(days=3)
    assert not WebhookDelivery.objects.waiting().exists()
    assert len(theirs.calls) == 10
    assert {call.headers["webhook-id"] for call in theirs.calls} == {event.pk}
    assert len({call.body for call in theirs.calls}) == 1
    last = WebhookDelivery.objects.latest("attempt")
    assert (last.attempt, last.status_code, last.answer) == (10, 500, "out of order")


def test_three_failures_and_a_success_are_one_event(alice, hook, theirs):
    theirs.answers(500)
    happen(alice)
    deliver_due()
    tried_again()
    tried_again()
    theirs.answers(200)
    assert tried_again().status == Status.SUCCEEDED
    assert len({call.headers["webhook-id"] for call in theirs.calls}) == 1
    hook.refresh_from_db()
    assert hook.failing_since is None
    assert not WebhookDelivery.objects.waiting().exists()


def test_an_endpoint_that_asks_for_time_gets_it_up_to_a_day(alice, hook, theirs):
    theirs.answers(429, Retry_After="3600")
    happen(alice)
    deliver_due()
    left = WebhookDelivery.objects.waiting().get().run_at - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    theirs.answers(503, Retry_After="9999999")
    tried_again()
    left = WebhookDelivery.objects.waiting().get().run_at - timezone.now()
    assert left < timedelta(hours=30)


def test_gone_switches_off_tells_its_person_and_gives_up_what_waits(alice, hook, theirs):
    theirs.answers(500)
    happen(alice)
    deliver_due()
    theirs.answers(410)
    happen(alice)
    deliver_due()
    hook.refresh_from_db()
    assert (hook.disabled_reason, bool(hook.disabled)) == ("gone", True)
    assert not WebhookDelivery.objects.waiting().exists()
    assert WebhookDelivery.objects.filter(status=Status.CANCELED).count() == 1
    mail = Mail.objects.get()
    for part in (mail.text, mail.html):
        assert hook.pk in part
        assert "410" in part
    happen(alice)
    deliver_due()
    assert len(theirs.calls) == 2


def test_five_days_of_failures_switch_off_and_fewer_do_not(alice, hook, theirs):
    theirs.answers(500)
    Webhook.objects.update(failing_since=Now() - timedelta(days=4, hours=23))
    happen(alice)
    deliver_due()
    hook.refresh_from_db()
    assert hook.disabled is None
    Webhook.objects.update(failing_since=Now() - timedelta(days=5, hours=1))
    tried_again()
    hook.refresh_from_db()
    assert hook.disabled_reason == "failing"
    services.enable_webhook(webhook=hook)
    assert (hook.disabled, hook.disabled_reason, hook.failing_since) == (None, "", None)


def test_a_redirect_is_a_failure_and_is_not_followed(alice, hook, theirs):
    theirs.answers(302, Location=theirs.url("/elsewhere"))
    happen(alice)
    deliver_due()
    assert len(theirs.calls) == 1
    first = WebhookDelivery.objects.get(attempt=1)
    assert (first.status_code, first.error_code) == (302, "redirected")


def test_only_the_beginning_of_a_long_answer_is_read_and_kept(alice, hook, theirs):
    theirs.answers(200, b"a\0" + b"b" * 10_000_000)
    happen(alice)
    deliver_due()
    delivery = WebhookDelivery.objects.get()
    assert delivery.status == Status.SUCCEEDED
    assert len(delivery.answer) == 1000
    assert delivery.answer.startswith("a�b")


@pytest.mark.parametrize("behaviour", ["says_nothing", "drips"])
def test_a_call_has_one_limit_of_time_however_it_is_stretched(
    alice, hook, theirs, monkeypatch, behaviour
):
    monkeypatch.setattr(calls, "CALL_SECONDS", 0.3)
    if behaviour == "drips":
        theirs.drips(0.02)
    else:
        theirs.says_nothing()
    happen(alice)
    deliver_due()
    first = WebhookDelivery.objects.get(attempt=1)
    assert first.error_code == "timeout"
    assert first.duration_ms is not None
    assert 250 <= first.duration_ms < 5000


def test_nonsense_is_a_failure(alice, hook, theirs):
    theirs.answering = lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n") and None
    happen(alice)
    deliver_due()
    assert WebhookDelivery.objects.get(attempt=1).error_code == "answer_unreadable"


@pytest.fixture
def secured(callable_here, tmp_path, monkeypatch) -> Iterator[tuple[Endpoint, list[str | None]]]:
    """Serve as hooks.example by TLS, and note the names that are asked for."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.example")])
    now = timezone.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .sign(private, hashes.SHA256())
    )
    pem = Encoding.PEM
    written = (
        certificate.public_bytes(pem),
        private.private_bytes(pem, PrivateFormat.PKCS8, NoEncryption()),
    )
    (tmp_path / "server.pem").write_bytes(b"".join(written))
    names: list[str | None] = []
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "server.pem")
    serving.sni_callback = lambda _socket, name, _context: names.append(name)
    trusting = ssl.create_default_context(cadata=written[0].decode())
    monkeypatch.setattr(calls, "_trust", lambda: trusting)
    asked = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _host, *args, **more: asked("127.0.0.1", *args, **more)
    )
    with endpoint(serving) as served:
        yield served, names


def test_the_name_stays_what_tls_verifies_and_what_the_server_is_told(alice, secured):
    served, names = secured
    url = f"https://hooks.example:{served.port}/hook?a=b"
    hook = services.add_webhook(user=alice, url=url)
    happen(alice)
    deliver_due()
    (call,) = served.calls
    assert names == ["hooks.example"]
    assert call.headers["host"] == f"hooks.example:{served.port}"
    Verifier(services.secret_of(hook)).verify(call.body, call.headers)


def test_a_certificate_of_another_name_is_not_believed(alice, secured):
    served, _ = secured
    services.add_webhook(user=alice, url=f"https://other.example:{served.port}/")
    happen(alice)
    deliver_due()
    assert served.calls == []
    assert WebhookDelivery.objects.get(attempt=1).error_code == "tls_failed"


def test_a_mistake_of_ours_is_a_failed_call_and_stops_no_other(alice, bob, hook, theirs, caplog):
    Webhook.objects.update(secret="not sealed")
    services.add_webhook(user=bob, url=theirs.url())
    happen(alice)
    happen(bob)
    deliver_due()
    assert len(theirs.calls) == 1
    assert WebhookDelivery.objects.get(attempt=1, webhook=hook).error_code == "internal"
    assert "broke off" in caplog.text


def test_a_silent_endpoint_holds_up_its_own_calls_only(alice, bob, theirs, monkeypatch):
    monkeypatch.setattr(calls, "CALL_SECONDS", 20.0)
    with endpoint() as silent:
        silent.says_nothing()
        for _ in range(5):
            services.add_webhook(user=alice, url=silent.url())
        services.add_webhook(user=bob, url=theirs.url())
        for _ in range(3):
            happen(alice)
        happen(bob)
        courier = Courier()
        begun = time.monotonic()
        while not theirs.calls and time.monotonic() - begun < 10:
            courier.turn(0.05)
        assert len(theirs.calls) == 1
        assert time.monotonic() - begun < 5
        assert len(courier.out) <= 4, "three of one person at once"
        silent.letting_go.set()
        courier.pool.shutdown(wait=True)


def test_the_slow_and_the_unknown_never_take_the_last_hands(alice, bob, hook, theirs):
    quick = services.add_webhook(user=bob, url=theirs.url())
    happen(bob)
    deliver_due()
    quick.refresh_from_db()
    assert quick.is_quick
    happen(alice)
    courier = Courier(hands=2, hands_for_slow=0)
    courier.turn(0.0)
    assert not courier.out, "nobody knows yet how quick alice's is"
    happen(bob)
    courier.send_out()
    assert [call.webhook_id for call in courier.out.values()] == [quick.pk]
    courier.pool.shutdown(wait=True)


@pytest.mark.parametrize(
    ("is_taken", "duration_ms", "is_quick"),
    [(True, 3000, True), (True, 3001, False), (False, 9, False)],
)
def test_quick_is_who_took_the_last_call_within_seconds(
    alice, hook, is_taken, duration_ms, is_quick
):
    happen(alice)
    held = Webhook.objects.claim_next()
    assert held is not None
    services.note_answer(held, is_taken=is_taken, duration_ms=duration_ms, status_code=200)
    hook.refresh_from_db()
    assert hook.is_quick is is_quick


def test_one_endpoint_is_called_by_one_hand_at_a_time_in_order(alice, hook, theirs):
    events = [happen(alice, subject=f"aud_{number}") for number in range(4)]
    for age, event in enumerate(reversed(events)):
        since = Now() - timedelta(seconds=age)
        WebhookDelivery.objects.filter(event=event).update(run_at=since)
    first = Webhook.objects.claim_next()
    assert first is not None
    assert Webhook.objects.claim_next() is None
    services.note_answer(first, is_taken=True, duration_ms=1, status_code=200)
    deliver_due()
    assert [call.headers["webhook-id"] for call in theirs.calls] == [
        event.pk for event in events[1:]
    ]


@pytest.mark.django_db(transaction=True)
def test_many_couriers_at_once_call_each_webhook_once(alice, bob, theirs, settings):
    for user in (alice, bob):
        for _ in range(3):
            services.add_webhook(user=user, url=theirs.url())
        for _ in range(2):
            happen(user)
    together = threading.Barrier(6)

    def claim(_number: int) -> list[str]:
        together.wait()
        found = []
        try:
            while (call := Webhook.objects.claim_next()) is not None:
                found.append(call.webhook_id)
        finally:
            connections.close_all()
        return found

    with ThreadPoolExecutor(6) as pool:
        claimed = [pk for found in pool.map(claim, range(6)) for pk in found]
    assert sorted(claimed) == sorted(Webhook.objects.values_list("pk", flat=True))


def test_a_courier_that_died_is_followed_by_another_and_changes_nothing_any_more(alice, hook):
    happen(alice)
    lost = Webhook.objects.claim_next()
    assert lost is not None
    assert Webhook.objects.claim_next() is None
    Webhook.objects.update(lease_until=Now() - timedelta(seconds=1))
    again = Webhook.objects.claim_next()
    assert again is not None
    assert again.pk == lost.pk
    services.note_answer(lost, is_taken=False, duration_ms=1, error_code="timeout")
    assert WebhookDelivery.objects.get().status == Status.WAITING
    services.note_answer(again, is_taken=True, duration_ms=1, status_code=200)
    assert WebhookDelivery.objects.get().status == Status.SUCCEEDED
