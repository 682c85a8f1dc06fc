"""What the operator sees of uploads and of the machines that look at them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from references.models import Machine


@admin.register(Machine)
class MachineAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable as it runs
    """How strong the boxes are that strangers' files are decoded in; to read only."""

    list_display = ("name", "is_confining", "boxes", "told")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False
