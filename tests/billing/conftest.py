"""Someone with the free credits of a month and nothing else; the props of the studio."""

import pytest

from accounts.models import User
from billing.models import Account
from tests.billing.shop import double
from tests.conftest import member
from tests.studio import bells, engine, finished

__all__ = ["bells", "double", "engine", "finished"]


@pytest.fixture
def carol(db: None) -> User:
    return member("carol@example.com", credits=0)


@pytest.fixture
def account(carol: User) -> Account:
    return Account.objects.get(user=carol)
