"""The operator sees by what each machine shuts decoders in."""

import pytest
from allauth.mfa.models import Authenticator
from django.db import OperationalError
from django.test import Client

from accounts.models import User
from mastering.tasks import prepare
from references.models import Machine
from tests.conftest import browser_of
from tests.studio import STRONG, WEAK


@pytest.fixture
def as_operator(db: None) -> Client:
    operator = User.objects.create_superuser("operator@example.com", "x" * 12)
    Authenticator.objects.create(user=operator, type="totp", data={})
    return browser_of(operator)


@pytest.mark.parametrize(
    ("strength", "told"),
    [(STRONG, "namespaces, seccomp"), (WEAK, "limits alone")],
    ids=["strong", "weak"],
)
def test_a_worker_that_begins_tells_of_its_machine(
    as_operator: Client, engine, monkeypatch, strength, told
):
    monkeypatch.setattr("dsp.box.strength", lambda: strength)
    for _ in range(2):
        prepare()
    machine = Machine.objects.get()
    assert (machine.is_confining, machine.boxes) == (strength.is_strong, told)
    page = as_operator.get("/admin/references/machine/").content.decode()
    assert machine.name in page
    assert told in page
    assert ("check_small" in page) == strength.is_strong
    assert as_operator.get("/admin/references/machine/add/").status_code == 403


def test_it_is_for_the_operator_alone(as_alice: Client):
    assert as_alice.get("/admin/references/machine/").status_code == 302


def test_a_worker_begins_all_the_same_while_the_database_is_away(db, engine, monkeypatch, caplog):
    def away(**_: object) -> None:
        raise OperationalError("no route")

    monkeypatch.setattr("references.models.Machine.objects.tell", away)
    monkeypatch.setattr("mastering.tasks.connection.close", lambda: None)
    prepare()
    assert "no route" in caplog.text
