"""Headers on every answer; what is left of broken uploads."""

from io import BytesIO

import pytest
from django.core.files.uploadhandler import TemporaryFileUploadHandler

HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
FORM = "multipart/form-data; boundary=b"


class HungUp(BytesIO):
    """A body that breaks off, as of a closed connection."""

    def read(self, size: int | None = -1) -> bytes:
        if piece := super().read(size):
            return piece
        raise ConnectionResetError


def broken_off() -> dict[str, object]:
    """Return what makes a request one of a form that breaks off within its file."""
    body = HungUp(HEAD + b"\r\n" + bytes(200_000))
    return {"wsgi.input": body, "CONTENT_LENGTH": "1000000"}


@pytest.fixture
def begun_files(monkeypatch):
    """Return the temporary files, filled with each upload that begins."""
    files = []
    begin = TemporaryFileUploadHandler.new_file

    def noted(handler, *args, **kwargs):
        begin(handler, *args, **kwargs)
        files.append(handler.file.file)

    monkeypatch.setattr(TemporaryFileUploadHandler, "new_file", noted)
    return files


@pytest.mark.parametrize("path", ["/account/login/", "/nothing/here/"])
def test_every_answer_carries_the_browsers_rules(client, db, path):
    headers = client.get(path).headers
    assert "script-src 'self'" in headers["Content-Security-Policy"].split("; ")  # in any order
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]


def test_the_operators_site_logs_in_by_the_front_door(client, db):
    assert client.get("/admin/login/").status_code == 302
    assert client.get("/admin/login/").url.startswith("/account/login/")


@pytest.mark.parametrize("path", ["/audio/", "/api/v1/audio"])
def test_an_upload_that_breaks_off_leaves_no_file(as_alice, begun_files, path):
    as_alice.raise_request_exception = False
    as_alice.post(path, b"form", content_type=FORM, **broken_off())
    assert [file.closed for file in begun_files] == [True]


@pytest.mark.parametrize("path", ["/audio/", "/api/v1/audio"])
def test_an_upload_that_cannot_be_read_leaves_no_file(as_alice, begun_files, path):
    body = HEAD + b"Content-Transfer-Encoding: base64\r\n\r\nAAAAA\r\n--b--\r\n"
    assert as_alice.post(path, body, content_type=FORM).status_code == 400
    assert [file.closed for file in begun_files] == [True]


def test_an_api_request_that_breaks_off_is_no_failure_of_ours(as_alice):
    answer = as_alice.post("/api/v1/audio", b"form", content_type=FORM, **broken_off())
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")


def test_who_asks_too_often_is_told_when_to_come_again(client, db, settings):
    settings.EVEN_PACE_SECONDS = 0
    form = {"email": "not an address", "password1": "x"}
    answers = [client.post("/account/signup/", form) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    told = [answer.headers.get("Retry-After") for answer in answers]
    assert told == [None] * 20 + ["60"]
