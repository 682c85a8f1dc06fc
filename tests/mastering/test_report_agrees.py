"""A report says the same on its page, as JSON and on paper."""

import io
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounts.models import User
from mastering.messages.coaching import coaching_of
from mastering.models import Version
from references.templatetags.audio import number
from tests.browser import scene

# Where a page tells of a version; tables under plots hold what their CSVs hold.
SENTENCES = {"answer", "change", "harm", "fixes", "told", "summary", "ceiling"}
UNTOLD = {"actions", "visually-hidden", "findings"}
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SENTENCE_END = re.compile(r"(?<=[.?!]) ")
FOOTER = re.compile(r"Lacquer \d+ ")


class Told(HTMLParser):
    """Collects the sentences of a report's page, and the cells of its tables."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[str] = []
        self.cells: list[str] = []
        self._open: list[tuple[str, set[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = set((dict(attrs).get("class") or "").split())
        if tag not in VOID:
            self._open.append((tag, classes))
        if tag in ("p", "dd", "dt", "li") and self._in(SENTENCES) and not self._in(UNTOLD):
            self.sentences.append("")
        if tag in ("td", "th") and self._is_cell():
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _ in self._open}
        if self._in(UNTOLD) or tags & {"a", "form", "svg"}:
            return
        if self.sentences and tags & {"p", "dd", "dt", "li"} and self._in(SENTENCES):
            self.sentences[-1] += data
        if self.cells and tags & {"td", "th"} and self._is_cell():
            self.cells[-1] += data

    def _is_cell(self) -> bool:
        in_body = any(tag == "tbody" for tag, _ in self._open)
        return in_body and self._in({"numbers"}) and not self._in({"plot-panel", "platforms"})

    def _in(self, classes: set[str]) -> bool:
        return any(classes & of for _, of in self._open)


def plain(text: str) -> str:
    return " ".join(text.split())


def on_paper(pdf: bytes) -> str:
    pages = [plain(page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]
    return FOOTER.sub("", " ".join(f"{page} " for page in pages))


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value
    return [text for each in children for text in strings(each)] if children is not None else []


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict | list):
        children = value.values() if isinstance(value, dict) else value
        return [each for child in children for each in numbers(child)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def assert_agrees(client: Client, version: Version) -> Told:
    """Assert that whatever the page tells of a version stands in both its documents."""
    detail = reverse("mastering:detail", args=[version.master_id])
    page = Told()
    page.feed(client.get(f"{detail}?version={version.number}").text)
    paper, data = (
        client.get(reverse(f"mastering:report-{form}", args=[version.master_id, version.number]))
        for form in ("pdf", "json")
    )
    text, words = on_paper(paper.content), data.json()
    sentences = [plain(each) for each in page.sentences if plain(each)]
    in_words = plain(" ".join(strings(words["words"])))
    assert [each for each in sentences if each not in text] == []
    parts = [part.rstrip(".") for each in sentences for part in SENTENCE_END.split(each)]
    assert [each for each in parts if each not in in_words] == []
    cells = [plain(each) for each in page.cells if plain(each)]
    assert [each for each in cells if each not in text] == []
    measured = {number(abs(each) * scale, places) for each in numbers(words["facts"])
                for scale, places in ((1.0, 0), (1.0, 1), (1.0, 2), (100.0, 0), (100.0, 1),
                                      (0.001, 1), (0.001, 0))}  # fmt: skip
    shown = [figure for cell in cells for figure in re.findall(r"\d+(?:\.\d+)?", cell)
             if ":" not in cell]  # fmt: skip
    assert [each for each in shown if each not in measured] == []
    return page


def test_a_report_with_everything_in_it_agrees(as_alice: Client, finished: Version) -> None:
    page = assert_agrees(as_alice, finished)
    assert len(page.sentences) > 20
    assert len(page.cells) > 20


@pytest.mark.slow
def test_reports_of_the_engine_agree(
    as_alice: Client, alice: User, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = scene.make(tmp_path_factory.mktemp("made"))
    first = scene.master(alice, made, mix="Night drive (mix 6).wav", reference="Slow Tide.wav")
    second = scene.master(alice, made, mix="Night drive (mix 7).wav", reference="Slow Tide.wav")
    second.previous = first
    second.save()
    assert_agrees(as_alice, scene.rendered(first, made))
    page = assert_agrees(as_alice, scene.rendered(second, made))
    coaching = coaching_of(second)
    assert coaching is not None
    assert coaching.verdict in plain(" ".join(page.sentences))
