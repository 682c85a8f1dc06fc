"""Who asks the API: a program with a key, or a person's browser with its session."""

from typing import Final

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.errors import KeyInvalid
from accounts.models import ApiKey, User
from accounts.services import key_of

SCHEME: Final = "Bearer"


class KeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer lq_live_…``; a key in an address is not looked at."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        try:
            key = key_of(secret.strip())
        except KeyInvalid as refusal:
            raise AuthenticationFailed(code=refusal.code) from refusal
        return key.user, key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return f'{SCHEME} realm="Lacquer"'


class BrowserAuthentication(SessionAuthentication):
    """The session of a browser, which must show its CSRF token with whatever changes something."""
