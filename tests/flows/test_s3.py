"""The way of a master where files are in an S3 service: a real one on loopback, and one away."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from accounts.models import User
from mastering.management.backup import back_up, listed_in
from mastering.management.invariants import broken_invariants
from mastering.management.restore import _bring_files
from mastering.services import delete_master
from mastering.tasks import render_next
from references.models import AudioFile
from references.tasks import measure_next
from tests.flows.s3_service import BUCKET, Service, client, fetched, keys
from tests.studio import PlayedEngine, make_due, measured, submitted, uploaded, wav_file

pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.1"])]


def test_a_master_is_uploaded_made_and_downloaded(
    as_alice: Client, as_bob: Client, alice: User, engine: PlayedEngine, service: Service,
    django_capture_on_commit_callbacks,
):  # fmt: skip
    file = {"kind": "MIX", "file": wav_file("Grüße.wav")}
    assert as_alice.post(reverse("references:upload"), file).status_code == 302
    assert AudioFile.objects.get().source_key in keys()
    AudioFile.objects.get().delete()

    version = measured(submitted(alice))
    render_next()
    version.refresh_from_db()
    assert version.has_succeeded, version.error_code
    lines = broken_invariants(deep=True, pause_seconds=0.0)
    assert lines == [], "what is stored is what was recorded"

    path = f"/masters/{version.master_id}/1/download/wav24/"
    assert as_bob.get(path).status_code == 404
    answer = as_alice.get(path)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert query["X-Amz-Expires"] == ["900"]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    status, headers, body = fetched(answer["Location"])
    assert (status, headers["Content-Type"]) == (200, "audio/wav")
    assert headers["Content-Disposition"] == 'attachment; filename="mix (Lacquer master v1).wav"'
    assert len(body) == version.outputs["wav24.wav"]["size_bytes"]

    listening = as_alice.get(f"/masters/{version.master_id}/1/listen/")
    status, headers, part = fetched(listening["Location"], Range="bytes=0-9")
    assert (status, len(part)) == (206, 10)
    waveform = as_alice.get(f"/masters/{version.master_id}/1/waveform.json")
    assert waveform.status_code == 200, "scripts read it without leave to read the bucket"

    with django_capture_on_commit_callbacks(execute=True):
        delete_master(master=version.master)
    assert not [key for key in keys() if key.startswith("masters/")]


def test_nobody_reads_the_bucket_unsigned(alice: User, service: Service):
    """The service of the tests checks no signature, so what we say of the bucket is looked at."""
    audio = uploaded(alice)
    grants = client().get_object_acl(Bucket=BUCKET, Key=audio.source_key)["Grants"]
    assert [grant["Grantee"]["Type"] for grant in grants] == ["CanonicalUser"]
    head = client().head_object(Bucket=BUCKET, Key=audio.source_key)
    assert head["CacheControl"] == "private"


def test_a_cut_object_is_never_used(alice: User, engine: PlayedEngine, service: Service):
    audio = uploaded(alice)
    with default_storage.open(audio.source_key) as stored:
        content = stored.read()
    default_storage.save(audio.source_key, ContentFile(content[:-1]))
    measure_next()
    audio.refresh_from_db()
    assert audio.error_code == "source_changed"
    assert engine.ran == []


def test_work_outlives_a_storage_that_was_away(alice: User, engine: PlayedEngine, service: Service):
    audio = uploaded(alice)
    service.stop()
    measure_next()
    audio.refresh_from_db()
    assert (audio.is_waiting, audio.engine_errors) == (True, 1)
    service.start()
    make_due(audio)
    measure_next()
    audio.refresh_from_db()
    assert audio.is_ready
    assert broken_invariants(deep=True, pause_seconds=0.0) == []


def test_outputs_that_cannot_be_stored_are_no_success(
    alice: User, engine: PlayedEngine, service: Service
):
    version = measured(submitted(alice))
    engine.before = lambda _name: service.stop()
    for attempt in (1, 2, 3):
        render_next()
        version.refresh_from_db()
        assert version.attempts == attempt
        make_due(version)
    assert (version.has_failed, version.error_code) == (True, "storage")
    assert version.outputs == {}
    service.start()
    assert broken_invariants(pause_seconds=0.0) == []


def test_an_upload_is_turned_away_while_the_storage_is_away_and_pages_stay_up(
    as_alice: Client, service: Service
):
    service.stop()
    answer = as_alice.post(reverse("references:upload"), {"kind": "MIX", "file": wav_file()})
    assert (answer.status_code, "Retry-After" in answer) == (503, True)
    assert not AudioFile.objects.exists()
    assert as_alice.get(reverse("mastering:list")).status_code == 200
    service.start()


def test_a_backup_lists_a_bucket_and_leaves_its_bytes_to_it(
    transactional_db, service: Service, tmp_path
):
    default_storage.save("audio/aud_1/source", ContentFile(b"a song"))
    made = back_up(tmp_path, keep=1)
    assert listed_in(made.folder)["audio/aud_1/source"] == 6
    assert made.copied == 0
    assert not (tmp_path / "files").exists()
    told = json.loads((made.folder / "backup.json").read_text())
    default_storage.delete("audio/aud_1/source")
    assert "audio/aud_1/source: listed by the backup, and not in the bucket" in _bring_files(
        made.folder, told
    )
