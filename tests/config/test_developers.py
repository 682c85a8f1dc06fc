"""What developers read is true: each example runs as it is shown, and so does the start."""

import contextlib
import html
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from accounts.models import SCOPES, ApiKey
from accounts.services import create_key
from config.api.document import document, operations
from config.api.examples import EXAMPLES, PYTHON_HEAD, SHOWN, curl, python
from config.api.problems import codes
from mastering.models import Version
from tests.api import ReadableEngine, one_of_everything, work_all
from tests.conftest import member
from tests.studio import PlayedEngine, engine, uploaded, wav

__all__ = ["engine"]


# A browser's session only; tests/accounts/test_api.py has it.
NOT_BY_KEY = {"create_a_key"}
LAST = (
    *("Cancel", "Retry", "Revoke a share", "Delete a master", "Delete a reference"),
    "Delete a song",
    *("Delete", "Rotate", "Revoke a key"),
)


def told() -> list[tuple[str, str, str]]:
    """Return every operation, those that take things away last."""
    found = [
        (operation["operationId"], method, path)
        for path, method, operation in operations(document())
        if operation["operationId"] not in NOT_BY_KEY
    ]
    titles = {op["operationId"]: op["summary"] for _, _, op in operations(document())}

    def place(each: tuple[str, str, str]) -> int:
        starts = [titles[each[0]].startswith(start) for start in LAST]
        return starts.index(True) + 1 if any(starts) else 0

    return sorted(found, key=place)


@pytest.fixture
def program(transactional_db, engine: PlayedEngine, live_server, settings, tmp_path, monkeypatch):
    """Return what the examples' names stand for, to a program that was given a key."""
    monkeypatch.setattr("dsp.box.run", ReadableEngine().run)
    settings.MAX_OPEN_UPLOADS_PER_PERSON = 100
    user = member("alice@example.com")
    ids = one_of_everything(user)
    made = create_key(user=user, name="examples", scopes=SCOPES)
    (tmp_path / "mix.wav").write_bytes(wav(0.03))
    (tmp_path / "reference.wav").write_bytes(wav(0.04))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LACQUER_URL", live_server.url)
    monkeypatch.setenv("LACQUER_API_KEY", made.secret)
    return ids | {"key_id": made.key.pk}


def fails_of(run, ids: dict[str, str]) -> str:
    failed = []
    for name, method, path in told():
        if name == "delete_an_upload":  # one that no master needs
            ids["audio_id"] = uploaded(ApiKey.objects.earliest("created").user).pk
        if complaint := run(name, method, path):
            failed.append(f"{name}: {complaint}")
        work_all()
    return "\n\n".join(failed)


@pytest.mark.slow
@pytest.mark.enable_socket
def test_every_example_in_curl_runs_as_it_is_shown(program):
    def run(name: str, method: str, path: str) -> str:
        command = curl(name, method, path, program)
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        return f"{command}\n{done.stderr}{done.stdout}" if done.returncode else ""

    assert not fails_of(run, program)


@pytest.mark.slow
@pytest.mark.enable_socket
def test_every_example_in_python_runs_as_it_is_shown(program, capsys):
    names: dict[str, Any] = {}
    exec(PYTHON_HEAD, names)  # noqa: S102

    def run(name: str, method: str, path: str) -> str:
        source = python(name, method, path, program)
        try:
            exec(source, names)  # noqa: S102
        except Exception as error:  # noqa: BLE001
            answer = names.get("answer")
            return f"{source}\n{error!r} {getattr(answer, 'text', '')}"
        return ""

    with names["lacquer"]:
        assert not fails_of(run, program)


def test_every_operation_has_an_example_and_every_example_an_operation():
    known = {operation["operationId"] for _, _, operation in operations(document())}
    assert set(EXAMPLES) <= known
    for path, _, operation in operations(document()):
        assert len(operation["x-codeSamples"]) == 2
        names = re.findall(r"{(\w+)}", path)
        assert set(names) <= set(SHOWN), path
        if "requestBody" in operation and operation["requestBody"].get("required"):
            assert operation["operationId"] in EXAMPLES


def quickstart(client, language: str) -> str:
    page = client.get("/developers/").content.decode()
    code = re.search(rf'data-quickstart="{language}">(.*?)</code>', page, re.DOTALL)
    assert code is not None
    return html.unescape(code[1])


@contextlib.contextmanager
def worker_at_work() -> Iterator[None]:
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            work_all()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.parametrize("language", ["shell", "python"])
def test_the_start_works_as_pasted(program, client, live_server, tmp_path, language):
    key = create_key(
        user=ApiKey.objects.get().user, name="start", scopes=SCOPES, mode=ApiKey.Mode.TEST
    )
    source = quickstart(client, language)
    source = source.replace("http://testserver", live_server.url).replace("sleep 2", "sleep 0.1")
    source = source.replace("lq_test_…", key.secret).replace("sleep(2)", "sleep(0.1)")
    command = ["/bin/sh", "-c", source] if language == "shell" else [sys.executable, "-c", source]
    with worker_at_work():
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=os.environ | {"LACQUER_API_KEY": key.secret},
        )
    assert done.returncode == 0, done.stderr
    assert "succeeded" in done.stdout
    assert (tmp_path / "master.wav").stat().st_size > 0
    assert Version.objects.latest("created").master.is_test


@pytest.mark.django_db
def test_the_pages_for_developers_answer_anyone(client):
    for page in ("", "reference/", "errors/", "changelog/"):
        assert client.get(f"/developers/{page}").status_code == 200
    assert client.get("/developers/openapi.json").json()["openapi"].startswith("3.1")


def test_every_code_has_a_sentence_and_a_status():
    for code, status, text in codes():
        assert 400 <= status <= 503, code
        assert text
        assert text != code.replace("_", " ").capitalize(), code


def test_the_document_names_a_scope_for_all_but_what_anyone_may_read():
    for path, method, operation in operations(document()):
        if not operation.get("security"):
            assert (method, path) == ("GET", "/api/v1/capabilities")
        else:
            assert set(re.findall(r"Needs `(\w+:\w+)`", operation["description"])) <= set(SCOPES)
            assert "Needs `" in operation["description"]


def test_the_document_is_whole_json():
    assert json.loads(json.dumps(document()))["info"]["title"] == "Lacquer API"
