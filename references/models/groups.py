"""Worker groups as their supervisors tell of them, on whatever machine they are."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

SILENT: Final = timedelta(seconds=45)  # several tellings in a row did not come
KEPT: Final = timedelta(days=30)


class WorkerGroupQuerySet(models.QuerySet["WorkerGroup"]):
    def tell(self, names: Collection[str], *, machine: str) -> None:
        """Note that these groups live, and when each was first heard of."""
        known = set(self.filter(name__in=names, ended=None).values_list("name", flat=True))
        self.bulk_create(
            [WorkerGroup(name=name, machine=machine) for name in names if name not in known],
            ignore_conflicts=True,
        )
        self.filter(name__in=names, ended=None).update(seen=Now())

    def end(self, name: str, *, why: str) -> None:
        self.filter(name=name, ended=None).update(ended=Now(), why=why[:100])

    def standing(self) -> Self:
        """Keep those that should be at work: none of them ended, nor is gone for a day."""
        return self.filter(ended=None, seen__gt=Now() - timedelta(days=1)).order_by("name")

    def forget(self) -> None:
        old = Q(ended__lt=Now() - KEPT) | Q(seen__lt=Now() - KEPT)
        self.filter(old).delete()


class WorkerGroup(models.Model):
    name = models.CharField(max_length=100, help_text="Machine and process, as on running work.")
    machine = models.CharField(max_length=100)
    began = models.DateTimeField(db_default=Now())
    seen = models.DateTimeField(db_default=Now())
    ended = models.DateTimeField(null=True, blank=True)
    why = models.CharField("why it ended", max_length=100, blank=True)

    objects = WorkerGroupQuerySet.as_manager()

    class Meta:
        ordering = ["-seen"]
        constraints = [
            models.UniqueConstraint("name", name="group_lives_once", condition=Q(ended=None))
        ]
        indexes = [models.Index("ended", name="group_ended")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_silent(self) -> bool:
        return self.ended is None and self.seen < timezone.now() - SILENT
