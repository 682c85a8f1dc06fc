"""Second factors that are lost."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.models import User
from accounts.services.sessions import end_all_sessions


@transaction.atomic
def take_factors_away(user: User) -> list[str]:
    """Forget every second factor of someone and log out everywhere; return what kinds there were.

    Without any, nothing is done: so of two who do it at once, one is told that it was done.
    """
    factors = Authenticator.objects.filter(user=user)
    kinds = sorted(factor.type for factor in factors.select_for_update())
    if kinds:
        factors.delete()
        end_all_sessions(user)
    return kinds
