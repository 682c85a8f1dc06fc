"""What staff see of people, and the base of every page of theirs: what is done is written down."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from accounts.http import note
from accounts.models import Announcement, AuditEntry, User
from accounts.services import end_all_sessions


class AuditedAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Writes every change down with its values, in its transaction."""

    compressed_fields = True

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        note(request, f"{self._what}.add", subject=obj, detail=self._values(request))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        note(request, f"{self._what}.change", subject=obj, detail=self._values(request))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            note(request, f"{self._what}.delete", subject=obj)
        return super().log_deletions(request, queryset)

    def save_model(self, request: Any, obj: Any, form: Any, change: Any) -> None:
        request.changed_values = {
            name: [form.initial.get(name), form.cleaned_data.get(name)]
            for name in form.changed_data
        }
        super().save_model(request, obj, form, change)

    @property
    def _what(self) -> str:
        return str(self.opts.label_lower)

    def _values(self, request: Any) -> dict[str, Any] | None:
        found = getattr(request, "changed_values", None)
        return found and json.loads(json.dumps(found, default=_named))


def _named(value: Any) -> Any:
    """Return the names of related rows, and the text of what else JSON has no word for."""
    return [str(row) for row in value] if isinstance(value, QuerySet) else str(value)


class ReadOnlyAdmin(AuditedAdmin):
    """Shows rows that nobody changes by hand."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class UserForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable as it runs
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("is_superuser") and not cleaned.get("is_staff"):
            self.add_error("is_staff", _("Who may do everything must be staff."))
        return cleaned


@admin.register(User)
class UserAdmin(AuditedAdmin):
    """People and their roles. Only who may do everything gives roles, lest one gives oneself."""

    form = UserForm
    actions = None
    list_display = ("email", "name", "is_active", "is_staff", "date_joined", "last_login", "look")
    list_filter = ("is_active", "is_staff", "groups", "date_joined")
    search_fields = ("=id", "email", "name")
    ordering = ("-date_joined",)
    list_per_page = 50
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "groups", *(
        "date_joined", "last_login", "look"))  # fmt: skip
    readonly_fields = ("email", "name", "date_joined", "last_login", "look")

    @admin.display(description=_("support"))
    def look(self, user: User) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:support-person", args=[user.pk]), _("Look")
        )

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False  # people sign up

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return bool(request.user.is_active and request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False  # erasing is theirs: it deletes files and ends subscriptions too

    def save_model(self, request: Any, obj: Any, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        if not obj.is_active or "is_staff" in form.changed_data:
            end_all_sessions(obj)


@admin.register(Group)
class GroupAdmin(AuditedAdmin):
    """Roles: only who may do everything changes what they mean."""

    search_fields = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return bool(request.user.is_active and request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


@admin.register(Announcement)
class AnnouncementAdmin(AuditedAdmin):
    list_display = ("text", "severity", "begins", "ends")
    list_filter = ("severity",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "act", "subject", "address")
    list_filter = ("act", "at")
    search_fields = ("=actor_id", "subject", "act")
    list_per_page = 100
    fields = ("at", "actor", "act", "subject", "detail", "address", "previous", "digest")

    def get_queryset(self, request: HttpRequest) -> Any:
        who = User.objects.filter(pk=OuterRef("actor_id")).values("email")
        return super().get_queryset(request).annotate(actor_email=Subquery(who))

    @admin.display(description=_("who"), ordering="actor_id")
    def actor(self, entry: Any) -> str:
        if entry.actor_id is None:
            return str(_("command line"))
        return entry.actor_email or f"#{entry.actor_id}"
