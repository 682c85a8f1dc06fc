"""Calls of people's own webhooks, where the site has them."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.apps import apps
from django.db.models import Count
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from config.dashboard.chart import Chart, Fact, Series, Span, Table

MODEL: Final = ("accounts", "webhookdelivery")


@dataclass(frozen=True, slots=True)
class Told:
    facts: list[Fact]
    charts: list[Chart]
    tables: list[Table]


def deliveries(span: Span) -> Told | None:
    """Tell how calls went; None on a site that calls nobody.

    The one place where the dashboard asks for `accounts.WebhookDelivery`, by name.
    """
    app, name = MODEL
    model: Any = apps.all_models[app].get(name)
    if model is None:
        return None
    made = model._default_manager.filter(called__gte=span.since).order_by()
    counted = made.annotate(part=span.trunc("called")).values("part", "status")
    by_status: dict[str, dict[Any, float]] = {"SUCCEEDED": {}, "FAILED": {}}
    for row in counted.annotate(count=Count("pk")):
        by_status.setdefault(row["status"], {})[row["part"]] = row["count"]
    good, bad = (sum(by_status[status].values()) for status in ("SUCCEEDED", "FAILED"))
    causes = made.filter(status="FAILED").values("error_code", "status_code")
    hooks = model._meta.get_field("webhook").related_model._default_manager
    failing = hooks.exclude(failing_since=None).order_by("failing_since")
    return Told(
        facts=[
            Fact(_("Calls that wait"), str(model._default_manager.waiting().count())),
            Fact(
                _("Webhooks that fail"),
                str(failing.count()),
                severity="warning" if failing.exists() else "good",
            ),
        ],
        charts=[
            Chart(
                title=_("Calls of people's webhooks"),
                sentence=_("%(good)d delivered, %(bad)d failed.") % {"good": good, "bad": bad},
                names=span.names,
                series=[
                    Series(_("Delivered"), span.fill(by_status["SUCCEEDED"]), "b"),
                    Series(_("Failed"), span.fill(by_status["FAILED"]), "bad"),
                ],
            )
        ],
        tables=[
            Table(
                _("Why calls failed"),
                [_("Cause"), _("Answer"), _("Calls")],
                [
                    [row["error_code"] or "–", str(row["status_code"] or "–"), str(row["count"])]
                    for row in causes.annotate(count=Count("pk")).order_by("-count")[:20]
                ],
                _("None failed."),
            ),
            Table(
                _("Webhooks that fail"),
                [_("Webhook"), _("Person"), _("Host"), _("Since")],
                [
                    [
                        hook.pk,
                        f"#{hook.user_id}",
                        urlsplit(hook.url).hostname or "–",
                        date_format(hook.failing_since, "DATETIME_FORMAT"),
                    ]
                    for hook in failing[:20]
                ],
                _("None."),
            ),
        ],
    )
