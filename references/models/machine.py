"""Machines that do the work, as each last told of itself."""

from typing import Any

from django.db import models
from django.db.models.functions import Now


class MachineQuerySet(models.QuerySet["Machine"]):
    def tell(self, *, name: str, is_confining: bool, boxes: str) -> None:
        """Note what a machine can confine decoders by."""
        told: dict[str, Any] = {"is_confining": is_confining, "boxes": boxes, "told": Now()}
        self.update_or_create(name=name, defaults=told)


class Machine(models.Model):
    name = models.CharField(max_length=100, primary_key=True)
    is_confining = models.BooleanField(
        "shuts decoders in", help_text="Without, it works only where ALLOW_WEAK_SANDBOX says so."
    )
    boxes = models.CharField("by", max_length=200)
    told = models.DateTimeField("when its workers last began", db_default=Now())

    objects = MachineQuerySet.as_manager()

    class Meta:
        ordering = ["is_confining", "name"]  # those to look after come first

    def __str__(self) -> str:
        return self.name
