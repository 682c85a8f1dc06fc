"""Settings under a name, to be used again."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from dsp.settings import MasterSettings
from references.models import PublicIdField

MOST_PRESETS = 200  # of one person


class PresetQuerySet(models.QuerySet["Preset"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user)


class Preset(models.Model):
    id = PublicIdField(prefix="pst")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="presets")
    name = models.CharField(max_length=80)
    settings = models.JSONField()
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = PresetQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [models.UniqueConstraint("user", "name", name="preset_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def chosen(self) -> MasterSettings:
        return MasterSettings.from_dict(self.settings)
