"""Queue, workers, masters, failures and where time goes."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.apps import apps
from django.db.models import Avg, Count, DateTimeField, DurationField, ExpressionWrapper, F, Min, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.dashboard.chart import Chart, Fact, Panel, Series, Span, Table, Text
from mastering.models import WORK_KINDS, Version, WorkKind
from references.models import Machine, Run, WorkerGroup

OLD: Final = timedelta(minutes=5)  # so long nothing should wait that could be begun
LONGEST_WAIT: Final = timedelta(days=2)
RUNS: Final = 2_000  # the latest, of which the stages' times are told
NAMES: Final[dict[str, Text]] = {
    "mastering.preview": gettext_lazy("Previews"),
    "references.audiofile": gettext_lazy("Uploads"),
    "mastering.version": gettext_lazy("Masters"),
    "mastering.export": gettext_lazy("Exports"),
    "mastering.releasecheck": gettext_lazy("Release checks"),
}
Status = Version.Status


def queue(span: Span) -> Panel:
    rows, oldest, waiting, running = [], None, 0, 0
    for kind in WORK_KINDS:
        line = _of_kind(kind)
        rows.append(
            [
                _name(kind._meta.label_lower),
                str(line["due"]),
                str(line["waiting"] - line["due"]),
                str(line["running"]),
                _age(line["oldest"]),
            ]
        )
        waiting, running = waiting + line["waiting"], running + line["running"]
        oldest = min(filter(None, (oldest, line["oldest"])), default=None)
    is_late = oldest is not None and oldest < timezone.now() - OLD
    return Panel(
        "queue",
        _("Queue"),
        facts=[
            Fact(_("Waiting"), str(waiting)),
            Fact(_("Running"), str(running)),
            Fact(
                _("Oldest that waits"),
                _age(oldest),
                _("too long: are there workers?") if is_late else "",
                "warning" if is_late else "good",
            ),
        ],
        charts=[_depth(span), _waits(span)],
        tables=[
            Table(
                _("By kind"),
                [_("Work"), _("Could begin"), _("Later"), _("Running"), _("Oldest")],
                rows,
            )
        ],
    )


def workers(span: Span) -> Panel:
    busy: dict[str, str] = {}
    for kind in WORK_KINDS:
        busy |= dict(kind._default_manager.running().values_list("worker", "pk"))
    groups = list(WorkerGroup.objects.standing())
    silent = [group for group in groups if group.is_silent]
    weak = Machine.objects.filter(is_confining=False, told__gt=Now() - timedelta(days=1)).count()
    ended = WorkerGroup.objects.filter(ended__gt=span.since).exclude(why="stopped")
    if not groups:
        health = Fact(_("Groups"), "0", _("nobody works"), "refusal")
    elif silent:
        health = Fact(
            _("Groups"),
            str(len(groups)),
            ngettext("%d is silent", "%d are silent", len(silent)) % len(silent),
            "warning",
        )
    else:
        health = Fact(_("Groups"), str(len(groups)), _("all are heard"), "good")
    return Panel(
        "workers",
        _("Workers"),
        facts=[
            health,
            Fact(_("Busy"), str(sum(group.name in busy for group in groups))),
            Fact(
                _("Machines that shut no decoder in"),
                str(weak),
                severity="warning" if weak else "good",
            ),
        ],
        tables=[
            Table(
                _("Groups that stand"),
                [_("Group"), _("State"), _("At"), _("Since"), _("Last heard")],
                [
                    [
                        group.name,
                        _("silent") if group.is_silent else _("well"),
                        busy.get(group.name, "–"),
                        timesince(group.began, depth=1),
                        timesince(group.seen, depth=1),
                    ]
                    for group in groups[:200]
                ],
                _("No supervisor has told of a group for a day. Start manage.py run_workers."),
            ),
            Table(
                _("Replaced in this time"),
                [_("Group"), _("Why"), _("When")],
                [[group.name, group.why, _ago(group.ended)] for group in ended[:50]],
                _("None had to be replaced."),
            ),
        ],
    )


def masters(span: Span) -> Panel:
    ended = span.grouped(Version.objects, "finished", "status")
    by_status: dict[str, dict[datetime, float]] = defaultdict(dict)
    for row in ended.annotate(count=Count("pk")):
        by_status[row["status"]][row["part"]] = row["count"]
    done, failed, canceled = (
        span.fill(by_status[status])
        for status in (Status.SUCCEEDED, Status.FAILED, Status.CANCELED)
    )
    rates = [_rate(good, bad) for good, bad in zip(done, failed, strict=True)]
    rate = _rate(sum(done), sum(failed))
    told_rate = "–" if rate is None else f"{rate:.1f} %"
    return Panel(
        "masters",
        _("Masters"),
        facts=[
            Fact(_("Made"), f"{sum(done):.0f}"),
            Fact(_("Failed"), f"{sum(failed):.0f}"),
            Fact(
                _("Success rate"),
                told_rate,
                severity="" if rate is None else "good" if rate >= 98 else "warning",
            ),
        ],
        charts=[
            Chart(
                title=_("Masters that ended"),
                sentence=_("%(done)d made, %(failed)d failed, %(canceled)d cancelled.")
                % {"done": sum(done), "failed": sum(failed), "canceled": sum(canceled)},
                names=span.names,
                series=[
                    Series(_("Made"), done, "b"),
                    Series(_("Failed"), failed, "bad"),
                    Series(_("Cancelled"), canceled, "quiet"),
                ],
            ),
            Chart(
                title=_("Success rate"),
                sentence=_("Of masters that were not cancelled, %(rate)s came to their end.")
                % {"rate": told_rate},
                names=span.names,
                series=[Series(_("Success rate"), rates, "b", is_line=True)],
                unit="%",
                digits=1,
                top=100.0,
            ),
        ],
    )


def failures(span: Span) -> Panel:
    causes: Counter[str] = Counter()
    rows: list[list[Text]] = []
    for kind in WORK_KINDS:
        failed = kind._default_manager.filter(finished__gte=span.since).exclude(error_code="")
        counted = failed.values("error_code").order_by().annotate(count=Count("pk"))
        for row in counted:
            causes[row["error_code"]] += row["count"]
            rows.append([row["error_code"], _name(kind._meta.label_lower), str(row["count"])])
    rows.sort(key=lambda row: -int(str(row[2])))
    most = causes.most_common(12)
    return Panel(
        "failures",
        _("Failures"),
        charts=[
            Chart(
                title=_("Failures by cause"),
                sentence=ngettext("%d failure.", "%d failures.", causes.total()) % causes.total(),
                names=[code for code, _count in most],
                series=[Series(_("Failures"), [count for _code, count in most], "bad")],
                across=_("Cause"),
            )
        ],
        tables=[Table(_("By kind of work"), [_("Cause"), _("Work"), _("Failures")], rows[:50])],
    )


def stages(span: Span) -> Panel:
    """Tell where time goes, of the latest attempts that came to their end."""
    charts, rows = [], []
    for kind in ("mastering.version", "references.audiofile"):
        runs = Run.objects.filter(kind=kind, began__gte=span.since, outcome="succeeded")
        taken = list(runs.values_list("steps", "cpu_seconds", "peak_memory_bytes")[:RUNS])
        wall, cpu = _per_step([steps for steps, _cpu, _peak in taken])
        charts.append(
            Chart(
                title=_("%(work)s: seconds by stage") % {"work": _name(kind)},
                sentence=_("The mean of %(runs)d attempts: %(cpu)s s of a processor each.")
                % {"runs": len(taken), "cpu": _mean([cpu for _steps, cpu, _peak in taken])},
                names=list(wall),
                series=[
                    Series(_("By the clock"), list(wall.values()), "b", is_mark=True),
                    Series(_("Of a processor"), list(cpu.values()), "a"),
                ],
                unit="s",
                digits=2,
                across=_("Stage"),
            )
        )
        rows.append(
            [
                _name(kind),
                str(len(taken)),
                _mean([sum(wall for wall, _cpu in steps.values()) for steps, _c, _p in taken]),
                _mean([cpu for _steps, cpu, _peak in taken]),
                f"{max((peak for *_rest, peak in taken), default=0) / 1e6:.0f} MB",
            ]
        )
    head = [_("Work"), _("Attempts"), _("Mean s"), _("Mean CPU s"), _("Most memory")]
    return Panel(
        "stages", _("Time by stage"), charts=charts, tables=[Table(_("Whole"), head, rows)]
    )


def _of_kind(kind: WorkKind) -> dict[str, Any]:
    phases = kind.phases
    open_rows = kind._default_manager.open()
    could = Q(status=phases.waiting, run_at__lte=Now())
    counts: dict[str, Any] = open_rows.aggregate(
        due=Count("pk", filter=could),
        waiting=Count("pk", filter=Q(status=phases.waiting)),
        running=Count("pk", filter=Q(status=phases.running)),
        oldest=Min("created", filter=could),
    )
    return counts


def _depth(span: Span) -> Chart:
    """Draw how many masters waited at the end of each part, from when each came and was begun."""
    # Whoever left in this time came in it, or not long before: older rows need not be read.
    left = Coalesce("started", "finished", output_field=DateTimeField())
    recent = Version.objects.filter(created__gte=span.since - LONGEST_WAIT).annotate(left=left)
    came = span.counted(recent, "created")
    went = span.counted(recent, "left")
    depth, depths = float(Version.objects.waiting().count()), list[float]()
    for arrived, begun in zip(reversed(came), reversed(went), strict=True):  # back from now
        depths.insert(0, max(depth, 0.0))
        depth += begun - arrived
    return Chart(
        title=_("Masters that waited"),
        sentence=_("At most %(most)d at the end of a part.") % {"most": max(depths)},
        names=span.names,
        series=[Series(_("Waiting"), depths, "a")],
    )


def _waits(span: Span) -> Chart:
    wait = ExpressionWrapper(F("started") - F("created"), output_field=DurationField())
    begun = span.grouped(Version.objects.filter(attempts=1), "started").annotate(wait=Avg(wait))
    waits = {row["part"]: row["wait"].total_seconds() for row in begun}
    values = [waits.get(start) for start in span.starts]
    longest = max((value for value in values if value is not None), default=0.0)
    return Chart(
        title=_("How long masters waited"),
        sentence=_("The mean was %(longest).0f s at worst, tracks being measured included.")
        % {"longest": longest},
        names=span.names,
        series=[Series(_("Mean wait"), values, "b", is_line=True)],
        unit="s",
        digits=1,
    )


def _per_step(
    taken: Sequence[dict[str, list[float]]],
) -> tuple[dict[str, float], dict[str, float]]:
    """Return mean seconds by the clock and of processors for each step, in their order."""
    wall: dict[str, float] = {}
    cpu: dict[str, float] = {}
    for steps in taken:
        for step, (by_clock, of_cpu) in steps.items():
            wall[step] = wall.get(step, 0.0) + by_clock / len(taken)
            cpu[step] = cpu.get(step, 0.0) + of_cpu / len(taken)
    return wall, cpu


def _mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.1f}" if values else "–"


def _rate(good: float, bad: float) -> float | None:
    return 100.0 * good / (good + bad) if good + bad else None


def _name(label: str) -> Text:
    """Return what a kind of work is called here; a new one goes by its own name."""
    return NAMES.get(label) or capfirst(apps.get_model(label)._meta.verbose_name_plural)


def _age(since: datetime | None) -> str:
    return timesince(since, depth=1) if since else "–"


def _ago(when: datetime | None) -> str:
    return _("%(age)s ago") % {"age": _age(when)}
