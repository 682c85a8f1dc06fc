"""Numbers for a Prometheus: requests as this machine answered them, work as the rows tell it.

Requests are counted in files that all web processes of a machine share, so that whichever answers
tells of all. Work, mails and events are read from the database when asked, so each machine tells
the same of them: dashboards take `max` of these, and `sum` of the requests.
"""

import hmac
import ipaddress
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, F, Min
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from accounts.models import Mail
from billing.models import StripeEvent
from mastering.models import WORK_KINDS, WorkKind
from references.models import Machine

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
LATELY: Final = timedelta(hours=1)
MOST_TIMES: Final = 5_000  # of ended work, looked at for its quantiles
QUANTILES: Final = {0.5: 9, 0.95: 18}  # of twenty parts, where they stand

# The first things to be made here: what counts makes its file then.
Path(settings.METRICS_DIR).mkdir(parents=True, exist_ok=True)

REQUESTS: Final = Counter(
    "lacquer_http_requests", "Requests answered.", ("method", "view", "status"), registry=None
)
SECONDS: Final = Histogram(
    "lacquer_http_request_seconds",
    "Time to the first byte of an answer.",
    ("view",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.15, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0),
    registry=None,
)


def exposition(request: HttpRequest) -> HttpResponse:
    """Tell every number to who may know them; there is nothing here for others."""
    if not may_look(request):
        raise Http404
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(RowCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE)


def may_look(request: HttpRequest) -> bool:
    """Let in who brings the token, or comes from a network that the operator named."""
    if settings.METRICS_TOKEN:
        brought = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(brought.encode(), settings.METRICS_TOKEN.encode()):
            return True
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    return any(address in ipaddress.ip_network(one) for one in settings.METRICS_NETWORKS)


class RowCollector:
    """What the database knows, read anew each time."""

    def collect(self) -> Iterator[Metric]:
        waiting = _gauge("work_waiting", "Pieces of work that wait.", "kind")
        running = _gauge("work_running", "Pieces of work at a worker.", "kind")
        oldest = _gauge(
            "work_oldest_due_seconds", "Age of the oldest work that a worker could begin.", "kind"
        )
        expired = _gauge("work_leases_expired", "Leases that ran out, not yet taken back.", "kind")
        repeated = _gauge("work_running_again", "Work that is not at its first attempt.", "kind")
        for kind in WORK_KINDS:
            name, rows = _name(kind), kind._default_manager
            waiting.add_metric([name], rows.waiting().count())
            running.add_metric([name], rows.running().count())
            oldest.add_metric([name], _age_seconds(rows.due().aggregate(at=Min("run_at"))["at"]))
            expired.add_metric([name], rows.running().filter(lease_until__lt=Now()).count())
            repeated.add_metric([name], rows.running().filter(attempts__gt=1).count())
        yield from (waiting, running, oldest, expired, repeated)
        yield from self._ended()
        yield from self._errands()
        yield from self._machine()

    def _ended(self) -> Iterator[Metric]:
        ended = _gauge("work_ended_last_hour", "Work that ended.", "kind", "status", "error_code")
        seconds = _gauge(
            "work_seconds_last_hour", "Of ended work, by part of its life.", "kind", "part",
            "quantile",
        )  # fmt: skip
        for kind in WORK_KINDS:
            name = _name(kind)
            lately = kind._default_manager.filter(finished__gt=Now() - LATELY)
            for status, code, count in lately.values_list("status", "error_code").annotate(
                count=Count("pk")
            ):
                ended.add_metric([name, status, code], count)
            succeeded = lately.filter(status=kind.phases.succeeded, started__isnull=False)
            parts = {"wait": ("created", "started"), "work": ("started", "finished")}
            for part, (begin, end) in parts.items():
                for quantile, value in _quantiles(succeeded, begin, end):
                    seconds.add_metric([name, part, str(quantile)], value)
        yield from (ended, seconds)

    def _errands(self) -> Iterator[Metric]:
        mails = Mail.objects.due()
        yield GaugeMetricFamily("lacquer_mails_due", "Mails to be sent now.", mails.count())
        oldest = mails.order_by().aggregate(at=Min("created"))["at"]
        yield GaugeMetricFamily(
            "lacquer_mails_oldest_seconds", "Age of the oldest of them.", _age_seconds(oldest)
        )
        events = StripeEvent.objects.filter(applied=None)
        yield GaugeMetricFamily(
            "lacquer_stripe_events_waiting", "Events of Stripe's not applied.", events.count()
        )
        yield GaugeMetricFamily(
            "lacquer_stripe_events_failing",
            "Those of them that failed at least once.",
            events.filter(attempts__gt=0).count(),
        )

    def _machine(self) -> Iterator[Metric]:
        machines = _gauge("machines", "Machines that ever worked here.", "is_confining")
        for confining in (True, False):
            count = Machine.objects.filter(is_confining=confining).count()
            machines.add_metric([str(confining).lower()], count)
        yield machines
        if (broken := cache.get("invariants:broken")) is not None:
            yield GaugeMetricFamily(
                "lacquer_invariants_broken", "Breaks found by the latest nightly check.", broken
            )
        if (backed_up := cache.get("backup:made")) is not None:
            age = timezone.now().timestamp() - backed_up
            yield GaugeMetricFamily("lacquer_backup_age_seconds", "Since the last backup.", age)
        free = shutil.disk_usage(settings.DATA_DIR).free
        yield GaugeMetricFamily("lacquer_disk_free_bytes", "Free beside this machine's data.", free)


def _gauge(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"lacquer_{name}", told, labels=labels)


def _name(kind: WorkKind) -> str:
    return kind._meta.model_name or ""


def _age_seconds(since: Any) -> float:
    return max((timezone.now() - since).total_seconds(), 0.0) if since else 0.0


def _quantiles(rows: Any, begin: str, end: str) -> Iterator[tuple[float, float]]:
    lasted = rows.order_by("-finished").annotate(lasted=F(end) - F(begin))
    seconds = [
        each.total_seconds() for each in lasted.values_list("lasted", flat=True)[:MOST_TIMES]
    ]
    if len(seconds) == 1:
        seconds *= 2
    if seconds:
        parts = quantiles(seconds, n=20, method="inclusive")
        for quantile, place in QUANTILES.items():
            yield quantile, parts[place]
