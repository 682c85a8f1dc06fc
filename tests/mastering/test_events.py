"""What workers do is told as events, in the move that ends the work, and with no more than ids."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction

from accounts import services as accounts
from accounts.models import Event, User, WebhookDelivery
from mastering.models import Version
from mastering.services import request_check, request_export
from mastering.tasks import check_next, export_next
from references.models import AudioFile
from references.services import receive_upload
from references.tasks import measure_next
from tests.studio import measured, submitted, uploaded, wav

MONEY = ("credits.granted", "credits.low")


def told(user: User) -> list[tuple[str, str, dict[str, Any]]]:
    events = Event.objects.of(user).exclude(type__in=MONEY).order_by("created")
    return [(event.type, event.subject, event.content) for event in events]


def test_uploads_and_a_master_are_told(finished: Version, alice: User):
    master = finished.master
    assert sorted(told(alice), key=str)[:2] == sorted(
        [("audio.ready", master.mix_id, {}), ("audio.ready", master.reference_id, {})], key=str
    )
    assert told(alice)[2] == ("master.succeeded", master.pk, {"version": finished.pk, "number": 1})


def test_a_rejected_upload_tells_why(alice: User, engine):
    audio = uploaded(alice)
    held = AudioFile.objects.claim_next(worker="here:1")
    assert held is not None
    AudioFile.objects.fail(held, code="silent_audio")
    assert told(alice) == [("audio.rejected", audio.pk, {"error_code": "silent_audio"})]


def test_a_cancelled_and_a_failed_master_are_told(alice: User, engine):
    version = submitted(alice)
    Version.objects.filter(pk=version.pk).cancel()
    assert told(alice)[-1][0] == "master.canceled"
    failing = measured(submitted(alice))
    held = Version.objects.claim_next(worker="here:1")
    assert held is not None
    Version.objects.fail(held, code="internal")
    kind, subject, content = told(alice)[-1]
    assert (kind, subject) == ("master.failed", failing.master_id)
    assert content == {"version": failing.pk, "number": 1, "error_code": "internal"}


def test_files_and_checks_are_told_with_their_master(finished: Version, alice: User, engine):
    export = request_export(version=finished, formats=["wav24"])
    check = request_check(version=finished)
    export_next()
    check_next()
    ids = {"version": finished.pk, "master": finished.master_id}
    assert ("export.succeeded", export.pk, ids) in told(alice)
    assert ("release_check.succeeded", check.pk, ids) in told(alice)


def test_a_move_that_is_undone_tells_nobody(alice: User, engine):
    accounts.add_webhook(user=alice, url="https://example.com/")
    version = submitted(alice)

    def fail() -> None:
        with transaction.atomic():
            Version.objects.filter(pk=version.pk).cancel()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert told(alice) == []
    assert not WebhookDelivery.objects.exists()


def test_what_a_test_key_made_is_told_to_its_webhooks_only(alice: User, engine):
    live = accounts.add_webhook(user=alice, url="https://example.com/live")
    test = accounts.add_webhook(user=alice, url="https://example.com/test", is_test=True)
    audio = receive_upload(
        user=alice, kind=AudioFile.Kind.MIX, file=ContentFile(wav(), "a.wav"), is_test=True
    )
    while measure_next():
        pass
    event = Event.objects.get(subject=audio.pk)
    assert event.is_test
    assert list(event.deliveries.values_list("webhook", flat=True)) == [test.pk]
    assert not live.deliveries.exists()
