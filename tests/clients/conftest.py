"""A real site, served, with the played engine at work whenever a program waits."""

import gzip
import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from lacquer import Lacquer
from pytest_django.live_server_helper import LiveServer

from accounts.models import SCOPES, User
from accounts.services import create_key
from mastering.tasks import check_next, export_next, pack_next, render_next
from references.tasks import measure_next
from tests.studio import PlayedEngine, put_in_the_box, wav


class ListeningEngine(PlayedEngine):
    """Hears that two files are two sounds, and keeps the profile that a document holds."""

    def _inspect(self, source: str, out: str, limits: dict[str, Any]) -> dict[str, Any]:
        told = super()._inspect(source, out, limits)
        told["facts"]["pcm_sha256"] = hashlib.sha256(Path(source).read_bytes()).hexdigest()
        return told

    def _inspect_profile(self, source: str, out: str) -> dict[str, Any]:
        told = super()._inspect_profile(source, out)
        profile = json.loads(Path(source).read_bytes())["profile"]
        (Path(out) / "profile.json.gz").write_bytes(gzip.compress(json.dumps(profile).encode()))
        return told


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> PlayedEngine:
    played = ListeningEngine()
    put_in_the_box(played.run, monkeypatch)
    return played


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1", "localhost", "::1"]))


def work(_seconds: float = 0.0) -> None:
    """Do what waits, in place of waiting."""
    for do in (measure_next, render_next, export_next, check_next, pack_next):
        while do():
            pass


def work_elsewhere(_seconds: float = 0.0) -> None:
    """Do the same in a thread that is not the test's, and leave no connection open there."""
    try:
        work()
    finally:
        connections.close_all()


@pytest.fixture
def key(alice: User) -> str:
    return create_key(user=alice, name="tests", scopes=SCOPES).secret


@pytest.fixture
def site(live_server: LiveServer, key: str, engine: PlayedEngine):
    with Lacquer(key, live_server.url, sleep=work) as opened:
        yield opened


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Lacquer]:
    """Let the command's client work while it waits."""
    made = partial(Lacquer, sleep=work)
    monkeypatch.setattr("lacquer.commands.Lacquer", made)
    return made


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    return _written(tmp_path / "mix.wav", seconds=0.02)


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return _written(tmp_path / "reference.wav", seconds=0.03)


def _written(path: Path, *, seconds: float) -> Path:
    path.write_bytes(wav(seconds))
    return path
