"""Any order of events leaves the rows in a state that can be: against a model of a few lines."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.db.models.functions import Now
from django.test import override_settings
from hypothesis import HealthCheck, settings
from hypothesis.extra.django import TestCase
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import booleans, integers, sampled_from

from accounts.models import User
from mastering.models import Master, Version
from references.models import AudioFile
from references.models import work as rules
from tests.studio import uploaded

MAX_ATTEMPTS, MAX_ENGINE_ERRORS, MAX_RUNNING = (
    3,
    2,
    2,
)  # lower than real: short runs reach them
OPEN, TERMINAL = ("QUEUED", "RUNNING"), ("SUCCEEDED", "FAILED", "CANCELED")
MOST_VERSIONS = 6
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Modelled:
    """What a version ought to be."""

    user: int
    status: str = "QUEUED"
    attempts: int = 0
    engine_errors: int = 0
    due: bool = True
    is_past_deadline: bool = False

    def end(self, status: str) -> None:
        assert self.status in OPEN
        self.status = status

    def wait(self) -> None:
        self.status, self.due, self.is_past_deadline = "QUEUED", False, False


class Versions(RuleBasedStateMachine):
    """Two people's versions, workers that come, speak late and vanish, and the sweep."""

    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        Master.objects.all().delete()
        self.masters = []
        for user in User.objects.order_by("pk"):
            tracks = AudioFile.objects.of(user)
            self.masters.append(
                Master.objects.create(user=user, mix=tracks[0], reference=tracks[1], title="t")
            )
        self.model: dict[str, Modelled] = {}

    @initialize()
    def begin(self) -> None:
        self.submit(0)
        self.submit(1)

    @precondition(lambda self: len(self.model) < MOST_VERSIONS)
    @rule(place=integers(0, 1))
    def submit(self, place: int) -> None:
        master = self.masters[place]
        number = len(self.model) + 1
        version = Version.objects.create(
            user=master.user,
            master=master,
            number=number,
            settings={},
            created=BEGIN + timedelta(seconds=number),  # never at once, so that runs repeat
        )
        self.model[version.pk] = Modelled(user=master.user_id)

    def due(self) -> dict[str, Modelled]:
        running = [v.user for v in self.model.values() if v.status == "RUNNING"]
        return {
            pk: v
            for pk, v in self.model.items()
            if v.status == "QUEUED" and v.due and running.count(v.user) < MAX_RUNNING
        }

    @precondition(lambda self: self.due())
    @rule(target=held)
    def claim(self) -> Version:
        claimed = Version.objects.claim_next(worker="machine:1")
        assert claimed is not None
        due = self.due()
        running = [v.user for v in self.model.values() if v.status == "RUNNING"]
        expected = due[claimed.pk]
        assert running.count(expected.user) == min(running.count(v.user) for v in due.values())
        expected.status = "RUNNING"
        expected.attempts += 1
        return claimed

    @precondition(lambda self: not self.due())
    @rule()
    def claim_nothing(self) -> None:
        assert Version.objects.claim_next(worker="machine:1") is None

    @rule(work=held, move=sampled_from(["beat", "advance", "succeed", "fail", "hand_back"]))
    def speak(self, work: Version, move: str) -> None:
        """Let the worker of an attempt make a move; it may be too late."""
        expected = self.model[work.pk]
        holds = expected.status == "RUNNING" and expected.attempts == work.attempts
        match move:
            case "beat":
                moved = Version.objects.beat(work)
                assert moved == (holds and not expected.is_past_deadline)
                return
            case "advance":
                moved = Version.objects.advance(work, step="tone", progress=0.5)
            case "succeed":
                moved = Version.objects.succeed(work, report={"attempt": work.attempts})
            case "fail":
                moved = Version.objects.fail(work, code="silent_audio")
            case _:
                moved = Version.objects.hand_back(work, code="internal")
        assert moved == holds
        if not holds:
            return
        if move == "hand_back":
            expected.engine_errors += 1
        if move == "succeed":
            expected.end("SUCCEEDED")
        elif (
            move == "fail"
            or expected.engine_errors >= MAX_ENGINE_ERRORS
            or expected.attempts >= MAX_ATTEMPTS
        ):
            expected.end("FAILED")
        elif move == "hand_back":
            expected.wait()

    @rule(work=held)
    def pass_the_deadline(self, work: Version) -> None:
        Version.objects.filter(pk=work.pk).running().update(deadline_at=Now())
        self.model[work.pk].is_past_deadline = self.model[work.pk].status == "RUNNING"

    @rule(work=held, long=booleans())
    def freeze(self, work: Version, long: bool) -> None:
        """Stop the worker that holds this work; if for long, the sweep takes it back."""
        if long:
            lose = Now() - timedelta(seconds=1)
            Version.objects.filter(pk=work.pk).running().update(lease_until=lose)
        expected = self.model[work.pk]
        lost = long and expected.status == "RUNNING"
        assert Version.objects.expire() == lost
        if lost and expected.attempts >= MAX_ATTEMPTS:
            expected.end("FAILED")
        elif lost:
            expected.wait()

    @rule()
    def let_time_pass(self) -> None:
        Version.objects.waiting().update(run_at=Now())
        for version in self.model.values():
            version.due = True

    @rule(place=integers(0, MOST_VERSIONS - 1))
    def cancel(self, place: int) -> None:
        pk = list(self.model)[place % len(self.model)]
        is_open = self.model[pk].status in OPEN
        assert Version.objects.filter(pk=pk).cancel() == is_open
        if is_open:
            self.model[pk].end("CANCELED")

    @invariant()
    def rows_are_as_modelled(self) -> None:
        columns = ("pk", "status", "attempts", "engine_errors", "lease_token", "finished", "report")
        rows = {pk: row for pk, *row in Version.objects.values_list(*columns)}
        assert rows.keys() == self.model.keys()
        for pk, (status, attempts, engine_errors, token, finished, report) in rows.items():
            expected = self.model[pk]
            assert (status, attempts, engine_errors) == (
                expected.status,
                expected.attempts,
                expected.engine_errors,
            )
            assert (status == "RUNNING") == bool(token)
            assert (status in TERMINAL) == (finished is not None)
            assert bool(report) == (status == "SUCCEEDED")


@pytest.mark.slow
class TestVersions(TestCase):
    def test_any_order_of_events_leaves_a_state_that_can_be(self) -> None:
        for email in ("alice@example.com", "bob@example.com"):
            user = User.objects.create_user(email)
            for _ in range(2):
                uploaded(user)
        while audio := AudioFile.objects.claim_next(worker="machine:1"):
            AudioFile.objects.succeed(audio)
        with (
            mock.patch.object(rules, "MAX_ATTEMPTS", MAX_ATTEMPTS),
            mock.patch.object(rules, "MAX_ENGINE_ERRORS", MAX_ENGINE_ERRORS),
            override_settings(MAX_RUNNING_PER_PERSON=MAX_RUNNING),
        ):
            run_state_machine_as_test(
                Versions,
                settings=settings(
                    max_examples=200,
                    stateful_step_count=25,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
