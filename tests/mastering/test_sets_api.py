"""Several references on one mix, frozen settings and albums over the API."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Event, Mail
from billing.models import Account
from billing.services import balance_of
from mastering.models import Album, AlbumArchive, Master
from mastering.services import expire_archives
from tests.api import code_of, work_all
from tests.studio import content_of, wav, wav_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _room(settings: Any, engine) -> None:
    settings.MAX_OPEN_UPLOADS_PER_PERSON = settings.MAX_RUNNING_PER_PERSON = 50
    engine.summary = {"integrated_lufs": -12.0}


def sent(program, kind: str, length: float) -> str:
    form = {"kind": kind, "file": wav_file(f"{kind}-{length}.wav", wav(length))}
    made: str = program.post("audio", form, form=True).json()["id"]
    return made


def tracks(program, *, mixes: int = 1, references: int = 1) -> tuple[list[str], list[str]]:
    made = (
        [sent(program, "mix", 0.01 + 0.001 * n) for n in range(mixes)],
        [sent(program, "reference", 0.05 + 0.001 * n) for n in range(references)],
    )
    work_all()
    return made


def reserved(user) -> int:
    return balance_of(Account.objects.get(user=user)).reserved


def test_a_mix_goes_toward_several_references_and_they_are_compared(api, bobs_api, alice):
    (mix,), references = tracks(api, references=2)
    wish = {"mix": mix, "references": references}
    quote = api.post("masters", wish | {"dry_run": True}).json()
    assert (quote["cost"]["credits"], quote["references"]) == (2, references)
    made = api.post("masters", wish)
    assert made.status_code == 202
    assert reserved(alice) == 2
    masters = [each["id"] for each in made.json()["data"]]
    assert made["Location"] == made.json()["comparison"]
    waiting = api.get(made["Location"]).json()
    assert [each["master"] for each in waiting["data"]] == masters
    assert {each["gain_db"] for each in waiting["data"]} == {None}
    work_all()
    told = api.get(made["Location"]).json()
    assert (told["mix"], told["start_seconds"], told["end_seconds"]) == (mix, 8.0, 16.0)
    assert [each["reference"] for each in told["data"]] == references
    assert {each["verdict"] for each in told["data"]} == {"closer"}
    assert all(each["gain_db"] <= 0.0 and each["axes"]["tone"] for each in told["data"])
    assert api.post(f"masters/{masters[1]}/prefer").status_code == 200
    starred = [each["is_starred"] for each in api.get(made["Location"]).json()["data"]]
    assert starred == [False, True]
    for method, path in ((bobs_api.get, "comparison"), (bobs_api.post, "prefer")):
        assert code_of(method(f"masters/{masters[0]}/{path}")) == (404, "not_found")


def test_several_references_are_all_of_them_or_none(api, alice):
    (mix,), references = tracks(api, references=2)
    foreign = "ref_7k3m9c2x8w4n5q6r7t2v3y4z"
    wish = {"mix": mix, "references": [*references, foreign]}
    assert code_of(api.post("masters", wish)) == (404, "not_found")
    both = {"mix": mix, "reference": references[0], "references": references}
    assert code_of(api.post("masters", both)) == (422, "invalid_request")
    assert code_of(api.post("masters", {"mix": mix})) == (422, "invalid_request")
    assert code_of(api.post("masters", wish | {"references": references * 3}))[0] == 422
    assert not Master.objects.exists()
    assert reserved(alice) == 0


def test_a_version_is_applied_to_another_file_for_nothing(api, bobs_api, alice, finished):
    path = f"versions/{finished.pk}/apply"
    other = sent(api, "mix", 0.03)
    work_all()
    quote = api.post(path, {"mix": other, "dry_run": True}).json()
    assert quote["would_be_accepted"] is True
    assert (quote["left"], quote["cost"]["credits"]) == (5, 0)
    before = reserved(alice)
    made = api.post(path, {"mix": other, "title": "Song, instrumental"})
    assert made.status_code == 202
    assert (made.json()["frozen_from"], made.json()["title"]) == (finished.pk, "Song, instrumental")
    assert reserved(alice) == before
    work_all()
    assert api.get(made["Location"]).json()["status"] == "succeeded"
    assert api.post(path, {"mix": other, "dry_run": True}).json()["left"] == 4
    again = api.post(f"masters/{made.json()['id']}/versions", {"settings": {"amount": 0.1}})
    assert code_of(again) == (409, "frozen")
    theirs = sent(bobs_api, "mix", 0.03)
    assert code_of(bobs_api.post(path, {"mix": theirs})) == (404, "not_found")
    assert code_of(api.post(path, {"mix": theirs})) == (404, "not_found")


def test_an_album_is_gathered_mastered_and_fetched(
    api, bobs_api, alice, engine, django_capture_on_commit_callbacks
):
    engine.reached_lufs = 0.0
    mixes, (direction,) = tracks(api, mixes=2)
    wish = {"title": "Nine Rooms", "artist": "Lore", "reference": direction, "mixes": mixes}
    made = api.post("albums", wish, headers={"Idempotency-Key": "one"})
    assert made.status_code == 201
    assert api.post("albums", wish, headers={"Idempotency-Key": "one"}).json() == made.json()
    album, path = made.json(), made["Location"]
    assert [song["number"] for song in album["songs"]] == [1, 2]
    assert {song["status"] for song in album["songs"]} == {None}
    assert api.post(f"{path}/submit", {"dry_run": True}).json() == {
        "dry_run": True,
        "would_be_accepted": True,
        "cost": {"credits": 2, "available": balance_of(Account.objects.get(user=alice)).available},
    }
    with django_capture_on_commit_callbacks(execute=True):
        submitted = api.post(f"{path}/submit", {})
        work_all()
    assert submitted.status_code == 202
    assert submitted.json()["is_open"] is True
    done = api.get(path).json()
    assert {song["status"] for song in done["songs"]} == {"succeeded"}
    assert all(song["is_as_asked"] for song in done["songs"])
    packed = api.post(f"{path}/archives", {"format": "flac24"})
    assert packed.status_code == 202
    assert code_of(api.get(f"{packed['Location']}/file")) == (409, "not_ready")
    work_all()
    archive = api.get(packed["Location"]).json()
    assert (archive["status"], archive["songs"], archive["missing"]) == ("succeeded", 2, [])
    assert content_of(api.get(archive["url"])) == b"PK"
    assert [each["id"] for each in api.get(f"{path}/archives").json()["data"]] == [archive["id"]]
    kinds = [
        (event.type, event.subject, event.content)
        for event in Event.objects.filter(type__startswith="album")
    ]
    assert sorted(kinds) == [
        ("album.finished", album["id"], {"succeeded": 2, "failed": 0}),
        ("album_archive.succeeded", archive["id"], {"album": album["id"]}),
    ]
    for each in (path, f"{path}/archives", packed["Location"], archive["url"]):
        assert code_of(bobs_api.get(each)) == (404, "not_found")
    assert api.delete(path).status_code == 204
    assert code_of(api.get(path)) == (404, "not_found")
    assert Master.objects.count() == 2


def test_an_album_and_its_songs_are_changed(api, bobs_api, alice):
    mixes, (direction,) = tracks(api, mixes=3)
    album = api.post("albums", {"title": "Rooms", "mixes": mixes[:2]}).json()
    path = f"albums/{album['id']}"
    assert (album["reference"], album["loudness"]) == (None, "keep")
    added = api.post(f"{path}/songs", {"mix": mixes[2], "title": "Last"})
    assert added.status_code == 201
    songs = [song["id"] for song in added.json()["songs"]]
    assert added.json()["songs"][2]["title"] == "Last"
    changed = api.patch(
        path,
        {
            "reference": direction,
            "loudness": "even",
            "settings": {"amount": 0.5},
            "order": [songs[2]],
        },
    ).json()
    assert [song["id"] for song in changed["songs"]] == [songs[2], *songs[:2]]
    assert (changed["reference"], changed["loudness"]) == (direction, "even")
    assert changed["settings"]["amount"] == 0.5
    assert changed["title"] == "Rooms"
    song = f"{path}/songs/{songs[0]}"
    told = api.patch(song, {"gap_seconds": 0.0, "offset_lu": -2.0}).json()["songs"][1]
    assert (told["gap_seconds"], told["offset_lu"]) == (0.0, -2.0)
    assert code_of(api.patch(song, {"gap_seconds": 99})) == (422, "invalid_request")
    for call in (bobs_api.delete, bobs_api.patch):
        assert code_of(call(song)) == (404, "not_found")
    for call in (bobs_api.delete, bobs_api.patch):
        assert code_of(call(path)) == (404, "not_found")
    assert code_of(bobs_api.post(f"{path}/songs", {"mix": mixes[0]})) == (404, "not_found")
    assert code_of(bobs_api.post(f"{path}/submit", {})) == (404, "not_found")
    assert code_of(bobs_api.post(f"{path}/archives", {})) == (404, "not_found")
    assert api.delete(song).status_code == 204
    assert len(api.get(path).json()["songs"]) == 2
    theirs = bobs_api.post("albums", {"title": "x"}).json()["id"]
    elsewhere = f"albums/{theirs}/songs/{songs[1]}"
    assert code_of(api.delete(elsewhere)) == (404, "not_found")
    foreign = sent(bobs_api, "mix", 0.02)
    assert code_of(api.post(f"{path}/songs", {"mix": foreign})) == (404, "not_found")
    assert code_of(bobs_api.patch(f"albums/{theirs}", {"reference": direction}))[0] == 404


def test_an_album_that_is_not_ready_costs_nothing(api, alice):
    mixes, _ = tracks(api)
    album = api.post("albums", {"title": "Rooms", "mixes": mixes}).json()["id"]
    quote = api.post(f"albums/{album}/submit", {"dry_run": True}).json()
    assert quote["would_be_accepted"] is False
    assert code_of(api.post(f"albums/{album}/submit", {})) == (409, "album_unready")
    assert code_of(api.post(f"albums/{album}/archives", {})) == (422, "not_exportable")
    assert reserved(alice) == 0


def test_a_test_key_masters_an_album_of_its_own_without_credits(
    api, sandbox, alice, client, django_capture_on_commit_callbacks
):
    mixes, (direction,) = tracks(sandbox)
    live, _ = tracks(api)
    album = sandbox.post(
        "albums", {"title": "Trial", "reference": direction, "mixes": mixes}
    ).json()
    assert album["mode"] == "test"
    path = f"albums/{album['id']}"
    assert code_of(sandbox.post(f"{path}/songs", {"mix": live[0]})) == (404, "not_found")
    quote = sandbox.post(f"{path}/submit", {"dry_run": True}).json()
    assert quote["cost"]["credits"] == 0
    mails = Mail.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        sandbox.post(f"{path}/submit", {})
        work_all()
    assert sandbox.get(path).json()["songs"][0]["status"] == "succeeded"
    assert (reserved(alice), Mail.objects.count()) == (0, mails)
    assert Event.objects.get(type="album.finished").is_test
    assert code_of(api.get(path)) == (404, "not_found")
    assert api.get("albums").json()["data"] == []
    client.force_login(alice)
    assert "Trial" not in client.get("/albums/").content.decode()


def test_an_archive_is_gone_after_its_time(api, bobs_api, finished):
    album = Album.objects.create(
        user=finished.user, title="Rooms", reference=finished.master.reference,
        settings=finished.settings,
    )  # fmt: skip
    album.tracks.create(place=0, mix=finished.master.mix, master=finished.master, title="One")
    made = api.post(f"albums/{album.pk}/archives", {})
    work_all()
    AlbumArchive.objects.update(expires=timezone.now() - timedelta(days=1))
    expire_archives()
    for place in (made["Location"], f"{made['Location']}/file"):
        assert code_of(api.get(place)) == (410, "gone")
        assert code_of(bobs_api.get(place)) == (404, "not_found")
