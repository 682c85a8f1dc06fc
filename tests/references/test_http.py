"""Stored files over HTTP: whole, in ranges, conditionally, by redirect; bodies within limits."""

from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import Http404
from django.test import RequestFactory

from references.http import deliver
from references.services import clean_filename

KEY = "tests/file.flac"
CONTENT = bytes(range(256)) * 4


@pytest.fixture(autouse=True)
def stored() -> Iterator[None]:
    default_storage.save(KEY, ContentFile(CONTENT))
    request_finished.disconnect(close_old_connections)  # there are none
    yield
    request_finished.connect(close_old_connections)
    default_storage.delete(KEY)


def answer(method: str = "get", *, key: str = KEY, download_as: str = "", **headers: str) -> Any:
    request = getattr(RequestFactory(), method)("/", headers=headers)
    return deliver(request, key, sha256="abc", download_as=download_as)


def body_of(response: Any) -> bytes:
    body: bytes = b"".join(response) if response.streaming else response.content
    response.close()
    return body


def test_without_a_range_all_is_sent():
    response = answer()
    assert (response.status_code, response["Content-Length"]) == (200, "1024")
    assert response["Accept-Ranges"] == "bytes"
    assert response["ETag"] == '"abc"'
    assert response["Content-Type"] == "audio/flac"
    assert body_of(response) == CONTENT


def test_answers_are_private_and_not_sniffed():
    for response in (answer(), answer(range="bytes=0-1"), answer("head")):
        assert response["Cache-Control"] == "private"
        assert response["X-Content-Type-Options"] == "nosniff"
        response.close()


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=1000-", 1000, 1023),
        ("bytes=-24", 1000, 1023),
        ("bytes=-5000", 0, 1023),
        ("bytes=1000-99999", 1000, 1023),
        ("bytes = 10 - 19", 10, 19),
    ],
)
def test_a_range_is_sent_as_asked(wanted: str, first: int, last: int):
    response = answer(range=wanted)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/1024"
    assert response["Content-Length"] == str(last - first + 1)
    assert body_of(response) == CONTENT[first : last + 1]


@pytest.mark.parametrize("wanted", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_beyond_the_end_is_told(wanted: str):
    response = answer(range=wanted)
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */1024"
    assert body_of(response) == b""


@pytest.mark.parametrize(
    "wanted",
    ["bytes=9-1", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=" + "9" * 99],
)
def test_a_range_that_says_nothing_or_too_much_is_answered_whole(wanted: str):
    response = answer(range=wanted)
    assert response.status_code == 200
    assert body_of(response) == CONTENT


def test_if_range_keeps_two_versions_apart():
    same = answer(**{"range": "bytes=0-1", "if-range": '"abc"'})
    other = answer(**{"range": "bytes=0-1", "if-range": '"def"'})
    dated = answer(**{"range": "bytes=0-1", "if-range": "Sun, 06 Nov 1994 08:49:37 GMT"})
    assert [r.status_code for r in (same, other, dated)] == [206, 200, 200]
    for response in (same, other, dated):
        response.close()


def test_what_is_known_already_is_not_sent_again():
    response = answer(**{"if-none-match": '"abc"'})
    assert response.status_code == 304
    assert response["ETag"] == '"abc"'


def test_head_tells_the_length_and_sends_nothing():
    response = answer("head", range="bytes=0-1")
    assert (response.status_code, response["Content-Length"]) == (200, "1024")
    assert body_of(response) == b""


def test_a_missing_file_is_a_404():
    with pytest.raises(Http404):
        answer(key="tests/gone.flac")


@pytest.mark.parametrize("name", ["song.wav", 'so"ng.wav', "Café 🎸.wav", "a;b=c.wav"])
def test_a_download_carries_its_name_in_one_header(name: str):
    response = answer(download_as=name)
    header = response["Content-Disposition"]
    assert header.startswith("attachment; filename")
    assert "\r" not in header
    assert "\n" not in header
    response.close()


class Bucket:
    """A storage without paths, as S3 is."""

    def path(self, key: str) -> str:
        raise NotImplementedError

    def url(self, key: str, *, parameters: dict[str, str], expire: int | None) -> str:
        assert parameters["ResponseContentType"] == "audio/flac"
        disposition = parameters["ResponseContentDisposition"]
        return f"https://bucket.example/{key}?expires={expire}&as={disposition}"

    def open(self, _key: str) -> Any:
        return Path(default_storage.path(KEY)).open("rb")


def test_other_storages_are_reached_by_a_short_lived_address(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("references.http.default_storage", Bucket())
    response = answer(download_as="song.flac")
    assert response.status_code == 302
    assert response["Location"].startswith(f"https://bucket.example/{KEY}?expires=None")  # its own
    assert "attachment" in response["Location"]
    assert response["Cache-Control"] == "private"


def test_json_of_other_storages_is_passed_through(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("references.http.default_storage", Bucket())
    response = answer(key="tests/waveform.json")
    assert response.status_code == 200
    assert response.content == CONTENT


@pytest.mark.parametrize(
    "name",
    [
        'say "hello".wav',
        "line\r\nSet-Cookie: a=b.wav",
        "Grüße aus Köln.wav",
        "\u202egnp.wav",
        "../../etc/passwd.wav",
        "a;filename=b.exe.wav",
        "100 %25 back\\slash.wav",
        "文件.wav",
        "x" * 300 + ".wav",
    ],
)
def test_a_name_stays_one_parameter_of_one_header(name: str):
    """By RFC 6266, read back by a parser that shares no code with ours."""
    response = answer(download_as=name)
    disposition = response["Content-Disposition"]
    response.close()
    assert "\r" not in disposition
    assert "\n" not in disposition
    message = Message()
    message["Content-Disposition"] = disposition
    assert message.get_content_disposition() == "attachment"
    parameters = {
        key.lower() for key, _ in (message.get_params(header="content-disposition") or [])[1:]
    }
    assert parameters == {"filename"}
    assert message.get_filename() in (name, clean_filename(name))
