"""The operator's dashboard: what it counts, and who sees which panel."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing.models import Payment
from config.dashboard.chart import Chart, Series
from mastering.models import Version
from references.models import AudioFile, Machine, Run, WorkerGroup
from tests.staff import ROLES, as_staff
from tests.studio import measured, submitted

NOW = timezone.now()


def test_without_a_stripe_key_the_site_says_so(chief: Client, settings):
    assert "No Stripe key is set" in chief.get("/admin/").content.decode()
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    assert "No Stripe key is set" not in chief.get("/admin/").content.decode()


@pytest.mark.parametrize("span", ["24h", "7d", "30d", "90d", "365d", "", "never"])
def test_the_dashboard_counts_what_happened_in_its_range(chief: Client, alice, span, engine):
    for days, status in ((0, "SUCCEEDED"), (3, "SUCCEEDED"), (3, "FAILED"), (200, "SUCCEEDED")):
        version = measured(submitted(alice))
        Version.objects.filter(pk=version.pk).update(
            error_code="internal" if status == "FAILED" else "",
            status=status,
            finished=NOW - timedelta(days=days),
        )
    panels = {panel.code: panel for panel in chief.get("/admin/", {"span": span}).context["panels"]}
    made, failed, rate = (fact.value for fact in panels["masters"].facts)
    counts = {"24h": ("1", "0"), "365d": ("3", "1")}.get(span, ("2", "1"))
    assert (made, failed) == counts
    assert rate == f"{100 * int(made) / (int(made) + int(failed)):.1f} %"
    chart = panels["masters"].charts[0]
    assert sum(chart.series[0].values) == int(made)
    assert len(chart.names) == len(chart.series[0].values)
    causes = panels["failures"].charts[0]
    assert causes.names == ([] if failed == "0" else ["internal"])


def test_the_queue_tells_depth_and_age(chief: Client, alice: User):
    version = submitted(alice)
    AudioFile.objects.update(created=NOW - timedelta(hours=2))
    panel = next(p for p in chief.get("/admin/").context["panels"] if p.code == "queue")
    waiting, running, oldest = panel.facts
    assert (waiting.value, running.value) == ("3", "0")  # two tracks and the master
    assert "2" in oldest.value
    assert "hour" in oldest.value
    assert oldest.severity == "warning"
    assert version.is_waiting


def test_health_of_workers_is_told(chief: Client, db):
    def groups() -> Any:
        panels = chief.get("/admin/").context["panels"]
        return next(panel for panel in panels if panel.code == "workers").facts[0]

    assert (groups().value, groups().severity) == ("0", "refusal")
    WorkerGroup.objects.tell(["here:1", "here:2"], machine="here")
    assert (groups().value, groups().severity) == ("2", "good")
    WorkerGroup.objects.filter(name="here:2").update(seen=NOW - timedelta(minutes=10))
    assert groups().severity == "warning"
    Machine.objects.tell(name="here", is_confining=False, boxes="limits alone")
    assert chief.get("/admin/").status_code == 200


def test_time_by_stage_is_the_mean_of_attempts(chief: Client, alice: User):
    for tone in (4.0, 6.0):
        Run.objects.create(
            user=alice, kind="mastering.version", work="ver_x", attempt=1, worker="w", began=NOW,
            ended=NOW, outcome="succeeded", steps={"tone": [tone + 1, tone]}, cpu_seconds=tone,
        )  # fmt: skip
    panel = next(p for p in chief.get("/admin/").context["panels"] if p.code == "stages")
    wall, cpu = panel.charts[0].series
    assert panel.charts[0].names == ["tone"]
    assert (list(wall.values), list(cpu.values)) == ([6.0], [5.0])


def plot(*values: float | None, digits: int = 0, is_line: bool = True) -> Chart:
    series = Series("Mean", values, "b", is_line=is_line)
    names = [str(place) for place in range(len(values))]
    return Chart(title="T", sentence="S", names=names, series=[series], unit="s", digits=digits)


def test_a_number_is_rounded_not_cut():
    assert plot(11.96).told(11.96) == "12.0\N{NO-BREAK SPACE}s"
    assert plot(0.579, digits=2).told(0.579) == "0.58\N{NO-BREAK SPACE}s"
    assert plot(1999.96).told(1999.96) == "2,000.0\N{NO-BREAK SPACE}s"


def test_a_value_without_neighbours_is_a_dot_wide_enough_to_see():
    assert plot(None, 3.0, None).svg.count('class="line lone b"') == 1
    alone_twice = plot(3.0, None, 3.0).svg
    assert alone_twice.count("h0") == 2
    joined = plot(1.0, 2.0, None).svg
    assert "lone" not in joined
    assert 'class="line b"' in joined


def test_storage_is_told_by_person_with_expiry(chief: Client, finished: Version, alice, settings):
    settings.PLAN_LIMITS = True
    panel = next(p for p in chief.get("/admin/").context["panels"] if p.code == "storage")
    assert panel.tables[0].rows[0][0] == f"#{alice.pk} {alice.email}"


def test_revenue_is_what_was_paid_less_what_was_refunded(chief: Client, ids):
    Payment.objects.update(amount_refunded=500)
    panel = next(p for p in chief.get("/admin/").context["panels"] if p.code == "revenue")
    assert panel.facts[1].value == "15.00 EUR"


def test_each_role_sees_its_panels_only(db):
    seen = {
        role: {panel.code for panel in as_staff(role).get("/admin/").context["panels"]}
        for role in ROLES
    }
    assert "revenue" not in seen["support"] | seen["operations"]
    assert "workers" not in seen["support"] | seen["finance"]
    assert "queue" not in seen["finance"]
    assert "credits" in seen["finance"]


def test_the_webhook_panel_holds_with_and_without_peoples_own_webhooks(chief: Client):
    panel = next(p for p in chief.get("/admin/").context["panels"] if p.code == "webhooks")
    has_own = "webhookdelivery" in apps.all_models["accounts"]
    assert any("Webhooks that fail" in str(table.title) for table in panel.tables) == has_own
