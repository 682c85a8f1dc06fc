"""Probes, numbers and the request's number: what those see who watch a site."""

import json
import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.core.cache import cache
from django.db import DatabaseError
from django.db.models.functions import Now
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from config import health
from mastering.models import Version
from mastering.tasks import render_next
from references.errors import StorageAway
from references.models import AudioFile
from tests.studio import measured, submitted, uploaded

ROOT = Path(__file__).parent.parent.parent
TOKEN = "a token of twenty or more"


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = TOKEN
    return {"Authorization": f"Bearer {TOKEN}"}


def numbers(headers) -> dict[tuple[str, ...], float]:
    """Return each sample by its name and its labels' values, in the order of the labels' names."""
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, *dict(sorted(sample.labels.items())).values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_a_process_that_lives_says_so_under_any_name_and_without_the_database(settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get("/healthz", headers={"Host": "10.0.0.7:8000"})
    assert answer.json() == {"status": "alive"}


@pytest.mark.django_db
def test_a_process_with_its_database_is_ready(settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get("/readyz", headers={"Host": "10.0.0.7:8000"})
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "database": "ok", "cache": "ok"}


@pytest.mark.django_db
def test_without_its_database_it_wants_no_visitors(monkeypatch):
    def away(*_):
        raise DatabaseError

    monkeypatch.setattr("config.health.connection.cursor", away)
    monkeypatch.setattr("config.health.connection.close", lambda: None)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "away")
    assert answer.headers["Retry-After"] == "5"


@pytest.mark.django_db
def test_with_a_database_older_than_its_code_it_wants_none_either(monkeypatch):
    monkeypatch.setattr(health, "_was_migrated", False)
    monkeypatch.setattr("config.health.MigrationExecutor.migration_plan", lambda *_: ["one"])
    assert Client().get("/readyz").json()["database"] == "behind"
    monkeypatch.undo()
    assert Client().get("/readyz").status_code == 200


@pytest.mark.django_db
def test_a_cache_that_is_away_is_told_and_no_reason_to_close(monkeypatch):
    def away(*_):
        raise ConnectionError

    monkeypatch.setattr("config.health.cache.set", away)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["cache"]) == (200, "away")


@pytest.mark.django_db
def test_numbers_are_for_the_token_or_a_network_that_was_named_and_for_nobody_else(settings, token):
    outside = Client(REMOTE_ADDR="192.0.2.9")
    assert outside.get("/metrics").status_code == 404
    assert outside.get("/metrics", headers={"Authorization": "no"}).status_code == 404
    assert outside.get("/metrics", headers=token).status_code == 200
    settings.METRICS_NETWORKS = ["10.0.0.0/8"]
    assert outside.get("/metrics").status_code == 404
    assert Client(REMOTE_ADDR="10.1.2.3").get("/metrics").status_code == 200


@pytest.mark.django_db
def test_a_network_is_not_claimed_by_a_header_that_no_proxy_of_ours_wrote(settings):
    settings.METRICS_NETWORKS = ["10.0.0.0/8"]
    forged = {"X-Forwarded-For": "10.1.2.3"}
    assert Client(REMOTE_ADDR="192.0.2.9").get("/metrics", headers=forged).status_code == 404


@pytest.mark.django_db
def test_without_token_and_network_nobody_reads_numbers():
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.django_db
def test_requests_are_counted_by_view_and_never_by_what_stands_in_an_address(token):
    key = ("lacquer_http_requests_total", "GET", "404", "mastering:share")
    before = numbers(token).get(key, 0.0)
    Client().get("/s/some-secret/")
    after = numbers(token)
    assert after[key] == before + 1
    assert after["lacquer_http_request_seconds_count", "mastering:share"] >= 1
    assert "some-secret" not in str(after)


def test_waiting_work_and_its_age_are_told(engine, alice, token):
    version = measured(submitted(alice))
    Version.objects.filter(pk=version.pk).update(run_at=Now() - timedelta(seconds=90))
    told = numbers(token)
    assert told["lacquer_work_waiting", "version"] == 1
    assert 85 < told["lacquer_work_oldest_due_seconds", "version"] < 120
    assert told["lacquer_work_oldest_due_seconds", "export"] == 0


def test_what_ended_is_told_by_its_cause_and_its_times(engine, alice, token):
    measured(submitted(alice))
    render_next()
    told = numbers(token)
    assert told["lacquer_work_ended_last_hour", "", "version", "SUCCEEDED"] == 1
    assert told["lacquer_work_seconds_last_hour", "version", "work", "0.95"] >= 0
    engine.refuse(StorageAway(), at="render")
    failed = submitted(alice)
    Version.objects.filter(pk=failed.pk).update(engine_errors=2)
    measured(failed)
    render_next()
    assert numbers(token)["lacquer_work_ended_last_hour", "storage", "version", "FAILED"] == 1


def test_a_lease_that_ran_out_is_told(engine, alice, token):
    audio = uploaded(alice)
    AudioFile.objects.claim_next(worker="gone")
    AudioFile.objects.filter(pk=audio.pk).update(lease_until=Now() - timedelta(seconds=5))
    assert numbers(token)["lacquer_work_leases_expired", "audiofile"] == 1


@pytest.mark.django_db
def test_the_latest_nightly_check_is_told_once_there_was_one(token):
    assert ("lacquer_invariants_broken",) not in numbers(token)
    cache.set("invariants:broken", 2)
    assert numbers(token)["lacquer_invariants_broken",] == 2


@pytest.mark.django_db
def test_every_answer_has_a_number_and_only_a_proxy_of_ours_may_give_it(settings):
    given = uuid.uuid4()
    asked = {"X-Request-ID": given.hex}
    own = Client().get("/guides/", headers=asked).headers["X-Request-ID"]
    assert uuid.UUID(own) != given
    settings.TRUSTED_PROXY_COUNT = 1
    assert Client().get("/guides/", headers=asked).headers["X-Request-ID"] == given.hex
    nonsense = {"X-Request-ID": "x\r\ny"}
    own = Client().get("/guides/", headers=nonsense).headers["X-Request-ID"]
    assert uuid.UUID(own).hex == own


@pytest.mark.django_db
@pytest.mark.parametrize("file", ["grafana-dashboard.json", "prometheus-alerts.yaml"])
def test_dashboard_and_alerts_ask_for_numbers_that_there_are(token, file):
    cache.set("invariants:broken", 0)
    cache.set("backup:made", 0)
    Client().get("/guides/")
    families = text_string_to_metric_families(
        Client().get("/metrics", headers=token).content.decode()
    )
    told = {name for family in families for name in (family.name, *_forms(family))}
    asked = set(re.findall(r"lacquer_\w+", (ROOT / "deploy" / file).read_text()))
    assert len(asked) > 5
    assert asked - told == set()


def _forms(family) -> list[str]:
    return [f"{family.name}_{ending}" for ending in ("total", "bucket", "count", "sum")]


def test_the_dashboard_is_one_that_grafana_reads():
    board = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for panel in panels:
        assert panel["title"]
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${source}"
            assert target["expr"].count("(") == target["expr"].count(")")


def test_every_alert_says_what_is_wrong_and_whom_it_wakes():
    (group,) = yaml.safe_load((ROOT / "deploy" / "prometheus-alerts.yaml").read_text())["groups"]
    for rule in group["rules"]:
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"].endswith(".")
