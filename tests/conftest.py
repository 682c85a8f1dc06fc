"""The cast: alice, bob and carol, each with a verified address, and their browsers."""

import shutil
from collections.abc import Iterator

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import Client

from accounts.models import User
from accounts.rest.rates import forget_counts
from accounts.services import deliver_due
from billing.services import grant_credits

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _nothing_of_other_tests() -> None:
    """Start with an empty cache, which holds the counts of the rate limits, and an empty store."""
    cache.clear()
    forget_counts()
    shutil.rmtree(default_storage.path(""), ignore_errors=True)


@pytest.fixture(autouse=True, scope="session")
def _tables_can_be_emptied_between_tests() -> Iterator[None]:
    """Lift SQLite's triggers while all tables are emptied; other databases truncate."""
    operations_class = DatabaseWrapper.ops_class
    flush = operations_class.execute_sql_flush

    def lifted(operations: BaseDatabaseOperations, statements: list[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            flush(operations, statements)
            for _, sql in triggers:
                cursor.execute(sql)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations_class, "execute_sql_flush", lifted)
        yield


class Post(list[EmailMessage]):
    """The mails that arrived; who looks waits for the errands to be run."""

    def __len__(self) -> int:
        self.carry()
        return super().__len__()

    def __getitem__(self, index):
        self.carry()
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[EmailMessage]:
        self.carry()
        return super().__iter__()

    def carry(self) -> None:
        deliver_due()
        super().__init__(mail.outbox)


@pytest.fixture
def mailoutbox(mailoutbox: list[EmailMessage]) -> Post:
    return Post()


@pytest.fixture
def alice(db: None) -> User:
    return member("alice@example.com")


@pytest.fixture
def bob(db: None) -> User:
    return member("bob@example.com")


@pytest.fixture
def carol(db: None) -> User:
    """Someone with the free credits of a month and nothing else."""
    return member("carol@example.com", credits=0)


@pytest.fixture
def as_alice(alice: User) -> Client:
    return browser_of(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    return browser_of(bob)


def member(email: str, *, credits: int = 100) -> User:
    """Return someone who signed up and confirmed the address, with credits beside the free ones."""
    user = User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    if credits:
        grant_credits(user=user, credits=credits, reason=f"tests:{user.pk}:{user.date_joined}")
    return user


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
