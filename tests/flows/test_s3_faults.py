"""Between us and an S3 service: direct uploads, lines that are slow, cut or dead, and no storage.

Each fault is shown to bite by a control, in which the guard against it is switched off.
"""

import random
import socket
import time
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from mastering.management.invariants import broken_invariants
from mastering.tasks import render_next
from references import tasks
from references.errors import UploadIncomplete
from references.models import AudioFile, DirectUpload
from references.models.work import BACK_OFF, MAX_ENGINE_ERRORS
from references.services import begin_upload, complete_upload, receive_upload
from references.storage import SignedRequest
from references.tasks import measure_next
from tests.fault_proxy import FaultProxy
from tests.flows.s3_service import BUCKET, Service, client, entry_of, keys
from tests.studio import MIX, PlayedEngine, make_due, measured, submitted, wav

pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.1"])]

SEED = 20_261_127
CONTENT = wav(2.0)  # 176 kB


def send(request: SignedRequest, content: bytes) -> int:
    put = Request(request.url, content, request.headers, method=request.method)  # noqa: S310
    try:
        with urlopen(put) as answer:  # noqa: S310
            status: int = answer.status
            return status
    except HTTPError as refusal:
        return refusal.code


def begun(user: User) -> tuple[DirectUpload, SignedRequest]:
    return begin_upload(user=user, kind=MIX, filename="song.wav", size_bytes=len(CONTENT))


def stored(user: User) -> AudioFile:
    return receive_upload(user=user, kind=MIX, file=ContentFile(CONTENT, "song.wav"))


def whole() -> bool:
    return broken_invariants(deep=True, pause_seconds=0.0) == []


def test_a_direct_upload_is_signed_sent_measured_and_kept(
    alice: User, engine: PlayedEngine, service: Service
):
    upload, request = begun(alice)
    query = parse_qs(urlsplit(request.url).query)
    assert {"content-length", "content-type"} <= set(query["X-Amz-SignedHeaders"][0].split(";"))
    assert query["X-Amz-Expires"] == ["900"]
    assert send(request, CONTENT) == 200
    audio = complete_upload(upload=upload)
    measure_next()
    audio.refresh_from_db()
    assert audio.is_ready, audio.error_code
    assert send(request, bytes(len(CONTENT))) == 200, "the address can be used again"
    assert whole(), "and changes nothing that was looked at"
    assert audio.source_key in keys()


def test_by_the_page_scripts_are_told_to_send_straight(as_alice: Client, service: Service):
    page = as_alice.get(reverse("mastering:new")).content
    assert b'data-direct-url="/uploads/"' in page
    said = {"kind": "MIX", "filename": "song.wav", "size_bytes": len(CONTENT)}
    told = as_alice.post(reverse("references:begin"), said).json()
    assert told["url"].startswith(service.url)
    assert send(SignedRequest(told["url"], headers=told["headers"]), CONTENT) == 200
    assert as_alice.post(told["complete_url"]).status_code == 201


