"""Each attempt leaves its steps, its box and its log, and disturbs nothing."""

import logging

import pytest
from django.db import DatabaseError

from accounts.models import User
from dsp import box
from dsp.errors import SilentAudio
from references.models import AudioFile, Run, WorkerGroup
from references.services import forget_old_runs, take_from_worker
from references.tasks import measure_next
from tests.studio import uploaded

USAGE = box.Usage(2.5, 400_000_000, {"loading": (0.2, 0.1), "measuring": (3.0, 2.4)})


def test_an_attempt_leaves_its_steps_with_seconds_of_clock_and_processor(alice: User, engine):
    engine.usage = USAGE
    audio = uploaded(alice)
    measure_next()
    run = Run.objects.get()
    assert (run.work, run.kind, run.attempt) == (audio.pk, "references.audiofile", 1)
    assert (run.outcome, run.box) == ("succeeded", "namespaces, seccomp")
    assert run.steps["measuring"] == [3.0, 2.4]
    assert run.steps["around"][1] >= 0.0
    assert run.cpu_seconds >= 2.5
    assert run.peak_memory_bytes == 400_000_000


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(SilentAudio(), "silent_audio"), (RuntimeError("x"), "internal")],
)
def test_one_that_failed_leaves_why(alice: User, engine, error, outcome):
    def fail(_name: str) -> None:
        raise error

    engine.before = fail
    uploaded(alice)
    measure_next()
    run = Run.objects.get()
    assert run.outcome == outcome
    assert ("RuntimeError: x" in run.log) == (outcome == "internal")


def test_the_log_keeps_what_was_said_and_no_signature(alice: User, engine):
    def say(_name: str) -> None:
        logging.getLogger("tests").warning("GET https://s3.example.com/b/k?X-Amz-Signature=s3cr3t")

    engine.before = say
    uploaded(alice)
    measure_next()
    logging.getLogger("tests").warning("afterwards")
    log = Run.objects.get().log
    assert "https://s3.example.com/b/k?…" in log
    assert "s3cr3t" not in log
    assert "afterwards" not in log


def test_where_it_cannot_be_written_the_work_goes_on(alice: User, engine, monkeypatch, caplog):
    def away(**_: object) -> None:
        raise DatabaseError("no room")

    monkeypatch.setattr(Run.objects, "create", away)
    audio = uploaded(alice)
    measure_next()
    audio.refresh_from_db()
    assert audio.has_succeeded
    assert "no room" in caplog.text


def test_old_ones_are_forgotten(alice: User, engine):
    uploaded(alice)
    measure_next()
    forget_old_runs()
    run = Run.objects.get()
    Run.objects.update(ended=run.ended.replace(year=run.ended.year - 1))
    forget_old_runs()
    assert not Run.objects.exists()


def test_work_taken_from_its_worker_waits_again_and_costs_no_attempt(alice: User, engine, bells):
    audio = uploaded(alice)
    held = AudioFile.objects.claim_next(worker="here:1")
    assert held is not None
    bells.clear()
    assert take_from_worker(work=audio)
    audio.refresh_from_db()
    assert (audio.is_waiting, audio.attempts) == (True, 0)
    assert not AudioFile.objects.beat(held)
    assert not take_from_worker(work=audio)


def test_groups_are_heard_or_silent_and_live_once(db):
    WorkerGroup.objects.tell(["here:1", "here:2"], machine="here")
    WorkerGroup.objects.tell(["here:1", "here:2"], machine="here")
    WorkerGroup.objects.end("here:2", why="lost its worker (-9)")
    assert [group.name for group in WorkerGroup.objects.standing()] == ["here:1"]
    WorkerGroup.objects.tell(["here:2"], machine="here")  # another process got its number
    assert WorkerGroup.objects.count() == 3
    group = WorkerGroup.objects.get(name="here:1")
    assert not group.is_silent
    group.seen = group.seen.replace(year=group.seen.year - 1)
    assert group.is_silent
