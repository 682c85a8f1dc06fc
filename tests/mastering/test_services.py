"""Submitting, rendering again, cancelling, deleting; and how the sweep heals."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from accounts.models import User
from dsp.errors import SilentAudio
from dsp.settings import ENGINE_VERSION, MasterSettings
from mastering import services, tasks
from mastering.errors import AudioUnusable, TooManyMasters
from mastering.models import Master, Version
from references.errors import Busy
from references.models import AudioFile, Reference
from references.services import DOORBELL, remove_audio
from references.tasks import measure_next
from tests.studio import (
    REFERENCE,
    PlayedEngine,
    lose_lease,
    measured,
    submitted,
    uploaded,
)

SETTINGS = MasterSettings()


def unheard() -> None:
    """Let the bells of all that waits be lost some time ago."""
    for work in (AudioFile, Version):
        work.objects.waiting().update(run_at=Now() - timedelta(seconds=60))


def test_a_master_begins_with_one_queued_version(alice: User):
    version = submitted(alice, amount=0.5)
    assert (version.number, version.status) == (1, Version.Status.QUEUED)
    assert version.chosen == MasterSettings(amount=0.5)
    assert version.engine_version == ENGINE_VERSION
    assert version.master.title == "mix"


def test_a_rejected_track_makes_no_master(alice: User, engine: PlayedEngine):
    mix, reference = uploaded(alice), uploaded(alice, REFERENCE)
    engine.refuse(SilentAudio())
    measure_next()
    mix.refresh_from_db()
    with pytest.raises(AudioUnusable):
        services.submit_master(user=alice, mix=mix, reference=reference, settings=SETTINGS)
    assert not Master.objects.exists()


def test_a_track_of_someone_else_makes_no_master(alice: User, bob: User):
    with pytest.raises(AudioUnusable):
        services.submit_master(
            user=alice, mix=uploaded(alice), reference=uploaded(bob), settings=SETTINGS
        )


def test_a_track_removed_meanwhile_makes_no_master(alice: User):
    mix, reference = uploaded(alice), uploaded(alice, REFERENCE)
    remove_audio(audio=AudioFile.objects.get(pk=mix.pk))
    with pytest.raises(AudioUnusable):
        services.submit_master(user=alice, mix=mix, reference=reference, settings=SETTINGS)


def test_open_versions_are_limited_per_person(alice: User, bob: User, settings):
    settings.MAX_OPEN_MASTERS_PER_PERSON = 1
    version = submitted(alice)
    with pytest.raises(TooManyMasters):
        submitted(alice)
    with pytest.raises(TooManyMasters):
        services.render_version(master=version.master, settings=MasterSettings(amount=0.1))
    submitted(bob)


def test_a_full_backlog_turns_masters_away_before_anything_is_stored(
    finished: Version, bob: User, settings
):
    waiting = submitted(bob)
    settings.MAX_BACKLOG = 1
    master = finished.master
    with pytest.raises(Busy):
        services.render_version(master=master, settings=MasterSettings(amount=0.1))
    with pytest.raises(Busy):
        services.submit_master(
            user=master.user, mix=master.mix, reference=master.reference, settings=SETTINGS
        )
    assert (Master.objects.count(), Version.objects.count()) == (2, 2)
    again = services.render_version(master=waiting.master, settings=waiting.chosen)
    assert again == waiting, "what waits already is no more work"


def test_new_settings_make_the_next_version(finished: Version):
    version = services.render_version(master=finished.master, settings=MasterSettings(amount=0.2))
    assert (version.number, version.chosen.amount) == (2, 0.2)
    assert Version.objects.get(pk=finished.pk).number == 1


def test_the_same_settings_twice_in_a_row_are_one_version(finished: Version):
    first, second = (
        services.render_version(master=finished.master, settings=MasterSettings(amount=0.2))
        for _ in range(2)
    )
    assert first.pk == second.pk


def test_a_failed_version_is_tried_again_as_a_new_one(alice: User):
    version = submitted(alice)
    services.cancel(version=version)
    version.refresh_from_db()
    again = services.retry(version=version)
    assert (again.number, again.settings) == (2, version.settings)
    assert services.retry(version=version).pk == again.pk


def test_what_succeeded_is_not_tried_again(finished: Version):
    assert services.retry(version=finished).pk == finished.pk


def test_deleting_a_master_deletes_what_nothing_else_needs(
    finished: Version, django_capture_on_commit_callbacks
):
    master = finished.master
    mix, reference = master.mix, master.reference
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_master(master=master)
    assert not Version.objects.exists()
    assert not Path(default_storage.path(finished.folder)).exists()
    assert not Path(default_storage.path(mix.folder)).exists()
    assert list(AudioFile.objects.all()) == [reference]  # in the library
    assert Reference.objects.get().audio == reference


def test_deleting_a_master_keeps_a_mix_that_another_one_needs(finished: Version):
    first = finished.master
    other = services.submit_master(
        user=first.user, mix=first.mix, reference=first.reference, settings=SETTINGS
    )
    services.delete_master(master=first)
    assert Master.objects.get() == other
    assert AudioFile.objects.filter(pk=other.mix_id).exists()


def test_a_master_deleted_while_rendered_leaves_nothing(alice: User, engine: PlayedEngine):
    version = measured(submitted(alice))
    engine.before = lambda _name: services.delete_master(master=Master.objects.get())
    tasks.work()
    assert engine.ran[-1] == "render"
    assert not Path(default_storage.path(f"{version.folder}/1")).exists()


@pytest.mark.skipif("orm" not in site.Q_CLUSTER, reason="it looks into the ORM's queue")
@pytest.mark.django_db(transaction=True)
def test_a_lost_bell_is_rung_again_but_not_too_often(alice: User):
    for _ in range(3):
        uploaded(alice)
    OrmQ.objects.all().delete()
    services.sweep()
    assert OrmQ.objects.count() == 0  # too early to be lost
    unheard()
    assert services.work_is_waiting()
    for _ in range(4):
        services.sweep()
    assert OrmQ.objects.count() == 3


def test_nothing_due_is_nothing_waiting(finished: Version):
    unheard()
    assert not services.work_is_waiting()


def test_the_sweep_takes_back_what_a_dead_worker_had(alice: User, engine: PlayedEngine):
    version = measured(submitted(alice))
    held = Version.objects.claim_next(worker="dead:1")
    assert held is not None
    lose_lease(held)
    services.sweep()
    assert Version.objects.get(pk=version.pk).is_waiting


def test_the_sweep_fails_what_waits_for_a_rejected_track(alice: User, engine: PlayedEngine):
    version = submitted(alice)
    engine.refuse(SilentAudio())
    measured(version)
    services.sweep()
    assert Version.objects.get(pk=version.pk).error_code == "mix_rejected"


def test_the_bell_is_the_name_of_what_answers_it():

    assert import_string(DOORBELL) is tasks.work
