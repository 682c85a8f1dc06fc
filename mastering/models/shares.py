"""Links by which people without an account listen to a version, and what they say of it."""

from typing import Any, ClassVar, Self

from django.core import signing
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from mastering.models.masters import Version
from references.models import PublicIdField

_SIGNER = signing.Signer(salt="mastering.share", sep=".")


class ShareQuerySet(models.QuerySet["Share"]):
    def of(self, user: Any) -> Self:
        return self.filter(version__user=user).select_related("version__master")

    def by_token(self, token: str) -> "Share | None":
        """Find the share that an address of ours names, open or not; None for a made-up one."""
        try:
            pk = _SIGNER.unsign(token)
        except signing.BadSignature:
            return None
        tracks = ("version__master__mix", "version__master__reference")
        return self.select_related(*tracks).filter(pk=pk).first()

    def open(self) -> Self:
        return self.filter(revoked=None, expires__gt=Now())

    def revoke(self) -> int:
        """Close what is open; what is closed stays closed since then."""
        return self.filter(revoked=None).update(revoked=Now())

    def count_view(self, share: "Share") -> None:
        self.filter(pk=share.pk).update(views=F("views") + 1, last_viewed=Now())


class Share(models.Model):
    id = PublicIdField(prefix="shr")
    version = models.ForeignKey(Version, models.CASCADE, related_name="shares")
    label = models.CharField(max_length=100, blank=True, help_text="For its owner's eyes only.")
    password = models.CharField(max_length=128, blank=True, help_text="Hashed; empty for none.")
    allows_lossless = models.BooleanField(default=False)
    includes_reference = models.BooleanField(default=False)
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True, blank=True)
    views = models.PositiveIntegerField(default=0)
    last_viewed = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = ShareQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]

    def __str__(self) -> str:
        return self.label or self.pk

    @property
    def token(self) -> str:
        """What stands in the address: its key, which nobody guesses, with our signature."""
        return _SIGNER.sign(self.pk)

    @property
    def is_open(self) -> bool:
        return self.revoked is None and self.expires > timezone.now()


class ShareNote(models.Model):
    """Something a listener said: a comment, at a place in the song or not, or an approval."""

    class Kind(models.TextChoices):
        COMMENT = "COMMENT"
        APPROVAL = "APPROVAL"

    MAX_TEXT: ClassVar[int] = 1000

    share = models.ForeignKey(Share, models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=10, choices=Kind)
    author = models.CharField(max_length=60)
    text = models.CharField(max_length=MAX_TEXT, blank=True)
    at_seconds = models.FloatField(null=True, blank=True)
    created = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["created", "pk"]
        constraints = [
            models.CheckConstraint(
                name="share_note_comments_have_text",
                condition=Q(kind="APPROVAL") | ~Q(text=""),
            )
        ]

    def __str__(self) -> str:
        return f"{self.author}: {self.text or self.kind}"
