"""What people tell about themselves, and which passwords are too easy to guess."""

import contextlib
import logging
import re
from datetime import timedelta
from typing import Any

from allauth.account.forms import SignupForm
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from zxcvbn import zxcvbn

from accounts.errors import FactorUnreadable
from accounts.models import RESOURCES, SCOPES, ApiKey, EventType, Notice, User

NameForm = forms.modelform_factory(User, fields=["name"])

FEWEST_GUESSES = 10**8
READ_CHARACTERS = 72  # more only takes time

logger = logging.getLogger(__name__)


class SignUpForm(SignupForm):  # type: ignore[misc]  # allauth has no types
    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Write all of an account or nothing; whoever came a moment later finds it there."""
        try:
            with transaction.atomic():
                saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        except IntegrityError:
            self.account_already_exists = True
            saved = super().try_save(request)
        return saved


class ReadableFactorsForm(BaseAuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """Takes the codes of every factor that can be read, and says so where one cannot."""

    def clean_code(self) -> str:
        try:
            return str(super().clean_code())
        except FactorUnreadable as unreadable:
            logger.exception("A second factor cannot be read.", extra={"person": self.user.pk})
            if self._is_of_another(self.cleaned_data["code"]):
                return str(self.cleaned_data["code"])
            raise ValidationError(
                _(
                    "Your second factor cannot be read on our side, so its codes cannot be "
                    "checked. Nobody gets in without it. Write to support: once they know that "
                    "it is you, they take it away, and you set up a new one. "
                    "(factor_unreadable)"
                ),
                code=unreadable.code,
            ) from unreadable

    def _is_of_another(self, code: str) -> bool:
        """Try the other factors too: allauth stops at the first that cannot be read."""
        of_codes = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
        for factor in Authenticator.objects.filter(user=self.user, type__in=of_codes):
            with contextlib.suppress(FactorUnreadable):
                if factor.wrap().validate_code(code):
                    self.authenticator = factor
                    return True
        return False


class LogInCodeForm(ReadableFactorsForm, AuthenticateForm):  # type: ignore[misc]  # as above
    pass


class ReauthenticationCodeForm(ReadableFactorsForm, ReauthenticateForm):  # type: ignore[misc]
    pass


class NoticesForm(forms.Form):
    wanted = forms.MultipleChoiceField(
        label=gettext_lazy("Write to me when"),
        choices=Notice.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        self.user = user
        wanted = [kind for kind in Notice.values if user.wants(kind)]
        super().__init__(*args, **{"initial": {"wanted": wanted}} | options)

    def save(self) -> None:
        wanted = self.cleaned_data["wanted"]
        self.user.notices_off = [kind for kind in Notice.values if kind not in wanted]
        self.user.save(update_fields=["notices_off"])


class WebhookForm(forms.Form):
    """An address to call, and when; what it may be is said by the service."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://example.com/lacquer"}),
    )
    description = forms.CharField(
        label=gettext_lazy("What it is for"), max_length=100, required=False
    )
    types = forms.MultipleChoiceField(
        label=gettext_lazy("Call it when"),
        choices=[choice for choice in EventType.choices if choice[0] != EventType.WEBHOOK_TEST],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class EraseForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("Your address, to be sure"))

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        self.user = user
        super().__init__(*args, **options)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if email != self.user.email:
            raise ValidationError(_("This is not the address of this account."))
        return email


class KeyForm(forms.Form):
    """A key to be made: what it is for, what it opens, and for how long."""

    DAYS = (
        ("30", gettext_lazy("30 days")),
        ("90", gettext_lazy("90 days")),
        ("365", gettext_lazy("A year")),
        ("", gettext_lazy("Until I revoke it")),
    )
    ACCESS = (
        ("", gettext_lazy("Nothing")),
        ("read", gettext_lazy("Read")),
        ("write", gettext_lazy("Read and write")),
    )
    USUAL = {"keys": "", "account": "read", "billing": "read", "events": "read"}

    name = forms.CharField(label=gettext_lazy("What it is for"), max_length=80)
    mode = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[
            (ApiKey.Mode.LIVE, gettext_lazy("Live: works with your audio and your credits")),
            (ApiKey.Mode.TEST, gettext_lazy("Test: works with short songs of ours, for nothing")),
        ],
        initial=ApiKey.Mode.LIVE,
    )
    days = forms.ChoiceField(
        label=gettext_lazy("It opens for"), choices=DAYS, initial="90", required=False
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for resource, label in RESOURCES.items():
            can_write = f"{resource}:write" in SCOPES
            self.fields[resource] = forms.ChoiceField(
                label=label,
                choices=self.ACCESS if can_write else self.ACCESS[:2],
                initial=self.USUAL.get(resource, "write"),
                required=False,
            )

    @property
    def about(self) -> list[forms.BoundField]:
        return [self[name] for name in ("name", "mode", "days")]

    @property
    def access(self) -> list[forms.BoundField]:
        return [self[resource] for resource in RESOURCES]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        if not any(cleaned.get(resource) for resource in RESOURCES):
            self.add_error(None, _("A key must open something."))
        return cleaned

    @property
    def chosen(self) -> dict[str, Any]:
        """Return what `create_key` takes of a valid form."""
        said = self.cleaned_data
        days = said["days"]
        return {
            "name": said["name"],
            "mode": ApiKey.Mode(said["mode"]),
            "expires": timezone.now() + timedelta(days=int(days)) if days else None,
            "scopes": [f"{name}:{said[name]}" for name in RESOURCES if said[name]],
        }


class GuessablePasswordValidator:
    """Refuses what stands in lists of passwords that leaked, and what is made from them."""

    def validate(self, password: str, user: User | None = None) -> None:
        about = f"{getattr(user, 'email', '')} {getattr(user, 'name', '')} Lacquer"
        words = re.findall(r"\w+", about)
        found = zxcvbn(password[:READ_CHARACTERS], user_inputs=words)
        if found["guesses"] < FEWEST_GUESSES:
            raise ValidationError(
                _("This password is in lists of leaked ones, or made from them: too common."),
                code="password_too_guessable",
            )

    def get_help_text(self) -> str:
        return _("Your password can’t be one that leaked somewhere, or a small change of one.")
