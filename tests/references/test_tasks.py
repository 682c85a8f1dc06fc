"""Carrying out claimed work: outcome, failures, lost leases, and what is left behind."""

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError
from django_q.exceptions import TimeoutException

from accounts.models import User
from dsp import box
from dsp.errors import SilentAudio
from references.models import AudioFile
from references.services import SCRATCH
from references.tasks import attempts, machine, measure_next
from tests.studio import WEAK, PlayedEngine, make_due, uploaded


def measured_one(user: User) -> AudioFile:
    audio = uploaded(user)
    measure_next()
    audio.refresh_from_db()
    return audio


def raising(error: BaseException):
    def raise_it(_name: str) -> None:
        raise error

    return raise_it


def is_empty(folder: Path) -> bool:
    return not folder.is_dir() or not [p for p in folder.iterdir() if p.name.startswith("aud_")]


def test_a_measured_upload_is_ready_with_all_that_was_found(alice: User, engine: PlayedEngine):
    audio = measured_one(alice)
    assert audio.is_ready
    assert audio.facts["format"] == "WAV"
    assert audio.loudness_lufs == -18.0
    assert audio.findings[0]["code"] == "little_headroom"
    assert audio.proxy_name == "proxy.m4a"
    assert engine.ran == ["inspect"]


def test_every_output_is_stored_as_recorded(alice: User, engine: PlayedEngine):
    audio = measured_one(alice)
    assert set(audio.outputs) == {"profile.json.gz", "waveform.json", "proxy.m4a", "lossless.flac"}
    for name, recorded in audio.outputs.items():
        assert audio.key(name) == f"audio/{audio.pk}/1/{name}"
        with default_storage.open(audio.key(name)) as stored:
            assert len(stored.read()) == recorded["size_bytes"]


def test_with_nothing_due_nothing_is_done(db: None, engine: PlayedEngine):
    assert measure_next() is None
    assert engine.ran == []


def test_audio_that_cannot_be_used_is_rejected_with_its_code(alice: User, engine: PlayedEngine):
    engine.refuse(SilentAudio("Nothing is above the gate."))
    audio = measured_one(alice)
    assert audio.has_failed
    assert (audio.error_code, audio.error_detail) == ("silent_audio", "Nothing is above the gate.")


def test_bytes_that_changed_in_storage_are_never_measured(alice: User, engine: PlayedEngine):
    audio = uploaded(alice)
    Path(default_storage.path(audio.source_key)).write_bytes(b"swapped")
    measure_next()
    audio.refresh_from_db()
    assert audio.error_code == "source_changed"
    assert engine.ran == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("a bug"), "internal"),
        (box.BoxFailure("crashed"), "internal"),
        (box.BoxFailure("deadline"), "too_slow"),
        (box.BoxFailure("cpu"), "too_slow"),
        (TimeoutException("by the queue"), "too_slow"),
    ],
)
def test_an_error_of_ours_is_tried_again_and_then_told(
    alice: User, engine: PlayedEngine, error: BaseException, code: str
):
    audio = uploaded(alice)
    engine.before = raising(error)
    for _ in range(3):
        measure_next()
        audio.refresh_from_db()
        if audio.is_open:
            make_due(audio)
    assert (audio.attempts, audio.error_code, audio.error_detail) == (3, code, "")


def test_an_unforeseen_error_is_logged_whole(alice: User, engine: PlayedEngine, caplog):
    engine.before = raising(RuntimeError("a bug"))
    measured_one(alice)
    assert "RuntimeError: a bug" in caplog.text


def test_failed_attempts_leave_no_bytes_and_no_scratch(alice: User, engine: PlayedEngine):
    audio = uploaded(alice)

    save = default_storage.save

    def save_some(name: str, content: Any) -> str:
        if "waveform" in name:
            raise OSError("storage is down")
        return save(name, content)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(default_storage, "save", save_some)
        measure_next()
    assert default_storage.listdir(audio.folder) == ([], ["source"])
    assert is_empty(SCRATCH)


def test_what_succeeded_is_kept_although_the_answer_was_lost(
    alice: User, engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch
):
    succeed = AudioFile.objects.succeed

    def succeed_unheard(work: AudioFile, **outcome: Any) -> bool:
        succeed(work, **outcome)
        raise OperationalError("the line broke just after the commit")

    monkeypatch.setattr(AudioFile._default_manager, "succeed", succeed_unheard)
    audio = measured_one(alice)
    assert audio.is_ready
    assert all(default_storage.exists(audio.key(name)) for name in audio.outputs)


@pytest.mark.parametrize("name", ["../escape.json", "Name.JSON", "noending"])
def test_a_box_chooses_no_names(alice: User, engine: PlayedEngine, name: str):
    run = engine.run

    def leaving(function, *args, **options):
        result = run(function, *args, **options)
        (Path(args[1]) / Path(name).name.replace("escape", "e s")).write_bytes(b"x")
        return result

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dsp.box.run", leaving)
        audio = measured_one(alice)
    assert audio.is_waiting
    assert audio.engine_errors == 1


