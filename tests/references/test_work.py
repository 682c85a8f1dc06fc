"""How work moves from state to state, whoever does it: uploads stand for all."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from accounts.models import User
from references.models import AudioFile
from references.models.work import BACK_OFF, LEASE, MAX_ATTEMPTS, MAX_ENGINE_ERRORS
from tests.studio import lose_lease, make_due, uploaded

READY = AudioFile.Status.READY


def claim() -> AudioFile:
    claimed = AudioFile.objects.claim_next(worker="here:1")
    assert claimed is not None
    return claimed


def test_a_claim_counts_the_attempt_and_makes_a_lease(alice: User):
    audio = uploaded(alice)
    claimed = claim()
    assert claimed.pk == audio.pk
    assert claimed.status == AudioFile.Status.MEASURING
    assert claimed.attempts == 1
    assert claimed.lease_token
    assert claimed.worker == "here:1"
    leased = AudioFile.objects.filter(lease_until__gt=Now(), lease_until__lte=Now() + LEASE)
    assert leased.exists()


def test_what_is_claimed_cannot_be_claimed_again(alice: User):
    uploaded(alice)
    claim()
    assert AudioFile.objects.claim_next(worker="there:2") is None


def test_nothing_is_claimed_before_its_time(alice: User):
    uploaded(alice)
    AudioFile.objects.update(run_at=Now() + timedelta(seconds=5))
    assert AudioFile.objects.claim_next(worker="here:1") is None


def test_the_person_with_least_running_is_next(alice: User, bob: User):
    for _ in range(3):
        uploaded(alice)
    uploaded(bob)
    assert [claim().user for _ in range(4)] == [alice, bob, alice, alice]


def test_nobody_has_more_running_than_the_limit(alice: User, bob: User, settings):
    settings.MAX_RUNNING_PER_PERSON = 2
    for user in (alice, alice, alice, bob):
        uploaded(user)
    assert [claim().user for _ in range(3)] == [alice, bob, alice]
    assert AudioFile.objects.claim_next(worker="here:1") is None
    assert not AudioFile.objects.due().exists(), "no worker overlooks it"
    AudioFile.objects.succeed(AudioFile.objects.running().filter(user=alice)[0])
    assert AudioFile.objects.kept_back().count() == 1
    assert claim().user == alice


def test_a_person_whose_plan_allows_more_has_more_running(alice: User, bob: User, monkeypatch):
    for user in (alice, alice, alice, bob, bob):
        uploaded(user)
    by_plan = Case(When(user=alice, then=Value(2)), default=Value(1))
    monkeypatch.setattr("references.models.work.most_running", lambda: by_plan)
    assert sorted(claim().user.email[:3] for _ in range(3)) == ["ali", "ali", "bob"]
    assert AudioFile.objects.claim_next(worker="here:1") is None
    bobs = AudioFile.objects.running().get(user=bob)
    assert not AudioFile.objects.kept_back().exists()
    AudioFile.objects.succeed(bobs)
    assert AudioFile.objects.kept_back().get().user == bob


def test_priority_goes_before_fairness(alice: User, bob: User):
    first, urgent = uploaded(alice), uploaded(alice)
    uploaded(bob)
    AudioFile.objects.filter(pk=urgent.pk).update(priority=-1)
    assert [claim().pk, claim().user] == [urgent.pk, bob]
    assert claim().pk == first.pk


def test_a_heartbeat_extends_the_lease(alice: User):
    uploaded(alice)
    claimed = claim()
    AudioFile.objects.update(lease_until=Now() + timedelta(seconds=1))
    assert AudioFile.objects.beat(claimed)
    assert AudioFile.objects.filter(lease_until__gt=Now() + LEASE / 2).exists()


def test_no_heartbeat_after_the_deadline(alice: User):
    uploaded(alice)
    claimed = claim()
    AudioFile.objects.update(deadline_at=Now())
    assert not AudioFile.objects.beat(claimed)


def test_success_writes_state_and_outcome_at_once(alice: User):
    uploaded(alice)
    claimed = claim()
    with transaction.atomic(), connection.execute_wrapper(_only_one_write()):
        assert AudioFile.objects.succeed(claimed, facts={"rate_hz": 44_100})
    claimed.refresh_from_db()
    assert (claimed.status, claimed.facts) == (READY, {"rate_hz": 44_100})
    assert claimed.finished is not None
    assert claimed.lease_until is None


def _only_one_write():
    writes = []

    def wrapper(execute, sql, params, many, context):
        if sql.startswith("UPDATE"):
            writes.append(sql)
            assert len(writes) == 1
        return execute(sql, params, many, context)

    return wrapper


def test_a_late_worker_changes_nothing(alice: User):
    uploaded(alice)
    late = claim()
    lose_lease(late)
    AudioFile.objects.expire()
    make_due(late)
    newer = claim()
    assert newer.attempts == 2
    assert not AudioFile.objects.beat(late)
    assert not AudioFile.objects.advance(late, step="measuring", progress=0.9)
    assert not AudioFile.objects.succeed(late, facts={"late": True})
    assert not AudioFile.objects.fail(late, code="decode_failed")
    assert not AudioFile.objects.hand_back(late, code="internal")
    assert AudioFile.objects.succeed(newer)
    assert AudioFile.objects.get().facts == {}


def test_a_lease_that_still_runs_is_not_taken_back(alice: User):
    uploaded(alice)
    claimed = claim()
    assert AudioFile.objects.expire() == 0
    assert AudioFile.objects.beat(claimed)


def test_lost_work_waits_longer_each_time_and_fails_at_the_fifth(alice: User):
    audio = uploaded(alice)
    for wait in (*BACK_OFF, BACK_OFF[-1]):
        lose_lease(claim())
        assert AudioFile.objects.expire() == 1
        audio.refresh_from_db()
        assert audio.is_waiting
        assert AudioFile.objects.claim_next(worker="here:1") is None
        soon = AudioFile.objects.filter(
            run_at__gt=Now() + wait - timedelta(seconds=2),
            run_at__lt=Now() + wait + timedelta(seconds=4),
        )
        assert soon.exists()
        make_due(audio)
    lose_lease(claim())
    AudioFile.objects.expire()
    audio.refresh_from_db()
    assert audio.attempts == MAX_ATTEMPTS
    assert (audio.status, audio.error_code) == (AudioFile.Status.REJECTED, "worker_lost")


def test_our_own_errors_end_the_work_at_the_third(alice: User):
    audio = uploaded(alice)
    for _ in range(MAX_ENGINE_ERRORS - 1):
        assert AudioFile.objects.hand_back(claim(), code="internal")
        audio.refresh_from_db()
        assert audio.is_waiting
        make_due(audio)
    assert AudioFile.objects.hand_back(claim(), code="too_slow")
    audio.refresh_from_db()
    assert (audio.status, audio.error_code) == (AudioFile.Status.REJECTED, "too_slow")
    assert audio.engine_errors == MAX_ENGINE_ERRORS


def test_an_error_of_ours_in_the_last_attempt_ends_the_work(alice: User):
    audio = uploaded(alice)
    AudioFile.objects.update(attempts=MAX_ATTEMPTS - 1)
    assert AudioFile.objects.hand_back(claim(), code="internal")
    audio.refresh_from_db()
    assert (audio.status, audio.error_code) == (AudioFile.Status.REJECTED, "internal")


def test_their_audio_is_rejected_at_once(alice: User):
    audio = uploaded(alice)
    assert AudioFile.objects.fail(claim(), code="silent_audio", detail="Nothing is heard.")
    audio.refresh_from_db()
    assert audio.has_failed
    assert (audio.error_code, audio.error_detail) == ("silent_audio", "Nothing is heard.")


@pytest.mark.parametrize("change", [{"status": "UPLOADED"}, {"facts": {}}, {"attempts": 0}])
def test_a_finished_row_cannot_be_changed(alice: User, change: dict[str, object]):
    uploaded(alice)
    AudioFile.objects.succeed(claim())
    with pytest.raises(IntegrityError, match="finished work"), transaction.atomic():
        AudioFile.objects.update(**change)


def test_what_is_not_the_outcome_of_a_finished_row_can_be_changed(alice: User):
    uploaded(alice)
    AudioFile.objects.succeed(claim())
    AudioFile.objects.update(filename="better name.wav")
    AudioFile.objects.all().delete()


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "REJECTED"},
        {"error_code": "internal"},
        {"status": "MEASURING"},
        {"lease_token": "token"},
        {"progress": 1.5},
    ],
)
def test_the_database_refuses_a_state_that_cannot_be(alice: User, wrong: dict[str, object]):
    uploaded(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        AudioFile.objects.update(**wrong)


@pytest.mark.usefixtures("bells")  # the queue's own clock is not asked
def test_time_is_the_databases(alice: User, monkeypatch: pytest.MonkeyPatch):
    """A worker whose clock is an hour ahead claims a lease no longer than any other."""
    monkeypatch.setattr("time.time", lambda: 4e9)
    monkeypatch.setattr("django.utils.timezone.now", lambda: 1 / 0)
    uploaded(alice)
    claim()
    assert AudioFile.objects.filter(lease_until=F("started") + LEASE).exists()


@pytest.mark.parametrize("limit", [3, 100])
@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_at_once_never_get_the_same_nor_more_than_the_limit(
    alice: User, settings, limit: int
):
    settings.MAX_OPEN_UPLOADS_PER_PERSON, settings.MAX_RUNNING_PER_PERSON = 100, limit
    for _ in range(24):
        uploaded(alice)

    def claim_all(name: int) -> list[str]:
        claimed = []
        while audio := AudioFile.objects.claim_next(worker=f"here:{name}"):
            claimed.append(audio.pk)
        connection.close()
        return claimed

    with ThreadPoolExecutor(4) as workers:
        claimed = [pk for each in workers.map(claim_all, range(4)) for pk in each]
    assert len(set(claimed)) == len(claimed) == min(limit, 24)
    assert sorted(claimed) == sorted(AudioFile.objects.running().values_list("pk", flat=True))
