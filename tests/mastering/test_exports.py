"""Files made on demand: once each, from the version itself, kept for a while."""

import json
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from dsp.covers import clean_cover
from mastering import services, tasks
from mastering.deliverables import entry_names, export_name
from mastering.errors import NotExportable, TooManyExports
from mastering.models import Export, ReleaseCheck, ReleaseTags, Version
from references.errors import Busy, StorageAway
from tests.pictures import jpeg, png
from tests.studio import PlayedEngine, submitted

TEXTS = {"title": "Night drive", "artist": "Ada", "album": "", "isrc": "DEA122600001"}


def made(version: Version, **request) -> Export:
    """Return an export that a worker has made."""
    export = services.request_export(version=version, **({"formats": ["flac24"]} | request))
    assert tasks.export_next() is not None
    return Export.objects.get(pk=export.pk)


def stored(folder: str) -> list[str]:
    try:
        return [name for part in default_storage.listdir(folder) for name in part]
    except FileNotFoundError:
        return []


def test_a_worker_makes_what_was_asked_for(finished: Version, engine: PlayedEngine):
    export = made(finished, formats=["mp3-320"], rate_hz=48_000)
    assert export.has_succeeded
    assert engine.ran[-1] == "export"
    assert export.file_name == "mp3-320.mp3"
    assert default_storage.size(export.key(export.file_name)) == export.size_bytes


def test_the_same_files_are_made_once(finished: Version, engine: PlayedEngine):
    first = made(finished)
    again = services.request_export(version=finished, formats=["flac24"])
    assert again.pk == first.pk
    assert tasks.export_next() is None


def test_the_database_knows_a_request_once(finished: Version):
    first = services.request_export(version=finished, formats=["flac24"])
    copy = Export.objects.get(pk=first.pk)
    copy.pk = "exp_another"
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)


@pytest.mark.parametrize(
    "other",
    [
        {"formats": ["wav16"]},
        {"rate_hz": 96_000},
        {"is_archive": True},
    ],
)
def test_another_format_rate_or_wrapping_is_another_file(finished: Version, other):
    first = services.request_export(version=finished, formats=["flac24"])
    assert services.request_export(version=finished, **({"formats": ["flac24"]} | other)) != first


def test_the_mixs_own_rate_is_the_original_rate(finished: Version):
    first = services.request_export(version=finished, formats=["flac24"])
    assert services.request_export(version=finished, formats=["flac24"], rate_hz=44_100) == first


def test_other_tags_make_other_files(finished: Version):
    master = finished.master
    first = services.request_export(version=finished, formats=["flac24"])
    services.save_tags(master=master, texts=TEXTS)
    second = services.request_export(version=finished, formats=["flac24"])
    assert first != second
    services.save_tags(master=master, texts=TEXTS | {"title": "Day drive"})
    assert services.request_export(version=finished, formats=["flac24"]) not in (first, second)
    services.save_tags(master=master, texts=TEXTS)  # and back
    assert services.request_export(version=finished, formats=["flac24"]) == second


@pytest.mark.parametrize(
    "wrong",
    [
        {"formats": []},
        {"formats": ["vinyl"]},
        {"formats": ["wav24", "vinyl"]},
        {"formats": ["wav24", "wav16"]},
        {"formats": ["wav24"], "rate_hz": 22_050},
    ],
)
def test_what_is_not_on_offer_is_refused_and_leaves_nothing(finished: Version, wrong):
    with pytest.raises(NotExportable):
        services.request_export(version=finished, **wrong)
    assert not Export.objects.exists()


def test_an_unfinished_version_has_no_files(alice: User, engine: PlayedEngine):
    version = submitted(alice)
    with pytest.raises(NotExportable):
        services.request_export(version=version, formats=["wav24"])
    with pytest.raises(NotExportable):
        services.request_check(version=version)