def test_a_link_left_by_a_box_is_not_followed(alice: User, engine: PlayedEngine, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("key")
    run = engine.run

    def linking(function, *args, **options):
        result = run(function, *args, **options)
        (Path(args[1]) / "proxy.m4a").unlink()
        (Path(args[1]) / "proxy.m4a").symlink_to(secret)
        return result

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dsp.box.run", linking)
        audio = measured_one(alice)
    assert not audio.is_ready
    assert default_storage.listdir(audio.folder) == ([], ["source"])


@pytest.mark.parametrize("hostile", ["link", "folder", "fifo"])
def test_what_is_handed_out_of_a_running_box_is_a_file_of_its_own(
    alice: User, engine: PlayedEngine, tmp_path: Path, hostile: str
):
    secret = tmp_path / "elsewhere" / "wav24.wav"
    secret.parent.mkdir()
    secret.write_text("another's")
    audio = uploaded(alice)
    claimed = AudioFile.objects.claim_next(worker="a worker")
    assert claimed is not None

    def lure(_function: str, *args: Any, **options: Any) -> dict[str, Any]:
        out = Path(args[0])
        match hostile:
            case "link":
                (out / "wav24.wav").symlink_to(secret)
            case "fifo":
                os.mkfifo(out / "wav24.wav")
            case "folder":
                out.rename(out.parent / "away")
                out.symlink_to(secret.parent)
        options["progress"]("verifying", 0.8)
        return {}

    def job(attempt: attempts.Attempt) -> dict[str, Any]:
        handing_out = {"verifying": "wav24.wav"}
        attempt.run("render", str(attempt.out), handing_out=handing_out)
        return {"outputs": attempt.store()}

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dsp.box.run", lure)
        attempts.carry_out(claimed, job)
    audio.refresh_from_db()
    assert (audio.is_ready, audio.engine_errors) == (False, 1)
    assert default_storage.listdir(audio.folder) == ([], ["source"])
    assert secret.exists()


def test_another_folder_left_by_a_box_is_not_stored(
    alice: User, engine: PlayedEngine, tmp_path: Path
):
    (tmp_path / "proxy.m4a").write_text("another's")
    run = engine.run

    def linking(function, *args, **options):
        result = run(function, *args, **options)
        out = Path(args[1])
        out.rename(out.parent / "away")
        out.symlink_to(tmp_path)
        return result

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dsp.box.run", linking)
        audio = measured_one(alice)
    assert not audio.is_ready
    assert (tmp_path / "proxy.m4a").exists()


def test_a_removed_upload_stops_its_worker_and_leaves_nothing(alice: User, engine: PlayedEngine):
    audio = uploaded(alice)

    def remove(_name: str) -> None:
        AudioFile.objects.all().delete()

    engine.before = remove
    measure_next()
    assert default_storage.listdir(audio.folder) == ([], ["source"])


def test_progress_is_on_the_row_and_not_too_often(alice: User, engine: PlayedEngine):
    notes = []
    advance = AudioFile.objects.advance

    def noting(work, **values):
        notes.append(values)
        return advance(work, **values)

    def telling(function, *args, **options):
        for share in range(100):
            options["progress"]("measuring", share / 100)
        assert AudioFile.objects.get().step == "measuring"
        return engine.run(function, *args, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dsp.box.run", telling)
        patched.setattr(AudioFile._default_manager, "advance", noting)
        assert measured_one(alice).is_ready
    assert [note["step"] for note in notes][:2] == ["measuring", "checking"]
    assert len(notes) < 5


def test_a_heartbeat_that_finds_the_lease_lost_stops_the_box(
    alice: User, engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(attempts, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(AudioFile._default_manager, "beat", lambda _work: False)

    def boxed(_function, *_args, should_stop, **_options):
        deadline = threading.Event()
        for _ in range(1000):
            if should_stop():
                raise box.BoxFailure("stopped")
            deadline.wait(0.01)
        raise AssertionError("nobody stopped it")

    monkeypatch.setattr("dsp.box.run", boxed)
    audio = measured_one(alice)
    assert audio.status == AudioFile.Status.MEASURING  # the sweep, or who took over, decides
    assert audio.engine_errors == 0


def test_a_lease_outlives_a_short_outage_of_the_database(
    alice: User, engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch
):
    beats = []

    def failing_at_first(_work: AudioFile) -> bool:
        beats.append(1)
        if len(beats) < 3:
            raise OperationalError
        return True

    monkeypatch.setattr(attempts, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(AudioFile._default_manager, "beat", failing_at_first)

    def take_long(_name: str) -> None:
        time.sleep(0.2)

    engine.before = take_long
    assert measured_one(alice).is_ready
    assert len(beats) >= 3


def test_without_room_on_the_disk_nothing_is_begun(
    engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch
):
    assert machine.can_work()
    monkeypatch.setattr(machine, "ROOM_BYTES", 1 << 62)
    assert not machine.can_work()


def test_without_a_box_that_holds_nothing_is_begun_unless_allowed(
    engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch, settings, caplog
):
    monkeypatch.setattr(box, "strength", lambda: WEAK)
    assert not machine.can_work()
    assert "cannot be confined" in caplog.text
    settings.ALLOW_WEAK_SANDBOX = True
    assert machine.can_work()
