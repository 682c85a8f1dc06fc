"""Masters and what is made of them as staff see them, and the rules of platforms."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminURLInputWidget

from accounts.admin import AuditedAdmin, ReadOnlyAdmin
from dsp.platforms import platforms
from mastering.errors import MasterRefused
from mastering.models import (
    AlbumArchive,
    Export,
    PlatformRule,
    Preview,
    Receipt,
    ReleaseCheck,
    Version,
)
from mastering.services import cancel_work, rerun
from references.admin import RELEASE, Deed, WorkAdmin, json_column
from references.errors import Busy
from references.models import Work
from references.templatetags.audio import quantity


def _rerun(work: Work) -> str:
    try:
        again = rerun(work=work)
    except (MasterRefused, Busy) as refusal:
        return _("It was not queued: %(why)s") % {"why": refusal.code}
    return _("Queued again as %(id)s.") % {"id": again.pk} if again else _("It did not fail.")


def _cancel(work: Work) -> str:
    return (
        _("It is cancelled, and its credit given back.")
        if cancel_work(work=work)
        else _("It had ended already.")
    )


RERUN = Deed(
    "mastering.rerun_work",
    gettext_lazy("Run again"),
    lambda work: not work.is_open and not work.has_succeeded,
    _rerun,
)
CANCEL = Deed("mastering.rerun_work", gettext_lazy("Cancel"), lambda work: work.is_open, _cancel)


@admin.register(Version)
class VersionAdmin(WorkAdmin):
    deeds = {"rerun": RERUN, "cancel": CANCEL, "release": RELEASE}
    told = ("settings", "provenance", "report")
    more_fields = ("master", "number", "loudness", "true_peak")
    list_display = (*WorkAdmin.list_display[:1], "number", *WorkAdmin.list_display[1:])
    search_fields = (*WorkAdmin.search_fields, "=master__id")
    told_settings = json_column("settings", gettext_lazy("settings"))
    told_provenance = json_column("provenance", gettext_lazy("provenance"))
    told_report = json_column("report", gettext_lazy("report"))

    @admin.display(description=gettext_lazy("loudness"))
    def loudness(self, version: Version) -> str:
        return quantity(version.loudness_lufs, "LUFS")

    @admin.display(description=gettext_lazy("true peak"))
    def true_peak(self, version: Version) -> str:
        return quantity(version.true_peak_dbtp, "dBTP")


@admin.register(Preview)
class PreviewAdmin(WorkAdmin):
    deeds = {"cancel": CANCEL, "release": RELEASE}
    told = ("settings",)
    more_fields = ("version", "start_seconds", "end_seconds")
    told_settings = json_column("settings", gettext_lazy("settings"))


@admin.register(Export)
class ExportAdmin(WorkAdmin):
    deeds = {"rerun": RERUN, "release": RELEASE}
    more_fields = ("version", "formats", "rate_hz", "is_archive", "expires")


@admin.register(AlbumArchive)
class AlbumArchiveAdmin(WorkAdmin):
    deeds = {"rerun": RERUN, "release": RELEASE}
    told = ("content",)
    more_fields = ("album", "format", "expires")
    told_content = json_column("content", gettext_lazy("content"))


@admin.register(ReleaseCheck)
class ReleaseCheckAdmin(WorkAdmin):
    deeds = {"rerun": RERUN, "release": RELEASE}
    told = ("found",)
    more_fields = ("version",)
    told_found = json_column("found", gettext_lazy("found"))


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("subject", "user", "reason", "kept_days", "told", "due", "deleted")
    search_fields = ("=subject", "=user__id")
    list_select_related = ("user",)
    show_full_result_count = False
    fields = ("subject", "user", "reason", "plan", "kept_days", "last_used", "told", "due",
              "deleted", "size_bytes", "told_files")  # fmt: skip
    told_files = json_column("files", gettext_lazy("files"))


class PlatformRuleForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable as it runs
    source = forms.URLField(
        assume_scheme="https",
        max_length=500,
        widget=UnfoldAdminURLInputWidget,
        help_text=gettext_lazy("Where it was read."),
    )

    class Meta:
        model = PlatformRule
        fields = "__all__"  # noqa: DJ007 (a rule is edited as a whole)
        labels = {
            "target_lufs": gettext_lazy("Target (LUFS)"),
            "headroom_dbtp": gettext_lazy("Headroom (dBTP)"),
        }


@admin.register(PlatformRule)
class PlatformRuleAdmin(AuditedAdmin):
    """Rules that differ from the data by now, each with its source and date."""

    form = PlatformRuleForm
    list_display = (
        "__str__",
        "target_lufs",
        "turns_up",
        "headroom_dbtp",
        "limits",
        "dated",
        "changed",
    )
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return ("code",) if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the rule of the data, for a platform that was chosen from the list."""
        code = request.GET.get("code")
        known = next((each for each in platforms() if each.code == code), None)
        if known is None:
            return {}
        names = ("code", "target_lufs", "turns_up", "headroom_dbtp", "limits", "by_default")
        more = ("rule", "source", "kind_of_source", "example")
        return {name: getattr(known, name) for name in (*names, *more)}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        changed = set(PlatformRule.objects.values_list("pk", flat=True))
        unchanged = [each for each in platforms() if each.code not in changed]
        context = {"unchanged": unchanged, "may_add": self.has_add_permission(request)}
        return super().changelist_view(request, context | (extra_context or {}))

    change_list_template = "admin/platform_rules.html"
