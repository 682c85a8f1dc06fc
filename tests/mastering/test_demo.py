import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from mastering.templatetags.demo import demo_player
from references.templatetags.audio import MINUS


@pytest.fixture
def recordings(tmp_path: Path, settings: Any) -> Path:
    """Return a folder of static files in which nothing has been recorded yet."""
    settings.STATICFILES_DIRS = [tmp_path]
    _forget_folders()
    (tmp_path / "audio").mkdir()
    return tmp_path / "audio"


@pytest.fixture(autouse=True)
def _no_memory_of_folders() -> Any:
    yield
    _forget_folders()


def test_without_recordings_the_landing_page_has_no_player(
    recordings: Path, client: Client, db: None
) -> None:
    assert not list(recordings.iterdir())
    assert demo_player() is None
    assert b"<ab-player" not in client.get("/").content


def test_recordings_are_played_from_their_static_addresses(
    recordings: Path, client: Client, db: None
) -> None:
    source = {
        "key": "master",
        "url": "master.flac",
        "waveform_url": "master.json",
        "gain_db": -7.6,
    }
    described = {"duration_seconds": 24.0, "sources": [source], "sections": []}
    described |= {"mix": "Ours", "reference": "Theirs"}
    (recordings / "demo.json").write_text(json.dumps(described))
    player = demo_player()
    assert player is not None
    assert player["sources"][0]["url"] == "/static/audio/master.flac"
    page = client.get("/").content
    assert b"Ours, mastered toward Theirs." in page
    assert b'data-url="/static/audio/master.flac"' in page
    assert b'src="/static/audio/master.json"' in page


def test_the_recordings_of_the_site_are_told_in_words_and_numbers(client: Client, db: None) -> None:
    player = demo_player()
    assert player is not None
    page = client.get("/").content.decode()
    assert "Closer to the reference in tone" in page
    before, after = (f"{player['report']['numbers'][0][key]:.1f}" for key in ("before", "after"))
    assert f"<td>{before.replace('-', MINUS)}</td>" in page
    assert f'<td class="after">{after.replace("-", MINUS)}</td>' in page


def _forget_folders() -> None:
    finders.get_finder.cache_clear()  # type: ignore[attr-defined]  # an lru_cache, untyped
