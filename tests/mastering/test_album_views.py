"""Pages of albums, of frozen settings, and of several references on one mix."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dsp.settings import MasterSettings
from mastering import services, tasks
from mastering.models import Album, AlbumArchive, AlbumTrack, Master, Version
from references.models import AudioFile
from tests.albums import album, begun, render_all, room, tracks_of, upload
from tests.conftest import browser_of, member
from tests.mastering.pages import CHOSEN
from tests.mastering.test_album_zips import mastered, packed
from tests.mastering.test_frozen import another
from tests.studio import REFERENCE, PlayedEngine, content_of, wav, wav_file

__all__ = ["album", "mastered", "room"]
ALBUMS = reverse("mastering:albums")


def page(name: str, album: Album, *more: str) -> str:
    return reverse(f"mastering:{name}", args=[album.pk, *more])


def direction(album: Album, **changed: str) -> dict[str, str]:
    said = {"title": album.title, "artist": "Lore", "mode": "keep"}
    return CHOSEN | said | {"reference": album.reference_id or ""} | changed


# Albums


def test_an_album_is_begun_and_listed(as_alice: Client, alice: User):
    answer = as_alice.post(ALBUMS, {"title": "Nine Rooms", "artist": "Lore"})
    made = Album.objects.get(user=alice)
    assert answer["Location"] == page("album", made)
    assert "Nine Rooms" in as_alice.get(ALBUMS).content.decode()
    assert as_alice.post(ALBUMS, {"title": ""}).status_code == 422


def test_songs_are_sent_several_at_once(as_alice: Client, alice: User, engine: PlayedEngine):
    made = services.create_album(user=alice, title="Nine Rooms")
    files = [
        SimpleUploadedFile(f"song {number}.wav", wav(0.01 + 0.001 * number)) for number in range(3)
    ]
    answer = as_alice.post(page("album-songs", made), {"files": files})
    assert answer["Location"] == page("album", made)
    assert [track.title for track in tracks_of(made)] == ["song 0", "song 1", "song 2"]


def test_scripts_are_told_what_was_not_taken(
    as_alice: Client, alice: User, engine: PlayedEngine, settings: Any
):
    made = services.create_album(user=alice, title="Nine Rooms")
    scripted = {"Accept": "application/json"}
    address = page("album-songs", made)
    assert as_alice.post(address, {"files": wav_file()}, headers=scripted).status_code == 201
    settings.MAX_OPEN_UPLOADS_PER_PERSON = 1
    answer = as_alice.post(address, {"files": wav_file("later.wav", wav(0.03))}, headers=scripted)
    assert answer.status_code == 409
    (refusal,) = answer.json()["refusals"]
    assert refusal["code"] == "too_many_uploads"
    assert refusal["text"].startswith("later.wav: ")
    shown = as_alice.post(address, {"files": wav_file("text.wav", b"no sound")}, follow=True)
    assert "text.wav" in shown.content.decode()


def test_mixes_that_are_there_are_added(as_alice: Client, finished: Version):
    made = services.create_album(user=finished.user, title="Nine Rooms")
    mixes = [finished.master.mix_id, "aud_of_nobody"]
    as_alice.post(page("album-songs", made), {"mixes": mixes})
    assert [track.mix for track in tracks_of(made)] == [finished.master.mix]


def test_an_album_is_mastered_from_its_page(
    as_alice: Client, album: Album, django_capture_on_commit_callbacks: Any
):
    assert "3 credits" in as_alice.get(page("album", album)).content.decode()
    answer = as_alice.post(page("album", album), direction(album, then="master"))
    assert answer["Location"] == page("album", album)
    assert Master.objects.count() == 3
    status = as_alice.get(page("album-status", album))
    assert "HX-Refresh" not in status
    assert "hx-get" in status.content.decode()
    render_all(album, django_capture_on_commit_callbacks)
    done = as_alice.get(page("album-status", album))
    assert done["HX-Refresh"] == "true"
    shown = as_alice.get(page("album", album)).content.decode()
    assert "Free: every song is paid" in shown
    assert shown.count('data-severity="good">done') == 3
    again = as_alice.post(page("album", album), direction(album, then="master"), follow=True)
    assert "mastered as it says already" in again.content.decode()


def test_a_direction_is_kept_without_mastering(as_alice: Client, album: Album):
    as_alice.post(page("album", album), direction(album, mode="even", then="keep"))
    album.refresh_from_db()
    assert album.mode == Album.Mode.EVEN
    assert not Master.objects.exists()


@pytest.mark.parametrize(
    "changed", [{"mode": "odd"}, {"title": ""}, {"reference": "aud_of_nobody"}, {"amount": "999"}]
)
def test_a_direction_that_is_none_is_told(as_alice: Client, album: Album, changed: dict[str, str]):
    answer = as_alice.post(page("album", album), direction(album, **changed, then="master"))
    assert answer.status_code == 422
    assert not Master.objects.exists()


def test_without_a_direction_nothing_is_mastered(as_alice: Client, album: Album):
    answer = as_alice.post(page("album", album), direction(album, reference="", then="master"))
    assert answer.status_code == 422
    assert "not ready" in answer.content.decode() or "direction" in answer.content.decode()


def test_without_credits_the_page_says_so_and_keeps_all(db: None, engine: PlayedEngine):
    poor = member("poor@example.com", credits=0)
    made = begun(poor, engine, **{f"song {number}": -20.0 for number in range(4)})
    answer = browser_of(poor).post(page("album", made), direction(made, then="master"))
    assert answer.status_code == 402
    assert "no credits left" in answer.content.decode()
    assert not Master.objects.exists()


def test_songs_are_moved_by_buttons_and_by_dragging(as_alice: Client, album: Album):
    one, two, three = (track.pk for track in tracks_of(album))
    as_alice.post(page("song-move", album, two), {"to": "up"})
    assert [track.pk for track in tracks_of(album)] == [two, one, three]
    as_alice.post(page("song-move", album, two), {"to": "down"})
    assert [track.pk for track in tracks_of(album)] == [one, two, three]
    answer = as_alice.post(page("album-order", album), {"song": [three, one, two]})
    assert answer.status_code == 204
    assert [track.pk for track in tracks_of(album)] == [three, one, two]


def test_a_song_is_named_and_given_its_silence(as_alice: Client, album: Album):
    track = tracks_of(album)[0]
    said = {"title": "Door", "gap_seconds": "0.5", "offset_lu": "-1.5"}
    as_alice.post(page("song-edit", album, track.pk), said)
    track.refresh_from_db()
    assert (track.title, track.gap_seconds, track.offset_lu) == ("Door", 0.5, -1.5)
    wrong = said | {"gap_seconds": "99"}
    answer = as_alice.post(page("song-edit", album, track.pk), wrong, follow=True)
    assert "30" in answer.content.decode()
    track.refresh_from_db()
    assert track.gap_seconds == 0.5


def test_a_song_and_an_album_are_taken_away(as_alice: Client, album: Album):
    as_alice.post(page("song-remove", album, tracks_of(album)[0].pk))
    assert len(tracks_of(album)) == 2
    answer = as_alice.post(page("album-delete", album))
    assert answer["Location"] == ALBUMS
    assert not Album.objects.exists()


def test_the_zip_is_made_and_fetched(as_alice: Client, mastered: Album):
    as_alice.post(page("album-archives", mastered), {"format": "flac24"})
    archive = AlbumArchive.objects.get()
    address = page("album-archive", mastered, archive.pk)
    assert as_alice.get(address).status_code == 404
    tasks.pack_next()
    assert address in as_alice.get(page("album", mastered)).content.decode()
    answer = as_alice.get(address)
    assert answer["Content-Disposition"].startswith("attachment")
    assert content_of(answer) == b"PK"
    told = as_alice.post(page("album-archives", mastered), {"format": "exe"}, follow=True)
    assert "at least one format" in told.content.decode()


def test_strangers_find_nothing_of_an_album(as_bob: Client, mastered: Album):
    archive = packed(mastered)
    track = tracks_of(mastered)[0].pk
    order = [each.pk for each in tracks_of(mastered)]
    for method, name, more in (
        ("get", "album", ()),
        ("post", "album", ()),
        ("get", "album-status", ()),
        ("post", "album-songs", ()),
        ("post", "album-order", ()),
        ("post", "album-delete", ()),
        ("post", "album-archives", ()),
        ("get", "album-archive", (archive.pk,)),
        ("post", "song-move", (track,)),
        ("post", "song-edit", (track,)),
        ("post", "song-remove", (track,)),
    ):
        answer = getattr(as_bob, method)(page(name, mastered, *more), {"song": order[::-1]})
        assert answer.status_code == 404, name
    assert [each.pk for each in tracks_of(mastered)] == order
    assert "Nine Rooms" not in as_bob.get(ALBUMS).content.decode()


def test_a_strangers_reference_is_no_direction(
    as_bob: Client, bob: User, album: Album, engine: PlayedEngine
):
    own = begun(bob, engine, mine=-20.0)
    foreign = direction(own, reference=str(album.reference_id), then="master")
    assert as_bob.post(page("album", own), foreign).status_code == 422
    as_bob.post(page("album-songs", own), {"mixes": [tracks_of(album)[0].mix_id]})
    assert AlbumTrack.objects.filter(album=own).count() == 1


def test_a_song_of_another_album_is_not_found_under_this_one(
    as_alice: Client, album: Album, alice: User
):
    other = services.create_album(user=alice, title="Other")
    track = tracks_of(album)[0].pk
    assert as_alice.post(page("song-move", other, track), {"to": "up"}).status_code == 404


# Frozen settings


def apply_page(version: Version) -> str:
    return reverse("mastering:apply", args=[version.master_id, version.number])


def test_a_new_file_gets_the_exact_processing(as_alice: Client, finished: Version):
    shown = as_alice.get(apply_page(finished)).content.decode()
    assert "5 of 5" in shown
    sent = {"file": wav_file("instrumental.wav", wav(0.02))}
    answer = as_alice.post(apply_page(finished), sent)
    made = Master.objects.frozen().get()
    assert answer["Location"] == reverse("mastering:detail", args=[made.pk])
    tasks.work()
    tasks.work()
    result = as_alice.get(answer["Location"]).content.decode()
    assert "Frozen settings" in result
    assert "This file lasts 0:12.0, the mix of the master 0:16.0" in result
    assert "Render this version" not in result


def test_a_file_that_is_there_can_be_chosen(as_alice: Client, finished: Version):
    mix = another(finished.user)
    as_alice.post(apply_page(finished), {"mix": mix.pk})
    assert Master.objects.frozen().get().mix == mix


@pytest.mark.parametrize("sent", [{}, {"mix": "aud_of_nobody"}])
def test_without_a_file_nothing_is_applied(
    as_alice: Client, finished: Version, sent: dict[str, str]
):
    assert as_alice.post(apply_page(finished), sent).status_code == 422
    assert not Master.objects.frozen().exists()


def test_a_file_that_is_no_audio_is_told(as_alice: Client, finished: Version):
    answer = as_alice.post(apply_page(finished), {"file": wav_file("x.wav", b"nothing")})
    assert answer.status_code == 422
    assert not Master.objects.frozen().exists()


def test_once_all_are_made_nothing_more_is_stored(
    as_alice: Client, finished: Version, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mastering.services.frozen.MOST_FROZEN", 0)
    count = AudioFile.objects.count()
    answer = as_alice.post(apply_page(finished), {"file": wav_file("i.wav", wav(0.02))})
    assert answer.status_code == 422
    assert AudioFile.objects.count() == count


def test_strangers_apply_nothing(as_bob: Client, finished: Version):
    assert as_bob.get(apply_page(finished)).status_code == 404
    assert as_bob.post(apply_page(finished), {"file": wav_file()}).status_code == 404


def test_other_settings_of_a_frozen_master_are_refused(as_alice: Client, finished: Version):
    made = services.apply_frozen(version=finished, mix=another(finished.user))
    tasks.render_next()
    address = reverse("mastering:versions", args=[made.pk])
    answer = as_alice.post(address, CHOSEN | {"amount": "10"}, follow=True)
    assert "exactly the processing" in answer.content.decode()
    assert made.versions.count() == 1


# Several references on one mix


@pytest.fixture
def references(finished: Version, engine: PlayedEngine) -> list[AudioFile]:
    user = finished.user
    return [upload(user, engine, f"reference {n}", -9.0 - n, REFERENCE) for n in range(5)]


def test_one_submit_masters_toward_several(
    as_alice: Client, finished: Version, references: list[AudioFile]
):
    mix = another(finished.user, "song.wav")
    sent = CHOSEN | {"mix": mix.pk, "reference": references[0].pk}
    offered = as_alice.get(reverse("mastering:new"), {"mix": mix.pk}).content.decode()
    assert "Several references" in offered
    answer = as_alice.post(
        reverse("mastering:new"), sent | {"more": [each.pk for each in references[1:]]}
    )
    masters = list(Master.objects.filter(mix=mix).order_by("created"))
    assert {each.reference for each in masters} == set(references)
    assert len({each.pair for each in masters}) == 5
    assert answer["Location"].endswith("/matrix/")
    status = reverse("mastering:matrix-status", args=[masters[0].pk])
    assert "HX-Refresh" not in as_alice.get(status, {"waiting": "5"})
    tasks.render_next()
    assert as_alice.get(status, {"waiting": "5"})["HX-Refresh"] == "true"


def test_more_than_five_references_are_refused_and_nothing_begins(
    as_alice: Client, finished: Version, references: list[AudioFile]
):
    mix = another(finished.user, "song.wav")
    first = finished.master.reference_id
    sent = {"mix": mix.pk, "reference": first, "more": [each.pk for each in references]}
    answer = as_alice.post(reverse("mastering:new"), CHOSEN | sent)
    assert answer.status_code == 422
    assert "At most five" in answer.content.decode()
    assert not Master.objects.filter(mix=mix).exists()


def test_without_credits_for_all_none_is_begun(db: None, engine: PlayedEngine):
    poor = member("poor@example.com", credits=0)
    mix = another(poor, "song.wav")
    toward = [upload(poor, engine, f"r {n}", -9.0, REFERENCE) for n in range(4)]
    sent = {"mix": mix.pk, "reference": toward[0].pk, "more": [each.pk for each in toward[1:]]}
    answer = browser_of(poor).post(reverse("mastering:new"), CHOSEN | sent)
    assert answer.status_code == 402
    assert not Master.objects.exists()


def test_a_strangers_references_are_not_mastered_toward(
    as_bob: Client, bob: User, references: list[AudioFile], engine: PlayedEngine
):
    mix = another(bob, "song.wav")
    own = upload(bob, engine, "mine", -9.0, REFERENCE)
    sent = {"mix": mix.pk, "reference": own.pk, "more": [references[0].pk]}
    assert as_bob.post(reverse("mastering:new"), CHOSEN | sent).status_code == 422
    assert not Master.objects.filter(user=bob).exists()


def test_the_matrix_tells_prices_before_the_button(
    as_alice: Client, finished: Version, references: list[AudioFile]
):
    address = reverse("mastering:matrix", args=[finished.master_id])
    shown = as_alice.get(address).content.decode()
    assert shown.count('data-cost="1"') == 5
    assert "up to 4 more" in shown
    services.submit_siblings(
        master=finished.master, references=references[:4], settings=MasterSettings()
    )
    assert "Five references on one mix are compared" in as_alice.get(address).content.decode()


def test_strangers_see_no_matrix(as_bob: Client, finished: Version):
    for name in ("matrix", "matrix-status"):
        address = reverse(f"mastering:{name}", args=[finished.master_id])
        assert as_bob.get(address).status_code == 404


def test_references_without_sound_play_no_reference(
    as_alice: Client, finished: Version, references: list[AudioFile]
):
    AudioFile.objects.filter(pk=finished.master.reference_id).update(sound=AudioFile.Sound.NONE)
    shown = as_alice.get(reverse("mastering:detail", args=[finished.master_id]))
    keys = [source["key"] for source in shown.context["player"]["sources"]]
    assert keys == ["original", "master"]
