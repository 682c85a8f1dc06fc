"""What workers make of finished masters when asked, and the files of it that are kept a while."""

from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models.functions import Now

from references.models import Phases, Work, WorkQuerySet

PHASES = Phases(waiting="QUEUED", running="RUNNING", succeeded="SUCCEEDED", failed="FAILED")


class Made(Work):
    class Status(models.TextChoices):
        QUEUED = "QUEUED"
        RUNNING = "RUNNING"
        SUCCEEDED = "SUCCEEDED"
        FAILED = "FAILED"

    phases: ClassVar[Phases] = PHASES

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)

    class Meta:
        abstract = True


class KeptFile(Made):
    """One file, which is the same for the same request, for as long as it is kept."""

    request_sha256 = models.CharField(max_length=64, help_text="Of all that decides its bytes.")
    expires = models.DateTimeField()

    class Meta:
        abstract = True
        ordering = ["-created", "-pk"]

    @property
    def file_name(self) -> str | None:
        """The name of what was made, in storage."""
        return next(iter(self.outputs), None)

    @property
    def size_bytes(self) -> int:
        return sum(each["size_bytes"] for each in self.outputs.values())


K = TypeVar("K", bound=KeptFile)


class KeptFileQuerySet(WorkQuerySet[K]):
    def expired(self) -> Self:
        """Keep what its person had time to fetch."""
        return self.filter(expires__lt=Now()).exclude(status=PHASES.running)
