"""What a plan keeps no longer goes after a mail, on the day it said, and leaves a receipt."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from accounts.models import Mail, User
from accounts.services import deliver_due
from billing.models import Account, Subscription, Terms
from dsp.settings import MasterSettings
from mastering import services
from mastering.management.nightly import spend_the_night
from mastering.models import Farewell, Master, Receipt, Remark, Version
from mastering.services import announce_farewells, delete_what_was_announced
from references.models import AudioFile, Reference
from tests.api import code_of, program_of
from tests.studio import MIX, uploaded

DAYS = 30  # of the free plan


@pytest.fixture(autouse=True)
def _retention(settings) -> None:
    settings.RETENTION = True


@pytest.fixture
def old(finished: Version, django_capture_on_commit_callbacks) -> Master:
    """Return a master that nobody used for longer than the free plan keeps it."""
    age(finished.master, DAYS + 5)
    return finished.master


def age(master: Master, days: int) -> None:
    when = timezone.now() - timedelta(days=days)
    Master.objects.filter(pk=master.pk).update(created=when)
    Version.objects.filter(master=master).update(created=when)
    AudioFile.objects.filter(pk__in=(master.mix_id, master.reference_id)).update(created=when)


def let_the_day_come(days: float = 15) -> None:
    """Let time pass since the announcement."""
    back = timedelta(days=days)
    for farewell in Farewell.objects.all():
        Farewell.objects.filter(pk=farewell.pk).update(
            due=farewell.due - back, created=farewell.created - back
        )
    Mail.objects.exclude(sent=None).update(sent=Now() - back)


def announced_and_due() -> None:
    announce_farewells()
    deliver_due()
    let_the_day_come()


def test_a_mail_tells_two_weeks_before_what_goes_and_when(old: Master, alice, mailoutbox):
    assert announce_farewells() == 1
    farewell = Farewell.objects.get()
    assert timedelta(days=13.9) < farewell.due - timezone.now() < timedelta(days=14.1)
    mail = next(mail for mail in mailoutbox if old.title in mail.body and "go on" in mail.subject)
    assert mail.to == [alice.email]
    assert "/storage/" in mail.body
    assert announce_farewells() == 0  # each thing once


def test_nothing_goes_before_the_day_that_was_told(old: Master):
    Remark.objects.create(version=old.latest, is_starred=True)
    announce_farewells()
    deliver_due()
    let_the_day_come(days=13.5)
    assert delete_what_was_announced() == 0
    assert Master.objects.filter(pk=old.pk).exists()


def test_on_its_day_a_master_goes_with_its_files_and_leaves_a_receipt(
    old: Master, alice: User, django_capture_on_commit_callbacks
):
    version = old.latest
    key, size = version.key("wav24.wav"), version.outputs["wav24.wav"]["size_bytes"]
    source = old.mix.source_key
    assert default_storage.exists(key)
    announced_and_due()
    with django_capture_on_commit_callbacks(execute=True):
        assert delete_what_was_announced() == 1
    assert not Master.objects.exists()
    assert not default_storage.exists(key)
    assert not default_storage.exists(source)
    receipt = Receipt.objects.get()
    assert (receipt.subject, receipt.title, receipt.kept_days) == (old.pk, old.title, DAYS)
    files = {file["name"]: file for file in receipt.files}
    assert files["v1/wav24.wav"]["size_bytes"] == size
    assert files["v1/wav24.wav"]["sha256"] == version.outputs["wav24.wav"]["sha256"]
    assert "mix.wav" in files
    assert receipt.told < receipt.due <= receipt.deleted
    assert "reference.wav" not in files  # the library keeps it
    assert Reference.objects.of(alice).exists()


def test_its_owner_sees_what_goes_and_the_receipts(
    old: Master, as_alice: Client, as_bob: Client, django_capture_on_commit_callbacks
):
    announce_farewells()
    page = as_alice.get("/storage/").content.decode()
    assert "Goes soon" in page
    assert old.title in page
    deliver_due()
    let_the_day_come()
    with django_capture_on_commit_callbacks(execute=True):
        delete_what_was_announced()
    page = as_alice.get("/storage/").content.decode()
    assert "v1/wav24.wav" in page
    assert "Goes soon" not in page
    assert old.title not in as_bob.get("/storage/").content.decode()


def test_what_is_used_again_stays(old: Master, engine, alice):
    announced_and_due()
    services.render_version(master=old, settings=MasterSettings(amount=0.5))
    assert not Farewell.objects.exists()
    assert delete_what_was_announced() == 0
    assert Master.objects.filter(pk=old.pk).exists()


def test_what_is_exported_after_the_announcement_stays(old: Master, engine):
    announced_and_due()
    services.request_export(version=old.latest, formats=["flac24"])
    assert delete_what_was_announced() == 0
    assert not Farewell.objects.exists()
    assert Master.objects.filter(pk=old.pk).exists()


def test_a_plan_that_keeps_longer_keeps_what_was_announced(old: Master, alice: User):
    announced_and_due()
    now = timezone.now()
    Subscription.objects.create(
        account=Account.objects.get(user=alice), stripe_id="sub_1", plan="studio", status="active",
        period_start=now, period_end=now + timedelta(days=30))  # fmt: skip
    assert delete_what_was_announced() == 0
    assert not Farewell.objects.exists()


def test_nothing_goes_of_which_the_mail_was_not_sent(old: Master, caplog):
    announce_farewells()
    let_the_day_come()
    assert delete_what_was_announced() == 0
    assert "went out late, or not" in caplog.text
    deliver_due()
    assert delete_what_was_announced() == 0  # a week from the mail at least
    Mail.objects.exclude(sent=None).update(sent=Now() - timedelta(days=8))
    assert delete_what_was_announced() == 1


def test_what_is_under_way_or_young_is_not_announced(finished: Version, engine):
    assert announce_farewells() == 0
    age(finished.master, DAYS + 5)
    services.render_version(master=finished.master, settings=MasterSettings(amount=0.5))
    age(finished.master, DAYS + 5)
    assert announce_farewells() == 0


def test_a_loose_track_goes_too_and_the_library_stays(alice: User, engine):
    track = uploaded(alice, MIX)
    AudioFile.objects.all().update(
        status="REJECTED", error_code="silent_audio", created=Now() - timedelta(days=DAYS + 5)
    )
    announced_and_due()
    assert delete_what_was_announced() == 1
    assert Receipt.objects.get().subject == track.pk
    assert not AudioFile.objects.exists()


def test_a_slip_of_the_operators_pen_deletes_nothing_at_once(finished: Version):
    Terms.objects.create(code="free", retention_days=0)
    announce_farewells()
    assert Farewell.objects.get().due > timezone.now() + timedelta(days=13)
    assert delete_what_was_announced() == 0


def test_switched_off_it_says_and_does_nothing(old: Master, settings, as_alice: Client):
    announced_and_due()
    settings.RETENTION = False
    assert announce_farewells() == 0
    assert delete_what_was_announced() == 0
    assert "Nothing is deleted but what you delete" in as_alice.get("/storage/").content.decode()


def test_the_night_does_it_and_one_failure_holds_up_no_other(old: Master, monkeypatch, caplog):
    def fail() -> None:
        raise RuntimeError("no luck")

    fail.__name__ = "delete_what_was_announced"
    monkeypatch.setattr(services, "delete_what_was_announced", fail)
    monkeypatch.setattr("mastering.management.nightly.tell_broken_invariants", lambda: None)
    spend_the_night()
    assert "no luck" in caplog.text
    assert Farewell.objects.count() == 1


def test_one_that_cannot_be_deleted_holds_up_no_other(
    old: Master, monkeypatch, alice, caplog, django_capture_on_commit_callbacks
):
    uploaded(alice, MIX)
    AudioFile.objects.filter(status="UPLOADED").update(
        status="REJECTED", error_code="silent_audio", created=Now() - timedelta(days=DAYS + 5)
    )
    announced_and_due()

    def fail(**_: object) -> None:
        raise RuntimeError("no luck")

    monkeypatch.setattr("mastering.services.retention.delete_master", fail)
    assert delete_what_was_announced() == 1
    assert Master.objects.filter(pk=old.pk).exists()
    assert Receipt.objects.count() == 1  # of the track alone


def test_what_a_plan_kept_no_longer_is_told_as_gone(old: Master, finished: Version, alice, bob):
    announced_and_due()
    program, other = program_of(alice), program_of(bob)
    assert program.get(f"masters/{old.pk}").status_code == 200
    assert delete_what_was_announced() == 1
    for path in (f"masters/{old.pk}", f"versions/{finished.pk}"):
        assert code_of(program.get(path)) == (410, "gone")
        assert code_of(other.get(path)) == (404, "not_found")
