"""The client against the real site: a whole master, and each way it can go wrong."""

import re
from pathlib import Path

import pytest
from lacquer import (
    Audio,
    AudioRejected,
    Invalid,
    Lacquer,
    LacquerError,
    NotAuthenticated,
    NotFound,
    PaymentRequired,
    Reference,
    TimedOut,
    WorkFailed,
)

from accounts.models import Event, IdempotencyKey, User
from accounts.services import create_key
from billing.models import Account
from billing.services import balance_of
from dsp.errors import SilentAudio
from mastering.models import Master, Version
from references.models import AudioFile
from tests.clients.conftest import work
from tests.conftest import member
from tests.studio import PlayedEngine


def sent(site: Lacquer, mix: Path, reference: Path) -> tuple[Audio, Audio]:
    return site.audio.upload(mix, kind="mix"), site.audio.upload(reference, kind="reference")


def test_a_master_from_two_files_to_the_file_and_its_report(
    site: Lacquer, mix: Path, reference: Path, tmp_path: Path, alice: User
):
    seen: list[tuple[int, int]] = []
    song = site.audio.upload(mix, kind="mix", progress=lambda so_far, of: seen.append((so_far, of)))
    assert seen[-1] == (mix.stat().st_size, mix.stat().st_size)
    model = site.audio.upload(reference, kind="reference")
    assert (song.status, song.kind, song.filename) == ("uploaded", "mix", "mix.wav")
    settings = {"amount": 0.5, "loudness": -12.0}
    steps: list[str] = []
    master = site.masters.create(mix=song, reference=model, settings=settings, title="Song")
    assert (master.status, master.title, master.mix) == ("queued", "Song", song.id)
    done = site.masters.wait(master, progress=lambda now: steps.append(now.status))
    assert (steps[0], steps[-1]) == ("queued", "succeeded")
    version = site.versions.get(done.version)
    assert version.settings["amount"] == 0.5
    assert version.settings["loudness"] == -12.0
    assert version.files
    out = site.versions.download(version, tmp_path / "out.wav")
    ready = Version.objects.get().outputs["wav24.wav"]
    assert out.stat().st_size == ready["size_bytes"]
    assert site.versions.report(version)
    assert site.versions.provenance(version)
    assert site.credits().available == balance_of(Account.objects.get(user=alice)).available


def test_the_same_files_in_other_formats_and_rates_are_made_and_fetched(
    site: Lacquer, mix: Path, reference: Path, tmp_path: Path
):
    song, model = sent(site, mix, reference)
    done = site.masters.wait(site.masters.create(mix=song, reference=model))
    with pytest.raises(LacquerError, match="lies ready"):
        site.versions.download(done.version, tmp_path / "out.mp3", format="mp3-320")
    export = site.exports.wait(site.exports.create(done.version, ["mp3-320"]))
    out = site.exports.download(export, tmp_path / "out.mp3")
    assert out.stat().st_size == export.size_bytes
    check = site.versions.check_release(done.version)
    assert check.is_done
    assert check.platforms


def test_a_master_is_rendered_again_for_nothing_and_cancelled(
    site: Lacquer, mix: Path, reference: Path
):
    song, model = sent(site, mix, reference)
    master = site.masters.wait(site.masters.create(mix=song, reference=model))
    before = site.credits().available
    version = site.versions.wait(site.masters.render(master, settings={"amount": 0.3}))
    assert version.number == 2
    assert site.credits().available == before
    site.masters.render(master, settings={"amount": 0.9})
    assert site.masters.cancel(master).status == "canceled"
    assert [each.number for each in site.masters.versions(master)] == [3, 2, 1]
    assert [each.id for each in site.masters.list()] == [master.id]
    site.masters.delete(master)
    site.masters.delete(master)
    with pytest.raises(NotFound):
        site.masters.get(master)


def test_an_estimate_makes_nothing(site: Lacquer, mix: Path, reference: Path):
    song, model = sent(site, mix, reference)
    estimate = site.masters.estimate(mix=song, reference=model)
    assert estimate.cost.credits == 1
    assert estimate.would_be_accepted
    assert not Master.objects.exists()


def test_the_library_is_filled_searched_and_ranked(site: Lacquer, mix: Path, reference: Path):
    song, model = sent(site, mix, reference)
    work()
    entry = site.references.add(model, title="Night Bus", artist="The Tides")
    assert isinstance(entry, Reference)
    assert [each.id for each in site.references.list(q="night")] == [entry.id]
    assert list(site.references.list(q="nobody")) == []
    assert site.references.update(entry, genre="pop").genre == "pop"
    (ranked,) = site.references.rank(song)
    assert ranked.reference.id == entry.id
    assert site.references.suitability(entry, song).verdict in ("good", "usable", "misleading")
    assert site.audio.checks(song).audio == song.id
    assert site.audio.analysis(song)["summary"]
    site.references.delete(entry)
    assert list(site.references.list()) == []


def test_a_file_that_cannot_be_used_says_why(
    site: Lacquer, mix: Path, engine: PlayedEngine, tmp_path: Path
):
    engine.refuse(SilentAudio("silent"))
    with pytest.raises(AudioRejected) as rejected:
        site.audio.wait(site.audio.upload(mix, kind="mix"))
    assert rejected.value.code == "silent_audio"
    assert rejected.value.detail
    text = tmp_path / "notes.wav"
    text.write_text("no audio at all, but long enough to be looked at" * 10)
    with pytest.raises(Invalid) as refused:
        site.audio.upload(text, kind="mix")
    assert refused.value.code == "unsupported_format"
    (tmp_path / "empty.wav").touch()
    with pytest.raises(LacquerError, match="empty"):
        site.audio.upload(tmp_path / "empty.wav", kind="mix")


