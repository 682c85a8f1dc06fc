"""Pages of money: prices, one's plan and credits, the ledger, invoices, and the way to pay."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.http import AuthenticatedRequest
from billing import gateway, plans, services
from billing.errors import BillingRefused, NothingForSale, StripeAway
from billing.http import HttpResponseSeeStripe, catalogue
from billing.messages import entry_lines, refusal_message
from billing.models import Account, Entry

PAGE_ROWS = 50


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    return render(request, "billing/pricing.html", catalogue(request.user))


@login_required
@require_GET
def detail(request: AuthenticatedRequest) -> HttpResponse:
    account = Account.objects.get(user=request.user)
    recent = Entry.objects.of(account).select_related("resolution")[:8]
    context = {
        **catalogue(request.user),
        "entries": entry_lines(recent),
        "is_customer": bool(account.stripe_customer),
        "is_frozen": services.is_frozen(account),
        "has_paid": "paid" in request.GET,
    }
    return render(request, "billing/detail.html", context)


@login_required
@require_GET
def ledger(request: AuthenticatedRequest) -> HttpResponse:
    account = Account.objects.get(user=request.user)
    entries = Entry.objects.of(account).select_related("resolution")
    page = Paginator(entries, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "entries": entry_lines(page),
        "balance": services.balance_of(account),
    }
    return render(request, "billing/ledger.html", context)


@login_required
@require_GET
def invoices(request: AuthenticatedRequest) -> HttpResponse:
    account = Account.objects.get(user=request.user)
    bills, away = [], False
    if account.stripe_customer and gateway.is_set_up():
        try:
            bills = gateway.bills_of(account.stripe_customer)
        except StripeAway:
            away = True
    context = {"bills": bills, "is_away": away}
    return render(request, "billing/invoices.html", context, status=503 if away else 200)


@login_required
@require_POST
def buy(request: AuthenticatedRequest, item: str) -> HttpResponse:
    if plans.item(item) is None:
        raise Http404
    urls = {
        "success": _absolute("billing:detail") + "?paid",
        "cancel": _absolute("billing:pricing"),
    }
    try:
        url = services.start_checkout(user=request.user, item=item, urls=urls)
    except (NothingForSale, StripeAway) as refusal:
        return _refused(request, refusal, "billing:pricing")
    return HttpResponseSeeStripe(url)


@login_required
@require_POST
def portal(request: AuthenticatedRequest) -> HttpResponse:
    try:
        url = services.open_portal(user=request.user, return_url=_absolute("billing:detail"))
    except (NothingForSale, StripeAway) as refusal:
        return _refused(request, refusal, "billing:detail")
    return HttpResponseSeeStripe(url)


def _refused(request: HttpRequest, refusal: BillingRefused, back: str) -> HttpResponse:
    messages.error(request, refusal_message(refusal.code))
    return redirect(back)


def _absolute(name: str) -> str:
    return f"{settings.SITE_URL.rstrip('/')}{reverse(name)}"
