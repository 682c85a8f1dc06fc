"""Revenue, credits, and the messages that come from Stripe and go to people's own servers."""

from collections import defaultdict
from datetime import datetime
from typing import Final

from django.db.models import Count, F, Q, Sum
from django.utils.translation import gettext as _

from billing import gateway, plans
from billing.models import Entry, Payment, StripeEvent, Subscription
from config.dashboard.chart import Chart, Fact, Panel, Series, Span, Table
from config.dashboard.deliveries import deliveries

TONES: Final = ("a", "b", "c")
Kind = Entry.Kind


def revenue(span: Span) -> Panel:
    paid = span.grouped(Payment.objects, "lot__created", "currency")
    by_currency: dict[str, dict[datetime, float]] = defaultdict(dict)
    for row in paid.annotate(total=Sum(F("amount") - F("amount_refunded"))):
        by_currency[row["currency"]][row["part"]] = row["total"] / 100
    series = [
        Series(code.upper(), span.fill(parts), tone)
        for (code, parts), tone in zip(sorted(by_currency.items()), TONES, strict=False)
    ]
    totals = ", ".join(
        f"{sum(parts.values()):.2f} {code.upper()}" for code, parts in sorted(by_currency.items())
    )
    trouble = Payment.objects.filter(
        Q(dispute=Payment.Dispute.OPEN) | Q(shortfall__gt=0), is_forgiven=False
    ).count()
    held = Subscription.objects.in_force().values("plan").annotate(count=Count("pk"))
    counts = {row["plan"]: row["count"] for row in held.order_by()}
    is_set_up = gateway.is_set_up()
    return Panel(
        "revenue",
        _("Revenue"),
        note=""
        if is_set_up
        else _(
            "No Stripe key is set: nothing is sold, and everyone is on the free plan. "
            "Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET to sell plans and packs."
        ),
        facts=[
            Fact(
                _("Stripe"),
                _("connected") if is_set_up else _("no key is set"),
                severity="good" if is_set_up else "warning",
            ),
            Fact(_("Revenue, less refunds"), totals or "0"),
            Fact(_("Subscriptions"), str(sum(counts.values()))),
            Fact(
                _("Refunded or disputed, to be settled"),
                str(trouble),
                severity="warning" if trouble else "good",
            ),
        ],
        charts=[
            Chart(
                title=_("Revenue"),
                sentence=totals or _("Nothing was sold."),
                names=span.names,
                series=series or [Series(plans.CURRENCY.upper(), span.fill({}), "a")],
                digits=2,
            )
        ],
        tables=[
            Table(
                _("Subscriptions by plan"),
                [_("Plan"), _("In force")],
                [[str(plan.name), str(counts.get(plan.code, 0))] for plan in plans.plans()],
            )
        ],
    )


def credits(span: Span) -> Panel:
    entries = span.grouped(Entry.objects, "created", "kind")
    granted: dict[datetime, float] = {}
    spent: dict[datetime, float] = {}
    lapsed: dict[datetime, float] = {}
    for row in entries.annotate(available=Sum("available"), reserved=Sum("reserved")):
        if row["kind"] == Kind.GRANT:
            granted[row["part"]] = row["available"]
        elif row["kind"] == Kind.CAPTURE:
            spent[row["part"]] = -row["reserved"]
        elif row["kind"] == Kind.EXPIRE:
            lapsed[row["part"]] = -row["available"]
    open_now = Entry.objects.aggregate(available=Sum("available"), reserved=Sum("reserved"))
    return Panel(
        "credits",
        _("Credits"),
        facts=[
            Fact(_("Given"), f"{sum(granted.values()):.0f}"),
            Fact(_("Spent"), f"{sum(spent.values()):.0f}"),
            Fact(_("Lapsed"), f"{sum(lapsed.values()):.0f}"),
            Fact(_("Available to all people"), str(open_now["available"] or 0)),
            Fact(_("Reserved for work"), str(open_now["reserved"] or 0)),
        ],
        charts=[
            Chart(
                title=_("Credits that were spent"),
                sentence=_("%(spent)d spent, %(lapsed)d lapsed.")
                % {"spent": sum(spent.values()), "lapsed": sum(lapsed.values())},
                names=span.names,
                series=[
                    Series(_("Spent"), span.fill(spent), "a"),
                    Series(_("Lapsed"), span.fill(lapsed), "quiet"),
                ],
            ),
            Chart(
                title=_("Credits that were given"),
                sentence=_("Free ones, bought ones and gifts: %(given)d.")
                % {"given": sum(granted.values())},
                names=span.names,
                series=[Series(_("Given"), span.fill(granted), "b")],
            ),
        ],
    )


def webhooks(span: Span) -> Panel:
    came = span.counted(StripeEvent.objects, "received")
    failed = span.counted(StripeEvent.objects.filter(attempts__gt=0), "received")
    waiting = StripeEvent.objects.filter(applied=None)
    stuck = waiting.filter(attempts__gte=3)
    troubled = stuck.count()
    charts = [
        Chart(
            title=_("Stripe's events"),
            sentence=_("%(came)d came; %(failed)d could not be applied at once.")
            % {"came": sum(came), "failed": sum(failed)},
            names=span.names,
            series=[
                Series(_("Came"), came, "b"),
                Series(_("Failed at first"), failed, "bad", is_line=True),
            ],
        )
    ]
    tables = [
        Table(
            _("Events that are not applied"),
            [_("Event"), _("Type"), _("Tries"), _("Error")],
            [
                [event.pk, event.type, str(event.attempts), event.error]
                for event in waiting.filter(attempts__gt=0)[:50]
            ],
            _("All are applied."),
        )
    ]
    facts = [
        Fact(_("Stripe's events that wait"), str(waiting.count())),
        Fact(
            _("Failed three times or more"),
            str(troubled),
            severity="refusal" if troubled else "good",
        ),
    ]
    outgoing = deliveries(span)
    return Panel(
        "webhooks",
        _("Webhooks"),
        facts=[*facts, *outgoing.facts],
        charts=[*charts, *outgoing.charts],
        tables=[*tables, *outgoing.tables],
    )
