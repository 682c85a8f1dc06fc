"""Files sent straight to the storage: announced, sent once, looked at, and only then kept."""

import hashlib
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from django.test import Client

from accounts.models import User
from dsp.errors import AudioError, TooLarge, UnsupportedFormat
from dsp.settings import MasterSettings
from mastering.management.invariants import broken_invariants
from mastering.models import Master
from mastering.services import submit_master
from mastering.tasks import render_next
from references.errors import EmptyUpload, TooManyUploads, UploadExpired, UploadIncomplete
from references.models import AudioFile, DirectUpload, Reference
from references.models.direct import LATE, SENDING
from references.services import (
    begin_upload,
    clear_uploads,
    complete_upload,
    receive_upload,
    remove_audio,
)
from references.tasks import measure_next
from tests.studio import MIX, REFERENCE, lose_lease, make_due, wav

CONTENT = wav(0.1)


def begun(user: User, *, kind: AudioFile.Kind = MIX, content: bytes = CONTENT):
    return begin_upload(user=user, kind=kind, filename="song.wav", size_bytes=len(content))


def put(client: Client, url: str, content: bytes = CONTENT):
    return client.put(url, content, content_type="application/octet-stream")


def completed(user: User, *, kind: AudioFile.Kind = MIX, content: bytes = CONTENT) -> AudioFile:
    upload, send = begun(user, kind=kind, content=content)
    assert put(Client(), send.url, content).status_code == 200
    return complete_upload(upload=upload)


def is_quarantined(audio: AudioFile) -> bool:
    return default_storage.exists(DirectUpload.objects.get(audio=audio).key)


def expire(upload: DirectUpload) -> None:
    DirectUpload.objects.filter(pk=upload.pk).update(expires=Now() - LATE - timedelta(seconds=1))


def test_what_is_sent_is_measured_and_kept_with_its_hash(alice: User, engine):
    audio = completed(alice)
    assert (audio.is_waiting, audio.format, audio.sha256) == (True, "wav", "")
    assert is_quarantined(audio)
    measure_next()
    audio.refresh_from_db()
    assert audio.is_ready
    assert audio.sha256 == hashlib.sha256(CONTENT).hexdigest()
    with default_storage.open(audio.source_key) as stored:
        assert stored.read() == CONTENT
    assert broken_invariants(deep=True, pause_seconds=0.0) == []


def test_in_place_of_what_a_test_key_sent_a_short_song_is_measured(alice: User, engine):
    upload, send = begin_upload(
        user=alice, kind=MIX, filename="song.wav", size_bytes=len(CONTENT), is_test=True
    )
    put(Client(), send.url)
    audio = complete_upload(upload=upload)
    measure_next()
    audio.refresh_from_db()
    assert audio.is_ready
    with default_storage.open(audio.source_key) as stored:
        song = stored.read()
    assert song != CONTENT
    assert audio.sha256 == hashlib.sha256(song).hexdigest()
    assert broken_invariants(deep=True, pause_seconds=0.0) == []


def test_a_master_is_made_of_what_was_sent(alice: User, engine):
    mix, reference = completed(alice), completed(alice, kind=REFERENCE)
    submit_master(user=alice, mix=mix, reference=reference, settings=MasterSettings())
    while measure_next():
        pass
    render_next()
    assert Master.objects.get().latest.has_succeeded
    assert broken_invariants(deep=True, pause_seconds=0.0) == []


def test_bytes_swapped_after_they_were_looked_at_are_never_used(alice: User, engine):
    """The address still holds; what it replaces is the quarantine, not what is kept."""
    audio = completed(alice)
    measure_next()
    audio.refresh_from_db()
    key = DirectUpload.objects.get().key
    default_storage.delete(key)
    default_storage.save(key, ContentFile(bytes(len(CONTENT))))
    with default_storage.open(audio.source_key) as stored:
        assert stored.read() == CONTENT
    assert broken_invariants(deep=True, pause_seconds=0.0) == []


def test_a_late_attempt_cannot_replace_what_a_newer_one_kept(alice: User, engine):
    audio = completed(alice)

    def take_over(_name: str) -> None:
        engine.before = lambda _name: None
        key = DirectUpload.objects.get().key
        lose_lease(audio)
        AudioFile.objects.expire()
        make_due(audio)
        default_storage.delete(key)
        default_storage.save(key, ContentFile(swapped))
        measure_next()

    swapped = CONTENT[:-1] + b"\1"
    engine.before = take_over
    measure_next()
    audio.refresh_from_db()
    assert audio.sha256 == hashlib.sha256(swapped).hexdigest()
    assert broken_invariants(deep=True, pause_seconds=0.0) == []


def test_bytes_of_another_length_are_not_what_was_announced(alice: User, engine):
    audio = completed(alice)
    key = DirectUpload.objects.get().key
    default_storage.delete(key)
    default_storage.save(key, ContentFile(CONTENT + b"more"))
    measure_next()
    audio.refresh_from_db()
    assert (audio.error_code, audio.sha256, engine.ran) == ("source_changed", "", [])
    assert broken_invariants(deep=True, pause_seconds=0.0) == []


def test_an_address_takes_the_announced_bytes_once(alice: User):
    _, send = begun(alice)
    client = Client(enforce_csrf_checks=True)
    assert put(client, send.url, CONTENT[:-1]).status_code == 400, "announced is announced"
    assert put(client, send.url, CONTENT + b"1").status_code == 400
    assert put(client, send.url).status_code == 200
    assert put(client, send.url, bytes(len(CONTENT))).status_code == 410, "only once"


