"""The account page; everything around passwords and addresses is allauth's."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import NameForm
from accounts.http import AuthenticatedRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: AuthenticatedRequest) -> HttpResponse:
    form = NameForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your name was saved."))
        return redirect("accounts:detail")
    return render(request, "accounts/account_detail.html", {"form": form})
