"""The pages of webhooks: whom we call, with which secret, and how it went."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services
from accounts.errors import WebhookRefused
from accounts.forms import WebhookForm
from accounts.http import AuthenticatedRequest, needs_password
from accounts.messages import call_failure, refusal
from accounts.models import Webhook, WebhookDelivery

SHOWN = 50  # of the latest calls
SOON = timedelta(seconds=30)  # what comes so soon is waited for


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: AuthenticatedRequest) -> HttpResponse:
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = services.add_webhook(user=request.user, **form.cleaned_data)
        except WebhookRefused as refused:
            form.add_error(_field(refused), refusal(refused.code))
        else:
            messages.success(request, _("Added. Give your server the secret, then send a test."))
            return redirect("accounts:webhook", made.pk)
    context = {"form": form, "webhooks": Webhook.objects.of(request.user)}
    return render(request, "accounts/webhook_list.html", context, status=_status(form))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: AuthenticatedRequest, webhook_id: str) -> HttpResponse:
    found = _own(request, webhook_id)
    known = {"url": found.url, "description": found.description, "types": found.types}
    form = WebhookForm(request.POST if request.method == "POST" else None, initial=known)
    if form.is_valid():
        try:
            services.change_webhook(webhook=found, **form.cleaned_data)
        except WebhookRefused as refused:
            form.add_error(_field(refused), refusal(refused.code))
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:webhook", found.pk)
    context = {"webhook": found, "form": form, **_log(found)}
    return render(request, "accounts/webhook_detail.html", context, status=_status(form))


@login_required
@require_safe
def calls(request: AuthenticatedRequest, webhook_id: str) -> HttpResponse:
    """Show the latest calls, as the page asks for again while one is about to be made."""
    found = _own(request, webhook_id)
    return render(request, "accounts/_calls.html", {"webhook": found, **_log(found)})


@login_required
@require_safe
@needs_password
def secret(request: AuthenticatedRequest, webhook_id: str) -> HttpResponse:
    found = _own(request, webhook_id)
    context = {"webhook": found, "secret": services.secret_of(found)}
    response = render(request, "accounts/webhook_secret.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_POST
@needs_password
def rotate(request: AuthenticatedRequest, webhook_id: str) -> HttpResponse:
    found = _own(request, webhook_id)
    services.rotate_secret(webhook=found)
    messages.success(request, _("For 24 hours both secrets sign; then the new one alone."))
    return redirect("accounts:webhook-secret", found.pk)


@login_required
@require_POST
def test(request: AuthenticatedRequest, webhook_id: str) -> HttpResponse:
    found = _own(request, webhook_id)
    try:
        services.send_test(webhook=found)
    except WebhookRefused as refused:
        messages.error(request, refusal(refused.code))
    return redirect("accounts:webhook", found.pk)


@login_required
@require_POST
def replay(request: AuthenticatedRequest, webhook_id: str, delivery_id: str) -> HttpResponse:
    sent = WebhookDelivery.objects.of(request.user).filter(webhook=webhook_id)
    found = get_object_or_404(sent, pk=delivery_id)
    try:
        services.replay(delivery=found)
    except WebhookRefused as refused:
        messages.error(request, refusal(refused.code))
    return redirect("accounts:webhook", found.webhook_id)


@login_required
@require_POST
def switch(request: AuthenticatedRequest, webhook_id: str) -> HttpResponse:
    found = _own(request, webhook_id)
    if found.disabled is None:
        services.disable_webhook(webhook=found)
        messages.success(request, _("Switched off. What it had not heard yet is not sent."))
    else:
        services.enable_webhook(webhook=found)
        messages.success(request, _("Switched on. What it missed can be replayed below."))
    return redirect("accounts:webhook", found.pk)


@login_required
@require_POST
def remove(request: AuthenticatedRequest, webhook_id: str) -> HttpResponse:
    found = _own(request, webhook_id)
    services.remove_webhook(webhook=found)
    messages.success(request, _("Removed."))
    return redirect("accounts:webhooks")


def _own(request: AuthenticatedRequest, webhook_id: str) -> Webhook:
    return get_object_or_404(Webhook.objects.of(request.user), pk=webhook_id)


def _log(webhook: Webhook) -> dict[str, object]:
    latest = list(webhook.deliveries.select_related("event")[:SHOWN])
    soon = timezone.now() + SOON
    waiting = WebhookDelivery.Status.WAITING
    return {
        "calls": [(each, call_failure(each.error_code)) for each in latest],
        "is_awaited": any(each.status == waiting and each.run_at <= soon for each in latest),
    }


def _field(refused: WebhookRefused) -> str | None:
    return {"too_many_webhooks": None, "event_type_unknown": "types"}.get(refused.code, "url")


def _status(form: WebhookForm) -> int:
    return 422 if form.errors else 200
