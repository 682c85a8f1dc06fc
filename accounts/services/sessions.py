"""Where a person is logged in."""

from allauth.usersessions.models import UserSession

from accounts.models import User


def end_session(session: UserSession) -> None:
    """Log out elsewhere, at once."""
    session.end()


def end_all_sessions(user: User) -> None:
    for session in UserSession.objects.filter(user=user):
        session.end()
