"""Every text of the pages can be translated, and the catalogue can be made."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
TOLD = ("alt", "title", "aria-label", "placeholder", "label", "content", "data-label")
# The same in every language: the name of the house, units, and the names of things.
SAME = {"Lacquer", "LUFS", "LU", "PLR", "dBTP", "dB", "dBFS", "Hz", "kHz", "SHA-256", "UTC", "ISRC"}
ICON = "material-symbols-outlined"  # a font whose letters make the name of a picture
# Shown where nothing works, so without anything that could fail; and what only developers see.
NEVER_TRANSLATED = {"500.html", "mail.html"}
TRANSLATED = re.compile(
    r"{%\s*blocktranslate.*?{%\s*endblocktranslate\s*%}"
    r"|{%\s*comment.*?{%\s*endcomment\s*%}"
    r"|{%\s*block main_class\s*%}.*?{%\s*endblock\s*%}",
    re.DOTALL,
)
TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)


class BareText(HTMLParser):
    """Collects the words of a template that no translation reaches."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent: list[str] = []  # the open elements whose text is no language

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        if tag in ("script", "style", "kbd", "code") or {"code", ICON} & set(classes):
            self._silent.append(tag)
        named = given.get("name", "")
        for name, value in attrs:
            if name in TOLD and not (tag == "meta" and named != "description"):
                self._note(value or "")

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._note(data)

    def _note(self, text: str) -> None:
        words = [word for word in re.findall(r"[^\W\d_][\w-]+", text) if word not in SAME]
        if words:
            self.found.append(" ".join(words))


def bare_text(source: str) -> list[str]:
    reader = BareText()
    reader.feed(TAG.sub("", TRANSLATED.sub("", source)))
    return reader.found


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for path in TEMPLATES.rglob("*")
        if path.suffix in (".html", ".txt") and path.name not in NEVER_TRANSLATED
    ),
    ids=lambda path: str(path.relative_to(TEMPLATES)),
)
def test_every_word_of_a_template_can_be_translated(path: Path) -> None:
    assert bare_text(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Bare words</p>",
        '<a title="Bare words">{% translate "Fine" %}</a>',
        "{% if a %}Bare{% endif %}",
    ],
)
def test_bare_words_are_found(source: str) -> None:
    assert bare_text(source)


@pytest.mark.parametrize(
    "source",
    [
        '<p>{% translate "Fine" %} 3 dB</p>',
        "{% blocktranslate trimmed %}Fine too{% endblocktranslate %}",
        "<input placeholder=\"{% translate 'Fine' %}\"><kbd>space</kbd>",
    ],
)
def test_translated_words_and_units_are_not(source: str) -> None:
    assert bare_text(source) == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("xgettext") is None, reason="GNU gettext is not installed")
def test_the_catalogue_can_be_made_and_holds_pages_and_messages(tmp_path: Path) -> None:
    for name in ("mastering", "references", "templates", "manage.py", "config", "dsp"):
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "static", "fonts")
            shutil.copytree(source, tmp_path / name, ignore=ignored)
        else:
            shutil.copy(source, tmp_path)
    (tmp_path / "locale").mkdir()
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "-l", "de", "--settings=tests.settings"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": ""},
        check=True,
        capture_output=True,
    )
    catalogue = (tmp_path / "locale" / "de" / "LC_MESSAGES" / "django.po").read_text()
    for text in ("Clipped peaks", "Is it over-compressed?", "Fix it in the mix", "Good match"):
        assert f'msgid "{text}"' in catalogue
