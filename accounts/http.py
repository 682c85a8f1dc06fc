"""A request of someone who is signed in, what guards it, and what is written down of it."""

from collections.abc import Callable
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase

from accounts.models import User
from accounts.services import audit

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


def note(
    request: Any,
    act: str,
    *,
    subject: Model | str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Write down what the one who asks has done."""
    address = str(request.META.get("REMOTE_ADDR") or "")[:45]
    audit.record(act, actor=request.user, subject=subject, detail=detail, address=address)
    request.noted = True
