"""Where a person is logged in."""

from allauth.usersessions.models import UserSession

from accounts.models import User


def end_session(session: UserSession) -> None:
    """Log out elsewhere, at once."""
    session.end()


def end_other_sessions(user: User, *, but: str) -> None:
    """Log out everywhere but in the session of this key."""
    for session in UserSession.objects.filter(user=user).exclude(session_key=but):
        session.end()


def end_all_sessions(user: User) -> None:
    end_other_sessions(user, but="")
