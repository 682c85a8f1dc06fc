"""Work as staff see it: what waits, who works on it, how each attempt went; and its machines."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.admin import ReadOnlyAdmin
from accounts.http import note
from references.models import AudioFile, Machine, Run, Work, WorkerGroup
from references.services import take_from_worker


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that staff may do to a piece of work: ``act`` does it and returns what to say."""

    permission: str
    label: str | Promise
    is_offered: Callable[[Any], bool]
    act: Callable[[Any], str]


class WorkAdmin(ReadOnlyAdmin):
    """The inspector of one kind of work; never a way to its sound.

    ``told`` are the columns of the kind that hold JSON.
    """

    deeds: ClassVar[dict[str, Deed]] = {}
    told: ClassVar[tuple[str, ...]] = ()
    more_fields: ClassVar[tuple[str, ...]] = ()

    list_display: ClassVar[tuple[str, ...]] = (
        "id",
        "status",
        "step",
        "attempts",
        "error_code",
        "person",
        "created",
        "finished",
    )
    list_filter = ("status", "error_code", "engine_version", "created")
    search_fields: ClassVar[tuple[str, ...]] = ("=id", "=user__id", "=worker")
    list_select_related = ("user",)
    list_per_page = 50
    ordering = ("-created", "-pk")
    show_full_result_count = False
    change_form_template = "admin/work.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # noqa: ARG002
        kept = ["id", "person", "status", "step", "progress", "attempts", "engine_errors"]
        kept += ["error_code", "error_detail", "worker", "lease_until", "deadline_at", "priority"]
        kept += ["created", "run_at", "started", "finished", "engine_version", "stored"]
        return [*kept, *self.more_fields, "files", *(f"told_{name}" for name in self.told)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj)

    @admin.display(description=gettext_lazy("person"), ordering="user")
    def person(self, work: Work) -> SafeString:
        where = reverse("admin:support-person", args=[work.user_id])
        return format_html('<a href="{}">#{} {}</a>', where, work.user_id, work.user.email)

    @admin.display(description=gettext_lazy("stored"))
    def stored(self, work: Work) -> str:
        return "–" if work.stored_bytes is None else filesizeformat(work.stored_bytes)

    @admin.display(description=gettext_lazy("files"))
    def files(self, work: Work) -> SafeString:
        """Name them, with size and hash: no address leads from here to any."""
        return _json(work.outputs)

    def get_urls(self) -> list[URLPattern]:
        deed = path(
            "<str:pk>/do/<slug:deed>/",
            self.admin_site.admin_view(require_POST(self.do)),
            name=f"{self.opts.app_label}_{self.opts.model_name}_do",
        )
        return [deed, *super().get_urls()]

    def do(self, request: HttpRequest, pk: str, deed: str) -> HttpResponse:
        """Do one of the deeds to a piece of work, and write it down."""
        if deed not in self.deeds:
            raise Http404
        if not request.user.has_perm(self.deeds[deed].permission):
            raise PermissionDenied
        with transaction.atomic():
            work = self.get_queryset(request).filter(pk=pk).first()
            if work is None:
                raise Http404
            said = self.deeds[deed].act(work)
            note(request, f"work.{deed}", subject=work, detail={"said": said})
            is_there = self.get_queryset(request).filter(pk=pk).exists()
        messages.info(request, said)
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        return redirect(f"{name}_change", pk) if is_there else redirect(f"{name}_changelist")

    def render_change_form(self, request: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
        work = context.get("original")
        if work is not None:
            context["deeds"] = [
                (code, deed.label)
                for code, deed in self.deeds.items()
                if request.user.has_perm(deed.permission) and deed.is_offered(work)
            ]
            context["runs"] = Run.objects.of_work(work) if self._may_see_runs(request) else ()
            context["here"] = f"admin:{self.opts.app_label}_{self.opts.model_name}_do"
            told = {run.attempt for run in context["runs"]}
            context["lost_attempts"] = [n for n in range(1, work.attempts + 1) if n not in told]
        return super().render_change_form(request, context, *args, **kwargs)

    @staticmethod
    def _may_see_runs(request: Any) -> bool:
        return bool(request.user.has_perm("references.view_run"))


def json_column(name: str, label: Any) -> Any:
    """Return a field of an inspector that shows a JSON column in full."""

    @admin.display(description=label)
    def shown(_self: Any, work: Any) -> SafeString:
        return _json(getattr(work, name))

    return shown


def release(work: Work) -> str:
    """Take running work from its worker; it waits again at once."""
    if take_from_worker(work=work):
        return _("It waits again, and no attempt is counted. Its worker stops within seconds.")
    return _("It does not run.")


RELEASE = Deed(
    "mastering.release_work",
    gettext_lazy("Take from its worker"),
    lambda work: work.is_open and not work.is_waiting,
    release,
)


def _json(value: Any) -> SafeString:
    if not value:
        return SafeString("–")
    return _text(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True))


def _text(text: str) -> SafeString:
    return SafeString(render_to_string("admin/_json.html", {"text": text}))


@admin.register(AudioFile)
class AudioFileAdmin(WorkAdmin):
    deeds = {"release": RELEASE}
    told = ("findings", "facts", "summary")
    more_fields = ("kind", "format", "size_bytes", "sha256", "pcm_sha256")
    told_findings = json_column("findings", gettext_lazy("findings"))
    told_facts = json_column("facts", gettext_lazy("facts"))
    told_summary = json_column("summary", gettext_lazy("measured"))


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Every attempt, so that its log is found by the id of its work."""

    list_display = ("work", "attempt", "kind", "outcome", "worker", "began", "took", "cpu_seconds")
    list_filter = ("kind", "outcome", "engine_version", "began")
    search_fields = ("=work", "=worker")
    show_full_result_count = False
    list_per_page = 50
    fields = ("work", "kind", "attempt", "outcome", "worker", "box", "engine_version", "began",
              "ended", "took", "cpu_seconds", "peak_memory_bytes", "told_steps",
              "told_log")  # fmt: skip
    told_steps = json_column("steps", gettext_lazy("steps: seconds by the clock, of processors"))

    @admin.display(description=gettext_lazy("seconds"))
    def took(self, run: Run) -> str:
        return f"{run.wall_seconds:.1f}"

    @admin.display(description=gettext_lazy("log"))
    def told_log(self, run: Run) -> SafeString:
        return _text(run.log or "–")


@admin.register(WorkerGroup)
class WorkerGroupAdmin(ReadOnlyAdmin):
    list_display = ("name", "machine", "state", "began", "seen", "ended", "why")
    list_filter = ("machine", "why")

    @admin.display(description=gettext_lazy("state"))
    def state(self, group: WorkerGroup) -> str:
        if group.ended:
            return _("ended")
        return _("silent") if group.is_silent else _("well")


@admin.register(Machine)
class MachineAdmin(ReadOnlyAdmin):
    """How strong the boxes are that strangers' files are decoded in; to read only."""

    list_display = ("name", "is_confining", "boxes", "told")
