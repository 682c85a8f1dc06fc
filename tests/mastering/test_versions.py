"""What is particular to versions among work: their tracks, cancelling, order, immutability."""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from dsp.errors import SilentAudio
from mastering.models import Version
from tests.studio import PlayedEngine, lose_lease, measured, submitted

Status = Version.Status


def claim() -> Version | None:
    return Version.objects.claim_next(worker="here:1")


def current(version: Version) -> Version:
    return Version.objects.get(pk=version.pk)


def test_a_version_waits_until_both_tracks_are_measured(alice: User, engine: PlayedEngine):
    version = submitted(alice)
    assert claim() is None
    measured(version)
    claimed = claim()
    assert claimed is not None
    assert claimed.pk == version.pk


def test_a_version_may_take_longer_the_longer_its_mix(alice: User, engine: PlayedEngine):
    version = measured(submitted(alice))
    assert version.time_limit.total_seconds() == 60 + 3 * 16
    version.master.mix.facts = {"duration_seconds": 3600.0}
    assert version.time_limit.total_seconds() == 1200


def test_a_version_fails_with_the_track_it_needs(alice: User, engine: PlayedEngine):
    version = submitted(alice)
    engine.refuse(SilentAudio())
    measured(version)
    assert Version.objects.fail_unusable() == 1
    version = current(version)
    assert (version.status, version.error_code) == (Status.FAILED, "mix_rejected")


def test_the_reference_is_named_where_only_it_is_rejected(alice: User, engine: PlayedEngine):
    version = submitted(alice)

    def refuse_second(_name: str) -> None:
        if len(engine.ran) == 2:
            raise SilentAudio

    engine.before = refuse_second
    measured(version)
    Version.objects.fail_unusable()
    assert current(version).error_code == "reference_rejected"


def test_fairness_holds_between_people(alice: User, bob: User, engine: PlayedEngine):
    versions = [submitted(alice), submitted(alice), submitted(bob)]
    measured(versions[0])
    claimed = [claim(), claim(), claim()]
    assert [version.user for version in claimed if version] == [alice, bob, alice]


@pytest.mark.parametrize("running", [False, True])
def test_what_is_open_can_be_cancelled(alice: User, engine: PlayedEngine, running: bool):
    version = measured(submitted(alice))
    held = claim() if running else None
    assert Version.objects.filter(pk=version.pk).cancel() == 1
    assert current(version).status == Status.CANCELED
    if held:
        assert not Version.objects.beat(held)
        assert not Version.objects.succeed(held)


def test_what_waits_for_its_tracks_can_be_cancelled(alice: User):
    version = submitted(alice)
    assert Version.objects.filter(pk=version.pk).cancel() == 1


@pytest.mark.parametrize("move", ["succeed", "fail", "cancel"])
def test_what_has_ended_cannot_be_cancelled(alice: User, engine: PlayedEngine, move: str):
    measured(submitted(alice))
    version = claim()
    assert version is not None
    if move == "succeed":
        Version.objects.succeed(version)
    elif move == "fail":
        Version.objects.fail(version, code="internal")
    else:
        Version.objects.all().cancel()
    ended = current(version).status
    assert Version.objects.all().cancel() == 0
    assert current(version).status == ended


@pytest.mark.parametrize("change", [{"status": "QUEUED"}, {"report": {}}, {"settings": {}}])
def test_a_finished_version_cannot_be_changed(finished: Version, change: dict[str, object]):
    with pytest.raises(IntegrityError, match="finished work"), transaction.atomic():
        Version.objects.filter(pk=finished.pk).update(**change)


def test_a_finished_version_cannot_be_saved_over(finished: Version):
    with pytest.raises(IntegrityError, match="finished work"), transaction.atomic():
        finished.save()


def test_a_number_stands_once_in_a_master(finished: Version):
    with pytest.raises(IntegrityError), transaction.atomic():
        Version.objects.create(
            user=finished.user, master=finished.master, number=1, settings=finished.settings
        )


def test_versions_that_wait_longer_are_ahead(alice: User, bob: User):
    first, second = submitted(alice), submitted(bob)
    assert Version.objects.ahead_of(first).count() == 0
    assert Version.objects.ahead_of(second).count() == 1


def test_a_lost_version_comes_back_to_the_queue(alice: User, engine: PlayedEngine):
    version = measured(submitted(alice))
    late = claim()
    assert late is not None
    lose_lease(late)
    assert Version.objects.expire() == 1
    assert current(version).status == Status.QUEUED
    assert not Version.objects.succeed(late)
