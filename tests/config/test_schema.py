"""The API keeps what its document says, whatever is asked of it: Schemathesis makes the requests.

``make fuzz-api`` makes many more of them than the suite does.
"""

import os
import random
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth

from accounts.models import SCOPES
from config.wsgi import application
from tests.api import ReadableEngine, one_of_everything, program_of, work_all
from tests.conftest import member
from tests.studio import engine

__all__ = ["engine"]

EXAMPLES: Final = int(os.environ.get("LACQUER_FUZZ_API", "0"))
ROLES: Final = {"owner": 4, "reader": 1, "nobody": 1}  # and how many examples of each operation
# A well-formed request may still be refused for what it says, or for what there is to say it of.
ACCEPTABLE: Final = ["2xx", "3xx", "401", "402", "403", "404", "409", "410", "413", "422", "429"]
ID: Final = re.compile("[a-z]{3}_[a-z0-9]{1,36}")
REAL: Final = 0.7  # share of ids that are of something there


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Let requests of a real server's kind keep the test's connection, as those of a client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("role", list(ROLES))
def test_each_operation_keeps_what_the_document_says(role, engine, monkeypatch, settings) -> None:
    monkeypatch.setattr("dsp.box.run", ReadableEngine().run)
    settings.API_READS_PER_MINUTE = settings.API_WRITES_PER_MINUTE = 10**9
    alice = member("alice@example.com")
    ids = one_of_everything(alice)
    scopes = SCOPES if role == "owner" else [each for each in SCOPES if each.endswith(":read")]
    key = program_of(alice, scopes=scopes).defaults["HTTP_AUTHORIZATION"]
    headers = {} if role == "nobody" else {"Authorization": key}

    def ask(case: Any) -> None:
        dice = random.Random(case.id)  # noqa: S311
        for name, value in (case.path_parameters or {}).items():
            if ID.fullmatch(str(value)) and dice.random() < REAL:
                case.path_parameters[name] = ids[name]
        with transaction.atomic():  # so that one example deletes nothing of the next one's
            response = case.call(headers=headers)
            case.validate_response(response, headers=headers)
            transaction.set_rollback(True)

    wrong = []
    for operation in document().get_all_operations():
        for mode in GenerationMode:
            strategy = operation.ok().as_strategy(generation_mode=mode)
            try:
                bounded(ROLES[role])(given(case=strategy)(ask))()
            except Unsatisfiable:  # there is no wrong way to ask this
                continue
            except (Exception, BaseExceptionGroup) as failure:  # noqa: BLE001  (told below)
                said = getattr(failure, "exceptions", [failure])
                wrong += [f"{operation.ok().label}: {each!r} {each}" for each in said]
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.usefixtures("one_connection")
def test_chains_of_operations_keep_what_the_document_says(engine, monkeypatch, settings) -> None:
    """What one operation answers is what the next one asks with: create, read, change, delete."""
    monkeypatch.setattr("dsp.box.run", ReadableEngine().run)
    settings.API_READS_PER_MINUTE = settings.API_WRITES_PER_MINUTE = 10**9
    settings.MAX_OPEN_UPLOADS_PER_PERSON = settings.MAX_OPEN_MASTERS_PER_PERSON = 10**6
    alice = member("alice@example.com", credits=10_000)
    one_of_everything(alice)
    key = program_of(alice).defaults["HTTP_AUTHORIZATION"]
    machine = document().as_state_machine()

    class Chain(machine):  # type: ignore[misc, valid-type]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:  # noqa: ARG002
            return {"headers": {"Authorization": key}}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            # Keys that are none are tried above; here each case has the right one at its call.
            case.validate_response(response, excluded_checks=[ignored_auth])

        def after_call(self, response: Any, case: Any) -> None:  # noqa: ARG002
            work_all()

    Chain.run(
        settings=bounded(4, stateful_step_count=40 if EXAMPLES else 8),
    )


def document() -> Any:
    found = schemathesis.openapi.from_wsgi("/developers/openapi.json", closing)
    found.config.checks.positive_data_acceptance.expected_statuses = ACCEPTABLE
    return found


def closing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer as the site does, and close what is sent, as servers do and this client does not."""
    answer = application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


def bounded(examples: int, **options: Any) -> Any:
    return settings(
        max_examples=EXAMPLES or examples,
        deadline=None,
        database=None,
        derandomize=not EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        **options,
    )
