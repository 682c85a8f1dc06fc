"""What the operator changed of a plan or pack; the rest stands in the catalogue."""

from django.db import models


class Terms(models.Model):
    """Numbers that go before those of the catalogue; empty ones leave them as they are."""

    code = models.CharField(max_length=40, primary_key=True, help_text="Of a plan or a pack.")
    credits = models.PositiveIntegerField(null=True, blank=True)
    price_cents = models.PositiveIntegerField(null=True, blank=True)
    max_running = models.PositiveSmallIntegerField(null=True, blank=True)
    max_queued = models.PositiveSmallIntegerField(null=True, blank=True)
    retention_days = models.PositiveSmallIntegerField(null=True, blank=True)
    storage_bytes = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "terms"

    def __str__(self) -> str:
        return self.code
