"""People."""

import pytest
from django.db import IntegrityError

from accounts.models import User


def test_an_address_is_one_person_however_it_is_written(alice: User) -> None:
    with pytest.raises(IntegrityError):
        User.objects.create_user("Alice@Example.COM", "another password")


def test_a_superuser_may_enter_the_operators_site(db: None) -> None:
    operator = User.objects.create_superuser("operator@example.com", "a password for tests")
    assert operator.is_staff
    assert operator.is_superuser
