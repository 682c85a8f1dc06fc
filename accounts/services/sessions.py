"""Where a person is logged in."""

from typing import Any

from allauth.account.signals import user_logged_in
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User


@receiver(user_logged_in)
def enter_session(request: HttpRequest, user: User, **_: Any) -> None:
    """Enter a log-in in the list of its person, and forget those that are over.

    In allauth's place, which loads each session of theirs and its person to see whether it is.
    """
    running = Session.objects.filter(session_key=OuterRef("session_key"))
    running = running.filter(expire_date__gt=timezone.now())
    with transaction.atomic():
        UserSession.objects.filter(~Exists(running), user=user).delete()
        UserSession.objects.create_from_request(request)


def end_session(session: UserSession) -> None:
    """Log out elsewhere, at once."""
    session.end()


def end_other_sessions(user: User, *, but: str) -> None:
    """Log out everywhere but in the session of this key."""
    for session in UserSession.objects.filter(user=user).exclude(session_key=but):
        session.end()


def end_all_sessions(user: User) -> None:
    end_other_sessions(user, but="")
