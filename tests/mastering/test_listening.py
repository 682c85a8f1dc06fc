"""Trying settings, going back to a version, and what is said and counted of versions."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts.models import User
from dsp.settings import MasterSettings
from mastering import services, tasks
from mastering.errors import MasterRefused, NotAPart, TooManySiblings, VersionUnfinished
from mastering.models import BlindTest, Master, Preview, Remark, Version
from mastering.services import Trial
from references.errors import Busy
from references.models import AudioFile
from tests.studio import REFERENCE, PlayedEngine, uploaded

OTHER = MasterSettings(amount=0.3)


def tried(version: Version, settings: MasterSettings = OTHER, start: float = 4.0) -> Trial:
    return services.try_settings(
        master=version.master, settings=settings, start_seconds=start, end_seconds=start + 6.0
    )


def current(preview: Preview) -> Preview:
    return Preview.objects.get(pk=preview.pk)


def preview_of(trial: Trial) -> Preview:
    assert trial.preview is not None
    return trial.preview


# Trying


def test_settings_that_are_tried_make_a_part_and_the_whole_behind_it(
    finished: Version, engine: PlayedEngine
):
    trial = tried(finished)
    assert trial.version.number == 2
    assert trial.version.settings == preview_of(trial).settings == OTHER.as_dict()
    engine.ran.clear()
    engine.niceness.clear()
    for _ in range(3):
        tasks.work()
    assert engine.ran == ["preview", "render"]
    part, whole = engine.niceness
    assert part < whole  # where both are rendered at once, the part is heard first
    made = current(preview_of(trial))
    assert made.has_succeeded
    assert made.gain_db == -0.5
    assert set(made.outputs) == {"excerpt.flac", "waveform.json"}
    assert Version.objects.get(pk=trial.version.pk).has_succeeded


def test_the_whole_waits_for_its_part_whoever_is_idle_and_is_rung_for_then(
    finished: Version,
    engine: PlayedEngine,
    bells: list[str],
    django_capture_on_commit_callbacks: Any,
):
    trial = tried(finished)
    engine.before = lambda name: due.update({name: Version.objects.due().exists()})
    due: dict[str, bool] = {}
    with django_capture_on_commit_callbacks(execute=True):
        tasks.work()
    assert due == {"preview": False}
    assert bells
    assert Version.objects.due().get() == trial.version


def test_a_part_is_rendered_before_uploads_and_versions_of_anybody(
    finished: Version, bob: User, engine: PlayedEngine
):
    uploaded(bob)
    tried(finished)
    engine.ran.clear()
    tasks.work()
    assert engine.ran == ["preview"]


def test_further_settings_take_the_place_of_those_that_were_not_finished(finished: Version):
    first = tried(finished)
    second = tried(finished, MasterSettings(amount=0.5))
    assert current(preview_of(first)).status == Preview.Status.CANCELED
    assert not Version.objects.filter(pk=first.version.pk).exists()
    assert second.version.number == 2
    assert current(preview_of(second)).is_open


def test_a_whole_that_a_worker_had_begun_stops_and_leaves_nothing(
    finished: Version, engine: PlayedEngine, django_capture_on_commit_callbacks
):
    first = tried(finished)
    tasks.preview_next()

    def change_again(name: str) -> None:
        if name == "render":
            engine.before = lambda _name: None
            with django_capture_on_commit_callbacks(execute=True):
                tried(finished, MasterSettings(amount=0.5))

    engine.before = change_again
    tasks.render_next()
    assert not Version.objects.filter(pk=first.version.pk).exists()
    assert default_storage.listdir(f"masters/{first.version.pk}") == ([], [])
    assert [v.settings["amount"] for v in Version.objects.order_by("number")] == [0.7, 0.5]


def test_the_same_settings_again_are_one_whole(finished: Version):
    first, second = tried(finished), tried(finished)
    assert first.version == second.version


def test_settings_that_were_rendered_before_are_shown_at_once(
    finished: Version, engine: PlayedEngine
):
    tried(finished)
    for _ in range(2):
        tasks.work()
    trial = tried(finished, finished.chosen)
    assert trial == Trial(finished, None)
    assert Master.objects.get().shown == finished
    assert Version.objects.count() == 2


def test_a_version_that_was_asked_for_by_its_button_is_not_withdrawn(finished: Version):
    asked = services.render_version(master=finished.master, settings=MasterSettings(amount=0.1))
    tried(finished)
    assert Version.objects.filter(pk=asked.pk).exists()


def test_a_part_is_never_longer_than_what_is_heard_before_the_whole_is_there(
    finished: Version, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(AudioFile, "duration_seconds", 200.0)
    trial = services.try_settings(
        master=Master.objects.get(), settings=OTHER, start_seconds=-3.0, end_seconds=180.0
    )
    preview = preview_of(trial)
    assert (preview.start_seconds, preview.end_seconds) == (0.0, 30.0)


def test_a_part_beyond_the_end_is_the_end(finished: Version):
    preview = preview_of(tried(finished, start=500.0))
    assert (preview.start_seconds, preview.end_seconds) == (15.5, 16.0)


@pytest.mark.parametrize("start", [float("nan"), float("inf")])
def test_a_part_that_is_no_number_is_refused_or_cut(finished: Version, start: float):
    if start == float("inf"):
        assert preview_of(tried(finished, start=start)).end_seconds == 16.0
        return
    with pytest.raises(NotAPart):
        tried(finished, start=start)
    assert Version.objects.count() == 1


def test_nothing_is_tried_while_there_is_too_much_for_everyone(finished: Version, settings):
    settings.MAX_BACKLOG = 0
    with pytest.raises(Busy):
        tried(finished)
    assert (Version.objects.count(), Preview.objects.count()) == (1, 0)


def test_previews_are_deleted_when_nobody_comes_back_to_them(
    finished: Version, engine: PlayedEngine, django_capture_on_commit_callbacks
):
    preview = preview_of(tried(finished))
    tasks.preview_next()
    services.sweep()
    assert default_storage.exists(current(preview).key("excerpt.flac"))
    Preview.objects.update(created=Now() - timedelta(minutes=11))
    with django_capture_on_commit_callbacks(execute=True):
        services.sweep()
    assert not Preview.objects.exists()
    assert not default_storage.exists(f"previews/{preview.pk}")


def test_a_master_takes_its_previews_along(
    finished: Version, engine: PlayedEngine, django_capture_on_commit_callbacks
):
    preview = preview_of(tried(finished))
    tasks.preview_next()
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_master(master=finished.master)
    assert not Preview.objects.exists()
    assert not default_storage.exists(f"previews/{preview.pk}")


def test_a_finished_preview_does_not_change(finished: Version, engine: PlayedEngine):
    preview = preview_of(tried(finished))
    tasks.preview_next()
    with pytest.raises(IntegrityError), transaction.atomic():
        Preview.objects.filter(pk=preview.pk).update(outputs={})


# Versions


def test_going_back_to_a_version_makes_it_the_one_shown_until_the_next(
    finished: Version, engine: PlayedEngine
):
    second = services.render_version(master=finished.master, settings=OTHER)
    tasks.work()
    assert Master.objects.get().shown == second
    services.show(version=finished)
    assert Master.objects.get().shown == finished
    third = services.render_version(master=finished.master, settings=MasterSettings(amount=0.9))
    assert Master.objects.get().shown == third


def test_only_a_finished_version_is_gone_back_to(finished: Version):
    second = services.render_version(master=finished.master, settings=OTHER)
    with pytest.raises(VersionUnfinished):
        services.show(version=second)


def test_what_is_said_of_a_version_can_be_said_anew(finished: Version):
    for name in ("Louder", "Too loud"):
        services.remark(version=finished, name=name, note="for the label", is_starred=True)
    said = Remark.objects.get()
    assert (said.name, said.note, said.is_starred) == ("Too loud", "for the label", True)


# Blind


@pytest.mark.parametrize(
    ("chosen", "trials", "probability"),
    [
        (12, 16, 0.076813),  # 2 (C(16,12) + … + C(16,16)) / 2^16 = 2 · 2517 / 65536
        (4, 16, 0.076813),
        (16, 16, 2 / 65_536),
        (8, 16, 1.0),
        (1, 1, 1.0),
        (9, 10, 2 * 11 / 1024),
    ],
)
def test_the_probability_is_that_of_guessing_as_unevenly(
    chosen: int, trials: int, probability: float
):
    test = BlindTest(trials=trials, chosen=chosen)
    assert test.probability == pytest.approx(probability, rel=1e-4)


def test_a_count_is_kept_with_the_version(finished: Version):
    services.count_blind_test(version=finished, against=None, trials=16, chosen=12)
    kept = finished.blind_tests.get()
    assert (kept.chosen, kept.trials, kept.against) == (12, 16, None)


def test_the_database_keeps_no_impossible_count(finished: Version):
    with pytest.raises(IntegrityError), transaction.atomic():
        BlindTest.objects.create(version=finished, trials=3, chosen=4)


# Several references


def test_a_mix_goes_toward_several_references_in_one_go(finished: Version, alice: User):
    references = [uploaded(alice, REFERENCE, f"{name}.wav") for name in "ab"]
    made = services.submit_siblings(master=finished.master, references=references, settings=OTHER)
    assert [each.reference for each in made] == references
    siblings = Master.objects.of(alice).siblings(finished.master)
    assert list(siblings) == [finished.master, *made]


def test_more_than_a_screen_compares_are_refused_and_none_is_made(finished: Version, alice: User):
    references = [uploaded(alice, REFERENCE, f"{number}.wav") for number in range(5)]
    with pytest.raises(TooManySiblings):
        services.submit_siblings(master=finished.master, references=references, settings=OTHER)
    assert Master.objects.count() == 1


def test_one_reference_that_cannot_be_used_makes_none(finished: Version, alice: User):
    good, bad = (uploaded(alice, REFERENCE, f"{name}.wav") for name in ("good", "bad"))
    AudioFile.objects.filter(pk=bad.pk).update(status="REJECTED", error_code="silent_audio")
    with pytest.raises(MasterRefused):
        services.submit_siblings(master=finished.master, references=[good, bad], settings=OTHER)
    assert Master.objects.count() == 1


def test_the_master_that_is_taken_is_starred(finished: Version):
    services.prefer(master=finished.master)
    assert finished.remark.is_starred
