"""How requests are tried again, and where the key goes."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from lacquer import Busy, ConfigError, ConnectionFailed, Lacquer, LacquerError, ServerFailed
from lacquer.models import Master, Version, Work
from lacquer.transport import Transport

URL = "https://site.example"
Answer = Callable[[httpx.Request], httpx.Response]


class Site:
    """Answers as a test says, and remembers what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.waits: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def open(self, **options) -> Transport:
        return Transport(
            URL,
            "lq_live_x",
            transport=httpx.MockTransport(self),
            sleep=self.waits.append,
            **options,
        )


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    told = {"code": code, "detail": "A sentence.", "request_id": "req_1"}
    return httpx.Response(
        status, json=told, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


OK = httpx.Response(200, json={"id": "x"})


@pytest.mark.parametrize(
    "first",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        problem(503, "too_busy"),
        problem(502, "bad_gateway"),
        problem(409, "request_in_progress"),
    ],
    ids=str,
)
def test_what_passes_is_tried_again_with_the_same_key(first):
    site = Site(first, OK)
    assert site.open().post("masters", {"a": 1}) == {"id": "x"}
    keys = {request.headers["Idempotency-Key"] for request in site.asked}
    assert len(site.asked) == 2
    assert len(keys) == 1
    assert {request.content for request in site.asked} == {b'{"a":1}'}


def test_two_wishes_have_two_keys():
    site = Site(OK)
    opened = site.open()
    opened.post("masters", {})
    opened.post("masters", {})
    assert len({request.headers["Idempotency-Key"] for request in site.asked}) == 2


def test_waits_are_as_long_as_the_site_says_and_grow_where_it_says_nothing():
    site = Site(problem(429, "rate_limited", Retry_After="7"), OK)
    site.open().get("me")
    assert site.waits == [7.0]
    site = Site(problem(503, "too_busy"))
    with pytest.raises(Busy):
        site.open(retries=4).get("me")
    assert len(site.asked) == 5
    assert all(
        later > 1.1 * sooner for sooner, later in zip(site.waits, site.waits[1:], strict=False)
    )


def test_an_hour_is_not_waited_for():
    site = Site(problem(429, "too_many_calls", Retry_After="3600"))
    with pytest.raises(Busy) as busy:
        site.open().get("me")
    assert busy.value.retry_after == 3600
    assert site.waits == []


def test_what_does_not_pass_is_told_at_once():
    site = Site(problem(500, "internal"))
    with pytest.raises(ServerFailed) as failed:
        site.open().post("masters")
    assert (failed.value.code, failed.value.request_id) == ("internal", "req_1")
    assert len(site.asked) == 1


def test_a_site_that_never_answers_is_told_as_that():
    site = Site(httpx.ConnectError("refused"))
    with pytest.raises(ConnectionFailed, match=r"site\.example"):
        site.open(retries=2).get("me")
    assert len(site.asked) == 3


def test_an_answer_that_is_no_problem_of_ours_is_an_error_all_the_same():
    site = Site(httpx.Response(500, text="<html>nginx"))
    with pytest.raises(ServerFailed) as failed:
        site.open().get("me")
    assert failed.value.code == "http_500"


def test_the_key_goes_to_the_site_and_nowhere_else(tmp_path: Path):
    song = tmp_path / "a.wav"
    song.write_bytes(b"RIFF")

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, request.headers.get("Authorization")))
        if request.url.path == "/files/1":
            return httpx.Response(302, headers={"Location": "https://bucket.example/1"})
        return httpx.Response(200, content=b"audio")

    seen: list[tuple[str, str | None]] = []
    transport = Transport(URL, "lq_live_x", transport=httpx.MockTransport(answer))
    transport.put_file("PUT", "https://bucket.example/up", song, headers={})
    assert seen == [("bucket.example", None)]
    seen.clear()
    transport.fetch("/files/1", tmp_path / "out.wav")
    assert seen == [("site.example", "Bearer lq_live_x"), ("bucket.example", None)]
    assert (tmp_path / "out.wav").read_bytes() == b"audio"


def test_a_file_is_sent_with_its_length(tmp_path: Path):
    song = tmp_path / "a.wav"
    song.write_bytes(b"x" * 600_000)
    site = Site(httpx.Response(200))
    site.open().put_file("PUT", "https://bucket.example/up", song, headers={"Content-Type": "a/b"})
    (request,) = site.asked
    assert request.headers["Content-Length"] == "600000"
    assert "Transfer-Encoding" not in request.headers
    assert len(request.content) == 600_000


def test_a_file_comes_whole_or_not_at_all(tmp_path: Path):
    out = tmp_path / "out.wav"
    out.write_bytes(b"before")
    site = Site(httpx.Response(200, content=b"half"))
    with pytest.raises(LacquerError, match="not what was made"):
        site.open().fetch("/f", out, sha256="0" * 64)
    assert out.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [out]


def test_a_poll_asks_for_what_changed_only():
    site = Site(httpx.Response(304, headers={"ETag": '"a"'}))
    told, etag, _ = site.open().poll("masters/mst_x", '"a"')
    assert (told, etag) == (None, '"a"')
    assert site.asked[0].headers["If-None-Match"] == '"a"'


def test_polls_slow_down_while_nothing_moves():
    queued = {"id": "mst_x", "status": "queued", "step": "queued", "progress": 0.0}
    done = queued | {"status": "succeeded", "version": "ver_x"}
    answers = [httpx.Response(200, json=queued, headers={"ETag": '"a"'})]
    answers += [httpx.Response(304, headers={"ETag": '"a"'}) for _ in range(12)]
    site = Site(*answers, httpx.Response(200, json=done))
    opened = Lacquer("lq_live_x", URL, transport=httpx.MockTransport(site), sleep=site.waits.append)
    assert opened.masters.wait("mst_x").version == "ver_x"
    assert site.waits[0] < 1.0
    assert site.waits[-1] == 5.0
    assert sorted(site.waits) == site.waits


@pytest.mark.parametrize("url", ["http://site.example", "ftp://site.example", "site.example", ""])
def test_a_key_does_not_travel_in_the_open(url, monkeypatch):
    with pytest.raises(ConfigError):
        Lacquer("lq_live_x", url or "https://")


def test_what_is_unknown_is_left_aside_and_what_is_missing_is_empty():
    told = {
        "id": "mst_1",
        "status": "succeeded",
        "created": "2026-11-27T10:00:00Z",
        "versions": ["ver_1", {"id": "ver_2", "master": "mst_1", "status": "failed"}],
        "mix": {"id": "aud_1", "kind": "mix", "status": "ready", "facts": {"rate_hz": 44100}},
        "invented": {"later": True},
    }
    master = Master.of(json.loads(json.dumps(told)))
    assert master.is_done
    assert master.created is not None
    assert master.created.year == 2026
    first, second = master.versions
    assert first == "ver_1"
    assert isinstance(second, Version)
    assert second.has_failed
    assert not isinstance(master.mix, str)
    assert master.mix.facts is not None
    assert master.mix.facts.rate_hz == 44100
    assert master.raw["invented"] == {"later": True}
    assert Work.of({"id": "x", "status": "ready"}).error is None
