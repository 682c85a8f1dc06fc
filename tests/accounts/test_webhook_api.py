"""Webhooks and events by the API: a person's own, in their mode, and secrets told once."""

from typing import Any

import pytest

from accounts import services
from accounts.models import ApiKey, Event, EventType, Webhook, WebhookDelivery
from tests.api import code_of, program_of

pytestmark = pytest.mark.django_db
URL = "https://example.com/lacquer"


@pytest.fixture
def made(api) -> dict[str, Any]:
    answer = api.post("webhooks", {"url": URL, "types": ["master.succeeded"]})
    assert answer.status_code == 201
    told: dict[str, Any] = answer.json()
    return told


@pytest.fixture
def call(alice, api, made) -> WebhookDelivery:
    services.record(alice.pk, EventType.MASTER_SUCCEEDED, subject="mst_x")
    return WebhookDelivery.objects.get()


def test_a_webhook_is_made_read_changed_and_deleted(api, made):
    assert made["secret"].startswith("whsec_")
    read = api.get(f"webhooks/{made['id']}")
    assert read.json() == {key: value for key, value in made.items() if key != "secret"}
    changed = api.patch(f"webhooks/{made['id']}", {"description": "ours", "enabled": False})
    assert changed.json()["description"] == "ours"
    assert (changed.json()["state"], changed.json()["disabled_reason"]) == ("disabled", "by_person")
    assert changed.json()["types"] == ["master.succeeded"]
    again = api.patch(f"webhooks/{made['id']}", {"enabled": True, "types": []})
    assert (again.json()["state"], again.json()["types"]) == ("active", [])
    assert api.delete(f"webhooks/{made['id']}").status_code == 204
    assert code_of(api.get(f"webhooks/{made['id']}")) == (404, "not_found")


def test_a_secret_is_told_once_also_to_those_who_ask_twice(api):
    headers = {"Idempotency-Key": "once"}
    first = api.post("webhooks", {"url": URL}, headers=headers)
    again = api.post("webhooks", {"url": URL}, headers=headers)
    assert again.json() == first.json() | {"secret": None}
    assert Webhook.objects.count() == 1
    rotated = api.post(f"webhooks/{first.json()['id']}/rotate")
    assert rotated.json()["secret"].startswith("whsec_")
    assert rotated.json()["secret"] != first.json()["secret"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com", "https_only"),
        ("https://169.254.169.254/latest", "address_forbidden"),
        ("https://example.com:25/", "port_forbidden"),
        ("nonsense", "url_invalid"),
    ],
)
def test_an_address_that_cannot_be_is_a_wrong_field(api, made, url, code):
    for refused in (
        api.post("webhooks", {"url": url}),
        api.patch(f"webhooks/{made['id']}", {"url": url}),
    ):
        assert code_of(refused) == (422, "invalid_request")
        assert [(each["field"], each["code"]) for each in refused.json()["errors"]] == [
            ("url", code)
        ]
    assert Webhook.objects.get().url == URL


def test_too_many_are_refused_with_their_code(api, made, monkeypatch):
    monkeypatch.setattr("accounts.services.webhooks.MOST_WEBHOOKS", 1)
    refused = api.post("webhooks", {"url": URL})
    assert code_of(refused) == (409, "too_many_webhooks")
    assert refused.json()["detail"]


def test_a_test_is_under_way_and_refused_where_it_is_off(api, made):
    sent = api.post(f"webhooks/{made['id']}/test")
    assert sent.status_code == 202
    assert (sent.json()["type"], sent.json()["status"]) == ("webhook.test", "waiting")
    assert api.get(sent["Location"]).json() == sent.json()
    api.patch(f"webhooks/{made['id']}", {"enabled": False})
    assert code_of(api.post(f"webhooks/{made['id']}/test")) == (409, "webhook_disabled")


