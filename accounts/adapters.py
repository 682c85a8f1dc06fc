"""Where allauth asks us: mails by the outbox, tries counted exactly, secrets encrypted."""

import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from accounts.errors import FactorUnreadable
from accounts.models import User
from accounts.services import (
    Rate,
    Unreadable,
    forget_tries,
    give_back_a_try,
    may_try,
    queue_mail,
    seal,
    unseal,
)

PASSWORDS_PER_ACCOUNT = Rate(tries=5, seconds=300)
PASSWORDS_PER_ADDRESS = Rate(tries=10, seconds=60)  # of the network
DEVICE_SALT = "known_device"
DEVICE_SECONDS = 365 * 24 * 3600
AUTHENTICATORS = "authenticators"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail into the outbox: how long a mail server takes tells nobody anything."""
        message = self.render_mail(
            template_prefix, email, {"request": _request(), "email": email, **context}
        )
        html = ""
        if isinstance(message, EmailMultiAlternatives) and message.alternatives:
            html = str(message.alternatives[0][0])
        if message.content_subtype == "html":
            html, message.body = str(message.body), ""
        for to in message.to:
            queue_mail(to=to, subject=message.subject, text=str(message.body), html=html)

    def send_account_already_exists_mail(self, email: str) -> None:
        make_password("as long as for someone new")
        super().send_account_already_exists_mail(email)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Let so many passwords be tried for an account, and so many from one address.

        A device that logged in before has a count of its own, so that strangers who guess at an
        account do not lock its person out.
        """
        who, address = _who(request, credentials), self.get_client_ip(request)
        with transaction.atomic():  # one wait for the disk
            allowed = may_try("password", who, PASSWORDS_PER_ACCOUNT)
            if allowed and not _known_device(request, _login(credentials)):
                allowed = may_try("password-from", address, PASSWORDS_PER_ADDRESS)
        if not allowed:
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            with transaction.atomic():
                give_back_a_try("password", _who(request, credentials))
                if not _known_device(request, _login(credentials)):
                    give_back_a_try("password-from", self.get_client_ip(request))
        return user

    @transaction.atomic  # the session and the time of the log-in: one wait for the disk
    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().post_login(request, user, **options)
        if not _known_device(request, user.email):
            response.set_cookie(
                settings.DEVICE_COOKIE_NAME,
                signing.dumps([user.email, secrets.token_hex(8)], salt=DEVICE_SALT),
                max_age=DEVICE_SECONDS,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Count anew: the password was replaced by a link."""
        forget_tries("password", _who(request, credentials))


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Keeps the secrets of authenticators so that the database alone does not tell them."""

    def encrypt(self, text: str) -> str:
        return seal(text, purpose=AUTHENTICATORS)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return unseal(encrypted_text, purpose=AUTHENTICATORS)
        except Unreadable as lost:
            raise FactorUnreadable from lost


def _request() -> HttpRequest | None:
    request: HttpRequest | None = context.request
    return request


def _login(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "").strip().lower()


def _who(request: HttpRequest, credentials: dict[str, Any]) -> str:
    login = _login(credentials)
    return f"{login} {_known_device(request, login)}"


def _known_device(request: HttpRequest, login: str) -> str:
    """Return the name of a device that this person logged in with before; else nothing."""
    try:
        email, device = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""),
            salt=DEVICE_SALT,
            max_age=DEVICE_SECONDS,
        )
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(device) if email == login else ""
