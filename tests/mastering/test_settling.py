"""Whoever subscribed is told of each row that ends, once, in the transaction that ends it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from mastering.models import Version
from mastering.services import delete_master, render_version
from mastering.tasks import render_next
from references.models import AudioFile, Settled, settled
from references.models.work import MAX_ATTEMPTS, MAX_ENGINE_ERRORS
from tests.studio import lose_lease, make_due, measured, submitted, uploaded


@pytest.fixture
def told() -> Iterator[list[tuple[type, Settled]]]:
    """Collect what a subscriber is told."""
    told: list[tuple[type, Settled]] = []

    def hear(sender: type, rows: list[Settled], **_: Any) -> None:
        assert connection.in_atomic_block
        told.extend((sender, row) for row in rows)

    settled.connect(hear)
    yield told
    settled.disconnect(hear)


def claim(version: Version) -> Version:
    make_due(version)
    claimed = Version.objects.claim_next(worker="here:1")
    assert claimed is not None
    return claimed


@pytest.fixture
def ready(alice: User, engine) -> Version:
    """Return a version that waits with its tracks measured."""
    return measured(submitted(alice))


def test_a_finished_upload_and_master_are_told_with_their_person(ready: Version, told):
    assert told == [], "those before it subscribed"
    render_next()
    assert told == [(Version, Settled(ready.pk, ready.user_id, "SUCCEEDED"))]
    audio = uploaded(ready.user)
    rejected = AudioFile.objects.claim_next(worker="here:1")
    assert rejected is not None
    AudioFile.objects.fail(rejected, code="silent_audio")
    assert told[1:] == [
        (AudioFile, Settled(audio.pk, ready.user_id, "REJECTED", "silent_audio")),
    ]


def test_cancelling_many_tells_each_once(ready: Version, alice: User, bob: User, told):
    others = [submitted(bob), submitted(alice)]
    assert Version.objects.all().cancel() == 3
    assert Version.objects.of(alice).cancel() == 0
    expected = [(version.pk, version.user_id, "CANCELED") for version in (ready, *others)]
    assert [(row.pk, row.user_id, row.status) for _, row in told] == sorted(expected)


def test_a_move_that_lost_its_race_tells_nothing(ready: Version, told):
    late = claim(ready)
    Version.objects.all().cancel()
    told.clear()
    assert not Version.objects.succeed(late)
    assert not Version.objects.fail(late, code="silent_audio")
    assert not Version.objects.hand_back(late, code="internal")
    assert Version.objects.expire() == Version.objects.lose(worker="here:1") == 0
    assert told == []


@pytest.mark.parametrize("way", ["expire", "lose", "hand_back"])
def test_only_the_last_of_many_attempts_is_told(ready: Version, told, way):
    last = MAX_ENGINE_ERRORS if way == "hand_back" else MAX_ATTEMPTS
    for attempt in range(1, last + 1):
        claimed = claim(ready)
        assert told == []
        if way == "hand_back":
            Version.objects.hand_back(claimed, code="internal")
        elif way == "lose":
            Version.objects.lose(worker="here:1")
        else:
            lose_lease(claimed)
            Version.objects.expire()
        assert bool(told) == (attempt == last)
    code = "internal" if way == "hand_back" else "worker_lost"
    assert told == [(Version, Settled(ready.pk, ready.user_id, "FAILED", code))]


def test_masters_that_fail_with_a_track_are_told(alice: User, told):
    versions = [submitted(alice), submitted(alice)]
    while audio := AudioFile.objects.claim_next(worker="here:1"):
        AudioFile.objects.fail(audio, code="silent_audio")
    told.clear()
    assert Version.objects.fail_unusable() == 2
    assert [row for _, row in told] == [
        Settled(pk, alice.pk, "FAILED", "mix_rejected") for pk in sorted(v.pk for v in versions)
    ]


def test_deleting_a_master_ends_what_still_waits(ready: Version, told):
    render_version(master=ready.master, settings=ready.chosen)
    delete_master(master=ready.master)
    assert [row.status for _, row in told] == ["CANCELED"]


def test_a_subscriber_that_fails_undoes_the_move(ready: Version, told):
    def fail(**_: Any) -> None:
        raise RuntimeError("the ledger refuses")

    claimed = claim(ready)
    settled.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            Version.objects.succeed(claimed)
        with pytest.raises(RuntimeError):
            Version.objects.all().cancel()
    finally:
        settled.disconnect(fail)
    ready.refresh_from_db()
    assert ready.status == Version.Status.RUNNING
    assert Version.objects.succeed(claimed), "nothing was lost"


def test_what_can_go_on_is_not_held_up_by_a_subscriber_that_fails(ready: Version, alice: User):
    def fail(**_: Any) -> None:
        raise RuntimeError("the ledger refuses")

    hopeless = claim(ready)
    hopeful = claim(measured(submitted(alice)))
    Version.objects.filter(pk=hopeless.pk).update(attempts=MAX_ATTEMPTS)
    settled.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            Version.objects.lose(worker="here:1")
    finally:
        settled.disconnect(fail)
    hopeful.refresh_from_db()
    hopeless.refresh_from_db()
    assert (hopeful.is_waiting, hopeless.is_open) == (True, True)
