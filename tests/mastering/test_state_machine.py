"""Any order of events leaves the rows in a state that can be: against a model of a few lines."""

from dataclasses import dataclass
from datetime import timedelta
from unittest import mock

import pytest
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis.extra.django import TestCase
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import integers, sampled_from

from accounts.models import User
from mastering.models import Master, Version
from references.models import AudioFile
from references.models import work as rules
from tests.studio import uploaded

MAX_ATTEMPTS, MAX_ENGINE_ERRORS = 3, 2  # lower than real, so that short runs reach them
OPEN, TERMINAL = ("QUEUED", "RUNNING"), ("SUCCEEDED", "FAILED", "CANCELED")


@dataclass
class Modelled:
    """What a version ought to be."""

    user: int
    status: str = "QUEUED"
    attempts: int = 0
    engine_errors: int = 0
    due: bool = True
    lease_over: bool = False
    holder: int = 0  # the attempt that holds the lease, 0 for none

    def end(self, status: str) -> None:
        assert self.status in OPEN
        self.status, self.holder = status, 0

    def wait(self) -> None:
        self.status, self.holder, self.due, self.lease_over = "QUEUED", 0, False, False


class Versions(RuleBasedStateMachine):
    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        Version.objects.all().delete()
        Master.objects.all().delete()
        self.masters = []
        for user in User.objects.order_by("pk"):
            tracks = AudioFile.objects.of(user)
            self.masters.append(
                Master.objects.create(user=user, mix=tracks[0], reference=tracks[1], title="t")
            )
        self.model: dict[str, Modelled] = {}

    @rule(user=integers(0, 1))
    def submit(self, user: int) -> None:
        master = self.masters[user]
        version = Version.objects.create(
            user=master.user, master=master, number=len(self.model) + 1, settings={}
        )
        self.model[version.pk] = Modelled(user=master.user_id)

    @rule(target=held)
    def claim(self) -> object:
        due = {pk: v for pk, v in self.model.items() if v.status == "QUEUED" and v.due}
        running = [v.user for v in self.model.values() if v.status == "RUNNING"]
        claimed = Version.objects.claim_next(worker="machine:1")
        assert (claimed is None) == (not due)
        if claimed is None:
            return multiple()
        expected = due[claimed.pk]
        least = min(running.count(version.user) for version in due.values())
        assert running.count(expected.user) == least
        expected.status = "RUNNING"
        expected.attempts += 1
        expected.holder = expected.attempts
        expected.lease_over = False
        assert claimed.attempts == expected.attempts
        return claimed

    def holds(self, work: Version) -> bool:
        return self.model[work.pk].holder == work.attempts

    @rule(work=held)
    def beat(self, work: Version) -> None:
        assert Version.objects.beat(work) == self.holds(work)
        if self.holds(work):
            self.model[work.pk].lease_over = False

    @rule(work=held, step=sampled_from(["tone", "limiting"]))
    def advance(self, work: Version, step: str) -> None:
        assert Version.objects.advance(work, step=step, progress=0.5) == self.holds(work)

    @rule(work=consumes(held))
    def finish(self, work: Version) -> None:
        held = self.holds(work)
        assert Version.objects.succeed(work, report={"attempt": work.attempts}) == held
        if held:
            self.model[work.pk].end("SUCCEEDED")

    @rule(work=consumes(held))
    def fail(self, work: Version) -> None:
        held = self.holds(work)
        assert Version.objects.fail(work, code="silent_audio") == held
        if held:
            self.model[work.pk].end("FAILED")

    @rule(work=held)
    def hand_back(self, work: Version) -> None:
        held = self.holds(work)
        assert Version.objects.hand_back(work, code="internal") == held
        if held:
            expected = self.model[work.pk]
            expected.engine_errors += 1
            if expected.engine_errors == MAX_ENGINE_ERRORS:
                expected.end("FAILED")
            else:
                expected.wait()

    @rule(work=held)
    def lose_contact(self, work: Version) -> None:
        """Let the lease run out; the worker does not know."""
        if self.holds(work):
            Version.objects.filter(pk=work.pk).update(lease_until=Now() - timedelta(seconds=1))
            self.model[work.pk].lease_over = True

    @rule()
    def expire(self) -> None:
        lost = [v for v in self.model.values() if v.status == "RUNNING" and v.lease_over]
        assert Version.objects.expire() == len(lost)
        for version in lost:
            if version.attempts >= MAX_ATTEMPTS:
                version.end("FAILED")
            else:
                version.wait()

    @rule()
    def let_time_pass(self) -> None:
        Version.objects.waiting().update(run_at=Now())
        for version in self.model.values():
            version.due = True

    @rule(work=held)
    def freeze(self, work: Version) -> None:
        """Stop a worker for so long that others may take its work."""
        self.lose_contact(work)
        self.expire()
        self.let_time_pass()

    @precondition(lambda self: self.model)
    @rule(place=integers(0, 20))
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
            assert attempts <= MAX_ATTEMPTS


@pytest.mark.slow
class TestVersions(TestCase):
    def test_any_order_of_events_leaves_a_state_that_can_be(self) -> None:
        with (
            mock.patch.object(rules, "MAX_ATTEMPTS", MAX_ATTEMPTS),
            mock.patch.object(rules, "MAX_ENGINE_ERRORS", MAX_ENGINE_ERRORS),
        ):
            self.run_versions()

    def run_versions(self) -> None:
        for email in ("alice@example.com", "bob@example.com"):
            user = User.objects.create_user(email)
            for _ in range(2):
                uploaded(user)
        while audio := AudioFile.objects.claim_next(worker="machine:1"):
            AudioFile.objects.succeed(audio)
        run_state_machine_as_test(
            Versions,
            settings=settings(
                max_examples=200,
                stateful_step_count=20,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
