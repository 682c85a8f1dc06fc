"""Who gets what: every route × method × role, told by the routes themselves.

``access.tsv`` holds what each role is answered. A route, a method or a role that is not in it, or
answers otherwise, fails the test. ``LACQUER_WRITE_ACCESS=1`` writes it anew, to be read and kept.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import SCOPES, ApiKey
from config.api.examples import SHOWN
from tests.api import Program, ReadableEngine, one_of_everything, program_of
from tests.conftest import browser_of, member
from tests.studio import engine

__all__ = ["engine"]

FILE = Path(__file__).with_name("access.tsv")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
ROLES = ("owner", "reader", "sandbox", "stranger", "staff", "nobody")
REFUSED = (401, 403, 404, 405)


def routes(resolver: Any = None, before: str = "") -> Iterator[tuple[str, type]]:
    """Return every path of the API, and the view that answers it."""
    resolver = resolver or get_resolver("config.api.urls")
    for each in resolver.url_patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, path)
        elif isinstance(each, URLPattern) and hasattr(each.callback, "view_class"):
            yield path, each.callback.view_class


def filled(path: str, ids: Mapping[str, str]) -> str:
    return re.sub(r"<\w+:(\w+)>", lambda name: ids[name[1]], path)


def methods_of(view: type) -> set[str]:
    declared = {name.upper() for name in ("get", "post", "put", "patch", "delete")
                if hasattr(view, name)}  # fmt: skip
    return declared | ({"HEAD"} if "GET" in declared else set())


def answered(program: Any, method: str, path: str) -> tuple[int, bytes]:
    """Ask, and let nothing that came of it stay."""
    with transaction.atomic():
        answer = program.generic(method, f"/api/v1/{path}", content_type="application/json")
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return answer.status_code, re.sub(rb"\b[0-9a-f]{32}\b", b"", body)


def told(status: int) -> str:
    """Return a refusal by its number; that somebody is let in, however it went on, as "in"."""
    assert status < 500
    return str(status) if status in REFUSED else "in"


def written() -> dict[tuple[str, str], dict[str, str]]:
    lines = [line.split("\t") for line in FILE.read_text().splitlines()]
    head, rows = lines[0][2:], lines[1:]
    return {(row[0], row[1]): dict(zip(head, row[2:], strict=True)) for row in rows}


@pytest.mark.slow
@pytest.mark.django_db
def test_every_role_is_answered_as_the_matrix_says(engine, monkeypatch, settings):
    monkeypatch.setattr("dsp.box.run", ReadableEngine().run)
    settings.API_READS_PER_MINUTE = settings.API_WRITES_PER_MINUTE = 100_000
    alice, bob = member("alice@example.com"), member("bob@example.com")
    staff = member("staff@example.com")
    staff.is_staff = staff.is_superuser = True
    staff.save()
    ids = one_of_everything(alice)
    # Another key than the one that asks: nobody shall close their own door here.
    ids["key_id"] = program_key(alice)
    programs = {
        "owner": program_of(alice),
        "reader": program_of(alice, scopes=[scope for scope in SCOPES if scope.endswith(":read")]),
        "sandbox": program_of(alice, mode=ApiKey.Mode.TEST),
        "stranger": program_of(bob),
        "staff": browser_of(staff),
        "nobody": Program(),
    }
    found: dict[tuple[str, str], dict[str, str]] = {}
    for path, view in routes():
        for method in METHODS:
            answers = {role: answered(programs[role], method, filled(path, ids)) for role in ROLES}
            statuses = {role: told(status) for role, (status, _) in answers.items()}
            found[path, method] = statuses
            if method not in methods_of(view):
                assert set(statuses.values()) == {"405"}, (path, method)
                continue
            if "<id:" in path:  # what is another's is like what never was
                random = answered(programs["stranger"], method, filled(path, SHOWN))
                assert answers["stranger"] == answers["staff"] == random, (path, method)
                assert answers["stranger"][0] == 404, (path, method)
    if os.environ.get("LACQUER_WRITE_ACCESS"):
        rows = ["\t".join([*key, *(row[role] for role in ROLES)]) for key, row in found.items()]
        FILE.write_text("\n".join(["\t".join(["route", "method", *ROLES]), *rows]) + "\n")
    assert found == written()


def program_key(user: Any) -> str:
    program_of(user)
    return str(ApiKey.objects.latest("created").pk)


def test_every_route_stands_in_the_matrix():
    assert {path for path, _ in written()} == {path for path, _ in routes()}


def test_the_matrix_lets_nobody_in_but_where_anyone_may():
    let_in = {path for (path, _), roles in written().items() if roles["nobody"] == "in"}
    assert let_in == {"capabilities"}
    for (path, method), roles in written().items():
        if roles["reader"] == "in":
            assert method in ("GET", "HEAD"), path


@pytest.mark.django_db
def test_ids_of_others_in_bodies_and_queries_are_like_made_up_ones(engine, monkeypatch):
    monkeypatch.setattr("dsp.box.run", ReadableEngine().run)
    alice, bob = member("alice@example.com"), member("bob@example.com")
    ids, program = one_of_everything(alice), program_of(bob)
    own = one_of_everything(bob)
    wishes: list[tuple[str, str, Any]] = [
        ("POST", "masters", {"mix": "{audio_id}", "reference": own["audio_id"]}),
        ("POST", "masters", {"mix": own["audio_id"], "reference": "{reference_id}"}),
        ("POST", "masters", {"mix": own["audio_id"], "reference": own["reference_id"],
                             "preset": "{preset_id}"}),
        ("POST", "masters", {"mix": own["audio_id"], "reference": own["reference_id"],
                             "previous": "{master_id}"}),
        ("POST", "references", {"audio": "{audio_id}"}),
        ("POST", "shares", {"version": "{version_id}"}),
        ("POST", f"masters/{own['master_id']}/versions", {"based_on": "{version_id}"}),
        ("PATCH", f"masters/{own['master_id']}", {"version": "{version_id}"}),
        ("GET", "references/rank?mix={audio_id}", None),
        ("GET", f"references/{own['reference_id']}/suitability?mix={{audio_id}}", None),
        ("GET", "masters?mix={audio_id}", None),
        ("GET", "exports?version={version_id}", None),
        ("GET", "shares?version={version_id}", None),
    ]  # fmt: skip
    for method, path, body in wishes:
        foreign, made_up = (_asked(program, method, path, body, with_) for with_ in (ids, SHOWN))
        assert foreign == made_up, path
        assert foreign[0] == 404 or foreign[1]["data"] == [], path


def _asked(program: Program, method: str, path: str, body: Any, ids: Any) -> tuple[int, Any]:
    def fill(text: str) -> str:
        return re.sub(r"{(\w+_id)}", lambda name: ids[name[1]], text)

    sent = {key: fill(value) for key, value in body.items()} if body else None
    call = {"GET": program.get, "POST": program.post, "PATCH": program.patch}[method]
    answer = call(fill(path), sent) if sent else call(fill(path))
    return answer.status_code, answer.json() | {"request_id": ""}
