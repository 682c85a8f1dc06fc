"""The account's own pages; everything around passwords and addresses is allauth's."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts import services
from accounts.forms import EraseForm, NameForm, NoticesForm
from accounts.http import AuthenticatedRequest, needs_password, sending_needs_password
from accounts.models import Export


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: AuthenticatedRequest) -> HttpResponse:
    form = NameForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your name was saved."))
        return redirect("accounts:detail")
    return render(request, "accounts/account_detail.html", {"form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: AuthenticatedRequest) -> HttpResponse:
    form = NoticesForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved: we write to you about these only."))
        return redirect("accounts:notices")
    return render(request, "accounts/notices.html", {"form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: AuthenticatedRequest) -> HttpResponse:
    """List where a person is logged in; a POST ends all but this one."""
    if request.method == "POST":
        services.end_other_sessions(request.user, but=request.session.session_key or "")
        messages.success(request, _("You are logged out everywhere else."))
        return redirect("accounts:sessions")
    found = UserSession.objects.purge_and_list(request.user)
    found.sort(key=lambda session: (not session.is_current(), -session.last_seen_at.timestamp()))
    return render(request, "accounts/session_list.html", {"sessions": found})


@login_required
@require_POST
def session_end(request: AuthenticatedRequest, session_id: int) -> HttpResponse:
    session = get_object_or_404(UserSession, pk=session_id, user=request.user)
    services.end_session(session)
    messages.success(request, _("That session is over."))
    return redirect("accounts:sessions")


@login_required
@require_safe
def data(request: AuthenticatedRequest) -> HttpResponse:
    return render(request, "accounts/data.html", {"exports": Export.objects.of(request.user)[:5]})


@login_required
@require_POST
@needs_password
def export(request: AuthenticatedRequest) -> HttpResponse:
    services.begin_export(user=request.user)
    messages.success(request, _("We are putting your data together and write to you then."))
    return redirect("accounts:data")


@login_required
@require_GET
@needs_password
def export_download(request: AuthenticatedRequest, export_id: str) -> HttpResponseBase:
    made = get_object_or_404(Export.objects.of(request.user), pk=export_id)
    if made.finished is None or not default_storage.exists(made.key):
        raise Http404
    response = FileResponse(
        default_storage.open(made.key), as_attachment=True, filename="lacquer-export.zip"
    )
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sending_needs_password
def erase(request: AuthenticatedRequest) -> HttpResponse:
    form = EraseForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and form.is_valid():
        user = request.user
        logout(request)
        services.erase(user=user)
        return render(request, "accounts/erased.html")
    status = 422 if form.errors else 200
    return render(request, "accounts/erase.html", {"form": form}, status=status)
