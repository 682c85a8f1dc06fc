"""Sign-ups, and who keeps how much until when."""

from collections import Counter
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Min, Sum
from django.db.models.functions import Now
from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Mail, User
from billing.services import limits_of
from config.dashboard.chart import Chart, Fact, Panel, Series, Span, Table
from mastering.models import WORK_KINDS, Farewell
from references.models import bytes_of, with_stored_bytes

LARGEST: Final = 20
CANDIDATES: Final = 200  # of each kind of work; the largest in sum are among them


def sign_ups(span: Span) -> Panel:
    joined = span.counted(User.objects, "date_joined")
    active = User.objects.filter(last_login__gte=Now() - timedelta(days=30)).count()
    late = Mail.objects.filter(sent=None, attempts__gte=3).count()
    return Panel(
        "people",
        _("People"),
        facts=[
            Fact(_("Signed up"), f"{sum(joined):.0f}"),
            Fact(_("In all"), str(User.objects.count())),
            Fact(_("Logged in within 30 days"), str(active)),
            Fact(
                _("Mails that do not go out"),
                str(late),
                _("is the mail server away?") if late else "",
                "warning" if late else "good",
            ),
        ],
        charts=[
            Chart(
                title=_("Sign-ups"),
                sentence=_("%(count)d in this time.") % {"count": sum(joined)},
                names=span.names,
                series=[Series(_("Signed up"), joined, "a")],
            )
        ],
    )


def storage(_span: Span) -> Panel:
    people = with_stored_bytes(User.objects.filter(pk__in=_largest_keepers()))
    largest = list(
        people.annotate(next_farewell=Min("farewells__due")).order_by("-stored_bytes")[:LARGEST]
    )
    sizes = [round(person.stored_bytes / 1e9, 3) for person in largest]
    due = Farewell.objects.filter(due__lt=Now() + timedelta(days=14))
    rows = []
    for person in largest:
        limit = limits_of(person).storage_bytes if settings.PLAN_LIMITS else None
        rows.append(
            [
                f"#{person.pk} {person.email}",
                filesizeformat(person.stored_bytes),
                "–" if limit is None else filesizeformat(limit),
                "–" if not limit else f"{100 * person.stored_bytes / limit:.0f} %",
                date_format(person.next_farewell) if person.next_farewell else "–",
            ]
        )
    return Panel(
        "storage",
        _("Storage"),
        facts=[
            Fact(_("Kept in all"), filesizeformat(_kept_in_all())),
            Fact(_("Goes within two weeks"), str(due.count())),
            Fact(
                _("Retention"),
                _("on") if settings.RETENTION else _("off"),
                "" if settings.RETENTION else _("nothing is deleted (RETENTION)"),
            ),
        ],
        charts=[
            Chart(
                title=_("Who keeps most"),
                sentence=_("The %(count)d largest.") % {"count": len(largest)},
                names=[f"#{person.pk}" for person in largest],
                series=[Series(_("Kept"), sizes, "a")],
                unit="GB",
                digits=2,
                across=_("Person"),
            )
        ],
        tables=[
            Table(
                _("By person, the largest first"),
                [_("Person"), _("Kept"), _("Plan allows"), _("Used"), _("Next goes on")],
                rows,
            )
        ],
    )


def _largest_keepers() -> list[int]:
    """Return who may be among the largest, without summing up everyone."""
    sums: Counter[int] = Counter()
    for kind in WORK_KINDS:
        largest = (
            kind._default_manager.order_by()
            .values("user")
            .annotate(total=Sum(bytes_of(kind)))
            .filter(total__gt=0)
            .order_by("-total")
        )
        for row in largest[:CANDIDATES]:
            sums[row["user"]] += row["total"]
    return [user for user, _total in sums.most_common(CANDIDATES)]


def _kept_in_all() -> int:
    return sum(
        kind._default_manager.aggregate(total=Sum(bytes_of(kind)))["total"] or 0
        for kind in WORK_KINDS
    )
