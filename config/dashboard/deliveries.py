"""Calls of people's own webhooks."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db.models import Count
from django.template.defaultfilters import date
from django.utils.translation import gettext as _

from accounts.models import Webhook, WebhookDelivery
from config.dashboard.chart import Chart, Fact, Series, Span, Table

Status = WebhookDelivery.Status


@dataclass(frozen=True, slots=True)
class Told:
    facts: list[Fact]
    charts: list[Chart]
    tables: list[Table]


def deliveries(span: Span) -> Told:
    """Tell how calls went, and which webhooks fail."""
    good, bad = (
        span.counted(WebhookDelivery.objects.filter(status=status), "called")
        for status in (Status.SUCCEEDED, Status.FAILED)
    )
    failed = WebhookDelivery.objects.filter(called__gte=span.since, status=Status.FAILED)
    causes = failed.values("error_code", "status_code").annotate(count=Count("pk"))
    failing = Webhook.objects.exclude(failing_since=None).order_by("failing_since")
    return Told(
        facts=[
            Fact(_("Calls that wait"), str(WebhookDelivery.objects.waiting().count())),
            Fact(
                _("Webhooks that fail"),
                str(failing.count()),
                severity="warning" if failing.exists() else "good",
            ),
        ],
        charts=[
            Chart(
                title=_("Calls of people's webhooks"),
                sentence=_("%(good)d delivered, %(bad)d failed.")
                % {"good": sum(good), "bad": sum(bad)},
                names=span.names,
                series=[
                    Series(_("Delivered"), good, "b"),
                    Series(_("Failed"), bad, "bad"),
                ],
            )
        ],
        tables=[
            Table(
                _("Why calls failed"),
                [_("Cause"), _("Answer"), _("Calls")],
                [
                    [row["error_code"] or "–", str(row["status_code"] or "–"), str(row["count"])]
                    for row in causes.order_by("-count")[:20]
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
                        date(hook.failing_since, "DATETIME_FORMAT"),
                    ]
                    for hook in failing[:20]
                ],
                _("None."),
            ),
        ],
    )
