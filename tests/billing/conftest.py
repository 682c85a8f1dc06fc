"""The account of carol; a shop, and the props of the studio."""

import pytest

from accounts.models import User
from billing.models import Account
from tests.billing.shop import double
from tests.studio import bells, engine, finished

__all__ = ["bells", "double", "engine", "finished"]


@pytest.fixture
def account(carol: User) -> Account:
    return Account.objects.get(user=carol)
