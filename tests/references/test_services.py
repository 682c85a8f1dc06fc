"""Receiving and removing uploads."""

import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import OperationalError, transaction
from django_q.models import OrmQ

from accounts.models import User
from dsp.errors import TooLarge, UnsupportedFormat
from references.errors import Busy, EmptyUpload, TooManyUploads
from references.models import AudioFile, Reference
from references.services import (
    MAX_FILENAME_CHARACTERS,
    SCRATCH,
    clean_filename,
    clear_scratch,
    receive_upload,
    remove_audio,
    ring,
)
from tests.studio import MIX, REFERENCE, submitted, uploaded, wav

REFUSED = {
    "empty": (b"", EmptyUpload),
    "text": (b"hello" * 100, UnsupportedFormat),
    "zip": (b"PK\x03\x04" + bytes(100), UnsupportedFormat),
    "page": (b"<html><script>alert(1)</script>" + bytes(100), UnsupportedFormat),
}


def stored_names() -> set[str]:
    folder = Path(default_storage.path("audio"))
    return {str(path) for path in folder.rglob("*") if path.is_file()}


def test_an_upload_is_stored_whole_and_waits_to_be_measured(alice: User):
    audio = receive_upload(user=alice, kind=MIX, file=ContentFile(wav(1.0), "Song.wav"))
    with default_storage.open(audio.source_key) as stored:
        assert stored.read() == wav(1.0)
    assert audio.is_waiting
    assert (audio.size_bytes, audio.format) == (len(wav(1.0)), "wav")
    assert len(audio.sha256) == 64


@pytest.fixture
def broker_apart(settings: Any) -> None:
    settings.Q_CLUSTER = {"redis": "redis://localhost:1/0"}


def test_a_bell_in_the_database_is_committed_with_its_row_or_not_at_all(alice: User, settings: Any):
    settings.Q_CLUSTER = {"orm": "default"}

    with transaction.atomic():
        uploaded(alice)
        assert OrmQ.objects.count() == 1
        transaction.set_rollback(True)
    assert OrmQ.objects.count() == 0
    assert not AudioFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_bell_that_is_rung_for_no_row_and_cannot_be_heard_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, settings: Any
):
    settings.Q_CLUSTER = {"orm": "default"}
    tried: list[str] = []

    def locked(name: str) -> None:
        tried.append(name)
        raise OperationalError("database is locked")

    monkeypatch.setattr("references.services.doorbell.async_task", locked)
    ring()
    assert tried == ["mastering.tasks.work"]


