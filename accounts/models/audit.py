"""What staff did, for good: rows that are never changed, each sealed over the one before it."""

import hashlib
import json
from datetime import UTC
from typing import Final

from django.db import models

FIRST: Final = "0" * 64  # what the first entry stands on


class AuditEntry(models.Model):
    """One act. People stand in it by their numbers, so that it can stay when they leave."""

    at = models.DateTimeField(db_index=True)
    actor_id = models.BigIntegerField(null=True, blank=True, help_text="Empty: the command line.")
    act = models.CharField(max_length=60, db_index=True)
    subject = models.CharField(max_length=120, blank=True, db_index=True)
    detail = models.TextField(blank=True, help_text="JSON, byte for byte as it was sealed.")
    address = models.CharField(max_length=45, blank=True, help_text="Of the network.")
    previous = models.CharField(max_length=64, unique=True, help_text="So there is one chain.")
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.act} {self.subject}".strip()

    def seal(self) -> str:
        """Return the SHA-256 over all that the entry says, and over the entry before it."""
        told = [
            self.previous,
            self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.actor_id,
            self.act,
            self.subject,
            self.detail,
            self.address,
        ]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()
