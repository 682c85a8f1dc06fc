"""The pages of webhooks."""

import pytest

from accounts import services
from accounts.models import EventType, User, Webhook, WebhookDelivery
from tests.conftest import PASSWORD

URL = "https://example.com/lacquer"
LIST = "/account/webhooks/"


@pytest.fixture
def hook(alice: User) -> Webhook:
    return services.add_webhook(user=alice, url=URL, types=["audio.ready"])


@pytest.fixture
def call(alice: User, hook: Webhook) -> WebhookDelivery:
    services.record(alice.pk, EventType.AUDIO_READY, subject="aud_x")
    held = Webhook.objects.claim_next()
    assert held is not None
    services.note_answer(
        held,
        is_taken=False,
        status_code=500,
        error_code="not_taken",
        answer="<b>no</b>",
        duration_ms=7,
    )
    return held


def test_one_is_added_and_changed(as_alice, alice):
    added = as_alice.post(LIST, {"url": URL, "types": ["audio.ready"], "description": "Ours"})
    hook = Webhook.objects.of(alice).get()
    assert added.url == f"{LIST}{hook.pk}/"
    assert (hook.types, hook.description) == (["audio.ready"], "Ours")
    page = as_alice.get(added.url).content.decode()
    assert "It was not called yet" in page
    as_alice.post(added.url, {"url": f"{URL}2", "types": []})
    hook.refresh_from_db()
    assert (hook.url, hook.types, hook.description) == (f"{URL}2", [], "")
    assert f"{URL}2" in as_alice.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.com", "must begin with https"),
        ("https://10.0.0.1/", "private network"),
        ("https://example.com:22/", "port 443 only"),
        ("", "required"),
    ],
)
def test_what_cannot_be_called_is_said_beside_the_field(as_alice, hook, url, words):
    for page in (LIST, f"{LIST}{hook.pk}/"):
        refused = as_alice.post(page, {"url": url})
        assert refused.status_code == 422
        assert words in refused.content.decode()
    assert Webhook.objects.get().url == URL


def test_the_log_tells_how_it_went_and_waits_for_nothing_far_away(as_alice, hook, call):
    page = as_alice.get(f"{LIST}{hook.pk}/").content.decode()
    for told in ("500", "7 ms", "something else than 2xx", "&lt;b&gt;no&lt;/b&gt;", call.event_id):
        assert told in page
    assert "hx-get" in page, "the second attempt is seconds away"
    WebhookDelivery.objects.waiting().delete()
    assert "hx-get" not in as_alice.get(f"{LIST}{hook.pk}/calls/").content.decode()


def test_tests_and_replays_are_calls(as_alice, hook, call):
    as_alice.post(f"{LIST}{hook.pk}/test/")
    assert WebhookDelivery.objects.waiting().filter(event__type="webhook.test").exists()
    WebhookDelivery.objects.waiting().delete()
    as_alice.post(f"{LIST}{hook.pk}/replay/{call.pk}/")
    assert WebhookDelivery.objects.waiting().get().event_id == call.event_id


def test_one_is_switched_off_and_on_and_removed(as_alice, hook, call):
    page = as_alice.post(f"{LIST}{hook.pk}/switch/", follow=True).content.decode()
    assert "switched off by you" in page
    told = as_alice.post(f"{LIST}{hook.pk}/test/", follow=True).content.decode()
    assert "Switch it on first" in told
    as_alice.post(f"{LIST}{hook.pk}/switch/")
    hook.refresh_from_db()
    assert hook.disabled is None
    assert as_alice.post(f"{LIST}{hook.pk}/remove/").url == LIST
    assert not Webhook.objects.exists()


def test_the_secret_needs_the_password_again_and_is_nowhere_else(as_alice, hook):
    secret = services.secret_of(hook)
    assert secret not in as_alice.get(f"{LIST}{hook.pk}/").content.decode()
    asked = as_alice.get(f"{LIST}{hook.pk}/secret/")
    assert asked.status_code == 302
    assert "reauthenticate" in asked.url
    as_alice.post("/account/reauthenticate/", {"password": PASSWORD})
    shown = as_alice.get(f"{LIST}{hook.pk}/secret/")
    assert secret in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    rotated = as_alice.post(f"{LIST}{hook.pk}/rotate/", follow=True).content.decode()
    hook.refresh_from_db()
    assert services.secret_of(hook) in rotated
    assert secret not in rotated


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""), ("post", ""), ("get", "calls/"), ("post", "test/"),
        ("post", "switch/"), ("post", "remove/"), ("post", "replay/{call}/"),
    ],
)  # fmt: skip
def test_a_strangers_webhook_is_not_found(as_bob, hook, call, method, path):
    answer = getattr(as_bob, method)(f"{LIST}{hook.pk}/{path.format(call=call.pk)}")
    assert answer.status_code == 404


def test_a_strangers_secret_is_not_found_even_with_a_password(as_bob, hook):
    as_bob.post("/account/reauthenticate/", {"password": PASSWORD})
    assert as_bob.get(f"{LIST}{hook.pk}/secret/").status_code == 404
    assert as_bob.post(f"{LIST}{hook.pk}/rotate/").status_code == 404


def test_who_is_not_signed_in_is_sent_to_log_in(client, hook):
    assert client.get(LIST).url.startswith("/account/login/")
