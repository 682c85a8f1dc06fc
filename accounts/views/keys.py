"""The pages of API keys: made with the password at hand, shown once, renewed, closed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.errors import ApiRefused
from accounts.forms import KeyForm
from accounts.http import AuthenticatedRequest, needs_password, sending_needs_password
from accounts.models import ApiKey


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sending_needs_password
def keys(request: AuthenticatedRequest) -> HttpResponse:
    """List a person's keys; a POST makes one, and shows its secret this once."""
    form = KeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return _shown(request, services.create_key(user=request.user, **form.chosen))
        except ApiRefused:
            form.add_error(None, _("You have as many keys as one person can have. Revoke some."))
    context = {
        "form": form,
        "keys": ApiKey.objects.of(request.user).order_by("revoked", "-created"),
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/key_list.html", context, status=status)


@login_required
@require_POST
@needs_password
def key_rotate(request: AuthenticatedRequest, key_id: str) -> HttpResponse:
    key = get_object_or_404(ApiKey.objects.of(request.user), pk=key_id)
    try:
        return _shown(request, services.rotate_key(key=key))
    except ApiRefused:
        messages.error(request, _("This key opens nothing any more. Make another."))
        return redirect("accounts:keys")


@login_required
@require_POST
def key_revoke(request: AuthenticatedRequest, key_id: str) -> HttpResponse:
    services.revoke_key(key=get_object_or_404(ApiKey.objects.of(request.user), pk=key_id))
    messages.success(request, _("The key is revoked. Nothing opens with it any more."))
    return redirect("accounts:keys")


def _shown(request: AuthenticatedRequest, made: services.Made) -> HttpResponse:
    context = {"key": made.key, "secret": made.secret}
    response = render(request, "accounts/key_made.html", context, status=201)
    response["Cache-Control"] = "no-store"
    return response
