"""The operator's menu: what each role may see of it."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

# Group, and its pages: label, icon, model and the permission that shows it.
_MENU: Final[tuple[tuple[Any, tuple[tuple[Any, str, str], ...]], ...]] = (
    (
        _("Work"),
        (
            (_("Masters"), "album", "mastering.version"),
            (_("Uploads"), "upload_file", "references.audiofile"),
            (_("Exports"), "download", "mastering.export"),
            (_("Album archives"), "folder_zip", "mastering.albumarchive"),
            (_("Release checks"), "fact_check", "mastering.releasecheck"),
            (_("Previews"), "hearing", "mastering.preview"),
            (_("Attempts and logs"), "receipt_long", "references.run"),
            (_("Worker groups"), "group_work", "references.workergroup"),
            (_("Machines"), "dns", "references.machine"),
        ),
    ),
    (
        _("People"),
        (
            (_("People"), "person", "accounts.user"),
            (_("Roles"), "badge", "auth.group"),
            (_("Deletion receipts"), "auto_delete", "mastering.receipt"),
        ),
    ),
    (
        _("Money"),
        (
            (_("Ledger"), "account_balance", "billing.entry"),
            (_("Payments"), "payments", "billing.payment"),
            (_("Subscriptions"), "event_repeat", "billing.subscription"),
            (_("Accounts"), "wallet", "billing.account"),
            (_("Stripe's events"), "webhook", "billing.stripeevent"),
            (_("Plans and limits"), "price_change", "billing.terms"),
        ),
    ),
    (
        _("Site"),
        (
            (_("Platform rules"), "rule", "mastering.platformrule"),
            (_("Announcements"), "campaign", "accounts.announcement"),
            (_("Audit log"), "policy", "accounts.auditentry"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001 (the skin gives it)
    first = {"title": _("Dashboard"), "icon": "monitoring", "link": reverse("admin:index")}
    groups = [{"title": title, "items": [_item(*page) for page in pages]} for title, pages in _MENU]
    return [{"items": [first]}, *groups]


def _item(title: Any, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse(f"admin:{app}_{name}_changelist"),
        "permission": _may_see(f"{app}.view_{name}"),
    }


def _may_see(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)
