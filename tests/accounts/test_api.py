"""Keys, and what all of the API has in common."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import SCOPES, ApiKey, IdempotencyKey
from accounts.services import (
    alone,
    create_key,
    is_well_formed,
    key_of,
    revoke_key,
    rotate_key,
)
from accounts.services.requests import answered
from tests.api import Program, code_of, program_of

pytestmark = pytest.mark.django_db


def test_a_key_opens_the_account_and_says_whose_it_is(api, alice):
    told = api.get("me")
    assert told.status_code == 200
    assert told.json()["email"] == alice.email
    assert told.json()["mode"] == "live"


def test_without_a_key_nothing_opens_and_the_answer_names_the_scheme():
    refused = Program().get("me")
    assert code_of(refused) == (401, "not_authenticated")
    assert refused["WWW-Authenticate"].startswith("Bearer")


def test_a_key_is_told_by_its_prefix_and_checksum(alice):
    secret = create_key(user=alice, name="ci", scopes=["masters:read"]).secret
    assert secret.startswith("lq_live_")
    assert is_well_formed(secret)
    assert not is_well_formed(secret[:-1] + ("a" if secret[-1] != "a" else "b"))


def test_the_database_holds_no_secret(alice):
    made = create_key(user=alice, name="ci", scopes=["masters:read"])
    row = ApiKey.objects.filter(pk=made.key.pk).values().get()
    assert not any(made.secret in str(value) for value in row.values())
    assert made.secret.startswith(row["shown"])


@pytest.mark.parametrize("mode", ["live", "test"])
def test_revoked_over_and_made_up_keys_open_nothing(alice, mode):
    revoked = create_key(user=alice, name="a", scopes=SCOPES, mode=mode)
    revoke_key(key=revoked.key)
    over = create_key(user=alice, name="b", scopes=SCOPES, mode=mode)
    ApiKey.objects.filter(pk=over.key.pk).update(expires=timezone.now() - timedelta(seconds=1))
    for secret in (revoked.secret, over.secret, "lq_live_made_up", "é"):
        assert code_of(Program(secret).get("me")) == (401, "invalid_key")


def test_a_key_of_someone_who_was_shut_out_opens_nothing(api, alice):
    alice.is_active = False
    alice.save()
    assert code_of(api.get("me")) == (401, "invalid_key")


def test_a_key_in_the_address_is_not_looked_at(alice):
    secret = create_key(user=alice, name="ci", scopes=SCOPES).secret
    for name in ("key", "api_key", "access_token", "token"):
        assert Program().get(f"me?{name}={secret}").status_code == 401


def test_a_rotated_key_opens_for_a_day_more(alice):
    first = create_key(user=alice, name="ci", scopes=["account:read"])
    second = rotate_key(key=first.key)
    assert key_of(first.secret).pk == first.key.pk
    assert second.key.scopes == ["account:read"]
    assert second.key.replaces_id == first.key.pk
    end = ApiKey.objects.get(pk=first.key.pk).expires
    assert end is not None
    left = end - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)


def test_a_use_is_noted_to_the_minute(api):
    api.get("me")
    key = ApiKey.objects.get()
    assert key.last_used is not None
    api.get("me")
    assert ApiKey.objects.get().last_used == key.last_used


def test_a_key_does_what_its_scopes_say_and_no_more(alice):
    reader = program_of(alice, scopes=["keys:read"])
    assert reader.get("api-keys").status_code == 200
    refused = reader.post(f"api-keys/{ApiKey.objects.get().pk}/revoke")
    assert code_of(refused) == (403, "scope_missing")
    assert "keys:write" in refused.json()["detail"]
    assert code_of(reader.get("me")) == (403, "scope_missing")


def test_a_key_makes_no_keys_but_a_browser_does(api, alice, as_alice):
    wish = {"name": "ci", "scopes": ["masters:read"]}
    assert code_of(api.post("api-keys", wish)) == (403, "key_not_allowed")
    made = as_alice.post("/api/v1/api-keys", wish, content_type="application/json")
    assert made.status_code == 201
    assert key_of(made.json()["secret"]).user == alice
    assert made["Location"].endswith(made.json()["id"])


def test_a_browser_must_show_its_csrf_token(alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get("/api/v1/me").status_code == 200
    wish = {"name": "ci", "scopes": ["masters:read"]}
    refused = browser.post("/api/v1/api-keys", wish, content_type="application/json")
    assert code_of(refused) == (403, "csrf_failed")
    assert not ApiKey.objects.exists()


def test_a_key_renews_itself_and_no_other(api, alice):
    own, other = ApiKey.objects.get(), create_key(user=alice, name="x", scopes=SCOPES).key
    assert code_of(api.post(f"api-keys/{other.pk}/rotate")) == (403, "key_not_allowed")
    renewed = api.post(f"api-keys/{own.pk}/rotate", headers={"Idempotency-Key": "once"})
    assert renewed.status_code == 201
    again = api.post(f"api-keys/{own.pk}/rotate", headers={"Idempotency-Key": "once"})
    assert again.json() == renewed.json() | {"secret": None}
    assert renewed.json()["secret"] not in str(list(IdempotencyKey.objects.values()))


def test_anothers_key_is_a_404_like_any_made_up_one(api, bob):
    foreign = create_key(user=bob, name="x", scopes=SCOPES).key.pk
    answers = [api.get(f"api-keys/{pk}") for pk in (foreign, "key_" + "a" * 24)]
    told = [{**a.json(), "request_id": ""} for a in answers]
    assert told[0] == told[1]
    assert answers[0].status_code == 404


def test_a_wrong_field_is_named_with_a_stable_code(as_alice):
    wrong = {"name": "", "scopes": ["masters:read", "all"]}
    refused = as_alice.post("/api/v1/api-keys", wrong, content_type="application/json")
    assert code_of(refused) == (422, "invalid_request")
    told = {(each["field"], each["code"]) for each in refused.json()["errors"]}
    assert told == {("name", "blank"), ("scopes.1", "invalid_choice")}


def test_every_answer_has_a_request_id(api):
    answer = api.get("nowhere")
    assert code_of(answer) == (404, "not_found")
    assert answer["X-Request-Id"] == answer.json()["request_id"] != ""


def test_other_methods_are_405_for_everyone(api):
    for program in (api, Program()):
        refused = program.put("me")
        assert code_of(refused) == (405, "method_not_allowed")
        assert refused["Allow"] == "GET, HEAD"


def test_what_cannot_be_read_is_refused(as_alice):
    refused = as_alice.post("/api/v1/api-keys", "{", content_type="application/json")
    assert code_of(refused) == (400, "malformed_request")
    refused = as_alice.post("/api/v1/api-keys", "a=b", content_type="text/plain")
    assert code_of(refused) == (415, "unsupported_media_type")
    refused = as_alice.post("/api/v1/api-keys", "1" * 1_000_001, content_type="application/json")
    assert code_of(refused) == (413, "request_too_large")


def test_a_list_goes_page_by_page_without_losing_or_doubling(api, alice):
    for number in range(6):
        create_key(user=alice, name=str(number), scopes=SCOPES)
    seen: list[str] = []
    cursor: Any = ""
    while cursor is not None:
        page = api.get(f"api-keys?limit=3{cursor and f'&cursor={cursor}'}")
        seen += [key["id"] for key in page.json()["data"]]
        cursor = page.json()["next_cursor"]
        assert page.json()["has_more"] == ("Link" in page)
    assert len(seen) == len(set(seen)) == 7
    assert set(seen) == set(ApiKey.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=WzFd"])
def test_a_wrong_page_is_refused(api, query):
    assert code_of(api.get(f"api-keys?{query}")) == (422, "invalid_request")


def test_what_has_not_changed_is_not_sent_again(api):
    first = api.get("me")
    again = api.get("me", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert api.get("me", headers={"If-None-Match": '"another"'}).status_code == 200


def test_who_asks_too_often_is_told_when_to_come_again(api, settings):
    settings.API_READS_PER_MINUTE = 2
    assert api.get("me")["RateLimit-Remaining"] == "1"
    api.get("me")
    refused = api.get("me")
    assert code_of(refused) == (429, "rate_limited")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["RateLimit-Remaining"] == "0"


def test_a_key_that_came_with_another_request_is_refused(api):
    key = ApiKey.objects.get().pk
    headers = {"Idempotency-Key": "once"}
    assert api.post(f"api-keys/{key}/rotate", {}, headers=headers).status_code == 201
    refused = api.post(f"api-keys/{key}/rotate", {"a": 1}, headers=headers)
    assert code_of(refused) == (422, "idempotency_key_reused")


def test_while_the_first_runs_the_second_is_told_so(api, alice):
    key = ApiKey.objects.get().pk
    began, ends = threading.Event(), threading.Event()

    def first() -> None:  # by a connection of its own, as requests are served
        with alone(user=alice, is_test=False, key="once"):
            began.set()
            ends.wait(30)
        connection.close()

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(first)
        assert began.wait(30)
        refused = api.post(f"api-keys/{key}/rotate", headers={"Idempotency-Key": "once"})
        ends.set()
        running.result()
    assert code_of(refused) == (409, "request_in_progress")
    assert refused["Retry-After"] == "1"
    done = api.post(f"api-keys/{key}/rotate", headers={"Idempotency-Key": "once"})
    assert done.status_code == 201, "once the first has ended"


def test_an_answer_is_kept_for_a_day(api, alice):
    key = ApiKey.objects.get().pk
    api.post(f"api-keys/{key}/rotate", headers={"Idempotency-Key": "once"})
    IdempotencyKey.objects.update(created=timezone.now() - timedelta(hours=25))
    assert answered(user=alice, is_test=False, key="once", fingerprint="") is None


@pytest.mark.parametrize("key", ["", "x" * 256, "é"])
def test_a_key_of_another_form_is_refused(api, key):
    pk = ApiKey.objects.get().pk
    refused = api.post(f"api-keys/{pk}/rotate", headers={"Idempotency-Key": key})
    assert code_of(refused) == (422, "invalid_request")
