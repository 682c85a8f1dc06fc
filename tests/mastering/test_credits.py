"""What a master costs, and when: one credit for a pair, taken at its delivery."""

from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from accounts.models import Mail, User
from billing.models import Account, Entry
from billing.services import balance_of
from dsp.errors import SilentAudio
from dsp.settings import MasterSettings
from mastering import services
from mastering.errors import Unpaid
from mastering.management.invariants import broken_invariants
from mastering.models import Master, Version
from mastering.tasks import render_next
from references.models import AudioFile
from references.models.work import MAX_ATTEMPTS
from references.services import begin_upload, complete_upload, receive_upload
from references.tasks import measure_next
from tests.conftest import browser_of
from tests.studio import (
    MIX,
    REFERENCE,
    PlayedEngine,
    lose_lease,
    make_due,
    measured,
    submitted,
    wav,
)


@pytest.fixture(autouse=True)
def _room_for_uploads(settings):
    settings.MAX_OPEN_UPLOADS_PER_PERSON = 50


def credits_of(user: User) -> tuple[int, int]:
    balance = balance_of(Account.objects.get(user=user))
    return balance.available, balance.reserved


def another(user: User, seconds: float) -> AudioFile:
    return receive_upload(user=user, kind=MIX, file=ContentFile(wav(seconds), "mix.wav"))


def submit(user: User, seconds: float) -> Version:
    reference = receive_upload(user=user, kind=REFERENCE, file=ContentFile(wav(), "ref.wav"))
    mix = another(user, seconds)
    settings = MasterSettings()
    return services.submit_master(user=user, mix=mix, reference=reference, settings=settings).latest


def test_a_credit_is_reserved_at_submit_and_taken_at_delivery(carol, engine: PlayedEngine):
    version = submitted(carol)
    assert credits_of(carol) == (2, 1)
    measured(version)
    render_next()
    assert credits_of(carol) == (2, 0)
    assert Entry.objects.latest("pk").subject == version.master_id


def sent_straight(user: User, kind: AudioFile.Kind) -> AudioFile:
    """Send a file to the storage, past the site; its bytes are those of `uploaded`."""
    content = wav()
    upload, send = begin_upload(user=user, kind=kind, filename="a.wav", size_bytes=len(content))
    Client().put(send.url, content, content_type="application/octet-stream")
    return complete_upload(upload=upload)


def by_form(user: User, kind: AudioFile.Kind) -> AudioFile:
    return receive_upload(user=user, kind=kind, file=ContentFile(wav(), "a.wav"))


def delivered(user: User, send: Callable[[User, AudioFile.Kind], AudioFile]) -> Master:
    """Submit a pair before it is measured, and let it be mastered."""
    mix, reference = send(user, MIX), send(user, REFERENCE)
    settings = MasterSettings()
    master = services.submit_master(user=user, mix=mix, reference=reference, settings=settings)
    while measure_next():
        pass
    assert render_next() is not None
    assert master.latest.has_succeeded
    master.refresh_from_db()
    return master


@pytest.mark.parametrize(
    ("first", "second"),
    [(by_form, sent_straight), (sent_straight, by_form), (sent_straight, sent_straight)],
    ids=["form, straight", "straight, form", "straight, straight"],
)
def test_a_pair_is_paid_once_whichever_way_its_files_come(
    carol, engine: PlayedEngine, first, second
):
    delivered(carol, first)
    assert credits_of(carol) == (2, 0)
    again = delivered(carol, second)
    assert credits_of(carol) == (2, 0)
    services.render_version(master=again, settings=MasterSettings(amount=0.5))
    assert services.cost_credits(user=carol, mix=again.mix, reference=again.reference) == 0
    assert credits_of(carol) == (2, 0)
    assert broken_invariants(pause_seconds=0.0) == []


def test_a_pair_that_is_paid_stays_so_when_its_master_is_gone(carol, engine: PlayedEngine):
    services.delete_master(master=delivered(carol, sent_straight))
    delivered(carol, by_form)
    assert credits_of(carol) == (2, 0)


def test_one_pair_on_its_way_twice_costs_once_also_if_one_of_them_fails(
    carol, engine: PlayedEngine
):
    masters = [
        services.submit_master(user=carol, mix=mix, reference=reference, settings=MasterSettings())
        for mix, reference in (
            (sent_straight(carol, MIX), sent_straight(carol, REFERENCE)),
            (by_form(carol, MIX), by_form(carol, REFERENCE)),
        )
    ]
    assert credits_of(carol) == (1, 2), "nobody knows yet"
    while measure_next():
        pass
    render_next()
    assert credits_of(carol) == (2, 0)
    assert broken_invariants(pause_seconds=0.0) == []
    engine.refuse(SilentAudio(), at="render")
    render_next()
    assert sorted(master.latest.status for master in masters) == ["FAILED", "SUCCEEDED"]
    assert credits_of(carol) == (2, 0)
    assert broken_invariants(pause_seconds=0.0) == []


def test_a_version_asked_for_beside_the_delivery_is_not_paid_anew(carol, engine: PlayedEngine):
    """A page that was open since before knows the pair by the ids of its files."""
    mix, reference = sent_straight(carol, MIX), sent_straight(carol, REFERENCE)
    settings = MasterSettings()
    old = services.submit_master(user=carol, mix=mix, reference=reference, settings=settings)
    while measure_next():
        pass
    render_next()
    services.render_version(master=old, settings=MasterSettings(amount=0.5))
    assert credits_of(carol) == (2, 0)


