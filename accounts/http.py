"""A request of someone who is signed in, and the guard of what needs their password again."""

from collections.abc import Callable

from allauth.account.decorators import reauthentication_required
from django.http import HttpRequest, HttpResponseBase

from accounts.models import User

View = Callable[..., HttpResponseBase]


class AuthenticatedRequest(HttpRequest):
    user: User


def needs_password(view: View) -> View:
    """Let only someone through who has lately proved who they are once more."""
    guarded: View = reauthentication_required(view)
    return guarded


def sending_needs_password(view: View) -> View:
    """Show a form to anyone who is signed in, and guard what it does."""
    guarded: View = reauthentication_required(view, allow_get=True)
    return guarded
