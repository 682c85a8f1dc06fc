"""The operator's site."""

from collections.abc import Callable
from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.sites import UnfoldAdminSite

from accounts.http import note
from accounts.models import User
from billing import gateway
from config import support
from config.dashboard import SPANS, panels, span_of

OURS = ("accounts", "billing", "references", "mastering")
View = Callable[..., HttpResponseBase]


@method_decorator(secure_admin_login, name="login")
class AdminSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Staff log in by the front door, where the rate limits stand, and with two factors.

    Whatever they do is written down; a view that changed something and did not say what is
    written down by its path.
    """

    site_title = site_header = "Lacquer"
    index_title = _("Operations")
    index_template = "admin/dashboard.html"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Show what was written for this site only: other parts' pages would tell secrets."""
        if admin_class is not None and admin_class.__module__.split(".")[0] in OURS:
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_permission(request)) and is_mfa_enabled(request.user)

    def login(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        if request.user.is_staff and not is_mfa_enabled(request.user):
            return redirect("mfa_index")
        answer: HttpResponse = super().login(request, extra_context)
        return answer

    def get_urls(self) -> list[URLPattern]:
        people = path("people/<int:user_id>/", self.admin_view(self.support), name="support-person")
        log_out = path(
            "people/<int:user_id>/log-out/",
            self.admin_view(require_POST(support.end_sessions)),
            name="support-end-sessions",
        )
        lost_factor = path(
            "people/<int:user_id>/second-factor/",
            self.admin_view(self.lost_factor),
            name="support-lost-factor",
        )
        return [people, log_out, lost_factor, *super().get_urls()]

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        def audited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = view(request, *args, **kwargs)
            is_act = request.method not in ("GET", "HEAD", "OPTIONS")
            if is_act and 300 <= response.status_code < 400 and not hasattr(request, "noted"):
                note(request, "admin.post", subject=request.path[:120])
            return response

        guarded: View = super().admin_view(audited, cacheable)
        return guarded

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        return context | {"is_for_sale": gateway.is_set_up()}

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        span = span_of(request.GET.get("span"))
        context = {"panels": panels(cast(User, request.user), span), "span": span, "spans": SPANS}
        page: TemplateResponse = super().index(request, context | (extra_context or {}))
        return page

    def support(self, request: HttpRequest, user_id: int) -> HttpResponse:
        return support.person(request, user_id, self.each_context(request))

    def lost_factor(self, request: HttpRequest, user_id: int) -> HttpResponse:
        return support.lost_factor(request, user_id, self.each_context(request))
