"""What the operator tells everyone, above every page, for a while."""

from datetime import datetime
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def current(self) -> Self:
        """Keep those whose time it is, the gravest first."""
        lasting = Q(ends=None) | Q(ends__gt=Now())
        return self.filter(lasting, begins__lte=Now()).order_by("-severity", "-begins")


class Announcement(models.Model):
    class Severity(models.TextChoices):  # in this order, their words sort too
        NOTE = "note", _("Note")
        WARNING = "warning", _("Warning")

    text = models.CharField(max_length=300)
    severity = models.CharField(max_length=10, choices=Severity, default=Severity.NOTE)
    begins = models.DateTimeField(default=timezone.now)
    ends = models.DateTimeField(null=True, blank=True, help_text="Empty: until it is deleted.")

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        ordering = ["-begins"]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        begins: datetime | None = self.begins  # none where it was no time
        if self.ends and begins and self.ends <= begins:
            raise ValidationError({"ends": _("It would end before it begins.")})
