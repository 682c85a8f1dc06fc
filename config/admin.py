"""The operator's site."""

from allauth.account.decorators import secure_admin_login
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator


@method_decorator(secure_admin_login, name="login")
class AdminSite(admin.AdminSite):
    """Staff log in by the front door, where the rate limits stand, and with two factors."""

    site_title = site_header = "Lacquer"
    index_title = "Operations"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and is_mfa_enabled(request.user)

    def login(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        if request.user.is_staff and not is_mfa_enabled(request.user):
            return redirect("mfa_index")
        return super().login(request, extra_context)
