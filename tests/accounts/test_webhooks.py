"""Webhooks: what they hear of, what is sent by hand, what goes with whom."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from standardwebhooks.webhooks import Webhook as Verifier

from accounts import services
from accounts.errors import TooManyCalls, TooManyWebhooks, TypesUnknown, WebhookDisabled
from accounts.models import Event, EventType, User, Webhook, WebhookDelivery
from accounts.tasks import deliver_due
from tests.accounts.hooks import happen

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
Status = WebhookDelivery.Status


def test_a_webhook_hears_what_it_asked_for_of_its_person_only(alice, bob, theirs):
    all_of_it = services.add_webhook(user=alice, url=theirs.url())
    some = services.add_webhook(user=alice, url=theirs.url(), types=["audio.rejected"])
    off = services.add_webhook(user=alice, url=theirs.url())
    services.disable_webhook(webhook=off)
    services.add_webhook(user=bob, url=theirs.url())
    happen(alice)
    happen(alice, EventType.AUDIO_REJECTED)
    heard = WebhookDelivery.objects.values_list("webhook", "event__type")
    assert sorted(heard) == sorted(
        [
            (all_of_it.pk, "audio.ready"),
            (all_of_it.pk, "audio.rejected"),
            (some.pk, "audio.rejected"),
        ]
    )


def test_a_test_goes_to_one_webhook_whatever_it_hears(alice, theirs):
    hook = services.add_webhook(user=alice, url=theirs.url(), types=["audio.ready"])
    services.add_webhook(user=alice, url=theirs.url())
    services.send_test(webhook=hook)
    deliver_due()
    (call,) = theirs.calls
    told = Verifier(services.secret_of(hook)).verify(call.body, call.headers)
    assert (told["type"], told["data"]) == ("webhook.test", {"id": hook.pk})


def test_a_replay_sends_the_same_event_once_more(alice, hook, theirs):
    event = happen(alice)
    deliver_due()
    delivered = WebhookDelivery.objects.get()
    again = services.replay(delivery=delivered)
    assert services.replay(delivery=delivered) == again, "what waits is not doubled"
    deliver_due()
    assert [call.headers["webhook-id"] for call in theirs.calls] == [event.pk] * 2


def test_a_replay_of_what_waits_brings_it_forward(alice, hook, theirs):
    theirs.answers(500)
    happen(alice)
    deliver_due()
    theirs.answers(200)
    services.replay(delivery=WebhookDelivery.objects.get(attempt=1))
    deliver_due()
    assert WebhookDelivery.objects.get(attempt=2).status == Status.SUCCEEDED


def test_by_hand_nothing_goes_to_what_is_off_nor_too_often(alice, hook, monkeypatch):
    monkeypatch.setattr("accounts.services.webhooks.BY_HAND", services.Rate(tries=1, seconds=3600))
    services.send_test(webhook=hook)
    with pytest.raises(TooManyCalls):
        services.send_test(webhook=hook)
    services.disable_webhook(webhook=hook)
    with pytest.raises(WebhookDisabled):
        services.replay(delivery=WebhookDelivery.objects.get())


def test_a_person_has_so_many_webhooks_of_known_types(alice, theirs):
    with pytest.raises(TypesUnknown):
        services.add_webhook(user=alice, url=theirs.url(), types=["audio.eaten"])
    for _ in range(10):
        services.add_webhook(user=alice, url=theirs.url())
    with pytest.raises(TooManyWebhooks):
        services.add_webhook(user=alice, url=theirs.url())


def test_what_changes_is_what_was_given(hook, theirs):
    services.change_webhook(webhook=hook, description="Ours")
    services.change_webhook(webhook=hook, types=["audio.ready"])
    services.change_webhook(webhook=hook, url=theirs.url("/other"))
    assert (hook.description, hook.types) == ("Ours", ["audio.ready"])
    assert hook.url.endswith("/other")


def test_an_event_goes_with_its_transaction(alice, hook):
    def fail() -> None:
        with transaction.atomic():
            services.record(alice.pk, EventType.AUDIO_READY)
            raise RuntimeError

    before = Event.objects.count()
    with pytest.raises(RuntimeError):
        fail()
    assert Event.objects.count() == before
    assert not WebhookDelivery.objects.exists()


def test_events_are_forgotten_after_thirty_days_with_their_calls(alice, hook):
    event = happen(alice)
    Event.objects.filter(pk=event.pk).update(created=Now() - timedelta(days=30, minutes=1))
    assert event not in Event.objects.of(alice).kept()
    kept = happen(alice)
    services.forget_old_events()
    assert kept in Event.objects.all()
    assert event not in Event.objects.all()
    assert WebhookDelivery.objects.get().event == kept


def test_who_leaves_takes_webhooks_and_events_along(alice, hook):
    happen(alice)
    services.erase(user=alice)
    assert not Webhook.objects.exists()
    assert not Event.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_an_export_tells_of_webhooks_without_secrets(alice, hook):
    happen(alice)
    answers: list[tuple[Any, Any]] = services.collecting.send(sender=User, user=alice)
    (chapter,) = [part for _, part in answers if getattr(part, "name", "") == "events"]
    assert chapter.rows["webhooks"][0]["url"] == hook.url
    assert not any("secret" in key for key in chapter.rows["webhooks"][0])
    assert "audio.ready" in [event["type"] for event in chapter.rows["events"]]


def test_every_type_of_event_is_documented(settings):
    document = (settings.BASE_DIR / "docs" / "webhooks.md").read_text()
    assert [type for type in EventType.values if f"| `{type}` |" not in document] == []