def test_what_is_cancelled_costs_nothing(carol: User):
    services.cancel(version=submitted(carol))
    assert credits_of(carol) == (3, 0)


def test_what_fails_for_the_audio_costs_nothing(carol: User, engine: PlayedEngine):
    version = submitted(carol)
    engine.refuse(SilentAudio())
    measured(version)
    services.sweep()
    assert credits_of(carol) == (3, 0)


def test_what_our_workers_lose_costs_nothing(carol: User, engine: PlayedEngine):
    version = measured(submitted(carol))
    for _ in range(MAX_ATTEMPTS):
        held = Version.objects.claim_next(worker="dead:1")
        assert held is not None
        lose_lease(held)
        services.sweep()
        make_due(version) if Version.objects.get(pk=version.pk).is_open else None
    assert Version.objects.get(pk=version.pk).error_code == "worker_lost"
    assert credits_of(carol) == (3, 0)


def test_what_is_deleted_while_it_waits_costs_nothing(carol: User):
    services.delete_master(master=submitted(carol).master)
    assert credits_of(carol) == (3, 0)


def test_new_settings_of_a_pair_cost_nothing(carol: User, engine: PlayedEngine):
    version = measured(submitted(carol))
    render_next()
    for amount in (0.1, 0.2, 0.3):
        services.render_version(master=version.master, settings=MasterSettings(amount=amount))
        render_next()
    submitted(carol)  # the same two files again
    assert credits_of(carol) == (2, 0)


def test_a_pair_of_which_one_version_fails_and_one_succeeds_costs_one_credit(carol, engine):
    first = submitted(carol)
    second = submitted(carol)
    assert credits_of(carol) == (2, 1)
    services.cancel(version=first)
    assert credits_of(carol) == (2, 1), "the other one still needs it"
    measured(second)
    render_next()
    assert credits_of(carol) == (2, 0)


def test_trying_again_after_a_failure_reserves_again(carol: User):
    version = submitted(carol)
    services.cancel(version=version)
    version.refresh_from_db()
    services.retry(version=version)
    assert credits_of(carol) == (2, 1)


def test_a_master_without_credit_is_refused_and_leaves_no_row(carol: User):
    for number in range(3):
        submit(carol, 0.02 + number / 100)
    mixes = AudioFile.objects.count()
    with pytest.raises(Unpaid) as refusal:
        submit(carol, 0.09)
    assert refusal.value.code == "no_credits"
    assert (Master.objects.count(), Version.objects.count()) == (3, 3)
    assert AudioFile.objects.count() == mixes + 2, "the uploads stay"


def test_running_out_is_a_page_with_two_ways_on_and_the_tracks_kept(carol: User):
    for number in range(3):
        submit(carol, 0.02 + number / 100)
    mix, reference = another(carol, 0.09), AudioFile.objects.filter(kind=REFERENCE)[0]
    browser = browser_of(carol)
    form = {"amount": 70, "loudness": "reference", "ceiling_dbtp": -1.0, "max_limiting_db": 6.0}
    page = browser.post("/new/", form | {"mix": mix.pk, "reference": reference.pk})
    assert page.status_code == 402
    text = page.content.decode()
    assert "No credits left" in text
    back = f"/new/?mix={mix.pk}&amp;reference={reference.pk}"
    assert back in text
    again = browser.get(back.replace("&amp;", "&")).content.decode()
    assert mix.pk in again
    assert reference.pk in again


def test_the_button_says_what_it_costs(carol: User, engine: PlayedEngine):
    browser = browser_of(carol)
    assert "1 credit" in browser.get("/new/").content.decode()
    version = measured(submitted(carol))
    render_next()
    master = version.master
    page = browser.get(f"/new/?mix={master.mix_id}&reference={master.reference_id}")
    assert "Free: this pair is paid" in page.content.decode()


@pytest.mark.parametrize(("fails", "subject"), [(False, "is done"), (True, "failed")])
def test_the_person_is_written_to_once_when_a_master_ends(
    carol: User, engine: PlayedEngine, mailoutbox, fails: bool, subject: str
):
    version = measured(submitted(carol))
    if fails:
        engine.refuse(SilentAudio(), at="render")
    render_next()
    (mail,) = (mail for mail in mailoutbox if version.master.title in mail.subject)
    assert subject in mail.subject
    assert f"/masters/{version.master_id}/" in mail.body
    assert mail.alternatives
    assert [mail.to] == [[carol.email]]


def test_a_notice_that_was_turned_off_is_not_sent(carol: User, engine: PlayedEngine):
    carol.notices_off = ["master_done"]
    carol.save()
    measured(submitted(carol))
    render_next()
    assert not Mail.objects.filter(reason__startswith="master_done").exists()


def test_the_last_credit_is_told_of(carol: User, engine: PlayedEngine, mailoutbox):
    for number in range(2):
        measured(submit(carol, 0.02 + number / 100))
        render_next()
    assert "1 credit left" in [mail.subject for mail in mailoutbox]
