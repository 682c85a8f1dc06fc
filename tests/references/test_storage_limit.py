"""How much a person may keep: counted from rows, held at every way in."""

from importlib import import_module

import pytest
from django.apps import apps
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing.models import Terms
from mastering import services as mastering
from mastering.models import Version
from mastering.tasks import export_next
from references.errors import StorageFull
from references.models import AudioFile, DirectUpload, stored_bytes_of, with_stored_bytes
from references.services import begin_upload, complete_upload, remove_audio
from references.services import uploads as services
from references.tasks import measure_next
from tests.studio import MIX, uploaded, wav, wav_file

SIZE = len(wav())
MIGRATIONS = (
    "references.migrations.0008_runs_groups_sizes",
    "mastering.migrations.0011_rules_retention_sizes",
)


@pytest.fixture
def small_plan(settings, alice: User) -> None:
    """Let the free plan keep three of our files."""
    settings.PLAN_LIMITS = True
    Terms.objects.create(code="free", storage_bytes=3 * SIZE)


def test_an_upload_past_the_plans_storage_is_refused_and_leaves_nothing(small_plan, alice, bob):
    for _ in range(3):
        uploaded(alice)
    with pytest.raises(StorageFull):
        uploaded(alice)
    assert AudioFile.objects.of(alice).count() == 3
    uploaded(bob)  # each has room of their own


def test_what_is_deleted_makes_room(small_plan, alice, django_capture_on_commit_callbacks):
    audios = [uploaded(alice) for _ in range(3)]
    remove_audio(audio=audios[0])
    uploaded(alice)


def test_announced_files_count_until_they_expire_and_once_when_they_come(small_plan, alice):
    uploads = [
        begin_upload(user=alice, kind=MIX, filename="a.wav", size_bytes=SIZE)[0] for _ in range(3)
    ]
    with pytest.raises(StorageFull):
        begin_upload(user=alice, kind=MIX, filename="a.wav", size_bytes=SIZE)
    with pytest.raises(StorageFull):
        uploaded(alice)
    default_storage.save(uploads[0].key, wav_file())
    complete_upload(upload=uploads[0])
    assert stored_bytes_of(alice) == 3 * SIZE
    DirectUpload.objects.filter(audio=None).update(expires=timezone.now())
    assert stored_bytes_of(alice) == SIZE
    uploaded(alice)


def test_the_page_says_so_with_a_stable_code(small_plan, alice, as_alice: Client):
    for _ in range(3):
        uploaded(alice)
    answer = as_alice.post("/audio/", {"kind": "MIX", "file": wav_file()})
    assert answer.status_code == 422
    assert "storage_full" in answer.content.decode()
    assert "Your storage is full" in answer.content.decode()


def test_without_plan_limits_only_the_disk_is_one(alice):
    Terms.objects.create(code="free", storage_bytes=1)
    uploaded(alice)


def test_all_that_is_made_of_a_file_counts_as_it_is_stored(engine, finished: Version, alice: User):
    mastering.request_export(version=finished, formats=["flac24"])
    export_next()
    rows = [*AudioFile.objects.of(alice), finished, *finished.exports.all()]
    stored = sum(each["size_bytes"] for row in rows for each in row.outputs.values())
    sources = sum(audio.size_bytes for audio in AudioFile.objects.of(alice))
    assert stored > 0
    assert stored_bytes_of(alice) == stored + sources


def test_one_query_counts(alice, engine, finished, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert stored_bytes_of(alice) > 0
    with django_assert_num_queries(1):
        counted = with_stored_bytes(User.objects.filter(pk=alice.pk)).get()
    assert counted.stored_bytes == stored_bytes_of(alice)


def test_a_file_that_never_left_the_quarantine_counts_nothing(alice):
    AudioFile.objects.create(
        user=alice, kind=MIX, filename="x", format="wav", size_bytes=5, sha256="",
        status="REJECTED", error_code="decode_failed")  # fmt: skip
    assert stored_bytes_of(alice) == 0


def test_the_account_page_shows_use_and_limit(small_plan, alice, as_alice: Client):
    uploaded(alice)
    page = as_alice.get("/account/").content.decode()
    assert "of 2.7" in page or f"{3 * SIZE / 1024:.1f}" in page
    detail = as_alice.get("/storage/").content.decode()
    assert "<progress" in detail
    assert f'max="{3 * SIZE}"' in detail


def test_sizes_that_rows_told_before_are_counted_once_the_column_is_there(engine, finished):
    """As the migrations do, on rows that triggers keep from any other change."""
    kinds = (AudioFile, Version)
    before = [sorted(kind.objects.values_list("pk", "stored_bytes")) for kind in kinds]
    for kind in kinds:
        kind.objects.update(stored_bytes=None)
    for name in MIGRATIONS:
        import_module(name).count_sizes(apps, None)
    after = [sorted(kind.objects.values_list("pk", "stored_bytes")) for kind in kinds]
    assert after == before


def test_measuring_keeps_the_count_whole(alice, engine):
    audio = uploaded(alice)
    measure_next()
    audio.refresh_from_db()
    assert audio.stored_bytes == audio.bytes_with(audio.outputs) > audio.size_bytes


def test_what_came_meanwhile_counts_too(small_plan, alice: User, monkeypatch):
    """The first look is before the file is stored; the second holds the person's lock."""
    hashed = services._sha256

    def slow(file: "File[bytes]") -> str:
        monkeypatch.setattr(services, "_sha256", hashed)
        for _ in range(3):
            uploaded(alice)
        return hashed(file)

    monkeypatch.setattr(services, "_sha256", slow)
    with pytest.raises(StorageFull):
        uploaded(alice)
    assert AudioFile.objects.of(alice).count() == 3