def test_an_upload_that_was_aborted_leaves_nothing(alice: User, service: Service):
    upload, request = begun(alice)
    address = urlsplit(request.url)
    head = (
        f"PUT {address.path}?{address.query} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(CONTENT)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port)) as line:
        line.sendall(head.encode() + CONTENT[:50_000])
    time.sleep(0.2)
    with pytest.raises(UploadIncomplete):
        complete_upload(upload=upload)
    assert not AudioFile.objects.exists()
    assert send(request, CONTENT) == 200, "it may be sent again"
    assert complete_upload(upload=upload).is_waiting


def trusting(attempt: Any, key: str, name: str, **_: Any) -> str:
    """Fetch as one who believes that what arrives is all there is."""
    path = attempt.scratch / name
    path.write_bytes(b"")
    body = client().get_object(Bucket=BUCKET, Key=key)["Body"]._raw_stream
    body.enforce_content_length = False
    with path.open("ab") as copy:
        try:
            while piece := body.read(1_000):
                copy.write(piece)
        except Exception:  # noqa: BLE001 (whatever it is, it trusts)
            return str(path)
    return str(path)


@pytest.mark.parametrize("guarded", [True, False], ids=["checked", "trusting"])
def test_a_cut_transfer_is_never_taken_for_the_whole(
    alice: User, engine: PlayedEngine, line: FaultProxy, monkeypatch, guarded
):
    audio = stored(alice)
    if not guarded:
        monkeypatch.setattr(tasks.Attempt, "fetch", trusting)
    luck = random.Random(SEED)  # noqa: S311
    line.cut_after = luck.randrange(2_000, len(CONTENT))
    client().close()  # connections that are open know of no cut
    measure_next()
    audio.refresh_from_db()
    assert bool(engine.ran) == (not guarded)
    if guarded:
        assert (audio.is_waiting, audio.engine_errors) == (True, 1)
        line.heal()
        make_due(audio)
        measure_next()
        audio.refresh_from_db()
        assert audio.is_ready
        assert whole()


def test_a_cut_at_any_byte_makes_no_object(alice: User, engine: PlayedEngine, line: FaultProxy):
    luck = random.Random(SEED)  # noqa: S311
    audio = stored(alice)
    for _ in range(MAX_ENGINE_ERRORS):
        line.cut_after = luck.randrange(0, len(CONTENT))
        client().close()
        measure_next()
        audio.refresh_from_db()
        assert audio.outputs == {}
        make_due(audio) if audio.is_open else None
    assert (audio.has_failed, audio.error_code) == (True, "storage")
    line.heal()
    assert whole()
    assert not client().list_multipart_uploads(Bucket=BUCKET).get("Uploads")


@pytest.mark.parametrize("guarded", [True, False], ids=["timed", "patient"])
def test_a_line_too_slow_ends_the_attempt_at_its_limit(
    alice: User, engine: PlayedEngine, line: FaultProxy, monkeypatch, guarded
):
    audio = stored(alice)
    monkeypatch.setattr(AudioFile, "time_limit", timedelta(seconds=1.5))
    if not guarded:
        monkeypatch.setattr(tasks.Attempt, "check_time", lambda _: None)
    line.bytes_per_second = 50_000.0
    measure_next()
    audio.refresh_from_db()
    assert (audio.is_waiting, audio.engine_errors) == ((True, 1) if guarded else (False, 0))
    line.heal()
    assert whole()


@pytest.mark.django_db(transaction=True)  # the heart of an attempt beats beside it
@pytest.mark.parametrize("way", ["refuses", "swallows"])
def test_a_storage_away_for_good_fails_with_its_code_and_pages_stay_up(
    as_alice: Client, alice: User, engine: PlayedEngine, line: FaultProxy, service: Service,
    settings, way,
):  # fmt: skip
    """Ten minutes hold three attempts, the waits between them, and every time-out of each."""
    version = measured(submitted(alice))
    client().close()
    entry = entry_of(f"http://127.0.0.1:{line.port}")
    config = entry["OPTIONS"]["client_config"]
    saved_seconds = 0.95 * config.read_timeout  # of each time-out, for the test's sake
    config.read_timeout -= saved_seconds
    settings.STORAGES = settings.STORAGES | {"default": entry}
    if way == "refuses":
        service.stop()
    else:
        line.swallows = True
    busy_seconds, taken = 0.0, line.taken
    for _ in range(MAX_ENGINE_ERRORS):
        begun_at = time.monotonic()
        render_next()
        busy_seconds += time.monotonic() - begun_at
        version.refresh_from_db()
        for path in (f"/masters/{version.master_id}/", "/masters/", "/new/", "/references/"):
            assert as_alice.get(path).status_code == 200
        make_due(version) if version.is_open else None
    assert (version.has_failed, version.error_code) == (True, "storage")
    waits = sum((wait + timedelta(seconds=3)).total_seconds() for wait in BACK_OFF[:2])
    saved = saved_seconds * (line.taken - taken)
    assert (saved > 0.0) == (way == "swallows")
    assert waits + busy_seconds + saved < 600.0, (waits, busy_seconds, saved)
    if way == "refuses":
        service.start()
    line.heal()
    line.drop()
    assert whole()
