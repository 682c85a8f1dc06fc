"""How often something was tried lately, counted exactly."""

from django.db import models


class Window(models.Model):
    """The times of the latest tries of one kind, by one key."""

    key = models.CharField(max_length=64, primary_key=True, help_text="Hashed: it may be a name.")
    tries = models.JSONField(default=list, help_text="Seconds since 1970, the oldest first.")
    idle_from = models.DateTimeField(db_index=True, help_text="When it counts nothing any more.")

    def __str__(self) -> str:
        return self.key