def test_deliveries_tell_how_it_went_and_are_replayed(api, made, call):
    held = Webhook.objects.claim_next()
    assert held is not None
    services.note_answer(
        held, is_taken=False, status_code=500, error_code="not_taken", answer="no", duration_ms=7
    )
    page = api.get(f"webhooks/{made['id']}/deliveries").json()["data"]
    failed = next(each for each in page if each["attempt"] == 1)
    assert failed["status"] == "failed"
    assert failed["event"] == call.event_id
    assert (failed["status_code"], failed["error_code"], failed["answer"]) == (
        500,
        "not_taken",
        "no",
    )
    assert failed["error"]
    again = api.post(f"webhooks/{made['id']}/deliveries/{call.pk}/replay")
    assert again.status_code == 202
    assert (again.json()["event"], again.json()["attempt"]) == (call.event_id, 2)


def test_events_are_listed_the_newest_first_by_type_and_subject(api, alice):
    services.record(alice.pk, EventType.AUDIO_READY, subject="aud_a")
    services.record(alice.pk, EventType.MASTER_FAILED, subject="mst_a", content={"error_code": "x"})
    page = api.get("events?type=audio.ready&type=master.failed").json()["data"]
    assert {event["type"] for event in page} == {"audio.ready", "master.failed"}
    (one,) = api.get("events?subject=mst_a").json()["data"]
    assert one["data"] == {"id": "mst_a", "error_code": "x"}
    assert api.get(f"events/{one['id']}").json() == one
    assert code_of(api.get("events?type=nonsense")) == (422, "invalid_request")


def test_modes_do_not_mix(alice, api, sandbox, made):
    assert sandbox.get("webhooks").json()["data"] == []
    assert code_of(sandbox.get(f"webhooks/{made['id']}")) == (404, "not_found")
    theirs = sandbox.post("webhooks", {"url": URL}).json()["id"]
    assert Webhook.objects.get(pk=theirs).is_test
    services.record(alice.pk, EventType.MASTER_SUCCEEDED, subject="mst_x", is_test=True)
    assert WebhookDelivery.objects.get().webhook_id == theirs
    assert [event["data"]["id"] for event in sandbox.get("events").json()["data"]] == ["mst_x"]
    assert "mst_x" not in api.get("events").content.decode()
    sent = sandbox.post(f"webhooks/{theirs}/test").json()
    assert Event.objects.get(pk=sent["event"]).is_test


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "webhooks/{webhook}"),
        ("patch", "webhooks/{webhook}"),
        ("delete", "webhooks/{webhook}"),
        ("post", "webhooks/{webhook}/rotate"),
        ("post", "webhooks/{webhook}/test"),
        ("get", "webhooks/{webhook}/deliveries"),
        ("get", "webhooks/{webhook}/deliveries/{call}"),
        ("post", "webhooks/{webhook}/deliveries/{call}/replay"),
        ("get", "events/{event}"),
    ],
)
def test_a_strangers_are_404_like_made_up_ones(bobs_api, call, method, path):
    own = {"webhook": call.webhook_id, "call": call.pk, "event": call.event_id}
    made_up = {"webhook": f"whk_{'a' * 24}", "call": f"dlv_{'a' * 24}", "event": f"evt_{'a' * 24}"}
    answers = [getattr(bobs_api, method)(path.format(**ids)) for ids in (own, made_up)]
    told = [answer.json() | {"request_id": ""} for answer in answers]
    assert told[0] == told[1]
    assert answers[0].status_code == 404
    assert bobs_api.get("webhooks").json()["data"] == []


def test_a_key_reads_or_writes_as_its_scopes_say(alice, made):
    reader = program_of(alice, scopes=["webhooks:read"], mode=ApiKey.Mode.LIVE)
    assert reader.get("webhooks").status_code == 200
    assert code_of(reader.post("webhooks", {"url": URL})) == (403, "scope_missing")
    assert code_of(reader.get("events")) == (403, "scope_missing")


def test_anothers_call_is_not_reached_through_ones_own_webhook(alice, bob, api, made):
    other = services.add_webhook(user=bob, url=URL)
    services.record(bob.pk, EventType.AUDIO_READY)
    foreign = WebhookDelivery.objects.get(webhook=other)
    assert code_of(api.get(f"webhooks/{made['id']}/deliveries/{foreign.pk}"))[0] == 404
