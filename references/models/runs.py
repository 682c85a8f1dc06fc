"""Attempts at work as their workers saw them: what each step took, in which box, and the log."""

from typing import Self

from django.conf import settings
from django.db import models

from references.models.work import Work


class RunQuerySet(models.QuerySet["Run"]):
    def of_work(self, work: Work) -> Self:
        return self.filter(work=work.pk)


class Run(models.Model):
    """One attempt, written down when it ended; one whose worker was killed leaves none."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40, help_text="Of the work, such as mastering.version.")
    work = models.CharField(max_length=40, db_index=True, help_text="Its id.")
    attempt = models.PositiveSmallIntegerField()
    worker = models.CharField(max_length=100)
    began = models.DateTimeField(db_index=True)
    ended = models.DateTimeField()
    outcome = models.CharField(max_length=40, help_text="succeeded, lost, or the error's code.")
    # Seconds of every step: by the clock, and of processors; "around" is what is outside the box.
    steps = models.JSONField(default=dict, help_text="Step: [wall seconds, CPU seconds].")
    cpu_seconds = models.FloatField(default=0.0)
    peak_memory_bytes = models.PositiveBigIntegerField(default=0)
    box = models.CharField(max_length=200, blank=True, help_text="What it was confined by.")
    engine_version = models.CharField(max_length=20, blank=True)
    log = models.TextField(blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-began", "-pk"]

    def __str__(self) -> str:
        return f"{self.work}, attempt {self.attempt}"

    @property
    def wall_seconds(self) -> float:
        return (self.ended - self.began).total_seconds()
