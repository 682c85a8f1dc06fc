"""Props of the tests of the API: programs with keys."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.test import Client

from accounts.models import SCOPES, ApiKey, User
from accounts.services import create_key

ROOT = "/api/v1/"


class Program(Client):
    """Asks as a program does: with a key, in JSON, by paths below /api/v1/."""

    def __init__(self, secret: str = "", **options: Any) -> None:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        super().__init__(headers=headers, enforce_csrf_checks=True, **options)

    def generic(self, method: str, path: str, *args: Any, **options: Any) -> Any:
        return super().generic(
            method, path if path.startswith("/") else ROOT + path, *args, **options
        )

    def post(self, path: str, data: Any = None, *, form: bool = False, **options: Any) -> Any:
        if not form:
            options.setdefault("content_type", "application/json")
        return super().post(path, {} if data is None else data, **options)

    def patch(self, path: str, data: Any = None, **options: Any) -> Any:
        options.setdefault("content_type", "application/json")
        return super().patch(path, data, **options)


def program_of(
    user: User, *, scopes: Iterable[str] = SCOPES, mode: ApiKey.Mode = ApiKey.Mode.LIVE
) -> Program:
    return Program(create_key(user=user, name="tests", scopes=list(scopes), mode=mode).secret)


def code_of(response: Any) -> tuple[int, str]:
    """Return the status and the stable code of a refusal."""
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


@pytest.fixture
def api(alice: User) -> Program:
    return program_of(alice)


@pytest.fixture
def bobs_api(bob: User) -> Program:
    return program_of(bob)


@pytest.fixture
def sandbox(alice: User) -> Program:
    return program_of(alice, mode=ApiKey.Mode.TEST)
