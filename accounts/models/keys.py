"""Keys to the API: what programs show in place of a log-in."""

from datetime import timedelta
from typing import Any, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.ids import PublicIdField

# What there is to read and to write. Each app above has its own; the names stand here, since a
# key, which is made here, names them.
RESOURCES: Final = {
    "account": _("Your account"),
    "albums": _("Albums"),
    "audio": _("Uploads"),
    "billing": _("Credits and usage"),
    "events": _("Events"),
    "keys": _("API keys"),
    "masters": _("Masters"),
    "presets": _("Presets"),
    "references": _("Reference library"),
    "shares": _("Shared links"),
    "webhooks": _("Webhooks"),
}
READ_ONLY: Final = frozenset({"account", "billing", "events"})
SCOPES: Final = tuple(
    f"{resource}:{action}"
    for resource in RESOURCES
    for action in ("read", "write")
    if action == "read" or resource not in READ_ONLY
)
SEEN_STEP: Final = timedelta(seconds=60)  # a use is noted no more often, so that few requests write


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user)

    def in_force(self) -> Self:
        lasting = Q(expires=None) | Q(expires__gt=Now())
        return self.filter(lasting, revoked=None, user__is_active=True)

    def revoke(self) -> int:
        """Close what is open; what is closed stays closed since then."""
        return self.filter(revoked=None).update(revoked=Now())

    def note_use(self, key: "ApiKey") -> None:
        """Note that a key was used, to the minute."""
        if key.last_used is None or key.last_used < timezone.now() - SEEN_STEP:
            self.filter(pk=key.pk).update(last_used=Now())


class ApiKey(models.Model):
    class Mode(models.TextChoices):
        LIVE = "live", _("Live")
        TEST = "test", _("Test")

    id = PublicIdField(prefix="key")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    mode = models.CharField(max_length=4, choices=Mode, default=Mode.LIVE)
    shown = models.CharField(max_length=20, help_text="How it begins, to tell it from others.")
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    replaces = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaced_by"
    )
    created = models.DateTimeField(db_default=Now(), editable=False)
    expires = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.shown}…)"

    @property
    def is_test(self) -> bool:
        return self.mode == self.Mode.TEST

    @property
    def is_in_force(self) -> bool:
        return self.revoked is None and (self.expires is None or self.expires > timezone.now())

    @property
    def state(self) -> str:
        if self.revoked is not None:
            return "revoked"
        return "active" if self.is_in_force else "expired"

    def allows(self, scope: str) -> bool:
        """Tell whether it opens a scope; who may write may read."""
        resource = scope.partition(":")[0]
        return scope in self.scopes or f"{resource}:write" in self.scopes