def test_a_person_may_not_queue_without_end(finished: Version, settings):
    settings.MAX_OPEN_EXPORTS_PER_PERSON = 1
    services.request_export(version=finished, formats=["wav16"])
    with pytest.raises(TooManyExports):
        services.request_export(version=finished, formats=["flac24"])


def test_everyone_together_may_not_queue_without_end(finished: Version, settings):
    settings.MAX_BACKLOG = 0
    with pytest.raises(Busy):
        services.request_export(version=finished, formats=["wav16"])
    with pytest.raises(Busy):
        services.request_check(version=finished)


def test_a_failed_export_is_tried_again(finished: Version, engine: PlayedEngine):
    export = services.request_export(version=finished, formats=["flac24"])
    Export.objects.claim_next(worker="here:1")
    Export.objects.fail(Export.objects.get(pk=export.pk), code="internal")
    again = services.request_export(version=finished, formats=["flac24"])
    assert again.pk != export.pk
    assert again.is_waiting


def test_masters_are_rendered_before_their_files_are_made(finished: Version, engine: PlayedEngine):
    services.request_check(version=finished)
    services.request_export(version=finished, formats=["flac24"])
    services.render_version(master=finished.master, settings=finished.chosen)
    engine.ran.clear()
    for _ in range(4):
        tasks.work()
    assert engine.ran == ["render", "export", "check_release"]


def test_a_zip_brings_report_and_provenance(finished: Version, engine: PlayedEngine):
    export = made(finished, formats=["wav24", "wav16", "mp3-320"], is_archive=True)
    assert export.file_name == "package.zip"
    archive = engine.archives[-1]
    assert set(archive["files"]) == {"report.json", "report.pdf", "provenance.json"}
    assert archive["read"]["report.pdf"].startswith(b"%PDF")
    assert json.loads(archive["read"]["report.json"])["words"]["verdict"]
    assert len(set(archive["entries"].values())) == 3


def test_files_are_called_after_their_song_and_version(finished: Version):
    export = services.request_export(version=finished, formats=["wav16"])
    assert export_name(export) == "mix (Lacquer master v1 16 bit).wav"
    texts = TEXTS | {"title": "AC/DC\u2028 ‮evil", "artist": "../Ada"}
    services.save_tags(master=finished.master, texts=texts)
    tagged = services.request_export(version=finished, formats=["wav16"], is_archive=True)
    name = export_name(tagged)
    assert "/" not in name
    assert "\u2028" not in name
    assert name.endswith(".zip")
    assert list(entry_names(tagged)) == ["wav16"]


def test_a_cover_is_stored_clean_and_kept_while_texts_change(finished: Version):
    master = finished.master
    first = services.save_tags(master=master, texts=TEXTS, cover=clean_cover(png()))
    with default_storage.open(first.cover_key) as file:
        assert file.read() == png(secret=False)
    second = services.save_tags(master=master, texts=TEXTS | {"album": "Roads"})
    assert second.cover_sha256 == first.cover_sha256
    third = services.save_tags(master=master, texts=TEXTS, cover=clean_cover(jpeg()))
    assert third.cover_type == "image/jpeg"
    fourth = services.save_tags(master=master, texts=TEXTS, keep_cover=False)
    assert fourth.cover_sha256 == ""


def test_the_worker_gets_tags_and_cover(finished: Version, engine: PlayedEngine):
    services.save_tags(master=finished.master, texts=TEXTS, cover=clean_cover(png()))
    made(finished)
    assert engine.tags[-1] == (TEXTS, png(secret=False))


def test_the_same_tags_make_no_new_row(finished: Version):
    tags = services.save_tags(master=finished.master, texts=TEXTS)
    assert services.save_tags(master=finished.master, texts=TEXTS) == tags


def test_tags_that_nothing_was_made_with_go_with_their_cover(
    finished: Version, django_capture_on_commit_callbacks
):
    master = finished.master
    first = services.save_tags(master=master, texts=TEXTS, cover=clean_cover(png()))
    with django_capture_on_commit_callbacks(execute=True):
        services.save_tags(master=master, texts=TEXTS, keep_cover=False)
    assert not ReleaseTags.objects.filter(pk=first.pk).exists()
    assert stored(first.folder) == []


