"""Masters over the API, from two files to what is made of them; the engine is played."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from billing.models import Account, Entry
from billing.services import balance_of
from dsp.errors import SilentAudio
from mastering.models import Master, Version
from mastering.services import estimates
from references.models import AudioFile, DirectUpload
from tests.api import code_of, work_all
from tests.studio import REFERENCE, content_of, measured, submitted, uploaded, wav_file

pytestmark = pytest.mark.django_db


def sent(program, kind: str, **options):
    form = {"kind": kind, "file": wav_file(f"{kind}.wav", **options)}
    return program.post("audio", form, form=True)


def asked(program, **more):
    """Return a new master of two tracks that are uploaded first."""
    mix, reference = (sent(program, kind).json()["id"] for kind in ("mix", "reference"))
    return program.post("masters", {"mix": mix, "reference": reference, **more})


def balance(user):
    return balance_of(Account.objects.get(user=user))


def test_two_files_become_a_master_that_is_polled_read_and_downloaded(api, engine):
    accepted = sent(api, "mix")
    assert accepted.status_code == 202
    assert accepted["Location"] == f"/api/v1/audio/{accepted.json()['id']}"
    assert accepted.json()["status"] == "uploaded"
    reference = sent(api, "reference").json()["id"]
    made = api.post("masters", {"mix": accepted.json()["id"], "reference": reference})
    assert made.status_code == 202
    told = api.get(made["Location"]).json()
    assert (told["status"], told["step"], told["error"]) == ("queued", "queued", None)
    work_all()
    done = api.get(made["Location"]).json()
    assert (done["status"], done["progress"]) == ("succeeded", 1.0)
    version = api.get(f"versions/{done['version']}").json()
    assert version["verdict"] == "closer"
    file = next(each for each in version["files"] if each["format"] == "wav24")
    fetched = api.get(file["url"])
    assert len(content_of(fetched)) == file["size_bytes"]
    assert "attachment" in fetched["Content-Disposition"]


def test_a_master_is_asked_for_with_one_request(api, engine, alice):
    form: dict[str, Any] = {"mix": wav_file("a.wav"), "reference": wav_file("b.wav")}
    form |= {"amount": "0.5", "loudness": "-12.5", "title": "Song"}
    made = api.post("simple/master", form, form=True)
    assert made.status_code == 202, made.content
    work_all()
    assert api.get(made["Location"]).json()["status"] == "succeeded"
    version = Version.objects.get()
    assert (version.settings["amount"], version.settings["loudness"]) == (0.5, -12.5)
    assert Master.objects.get().title == "Song"


def test_a_refused_master_of_one_request_leaves_nothing(api, alice, engine):
    form: dict[str, Any] = {"mix": wav_file("a.wav")}
    form |= {"reference": wav_file("b.wav", b"no audio")}
    assert code_of(api.post("simple/master", form, form=True)) == (422, "unsupported_format")
    form |= {"mix": wav_file("a.wav"), "reference": wav_file("b.wav"), "amount": "7"}
    assert code_of(api.post("simple/master", form, form=True)) == (422, "invalid_request")
    assert not AudioFile.objects.exists()


def test_the_same_request_with_one_key_makes_one_master(api, alice):
    mix, reference = (sent(api, kind).json()["id"] for kind in ("mix", "reference"))
    wish, headers = {"mix": mix, "reference": reference}, {"Idempotency-Key": "one"}
    first = api.post("masters", wish, headers=headers)
    again = api.post("masters", dict(reversed(wish.items())), headers=headers)
    assert (again.status_code, again.json()) == (202, first.json())
    assert again["Idempotent-Replayed"] == "true"
    assert again["Location"] == first["Location"]
    assert Master.objects.count() == 1
    assert balance(alice).reserved == 1
    other = api.post("masters", wish | {"title": "x"}, headers=headers)
    assert code_of(other) == (422, "idempotency_key_reused")


def test_a_file_sent_twice_with_one_key_is_stored_once(api):
    headers = {"Idempotency-Key": "one"}
    for _ in range(2):
        form = {"kind": "mix", "file": wav_file("a.wav")}
        assert api.post("audio", form, form=True, headers=headers).status_code == 202
    assert AudioFile.objects.count() == 1
    form = {"kind": "mix", "file": wav_file("a.wav", wav_file().read() + b"\0\0")}
    refused = api.post("audio", form, form=True, headers=headers)
    assert code_of(refused) == (422, "idempotency_key_reused")


def test_what_was_refused_is_done_anew_with_the_same_key(api, alice):
    mix, reference = (sent(api, kind).json()["id"] for kind in ("mix", "reference"))
    wish, headers = {"mix": mix, "reference": reference}, {"Idempotency-Key": "one"}
    account = Account.objects.get(user=alice)
    left = balance(alice).available
    lots: list[Any] = list(Entry.objects.of(account).usable())
    for lot in lots:
        Entry.objects.create(
            account=account, kind=Entry.Kind.REVERSE, pool=lot.pool, lot=lot,
            available=-lot.left, reason=f"test:{lot.pk}",
        )  # fmt: skip
    assert left
    assert code_of(api.post("masters", wish, headers=headers)) == (402, "no_credits")
    for lot in lots:
        Entry.objects.create(
            account=account, kind=Entry.Kind.RESTORE, pool=lot.pool, lot=lot,
            available=lot.left, reason=f"test-back:{lot.pk}",
        )  # fmt: skip
    assert api.post("masters", wish, headers=headers).status_code == 202


def test_a_dry_run_tells_cost_warnings_and_settings_and_makes_nothing(api, engine, alice):
    mix, reference = (sent(api, kind).json()["id"] for kind in ("mix", "reference"))
    work_all()
    wish = {"mix": mix, "reference": reference, "dry_run": True, "settings": {"amount": 0.4}}
    told = api.post("masters", wish)
    assert told.status_code == 200
    assert told.json()["cost"] == {"credits": 1, "available": balance(alice).available}
    assert told.json()["settings"]["amount"] == 0.4
    assert told.json()["settings"]["ceiling_dbtp"] == -1.0
    assert {"little_headroom"} <= {each["code"] for each in told.json()["warnings"]}
    assert not Master.objects.exists()
    assert balance(alice).reserved == 0


def test_a_test_key_works_for_nothing_on_songs_of_ours(sandbox, api, engine, alice):
    before = balance(alice)
    made = asked(sandbox)
    assert made.status_code == 202
    assert made.json()["mode"] == "test"
    work_all()
    done = sandbox.get(made["Location"]).json()
    assert done["status"] == "succeeded"
    assert balance(alice) == before
    audio = AudioFile.objects.get(pk=done["mix"])
    assert audio.is_test
    assert audio.size_bytes > 700_000  # not the file that was sent
    assert audio.filename == "mix.wav"
    dry = sandbox.post(
        "masters", {"mix": done["mix"], "reference": done["reference"], "dry_run": True}
    )
    assert dry.json()["cost"]["credits"] == 0


def test_what_test_keys_made_and_what_others_made_do_not_see_each_other(
    sandbox, api, engine, as_alice
):
    test, live = asked(sandbox).json(), asked(api).json()
    work_all()
    assert code_of(api.get(f"masters/{test['id']}")) == (404, "not_found")
    assert code_of(sandbox.get(f"masters/{live['id']}")) == (404, "not_found")
    assert [each["id"] for each in api.get("masters").json()["data"]] == [live["id"]]
    assert [each["id"] for each in sandbox.get("masters").json()["data"]] == [test["id"]]
    mixed = api.post("masters", {"mix": live["mix"], "reference": test["reference"]})
    assert code_of(mixed) == (404, "not_found")
    assert test["id"] not in as_alice.get("/masters/").content.decode()


def test_a_direct_upload_of_a_test_key_becomes_a_song_of_ours(sandbox, client):
    content = wav_file().read()
    begun = sandbox.post(
        "uploads", {"kind": "mix", "filename": "a.wav", "size_bytes": len(content)}
    )
    assert begun.status_code == 201
    send = begun.json()["send"]
    put = client.put(send["url"], content, content_type=send["headers"]["Content-Type"])
    assert put.status_code == 200
    done = sandbox.post(f"uploads/{begun.json()['id']}/complete")
    assert (done.status_code, done.json()["mode"]) == (202, "test")
    assert AudioFile.objects.get().size_bytes > 700_000


def test_a_direct_upload_is_announced_sent_and_completed(api, client, engine):
    content = wav_file().read()
    wish = {"kind": "reference", "filename": "../a.wav", "size_bytes": len(content)}
    begun = api.post("uploads", wish).json()
    assert code_of(api.post(f"uploads/{begun['id']}/complete")) == (409, "upload_incomplete")
    client.put(begun["send"]["url"], content, content_type="application/octet-stream")
    done = api.post(f"uploads/{begun['id']}/complete")
    assert api.post(f"uploads/{begun['id']}/complete").json() == done.json()
    told = api.get(f"uploads/{begun['id']}").json()
    assert (told["status"], told["audio"]) == ("completed", done.json()["id"])
    work_all()
    assert api.get(done["Location"]).json()["status"] == "ready"
    assert DirectUpload.objects.count() == 1


def test_facts_analysis_checks_and_waveform_come_once_it_is_measured(api, engine):
    audio = sent(api, "mix").json()["id"]
    for part in ("analysis", "checks", "waveform", "listen"):
        assert code_of(api.get(f"audio/{audio}/{part}")) == (409, "not_ready")
    work_all()
    assert api.get(f"audio/{audio}").json()["facts"]["rate_hz"] == 44_100
    assert api.get(f"audio/{audio}/analysis").json()["summary"]["integrated_lufs"] == -18.0
    found = api.get(f"audio/{audio}/checks").json()["findings"]
    assert [each["code"] for each in found] == ["little_headroom"]
    assert found[0]["text"]
    assert content_of(api.get(f"audio/{audio}/waveform"))


def test_what_only_a_mix_can_mend_is_not_told_of_a_reference(api, engine):
    audio = sent(api, "reference").json()["id"]
    work_all()
    assert [each["code"] for each in AudioFile.objects.get().findings] == ["little_headroom"]
    assert api.get(f"audio/{audio}/checks").json()["findings"] == []


def test_a_file_that_cannot_be_used_says_why(api):
    refused = api.post("audio", {"kind": "mix", "file": wav_file("a.wav", b"text")}, form=True)
    assert code_of(refused) == (422, "unsupported_format")
    refused = api.post("audio", {"kind": "mix", "file": wav_file("a.wav", b"")}, form=True)
    assert code_of(refused) == (422, "empty_upload")
    refused = api.post("audio", {"kind": "song"}, form=True)
    told = {(each["field"], each["code"]) for each in refused.json()["errors"]}
    assert told == {("kind", "invalid_choice"), ("file", "required")}


def test_a_reference_is_added_described_ranked_and_deleted(api, engine, alice):
    form = {"file": wav_file("ref.wav"), "title": "A song", "artist": "Someone"}
    made = api.post("references", form, form=True)
    assert made.status_code == 201, made.content
    entry = made.json()
    assert (entry["title"], entry["artist"]) == ("A song", "Someone")
    mix = sent(api, "mix").json()["id"]
    assert code_of(api.get(f"references/rank?mix={mix}")) == (409, "not_ready")
    work_all()
    changed = api.patch(f"references/{entry['id']}", {"genre": "pop"})
    assert (changed.json()["genre"], changed.json()["title"]) == ("pop", "A song")
    ranked = api.get(f"references/rank?mix={mix}").json()["data"]
    assert [each["reference"]["id"] for each in ranked] == [entry["id"]]
    suits = api.get(f"references/{entry['id']}/suitability?mix={mix}").json()
    assert suits["verdict"] in ("good", "usable", "misleading")
    shown = api.get(f"references/{entry['id']}?expand=audio").json()
    assert shown["audio"]["id"] == entry["audio"]
    assert api.delete(f"references/{entry['id']}").status_code == 204
    assert code_of(api.get(f"references/{entry['id']}")) == (404, "not_found")


def test_an_upload_becomes_a_reference_and_a_master_names_it_by_its_entry(api, alice):
    audio = sent(api, "mix").json()["id"]
    made = api.post("references", {"audio": audio, "title": "Mine"})
    assert (made.status_code, made.json()["title"]) == (201, "Mine")
    mix = sent(api, "mix", content=wav_file().read() + b"\0\0").json()["id"]
    master = api.post("masters", {"mix": mix, "reference": made.json()["id"]})
    assert master.json()["reference"] == audio


def test_cancelling_gives_the_credit_back_and_may_be_repeated(api, alice):
    made = asked(api)
    assert balance(alice).reserved == 1
    for _ in range(2):
        assert api.post(f"masters/{made.json()['id']}/cancel").json()["status"] == "canceled"
    assert balance(alice).reserved == 0


def test_capabilities_tell_ranges_and_limits_to_anyone(client):
    told = client.get("/api/v1/capabilities").json()
    assert told["settings"]["ceiling_dbtp"] == {"default": -1.0, "min": -6.0, "max": -0.1}
    assert told["limits"]["max_bytes"] > 0
    assert {"wav", "flac"} <= {each["code"] for each in told["formats_read"]}
    assert {"spotify"} <= {each["code"] for each in told["platforms"]}


def test_usage_credits_and_ledger_tell_what_was_spent(api, finished, alice):
    assert api.get("usage").json()["masters_delivered"] == 1
    told = api.get("credits").json()
    assert told["available"] == balance(alice).available
    entries = api.get("credits/ledger?limit=2").json()
    assert [each["kind"] for each in entries["data"]] == ["capture", "reserve"]
    assert entries["data"][0]["subject"] == finished.master_id
    rest = api.get(f"credits/ledger?cursor={entries['next_cursor']}").json()["data"]
    assert "grant" in {each["kind"] for each in rest}
    assert not {each["id"] for each in rest} & {each["id"] for each in entries["data"]}


def test_a_poll_is_answered_304_until_something_happens(api, alice, engine):
    made = asked(api)
    first = api.get(made["Location"])
    again = api.get(made["Location"], headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    work_all()
    moved = api.get(made["Location"], headers={"If-None-Match": first["ETag"]})
    assert (moved.status_code, moved.json()["status"]) == (200, "succeeded")


def test_masters_are_listed_by_status_and_mix(api, finished, alice):
    waiting = submitted(alice)
    ids = [each["id"] for each in api.get("masters?status=queued").json()["data"]]
    assert ids == [waiting.master_id]
    ids = [each["id"] for each in api.get(f"masters?mix={finished.master.mix_id}").json()["data"]]
    assert ids == [finished.master_id]


def test_a_failed_master_says_why(api, alice, engine):
    version = submitted(alice)
    engine.refuse(SilentAudio())
    measured(version)
    work_all()
    Version.objects.fail_unusable()
    told = api.get(f"masters/{version.master_id}").json()
    assert told["status"] == "failed"
    assert told["error"]["code"] in ("mix_rejected", "reference_rejected")
    assert told["error"]["detail"]


def test_a_profile_is_read_as_json(api, alice, engine):
    audio = uploaded(alice, REFERENCE)
    work_all()
    audio.refresh_from_db()
    key = audio.key("profile.json.gz")
    default_storage.delete(key)
    default_storage.save(key, ContentFile(gzip.compress(json.dumps({"version": 1}).encode())))
    entry = api.get("references").json()["data"][0]
    assert api.get(f"references/{entry['id']}/profile").json() == {"version": 1}


def test_whatever_a_poll_tells_changes_its_etag(api, finished, engine, monkeypatch):
    now = estimates._rounded(timezone.now())  # time that passes between two looks changes it too
    monkeypatch.setattr(estimates, "_rounded", lambda _moment: now)
    path, master = f"masters/{finished.master_id}", Master.objects.filter(pk=finished.master_id)
    seen: dict[str, Any] = {}

    def look() -> None:
        answer = api.get(path)
        assert answer["ETag"] not in seen
        seen[answer["ETag"]] = answer.json()
        again = api.get(path, headers={"If-None-Match": answer["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert answer.json() == api.get("masters").json()["data"][0]

    look()
    api.patch(path, {"title": "Other"})
    look()
    master.update(genre="pop", release="club")
    look()
    version = api.post(f"{path}/versions", {"settings": {"amount": 0.1}}).json()["id"]
    look()
    Version.objects.filter(pk=version).update(progress=0.5, step="tone")
    look()
    Version.objects.filter(pk=version).update(created=timezone.now() + timedelta(hours=1))
    submitted(finished.user)  # now one waits before it
    assert api.get(path).json()["queue_position"] == 1
    api.post(f"versions/{version}/cancel")
    Master.objects.exclude(pk=finished.master_id).delete()
    look()
    api.patch(path, {"version": finished.pk})
    look()
    assert len(seen) == len({json.dumps(told) for told in seen.values()}) == 7


def test_a_poll_asks_the_database_little(api, finished, django_assert_num_queries):
    path = f"masters/{finished.master_id}"
    etag = api.get(path)["ETag"]
    for headers in ({}, {"If-None-Match": etag}):
        with django_assert_num_queries(2):  # whose key it is, and the master with its versions
            api.get(path, headers=headers)
    api.post(f"{path}/versions", {"settings": {"amount": 0.1}})
    with django_assert_num_queries(3):  # and how many wait before it
        assert api.get(path).json()["queue_position"] == 0


def test_what_someone_else_polls_is_not_there(bobs_api, sandbox, finished):
    for program in (bobs_api, sandbox):
        assert code_of(program.get(f"masters/{finished.master_id}")) == (404, "not_found")
