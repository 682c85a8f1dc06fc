"""Money as staff see it. The ledger is read only; credits are given on a person's page."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin import AuditedAdmin, ReadOnlyAdmin
from billing import plans
from billing.models import Account, Entry, Payment, StripeEvent, Subscription, Terms


class TermsForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable as it runs
    code = forms.ChoiceField(label=_("Plan or pack"), choices=plans.codes)

    class Meta:
        model = Terms
        fields = "__all__"  # noqa: DJ007 (every number of the catalogue may be changed)
        labels = {
            "price_cents": _("Price (cents)"),
            "max_running": _("Masters at work"),
            "max_queued": _("Masters waiting"),
            "retention_days": _("Kept for (days)"),
            "storage_bytes": _("Storage (bytes)"),
        }
        help_texts: ClassVar = dict.fromkeys(
            ("credits", *labels), _("Empty: as the catalogue has it.")
        )

    def clean(self) -> dict[str, Any]:
        """Refuse what would close a plan to its people, or delete what they keep."""
        cleaned = super().clean() or {}
        item = plans.item(cleaned.get("code") or self.instance.code)
        for name in ("max_running", "max_queued", "retention_days", "storage_bytes"):
            value = cleaned.get(name)
            if value is not None and not hasattr(item, name):
                self.add_error(name, _("A pack has no limits."))
            elif value == 0 and name != "max_queued":
                self.add_error(
                    name, _("0 would allow nothing; leave it empty for the catalogue's.")
                )
        if cleaned.get("price_cents") and getattr(item, "code", "") == plans.FREE:
            self.add_error("price_cents", _("The free plan costs nothing."))
        return cleaned


@admin.register(Terms)
class TermsAdmin(AuditedAdmin):
    """What differs from the catalogue of plans and packs, and holds from the moment it is saved."""

    form = TermsForm
    actions = None
    list_display = ("code", "credits", "price_cents", "max_running", "max_queued",
                    "retention_days", "storage_bytes")  # fmt: skip
    change_list_template = "admin/terms.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return ("code",) if obj else ()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {"plans": plans.plans(), "packs": plans.packs()}
        return super().changelist_view(request, context | (extra_context or {}))


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "stripe_customer", "renews_at", "created")
    search_fields = ("=id", "=user__id", "user__email", "=stripe_customer")
    list_select_related = ("user",)
    show_full_result_count = False


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "pool", "available", "reserved", "account", "subject", "created")
    list_filter = ("kind", "pool", "created")
    search_fields = ("=id", "=account__id", "=account__user__id", "=subject", "=reason")
    list_select_related = ("account",)
    show_full_result_count = False


@admin.register(Payment)
class PaymentAdmin(AuditedAdmin):
    """What was paid; the one thing that staff change is whether a loss is let pass."""

    actions = None
    list_display = ("stripe_id", "item", "amount", "currency", "amount_refunded", "dispute",
                    "shortfall", "is_forgiven")  # fmt: skip
    list_filter = ("dispute", "is_forgiven", "item")
    search_fields = ("=stripe_id", "=payment_intent", "=account__id", "=account__user__id")
    readonly_fields = ("account", "stripe_id", "payment_intent", "item", "lot", "amount",
                       "currency", "amount_refunded", "dispute", "shortfall")  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = ("stripe_id", "plan", "status", "period_end", "ends_at_period_end")
    list_filter = ("plan", "status")
    search_fields = ("=stripe_id", "=account__id", "=account__user__id")


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ("id", "type", "object_id", "received", "applied", "attempts", "error")
    list_filter = ("type", ("applied", admin.EmptyFieldListFilter))
    search_fields = ("=id", "=object_id", "=customer")
    show_full_result_count = False