@pytest.mark.usefixtures("broker_apart")
def test_the_bell_rings_once_the_row_is_there(
    alice: User, bells: list[str], django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        uploaded(alice)
        assert bells == []
    assert bells == ["mastering.tasks.work"]


@pytest.mark.usefixtures("broker_apart")
def test_a_broken_broker_refuses_nobody(
    alice: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
):
    def broken(_name: str) -> None:
        raise ConnectionError

    monkeypatch.setattr("references.services.doorbell.async_task", broken)
    with django_capture_on_commit_callbacks(execute=True):
        uploaded(alice)
    assert AudioFile.objects.due().count() == 1


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_audio_is_refused_and_leaves_nothing(alice: User, kind: str):
    content, error = REFUSED[kind]
    before = stored_names()
    with pytest.raises(error):
        receive_upload(user=alice, kind=MIX, file=ContentFile(content, "song.wav"))
    assert stored_names() == before
    assert not AudioFile.objects.exists()


def test_the_limit_of_size_holds_to_the_byte(alice: User, settings):
    settings.MAX_UPLOAD_BYTES = len(wav())
    uploaded(alice)
    settings.MAX_UPLOAD_BYTES -= 1
    with pytest.raises(TooLarge):
        uploaded(alice)


def test_uploads_that_wait_are_limited_per_person(alice: User, bob: User, settings):
    for _ in range(settings.MAX_OPEN_UPLOADS_PER_PERSON):
        uploaded(alice)
    before = stored_names()
    with pytest.raises(TooManyUploads):
        uploaded(alice)
    assert stored_names() == before
    uploaded(bob)


def test_a_full_backlog_turns_uploads_away_before_anything_is_stored(
    alice: User, bob: User, settings
):
    settings.MAX_BACKLOG = 2
    uploaded(alice)
    uploaded(alice)
    before = stored_names()
    with pytest.raises(Busy):
        uploaded(bob)
    assert stored_names() == before
    AudioFile.objects.claim_next(worker="here:1")
    uploaded(bob)


def test_a_row_that_cannot_be_written_leaves_no_bytes(alice: User, monkeypatch):
    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("no row")

    before = stored_names()
    monkeypatch.setattr("references.services.uploads.ring", broken)
    with pytest.raises(RuntimeError, match="no row"):
        uploaded(alice)
    assert stored_names() == before
    assert not AudioFile.objects.exists()


def test_an_uploaded_reference_enters_the_library_once(alice: User, bob: User):
    uploaded(alice, REFERENCE, "Night Bus.wav")
    uploaded(alice, REFERENCE, "Night Bus (1).wav")
    uploaded(alice, MIX)
    uploaded(bob, REFERENCE)
    assert [entry.title for entry in Reference.objects.of(alice)] == ["Night Bus"]


def test_removing_deletes_row_entry_and_bytes(alice: User, django_capture_on_commit_callbacks):
    audio = uploaded(alice, REFERENCE)
    default_storage.save(f"{audio.folder}/1/proxy.m4a", ContentFile(b"of a lost attempt"))
    with django_capture_on_commit_callbacks(execute=True):
        remove_audio(audio=AudioFile.objects.get())
    assert not AudioFile.objects.exists()
    assert not Reference.objects.exists()
    assert not Path(default_storage.path(audio.folder)).exists()


def test_what_a_master_needs_leaves_the_library_and_stays(
    alice: User, django_capture_on_commit_callbacks
):
    audio = submitted(alice).master.reference
    with django_capture_on_commit_callbacks(execute=True):
        remove_audio(audio=audio)
    assert not Reference.objects.exists()
    assert AudioFile.objects.filter(pk=audio.pk).exists()
    assert default_storage.exists(audio.source_key)


def test_a_person_goes_with_everything(alice: User, bob: User):
    submitted(alice)
    kept = uploaded(bob)
    alice.delete()
    assert list(AudioFile.objects.all()) == [kept]


HOSTILE_NAMES = [
    "../../etc/passwd",
    "..\\..\\windows\\system32\\config.wav",
    "/absolute/song.wav",
    "song\0.wav",
    "song\r\nSet-Cookie: a=b.wav",
    "so\"ng';.wav",
    "gnos\u202evaw.exe",
    "\u2066mix\u2069.wav",
    "\ufeffmix.wav",
    "🎸 gitarre.wav",
    "Cafe\u0301.wav",
    "x" * 4096 + ".wav",
    "CON",
    ".htaccess",
    "....",
    "   ",
    "",
    "a.wav.exe",
    "\ud800.wav",
    "a\tb\x0bc.wav",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_become_one_harmless_line(name: str):
    cleaned = clean_filename(name)
    assert cleaned
    assert not cleaned.startswith((".", " "))
    assert not set(cleaned) & set("/\\")
    assert not [c for c in cleaned if unicodedata.category(c).startswith("C")]
    assert len(cleaned) <= MAX_FILENAME_CHARACTERS
    assert clean_filename(cleaned) == cleaned
    cleaned.encode()


def test_honest_names_stay():
    assert clean_filename("Café del Mar – final (2).wav") == "Café del Mar – final (2).wav"
    assert clean_filename("Cafe\u0301.wav") == "Caf\u00e9.wav"
    assert clean_filename("x" * 300 + ".flac").endswith("xx.flac")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_storage_key_holds_nothing_of_the_name(alice: User, name: str):
    audio = receive_upload(user=alice, kind=MIX, file=_named(name))
    assert audio.source_key == f"audio/{audio.pk}/source"
    assert audio.filename == clean_filename(name)


def _named(name: str) -> "ContentFile[bytes]":
    file: ContentFile[bytes] = ContentFile(wav())
    file.name = name
    return file


def test_the_sweep_clears_old_scratch_folders_only():

    for name, age_seconds in (("old", 3 * settings.JOB_TIMEOUT_SECONDS), ("new", 0)):
        folder = SCRATCH / f"test-{name}"
        (folder / "out").mkdir(parents=True, exist_ok=True)
        then = folder.stat().st_mtime - age_seconds
        os.utime(folder, (then, then))
    clear_scratch()
    assert not (SCRATCH / "test-old").exists()
    assert (SCRATCH / "test-new").exists()