def test_an_address_is_neither_guessed_nor_old(alice: User, monkeypatch):
    upload, send = begun(alice)
    forged = send.url.replace(upload.pk, begun(alice)[0].pk)
    assert put(Client(), forged).status_code == 410
    now = __import__("time").time()
    monkeypatch.setattr("time.time", lambda: now + SENDING.total_seconds() + 1)
    assert put(Client(), send.url).status_code == 410


def test_asked_again_it_answers_the_same(alice: User):
    upload, send = begun(alice)
    put(Client(), send.url)
    first = complete_upload(upload=upload)
    assert complete_upload(upload=upload) == first, "a page that knows nothing of it yet"
    assert complete_upload(upload=DirectUpload.objects.get()) == first
    assert AudioFile.objects.count() == 1


def test_nothing_came_so_nothing_is_taken(alice: User):
    upload, _ = begun(alice)
    with pytest.raises(UploadIncomplete):
        complete_upload(upload=upload)
    assert not AudioFile.objects.exists()
    upload.delete()
    with pytest.raises(UploadIncomplete):
        complete_upload(upload=upload)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [(b"", EmptyUpload), (bytes(2_000), TooLarge)],
    ids=["empty", "large"],
)
def test_what_cannot_be_taken_is_refused_before_it_is_sent(
    alice: User, settings, content: bytes, refusal: type[AudioError]
):
    settings.MAX_UPLOAD_BYTES = 1_000
    with pytest.raises(refusal):
        begun(alice, content=content)
    assert not DirectUpload.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_no_audio_is_refused_and_forgotten(alice: User):
    upload, send = begun(alice, content=b"text" * 100)
    put(Client(), send.url, b"text" * 100)
    with pytest.raises(UnsupportedFormat):
        complete_upload(upload=upload)
    assert not DirectUpload.objects.exists()
    assert not default_storage.exists(upload.key)


def test_announced_files_count_as_open(alice: User, bob: User, settings):
    settings.MAX_OPEN_UPLOADS_PER_PERSON = 2
    first, _ = begun(alice)
    completed(alice)
    with pytest.raises(TooManyUploads):
        begun(alice)
    with pytest.raises(TooManyUploads):
        receive_upload(user=alice, kind=MIX, file=ContentFile(wav(), "song.wav"))
    begun(bob)
    expire(first)
    begun(alice)


@pytest.mark.django_db(transaction=True)
def test_the_quarantine_is_emptied_once_nobody_needs_it(alice: User, engine):
    abandoned, send = begun(alice)
    put(Client(), send.url)
    waiting, done = completed(alice), completed(alice)
    AudioFile.objects.filter(pk=waiting.pk).update(run_at=Now() + timedelta(hours=9))
    measure_next()
    clear_uploads()
    assert DirectUpload.objects.count() == 3, "not while an address holds"
    for upload in DirectUpload.objects.all():
        expire(upload)
    clear_uploads()
    assert [upload.audio for upload in DirectUpload.objects.all()] == [waiting]
    assert not default_storage.exists(abandoned.key)
    assert is_quarantined(waiting)
    key = DirectUpload.objects.get().key
    remove_audio(audio=waiting)
    assert not default_storage.exists(key)
    done.refresh_from_db()
    assert default_storage.exists(done.source_key)
    assert broken_invariants(deep=True, pause_seconds=0.0) == []


@pytest.mark.django_db(transaction=True)
def test_it_goes_with_its_person(alice: User):
    upload, send = begun(alice)
    put(Client(), send.url)
    alice.delete()
    assert not default_storage.exists(upload.key)


def test_one_content_is_one_entry_of_the_library(alice: User, engine):
    for _ in range(2):
        completed(alice, kind=REFERENCE)
    assert Reference.objects.count() == 2
    while measure_next():
        pass
    assert Reference.objects.count() == 1
    other = completed(alice, kind=REFERENCE, content=wav(0.2))
    measure_next()
    assert {entry.audio for entry in Reference.objects.all()} >= {other}


def test_by_pages_and_not_for_strangers(as_alice: Client, as_bob: Client, alice: User):
    said = {"kind": "mix", "filename": "../My song.wav", "size_bytes": len(CONTENT)}
    assert Client().post("/uploads/", said).status_code == 302, "to the door"
    answer = as_alice.post("/uploads/", said)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["method"], "Content-Type" in told["headers"]) == ("PUT", True)
    assert put(Client(), told["url"]).status_code == 200
    assert as_bob.post(told["complete_url"]).status_code == 404
    card = as_alice.post(told["complete_url"])
    assert (card.status_code, b"My song" in card.content) == (201, True)
    assert AudioFile.objects.get().user == alice
    assert as_alice.post("/uploads/", {"kind": "mix"}).status_code == 400
    refused = as_alice.post("/uploads/", said | {"size_bytes": 0}, headers={"HX-Request": "true"})
    assert (refused.status_code, b"empty_upload" in refused.content) == (422, True)


def test_an_address_unknown_to_anyone_is_gone(db: None):
    assert put(Client(), "/uploads/to/nonsense").status_code == 410


def test_complete_after_it_was_forgotten(alice: User):
    upload, send = begun(alice)
    put(Client(), send.url)
    DirectUpload.objects.filter(pk=upload.pk)._raw_delete("default")
    with pytest.raises(UploadExpired):
        complete_upload(upload=upload)
