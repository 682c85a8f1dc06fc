"""Who is asking: people who log in by e-mail."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Notice(models.TextChoices):
    """What a person is told by mail, unless they turned it off."""

    MASTER_DONE = "master_done", _("A master is done")
    MASTER_FAILED = "master_failed", _("A master failed")
    CREDITS_LOW = "credits_low", _("Credits are running low")
    PAYMENT_FAILED = "payment_failed", _("A payment failed")
    WEBHOOK_OFF = "webhook_off", _("A webhook was switched off")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    notices_off = models.JSONField(default=list, blank=True, help_text="Kinds of mail not wanted.")

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        permissions = [
            ("support_user", "Can see a person's account, without their audio"),
            ("end_sessions", "Can log a person out everywhere"),
            ("take_factors", "Can take away a person's lost second factor"),
        ]

    def __str__(self) -> str:
        return self.email

    def wants(self, notice: str) -> bool:
        return notice not in self.notices_off
