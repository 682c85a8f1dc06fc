"""What happens when the doorbell rings: once, twice, or never."""

from pathlib import Path

from django.core.files.storage import default_storage

from accounts.models import User
from dsp.errors import SilentAudio
from mastering import services, tasks
from mastering.models import Version
from references.models import AudioFile
from tests.studio import PlayedEngine, measured, submitted


def current(version: Version) -> Version:
    return Version.objects.get(pk=version.pk)


def test_three_bells_make_a_master(alice: User, engine: PlayedEngine):
    version = submitted(alice)
    for _ in range(3):
        tasks.work()
    version = current(version)
    assert engine.ran == ["inspect", "inspect", "render"]
    assert version.has_succeeded
    assert (version.loudness_lufs, version.true_peak_dbtp) == (-9.4, -1.0)
    assert version.provenance["engine"] == version.engine_version
    assert (version.progress, version.step) == (1.0, "done")


def test_every_file_of_a_master_is_stored_as_recorded(finished: Version):
    assert set(finished.outputs) == {
        "master.wav", "wav24.wav", "proxy.m4a", "waveform.json", "recipe.json",
    }  # fmt: skip
    for name, recorded in finished.outputs.items():
        assert finished.key(name) == f"masters/{finished.pk}/1/{name}"
        with default_storage.open(finished.key(name)) as stored:
            assert len(stored.read()) == recorded["size_bytes"]


def test_bells_that_ring_too_often_do_nothing(alice: User, engine: PlayedEngine):
    submitted(alice)
    for _ in range(9):
        tasks.work()
    assert engine.ran == ["inspect", "inspect", "render"]


def test_uploads_are_measured_before_versions_are_rendered(
    alice: User, bob: User, engine: PlayedEngine
):
    measured(submitted(alice))
    submitted(bob)
    engine.ran.clear()
    for _ in range(4):
        tasks.work()
    assert engine.ran == ["inspect", "inspect", "render", "render"]


def test_the_second_track_rings_for_the_version_that_waits_for_it(
    alice: User, engine: PlayedEngine, bells: list[str], django_capture_on_commit_callbacks
):
    submitted(alice)
    bells.clear()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.work()
    assert bells == []
    with django_capture_on_commit_callbacks(execute=True):
        tasks.work()
    assert bells == ["mastering.tasks.work"]


def test_a_person_at_the_limit_is_rung_for_once_some_of_theirs_has_ended(
    alice: User,
    engine: PlayedEngine,
    bells: list[str],
    settings,
    django_capture_on_commit_callbacks,
):
    settings.MAX_RUNNING_PER_PERSON = 1
    submitted(alice)
    bells.clear()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.work()
    assert bells == ["mastering.tasks.work"]


def test_a_rejected_track_ends_the_versions_that_need_it(alice: User, engine: PlayedEngine):
    version = submitted(alice)
    engine.refuse(SilentAudio())
    tasks.work()
    assert current(version).error_code == "mix_rejected"


def test_audio_that_cannot_be_mastered_fails_the_version_with_its_code(
    alice: User, engine: PlayedEngine
):
    version = measured(submitted(alice))
    engine.refuse(SilentAudio("Nothing is heard."), at="render")
    tasks.work()
    version = current(version)
    assert (version.error_code, version.error_detail) == ("silent_audio", "Nothing is heard.")
    assert not default_storage.exists(f"{version.folder}/1")


def test_a_version_cancelled_while_rendered_has_no_outcome(alice: User, engine: PlayedEngine):
    version = measured(submitted(alice))

    def cancel(_name: str) -> None:
        services.cancel(version=version)

    engine.before = cancel
    tasks.work()
    version = current(version)
    assert version.status == Version.Status.CANCELED
    assert version.outputs == {}
    assert not default_storage.exists(f"{version.folder}/1")


def test_a_profile_that_changed_in_storage_is_not_used(alice: User, engine: PlayedEngine):
    version = measured(submitted(alice))
    key = version.master.reference.key("profile.json.gz")
    Path(default_storage.path(key)).write_bytes(b"swapped")
    tasks.work()
    assert current(version).error_code == "source_changed"


def test_without_room_the_work_waits(alice: User, engine: PlayedEngine, monkeypatch):
    monkeypatch.setattr("references.tasks.machine.ROOM_BYTES", 1 << 62)
    submitted(alice)
    tasks.work()
    assert engine.ran == []
    assert AudioFile.objects.due().count() == 2
