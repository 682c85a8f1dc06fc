"""Each break of an invariant is planted, and told."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connections
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from dsp.covers import clean_cover
from mastering import services, tasks
from mastering.management import nightly
from mastering.management.invariants import broken_invariants
from mastering.models import WORK_KINDS, Fingerprint, Master, Version
from references.models import AudioFile
from references.models.work import MAX_ATTEMPTS, MAX_ENGINE_ERRORS
from tests.pictures import png
from tests.studio import PlayedEngine, measured, submitted
from tests.unguarded import unguarded


@pytest.fixture
def _unguarded(db: None):
    with unguarded(f"{kind._meta.db_table}_terminal" for kind in WORK_KINDS):
        yield


def breaks(*, deep: bool = False) -> list[str]:
    return broken_invariants(deep=deep, pause_seconds=0.0)


def age(key: str, *, hours: float) -> None:
    then = time.time() - hours * 3600
    os.utime(default_storage.path(key), (then, then))


def test_a_site_at_work_is_whole(finished: Version, bob: User):
    submitted(bob)
    Version.objects.claim_next(worker="here:1")
    AudioFile.objects.claim_next(worker="here:1")
    assert breaks(deep=True) == []


def test_a_site_with_exports_checks_and_covers_is_whole(finished: Version):
    tags = services.save_tags(
        master=finished.master, texts={"title": "Night"}, cover=clean_cover(png())
    )
    services.request_export(version=finished, formats=["flac24"])
    services.request_check(version=finished)
    tasks.export_next()
    tasks.check_next()
    assert breaks(deep=True) == []
    default_storage.delete(tags.cover_key)
    default_storage.save("exports/exp_gone/1/a.wav", ContentFile(b"a"))
    age("exports/exp_gone/1/a.wav", hours=25)
    assert breaks() == [
        "exports/exp_gone/1/a.wav: stored, but of no row",
        f"{tags.cover_key}: recorded, but not stored",
    ]


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        ({"status": "FAILED", "outputs": {}}, "failed without an error code"),
        ({"error_code": "internal"}, "an error code without having failed"),
        ({"lease_token": "x"}, "a lease without running"),
        ({"status": "RUNNING", "finished": None}, "running without a whole lease"),
        ({"lease_until": Now() - timedelta(seconds=25)}, "a lease expired, and no sweep"),
        ({"finished": None}, "ended without a time"),
        ({"status": "QUEUED", "outputs": {}}, "a time of its end before that end"),
        ({"attempts": MAX_ATTEMPTS + 1}, "begun too often"),
        ({"engine_errors": MAX_ENGINE_ERRORS + 1}, "too many errors of ours"),
        ({"engine_errors": 2}, "more errors than attempts"),
        ({"attempts": 0}, "worked on without an attempt"),
        ({"outputs": {}}, "succeeded without outputs"),
        ({"status": "CANCELED"}, "outputs without success"),
    ],
)
@pytest.mark.usefixtures("_unguarded")
def test_a_row_that_cannot_be_is_told(finished: Version, planted, told):
    Version.objects.filter(pk=finished.pk).update(**planted)
    assert any(line.startswith(f"{finished.pk}: {told}") for line in breaks())


@pytest.mark.usefixtures("_unguarded")
def test_finished_rows_that_could_change_are_told(finished: Version):
    assert breaks() == [
        "mastering.Version: the database lets finished rows change",
        "references.AudioFile: the database lets finished rows change",
    ]


def test_a_master_without_a_version_is_told(finished: Version):
    master = Master.objects.get()
    finished.delete()
    assert f"{master.pk}: a master without a version" in breaks()


@pytest.mark.parametrize("output", [True, False], ids=["output", "source"])
def test_an_object_that_is_gone_is_told(finished: Version, output):
    key = finished.key("wav24.wav") if output else finished.master.mix.source_key
    default_storage.delete(key)
    assert breaks() == [f"{key}: recorded, but not stored"]


def test_a_cut_object_is_told(finished: Version):
    path = Path(default_storage.path(finished.key("wav24.wav")))
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    (told,) = breaks()
    assert told.endswith(f"{len(content) - 1} bytes are stored, {len(content)} recorded")


def test_changed_content_is_told_by_the_deep_look_only(finished: Version):
    path = Path(default_storage.path(finished.key("wav24.wav")))
    content = path.read_bytes()
    path.write_bytes(b"!" + content[1:])
    assert breaks() == []
    told = [f"{finished.key('wav24.wav')}: the content is not what was recorded"]
    assert breaks(deep=True) == told


@pytest.mark.parametrize("key", ["masters/ver_gone/1/wav24.wav", "audio/aud_gone/source"])
def test_an_object_of_no_row_is_told_after_a_day(db: None, key):
    default_storage.save(key, ContentFile(b"left"))
    age(key, hours=23)
    assert breaks() == []
    age(key, hours=25)
    assert breaks() == [f"{key}: stored, but of no row"]


def test_what_a_lost_attempt_left_is_told_after_a_day(finished: Version):
    key = f"{finished.folder}/7/wav24.wav"
    default_storage.save(key, ContentFile(b"left"))
    age(key, hours=25)
    assert breaks() == [f"{key}: stored, but of no row"]


def test_what_is_put_right_meanwhile_is_not_told(finished: Version, monkeypatch):
    key = finished.key("waveform.json")
    content = Path(default_storage.path(key)).read_bytes()
    default_storage.delete(key)
    put_right = lambda _: default_storage.save(key, ContentFile(content))  # noqa: E731
    monkeypatch.setattr("mastering.management.invariants.time.sleep", put_right)
    assert breaks() == []


def test_the_command_prints_each_break_and_exits_with_1(finished: Version, capsys):
    call_command("check_invariants", deep=True, pause_seconds=0.0)
    assert capsys.readouterr().out == "Everything holds.\n"
    default_storage.delete(finished.key("wav24.wav"))
    with pytest.raises(SystemExit) as ending:
        call_command("check_invariants", pause_seconds=0.0)
    assert ending.value.code == 1
    assert "recorded, but not stored" in capsys.readouterr().out


@pytest.fixture
def started(monkeypatch):
    started: list[object] = []
    monkeypatch.setattr(nightly, "start", started.append)
    monkeypatch.setattr(connections, "close_all", lambda: None)
    return started


def at_hour(monkeypatch, hour: int, day: int = 1) -> None:
    now = timezone.now().replace(month=1, day=day, hour=hour)
    monkeypatch.setattr(timezone, "now", lambda: now)


def test_the_nightly_check_comes_once_a_day(started, monkeypatch):
    at_hour(monkeypatch, 2)
    assert nightly.begin_nightly_check() is None
    for hour in (3, 3, 9):
        at_hour(monkeypatch, hour)
        nightly.begin_nightly_check()
    assert len(started) == 1
    at_hour(monkeypatch, 4, day=2)
    nightly.begin_nightly_check()
    assert len(started) == 2


def test_the_nightly_look_deletes_what_lost_attempts_left_and_nothing_else(
    finished: Version, bob: User, monkeypatch, caplog
):
    monkeypatch.setattr("mastering.management.invariants.time.sleep", lambda _: None)
    at_work = submitted(bob)
    lost, kept = (
        f"{finished.folder}/0/wav24.wav",
        [
            f"{finished.folder}/0/young.wav",
            f"{at_work.folder}/0/wav24.wav",
            "masters/ver_gone/1/wav24.wav",
            finished.key("wav24.wav"),
        ],
    )
    for key in (lost, *kept[:3]):
        default_storage.save(key, ContentFile(b"a"))
    for key in (lost, *kept[1:]):
        age(key, hours=25)
    caplog.set_level("INFO")
    nightly.tell_broken_invariants()
    assert "1 files of lost attempts were deleted" in caplog.text
    assert not default_storage.exists(lost)
    assert all(map(default_storage.exists, kept))


def test_a_file_that_would_not_be_known_as_ours_is_told(alice: User, engine: PlayedEngine):
    engine.provenance = {"outputs_sha256": {"wav24": "a" * 64}}
    version = measured(submitted(alice))
    tasks.render_next()
    assert breaks() == []
    Fingerprint.objects.all().delete()
    assert breaks() == [f"{version.pk}: a digest of its files was not entered"]


def test_the_nightly_check_logs_each_break(finished: Version, monkeypatch, caplog):
    monkeypatch.setattr("mastering.management.invariants.time.sleep", lambda _: None)
    caplog.set_level("INFO")
    nightly.tell_broken_invariants()
    assert "every invariant whole" in caplog.text
    default_storage.delete(finished.key("wav24.wav"))
    nightly.tell_broken_invariants()
    assert "recorded, but not stored" in caplog.text