def test_a_cancelled_master_is_a_failure_to_those_who_wait(
    site: Lacquer, mix: Path, reference: Path
):
    song, model = sent(site, mix, reference)
    master = site.masters.create(mix=song, reference=model)
    site.masters.cancel(master)
    with pytest.raises(WorkFailed) as failed:
        site.masters.wait(master)
    assert failed.value.code == "canceled"


def test_a_wait_that_is_over_names_what_goes_on(site: Lacquer, mix: Path, reference: Path):
    song, model = sent(site, mix, reference)
    master = site.masters.create(mix=song, reference=model)
    with pytest.raises(TimedOut) as late:
        site.masters.wait(master, timeout=0.0)
    assert late.value.id == master.id
    assert site.masters.wait(master).is_done


def test_without_credits_nothing_is_made(live_server, engine, mix: Path, reference: Path):
    poor = member("poor@example.com", credits=0)
    key = create_key(user=poor, name="tests", scopes=["masters:write", "audio:write"]).secret
    with Lacquer(key, live_server.url, sleep=work) as site:
        for number in range(4):
            (mix.parent / f"{number}.wav").write_bytes(mix.read_bytes() + bytes(2 * number))
            song, model = sent(site, mix.parent / f"{number}.wav", reference)
            if number == 3:
                with pytest.raises(PaymentRequired) as unpaid:
                    site.masters.create(mix=song, reference=model)
                assert unpaid.value.code == "no_credits"
            else:
                site.masters.wait(site.masters.create(mix=song, reference=model))


def test_a_key_of_ones_own_makes_one_master_however_often_it_is_asked(
    site: Lacquer, mix: Path, reference: Path
):
    song, model = sent(site, mix, reference)
    made = [site.masters.create(mix=song, reference=model, key="song-1") for _ in range(3)]
    assert len({master.id for master in made}) == 1
    assert Master.objects.count() == 1
    assert IdempotencyKey.objects.filter(key="song-1").count() == 1


def test_wrong_settings_name_the_field(site: Lacquer, mix: Path, reference: Path):
    song, model = sent(site, mix, reference)
    with pytest.raises(Invalid) as refused:
        site.masters.create(mix=song, reference=model, settings={"amount": 7})
    assert [each.field for each in refused.value.errors] == ["settings.amount"]
    assert re.fullmatch(r"[0-9a-f]{32}", refused.value.request_id)


def test_a_key_that_opens_nothing_is_told_as_that(live_server, db):
    with Lacquer("lq_live_nothing", live_server.url) as site, pytest.raises(NotAuthenticated):
        site.me()


def test_webhooks_and_events_are_reached(site: Lacquer, mix: Path):
    hook = site.webhooks.create("https://example.com/hook", types=["audio.ready"])
    assert hook.secret
    assert hook.secret not in repr(hook)
    audio = site.audio.wait(site.audio.upload(mix, kind="mix"))
    (event,) = site.events.list(types=["audio.ready"], subject=audio.id)
    assert event.data == {"id": audio.id}
    assert site.events.get(event).timestamp == Event.objects.get(pk=event.id).created
    (call,) = site.webhooks.deliveries(hook)
    assert call.event == event.id
    assert site.webhooks.replay(hook, call).id == call.id
    assert site.webhooks.test(hook).type == "webhook.test"
    assert site.webhooks.rotate(hook).secret != hook.secret
    assert site.webhooks.update(hook, enabled=False).state == "disabled"
    assert [each.id for each in site.webhooks.list()] == [hook.id]
    site.webhooks.delete(hook)
    assert list(site.webhooks.list()) == []


def test_presets_and_shares_are_reached(site: Lacquer, mix: Path, reference: Path):
    preset = site.presets.create("soft", {"amount": 0.2})
    assert [each.name for each in site.presets.list()] == ["soft"]
    song, model = sent(site, mix, reference)
    done = site.masters.wait(site.masters.create(mix=song, reference=model, preset=preset))
    assert site.versions.get(done.version).settings["amount"] == 0.2
    share = site.shares.create(done.version, days=3, label="Band")
    assert share.url.startswith("http")
    site.shares.revoke(share)
    assert [each.state for each in site.shares.list()] == ["revoked"]
    site.presets.delete(preset)


def test_what_the_site_can_do_and_who_asks(site: Lacquer, alice: User):
    assert site.me().email == alice.email
    assert "masters:write" in site.me().scopes
    assert site.capabilities()["settings"]["amount"]["default"] == 0.7
    assert site.usage()["uploads"] == 0


def test_lists_go_on_over_pages(site: Lacquer, alice: User, monkeypatch):
    for number in range(5):
        site.presets.create(f"p{number}", {"amount": 0.1})
    names = [row["name"] for row in site._transport.pages("presets", {"limit": 2})]
    assert names == ["p4", "p3", "p2", "p1", "p0"]


def test_an_upload_that_broke_off_is_sent_again(
    site: Lacquer, mix: Path, monkeypatch: pytest.MonkeyPatch
):
    sending = type(site._transport).put_file
    lost = iter([True, False])

    def lose(transport, *args, **options):
        if not next(lost):
            sending(transport, *args, **options)

    monkeypatch.setattr(type(site._transport), "put_file", lose)
    audio = site.audio.upload(mix, kind="mix")
    assert AudioFile.objects.get().pk == audio.id
