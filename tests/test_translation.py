"""Pages in a made-up language: what stays in English was never given to a translator.

The catalogue is made as translators get it, every message of it in full-width letters, and pages
shown in it: a word in plain letters escaped, whatever it is built from.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import allauth
import django
import pytest
from django.apps import apps
from django.test import Client

from accounts.models import User
from dsp.platforms import platforms
from mastering.messages.platform_rules import SHIPPED
from tests.browser import scene
from tests.browser.states import STATES, State
from tests.conftest import browser_of
from tests.test_wording import ROOT, SAME, BareText

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("msgen") is None, reason="GNU gettext is not installed"),
]

LANGUAGE = "de"  # the others' catalogues answer in it for what is theirs
PARTS = ("accounts", "billing", "config", "dsp", "mastering", "references", "templates")
WIDE = {code: code + 0xFEE0 for code in (*range(65, 91), *range(97, 123))}
KEPT = re.compile(
    r"%\(\w+\)[\d.]*[a-z]|%[sd]|\{[^}]*\}|<[^>]*>|&#?\w+;|\\.|\w+\.(?:com|org)|[\w.]+@[\w.]+"
)
FILLED = re.compile(r"\{\w+\}|\b(?:evt|whk|aud|mst|ver|ref)_\w+")  # by scripts; public ids
WORD = re.compile(r"[A-Za-z][\w'-]+")
# The same in every language: formats, services, names of things, and what codes are made of.
NAMES = SAME | {
    *("API", "Stripe", "lacquer", "alice", "example", "bpm", "Bea", "Cy"),
    *("AAC", "AIFF", "ALAC", "FLAC", "M4A", "MP3", "Ogg", "Opus", "Vorbis", "WAV"),
    *("float", "kbit", "wav24", "wav32f"),
    *("Amazon", "Apple", "Deezer", "Music", "Spotify", "Tidal", "YouTube"),
    *("av", "numba", "numpy", "scipy", "soundfile", "soxr"),
}
SONGS = {"Harbour", "lights", "Night", "drive"}  # of the landing page
OF_PEOPLE = (
    "filename",
    "title",
    "artist",
    "album",
    "name",
    "label",
    "note",
    "text",
    "email",
    "description",
    "url",
    "tags",
)
IN_ENGLISH = {"developers-reference", "developers-errors", "developers-changelog"}  # as the API is


def widened(text: str) -> str:
    """Return a message in full-width letters, but for its placeholders and tags."""
    pieces = [piece.translate(WIDE) for piece in KEPT.split(text)]
    kept = KEPT.findall(text)
    return "".join(a + b for a, b in zip(pieces, [*kept, ""], strict=True))


def told(catalogue: str) -> list[tuple[int, str]]:
    """Return the lines of a catalogue that hold translations, by their number."""
    found, inside = [], False
    for number, line in enumerate(catalogue.splitlines()):
        inside = line.startswith("msgstr") or (inside and line.startswith('"'))
        if inside:
            found.append((number, line))
    return found


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of catalogues with every message in full-width letters."""
    folder = tmp_path_factory.mktemp("texts")
    for name in PARTS:
        ignored = shutil.ignore_patterns("__pycache__", "static", "fonts", "migrations")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "manage.py", folder)
    (folder / "locale").mkdir()
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "django", "makemessages", "-l", LANGUAGE, "--no-wrap"]
    run(*command, "--settings=tests.settings", cwd=folder, env=environment)
    path = folder / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
    run("msgen", "--no-wrap", "--lang", LANGUAGE, "-o", str(path), str(path), cwd=folder)
    lines = path.read_text().splitlines()
    header = lines.index("")  # ends the first entry, which is no message
    for number, line in told(path.read_text()):
        if number > header:
            start = line.index('"')
            lines[number] = line[:start] + widened(line[start:])
    path.write_text("\n".join(lines) + "\n")
    run("msgfmt", "--check-format", "-o", str(path.with_suffix(".mo")), str(path), cwd=folder)
    return folder / "locale"


def run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def theirs() -> set[str]:
    """Return the words of the libraries' own translations."""
    words: set[str] = set()
    for library in (django, allauth):
        for path in Path(str(library.__file__)).parent.rglob(f"locale/{LANGUAGE}/LC_MESSAGES/*.po"):
            for _, line in told(path.read_text()):
                words.update(WORD.findall(line))
    return words


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> scene.Made:
    return scene.make(tmp_path_factory.mktemp("made"))


def of_people() -> set[str]:
    """Return the words that people gave: names of files and songs, notes, addresses."""
    given = set()
    for model in apps.get_models():
        names = [field.name for field in model._meta.concrete_fields if field.name in OF_PEOPLE]
        for row in model._default_manager.values_list(*names) if names else ():
            words = (" ".join(value) if isinstance(value, list) else str(value) for value in row)
            given.update(WORD.findall(" ".join(words)))
    return given


def escaped(page: str) -> list[str]:
    """Return the words of a page in plain letters."""
    reader = BareText()
    reader.feed(FILLED.sub("", page))
    return [word for text in reader.found for word in WORD.findall(text) if word.isascii()]


@pytest.mark.parametrize(
    "state",
    [state for state in STATES if state.name not in IN_ENGLISH],
    ids=lambda state: state.name,
)
def test_every_word_of_a_page_comes_from_the_catalogue(
    state: State,
    alice: User,
    made: scene.Made,
    catalogue: Path,
    theirs: set[str],
    settings,
) -> None:
    path = state.arrange(alice, made)
    settings.LOCALE_PATHS = [catalogue]
    client = browser_of(alice) if state.signed_in else Client()
    page = client.get(path, headers={"accept-language": LANGUAGE}).content.decode()
    words = sorted(set(escaped(page)) - theirs - NAMES - SONGS - of_people())
    assert "ａ" in page
    assert words == []


def test_a_message_keeps_its_placeholders_and_tags() -> None:
    assert widened("Say %(name)s {it} <b>now</b>") == "Ｓａｙ %(name)s {it} <b>ｎｏｗ</b>"
    assert escaped("<p>Ｓａｙ it</p>") == ["it"]


def test_translators_get_the_platforms_rules_as_they_are_shipped() -> None:
    assert set(SHIPPED) == {platform.rule for platform in platforms()}