def test_a_cover_that_cannot_be_stored_changes_nothing(finished: Version, monkeypatch):
    def fail(*_):
        raise OSError

    monkeypatch.setattr(default_storage, "save", fail)
    with pytest.raises(StorageAway):
        services.save_tags(master=finished.master, texts=TEXTS, cover=clean_cover(png()))
    assert not ReleaseTags.objects.exists()


def test_what_was_kept_long_enough_is_deleted_with_its_file_and_tags(
    finished: Version, engine: PlayedEngine, django_capture_on_commit_callbacks
):
    old = services.save_tags(master=finished.master, texts=TEXTS, cover=clean_cover(png()))
    export = made(finished)
    services.save_tags(master=finished.master, texts=TEXTS | {"title": "Other"})
    kept = made(finished)
    Export.objects.filter(pk=export.pk).update(expires=Now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        services.sweep()
    assert list(Export.objects.all()) == [kept]
    assert stored(export.folder) == []
    assert not ReleaseTags.objects.filter(pk=old.pk).exists()
    assert stored(old.folder) == []
    assert stored(kept.folder) != []


def test_asking_again_keeps_a_file_longer(finished: Version, engine: PlayedEngine):
    export = made(finished)
    Export.objects.filter(pk=export.pk).update(expires=Now() + timedelta(minutes=1))
    services.request_export(version=finished, formats=["flac24"])
    assert Export.objects.get().expires > timezone.now() + timedelta(days=6)


def test_what_runs_is_not_deleted_under_its_worker(finished: Version):
    services.request_export(version=finished, formats=["flac24"])
    Export.objects.claim_next(worker="here:1")
    Export.objects.update(expires=Now() - timedelta(days=1))
    assert services.expire_exports() == 0


def test_a_deleted_master_leaves_no_file(
    finished: Version, engine: PlayedEngine, django_capture_on_commit_callbacks
):
    tags = services.save_tags(master=finished.master, texts=TEXTS, cover=clean_cover(png()))
    export = made(finished)
    services.request_check(version=finished)
    tasks.check_next()
    check = ReleaseCheck.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_master(master=finished.master)
    for row in (export, check, tags):
        assert stored(row.folder) == []
    assert not Export.objects.exists()


def test_the_release_is_checked_once(finished: Version, engine: PlayedEngine):
    check = services.request_check(version=finished)
    assert services.request_check(version=finished) == check
    tasks.check_next()
    check = ReleaseCheck.objects.get()
    assert check.has_succeeded
    assert check.found["codecs"][0]["format"] == "mp3-320"
    assert services.request_check(version=finished) == check


def test_a_failed_check_is_tried_again(finished: Version):
    services.request_check(version=finished)
    claimed = ReleaseCheck.objects.claim_next(worker="here:1")
    assert claimed is not None
    ReleaseCheck.objects.fail(claimed, code="internal")
    assert services.request_check(version=finished).is_waiting


@pytest.mark.parametrize("kind", [Export, ReleaseCheck])
def test_finished_work_does_not_change(finished: Version, engine: PlayedEngine, kind):
    services.request_export(version=finished, formats=["flac24"])
    services.request_check(version=finished)
    tasks.export_next()
    tasks.check_next()
    with pytest.raises(IntegrityError), transaction.atomic():
        kind.objects.update(outputs={})


def test_a_lost_worker_loses_exports_and_checks_too(finished: Version):
    services.request_export(version=finished, formats=["flac24"])
    services.request_check(version=finished)
    Export.objects.claim_next(worker="gone:1")
    ReleaseCheck.objects.claim_next(worker="gone:1")
    assert services.busy_workers() == {"gone:1"}
    services.lose_worker("gone:1")
    assert services.busy_workers() == set()
    assert Export.objects.get().is_waiting
    assert ReleaseCheck.objects.get().is_waiting
