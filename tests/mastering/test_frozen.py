"""Frozen settings: the exact processing of a version, applied to other files of the song."""

import json
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import User
from dsp.settings import MasterSettings
from mastering import services
from mastering.errors import (
    AudioUnusable,
    Frozen,
    NotFreezable,
    TooManyFrozen,
    VersionUnfinished,
)
from mastering.management.invariants import broken_invariants
from mastering.models import Master, Version
from mastering.tasks import render_next
from references.errors import StorageAway
from references.models import AudioFile
from references.services import receive_upload
from references.tasks import measure_next
from tests.mastering.test_credits import credits_of
from tests.studio import MIX, PlayedEngine, submitted, wav

OTHER = MasterSettings(amount=0.2)


def another(user: User, name: str = "instrumental.wav", *, seconds: float = 0.02) -> AudioFile:
    made = receive_upload(user=user, kind=MIX, file=ContentFile(wav(seconds), name))
    while measure_next():
        pass
    made.refresh_from_db()
    return made


def test_the_processing_of_a_version_is_applied_as_it_is(finished: Version, engine: PlayedEngine):
    mix = another(finished.user)
    master = services.apply_frozen(version=finished, mix=mix)
    assert (master.mix, master.reference) == (mix, finished.master.reference)
    assert master.frozen_from == finished
    assert render_next() == master.latest
    with default_storage.open(finished.key("recipe.json")) as stored:
        assert engine.recipes == [None, json.loads(stored.read())]
    made = Version.objects.get(master=master)
    assert made.has_succeeded
    assert made.settings == finished.settings
    assert made.report["frozen"]["oddities"][0]["code"] == "length_differs"
    assert broken_invariants(pause_seconds=0.0) == []


def test_it_costs_nothing_beside_the_song(finished: Version):
    before = credits_of(finished.user)
    services.apply_frozen(version=finished, mix=another(finished.user))
    render_next()
    assert credits_of(finished.user) == before
    assert broken_invariants(pause_seconds=0.0) == []


def test_a_failed_one_costs_nothing_and_can_be_tried_again(finished: Version, engine: PlayedEngine):
    before = credits_of(finished.user)
    master = services.apply_frozen(version=finished, mix=another(finished.user))
    services.cancel(version=master.latest)
    assert credits_of(finished.user) == before
    assert services.left_to_freeze(user=finished.user, version=finished) == 5
    again = services.retry(version=master.latest)
    render_next()
    again.refresh_from_db()
    assert again.has_succeeded
    assert engine.recipes[-1]


def test_the_file_itself_is_still_a_pair_of_its_own(finished: Version):
    mix = another(finished.user)
    services.apply_frozen(version=finished, mix=mix)
    render_next()
    cost = services.cost_credits(user=finished.user, mix=mix, reference=finished.master.reference)
    assert cost == 1


def test_five_other_files_are_included(finished: Version):
    user = finished.user
    for number in range(services.MOST_FROZEN):
        mix = another(user, seconds=0.02 + 0.001 * number)
        assert services.left_to_freeze(user=user, version=finished) == 5 - number
        services.apply_frozen(version=finished, mix=mix)
    with pytest.raises(TooManyFrozen):
        services.apply_frozen(version=finished, mix=another(user, seconds=0.05))
    services.delete_master(master=Master.objects.frozen()[0])
    services.apply_frozen(version=finished, mix=another(user, seconds=0.06))


def test_a_frozen_master_keeps_its_processing(finished: Version):
    master = services.apply_frozen(version=finished, mix=another(finished.user))
    render_next()
    with pytest.raises(Frozen):
        services.render_version(master=master, settings=OTHER)
    with pytest.raises(Frozen):
        services.try_settings(master=master, settings=OTHER, start_seconds=0.0, end_seconds=5.0)
    assert master.versions.count() == 1


def test_it_outlives_the_master_it_came_from(finished: Version, engine: PlayedEngine):
    master = services.apply_frozen(version=finished, mix=another(finished.user))
    services.delete_master(master=finished.master)
    render_next()
    master = Master.objects.get(pk=master.pk)
    assert master.latest.has_succeeded
    assert (master.is_frozen, master.frozen_from) == (True, None)
    assert engine.recipes[-1]


def test_a_frozen_one_can_be_applied_further(finished: Version, engine: PlayedEngine):
    first = services.apply_frozen(version=finished, mix=another(finished.user))
    render_next()
    version = Version.objects.get(master=first)
    services.apply_frozen(version=version, mix=another(finished.user, seconds=0.03))
    render_next()
    assert engine.recipes[-1] == engine.recipes[-2]


def test_what_is_not_finished_or_of_old_is_not_applied(alice: User, finished: Version):
    mix = another(alice)
    waiting = submitted(alice)
    with pytest.raises(VersionUnfinished):
        services.apply_frozen(version=waiting, mix=mix)
    finished.outputs = {"master.wav": {}}  # as rendered before recipes were kept
    with pytest.raises(NotFreezable):
        services.apply_frozen(version=finished, mix=mix)
    assert not Master.objects.frozen().exists()


def test_a_strangers_file_is_not_taken(finished: Version, bob: User):
    with pytest.raises(AudioUnusable):
        services.apply_frozen(version=finished, mix=another(bob))
    assert not Master.objects.frozen().exists()


def test_without_its_stored_processing_nothing_begins(
    finished: Version, monkeypatch: pytest.MonkeyPatch
):
    mix = another(finished.user)

    def away(*_: Any, **__: Any) -> None:
        raise OSError

    monkeypatch.setattr("mastering.services.frozen.default_storage.open", away)
    with pytest.raises(StorageAway):
        services.apply_frozen(version=finished, mix=mix)
    assert not Master.objects.frozen().exists()
