"""What staff do on the operator's site: credits given, work looked at, cancelled, run again."""

import json
import uuid

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from billing.models import Account
from billing.services import balance_of
from mastering.models import Version
from references.models import AudioFile, Run
from references.templatetags.audio import quantity
from tests.staff import GRANT, acts, as_staff
from tests.studio import submitted


def test_credits_are_given_with_a_reason_and_once_for_each_form(alice: User):
    client = as_staff("finance")
    account = Account.objects.get(user=alice)
    before = balance_of(account).available
    form = GRANT | {"key": str(uuid.uuid4())}
    for _ in range(2):
        client.post(f"/admin/people/{alice.pk}/", form)
    assert balance_of(account).available == before + 5
    given = AuditEntry.objects.get(act="billing.grant_credits")
    assert json.loads(given.detail)["reason"] == GRANT["reason"]
    assert given.subject == f"accounts.user:{alice.pk}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"credits": 0},
        {"credits": 1_000_000},
        {"credits": "many"},
        {"reason": ""},
        {"reason": "why not"},
        {"key": "x"},
    ],
    ids=str,
)
def test_a_wrong_gift_is_told_of_and_gives_nothing(alice: User, wrong):
    before = balance_of(Account.objects.get(user=alice)).available
    form = GRANT | {"key": str(uuid.uuid4())} | wrong
    answer = as_staff("finance").post(f"/admin/people/{alice.pk}/", form)
    assert answer.status_code == 422
    assert balance_of(Account.objects.get(user=alice)).available == before


def test_the_inspector_shows_steps_box_provenance_and_log(chief: Client, finished: Version):
    run = Run.objects.get(work=finished.pk)
    Run.objects.filter(pk=run.pk).update(
        steps={"tone": [8.25, 7.5]}, log="something was said", box="namespaces, seccomp"
    )
    page = chief.get(f"/admin/mastering/version/{finished.pk}/change/").content.decode()
    for told in ("8.25", "7.50", "something was said", "namespaces, seccomp", "mix_sha256"):
        assert told in page
    assert quantity(finished.loudness_lufs, "LUFS") in page
    assert f"V{finished.pk[1:]}" not in page, "an id is told as it is"
    found = chief.get("/admin/references/run/", {"q": finished.pk}).content.decode()
    assert finished.pk in found


def test_a_lost_attempt_is_told_of(chief: Client, alice: User):
    version = submitted(alice)
    Version.objects.filter(pk=version.pk).update(attempts=1)
    page = chief.get(f"/admin/mastering/version/{version.pk}/change/").content.decode()
    assert "Attempt 1 left nothing" in page


def test_work_is_cancelled_and_run_again(chief: Client, alice: User, engine):
    version = submitted(alice)
    chief.post(f"/admin/mastering/version/{version.pk}/do/cancel/")
    version.refresh_from_db()
    assert version.status == "CANCELED"
    chief.post(f"/admin/mastering/version/{version.pk}/do/rerun/")
    again = Version.objects.get(master=version.master, number=2)
    assert again.is_waiting
    assert again.user == alice
    assert acts() == ["work.cancel", "work.rerun"]


def test_running_work_is_taken_from_its_worker(chief: Client, alice: User, engine):
    audio = AudioFile.objects.get(pk=submitted(alice).master.mix_id)
    held = AudioFile.objects.claim_next(worker="here:1")
    assert held is not None
    chief.post(f"/admin/references/audiofile/{held.pk}/do/release/")
    held.refresh_from_db()
    assert held.is_waiting
    assert audio.pk


@pytest.mark.parametrize("path", ["ver_nobody/do/cancel/", "{version}/do/sing/"])
def test_what_is_not_there_is_not_found(chief: Client, ids, path):
    assert chief.post("/admin/mastering/version/" + path.format(**ids)).status_code == 404


def test_nothing_is_done_by_looking(chief: Client, ids):
    path = f"/admin/mastering/version/{ids['version']}/do/cancel/"
    assert chief.get(path).status_code == 405
    assert Version.objects.get(pk=ids["version"]).is_waiting
