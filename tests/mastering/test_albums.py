"""Albums: mixes in an order toward one direction, their relations kept, one ZIP of all."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import User
from accounts.services import collecting
from dsp.errors import SilentAudio
from mastering import services, tasks
from mastering.errors import (
    AlbumUnready,
    AudioUnusable,
    TooManyTracks,
    Unpaid,
)
from mastering.management.invariants import broken_invariants
from mastering.models import Album, AlbumTrack, Master, Version
from references.models import AudioFile
from references.services import receive_upload
from tests.albums import album, begun, directed, goals, render_all, room, tracks_of, upload
from tests.conftest import member
from tests.mastering.test_credits import credits_of
from tests.studio import MIX, REFERENCE, PlayedEngine, wav

__all__ = ["album", "room"]


# The order


def test_songs_follow_each_other_as_they_came(album: Album):
    assert [(each.place, each.title) for each in tracks_of(album)] == [
        (0, "opener"),
        (1, "ballad"),
        (2, "closer"),
    ]


def test_a_song_is_there_once(album: Album):
    first = tracks_of(album)[0]
    assert services.add_track(album=album, mix=first.mix) == first
    assert len(tracks_of(album)) == 3


def test_a_song_is_moved_by_a_place_or_far_beyond(album: Album):
    services.move_track(track=tracks_of(album)[2], by=-1)
    assert [each.title for each in tracks_of(album)] == ["opener", "closer", "ballad"]
    services.move_track(track=tracks_of(album)[0], by=99)
    assert [each.title for each in tracks_of(album)] == ["closer", "ballad", "opener"]


def test_songs_are_put_in_an_order_at_once(album: Album):
    one, two, three = (each.pk for each in tracks_of(album))
    services.order_tracks(album=album, ids=[three, "trk_of_nobody", one, three])
    assert [each.pk for each in tracks_of(album)] == [three, one, two]


def test_an_album_holds_so_many_songs(
    album: Album, engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mastering.services.albums.MOST_TRACKS", 3)
    with pytest.raises(TooManyTracks):
        services.add_track(album=album, mix=upload(album.user, engine, "more", -20.0))


def test_only_ones_own_usable_mixes_are_taken(album: Album, bob: User, engine: PlayedEngine):
    with pytest.raises(AudioUnusable):
        services.add_track(album=album, mix=upload(bob, engine, "foreign", -20.0))
    engine.refuse(SilentAudio())
    with pytest.raises(AudioUnusable):
        services.add_track(album=album, mix=upload(album.user, engine, "silent", -20.0))
    with pytest.raises(AudioUnusable):
        directed(album, AudioFile.objects.of(bob)[0])


def test_gaps_and_offsets_stay_in_their_ranges(album: Album):
    track = tracks_of(album)[0]
    services.edit_track(track=track, title="Opener", gap_seconds=99.0, offset_lu=-99.0)
    track.refresh_from_db()
    assert (track.title, track.gap_seconds, track.offset_lu) == ("Opener", 30.0, -12.0)


# Loudness


def test_kept_songs_stand_to_each_other_as_their_mixes(album: Album):
    assert goals(album) == [-9.0, -15.0, -11.5]


def test_even_songs_all_have_one_goal(album: Album):
    reference = album.reference
    assert reference is not None
    assert goals(directed(album, reference, mode="even")) == [-9.0] * 3
    assert goals(directed(album, reference, mode="even", loudness=-14.0)) == [-14.0] * 3


def test_a_song_can_be_set_apart(album: Album):
    track = tracks_of(album)[1]
    services.edit_track(track=track, title="ballad", gap_seconds=2.0, offset_lu=1.5)
    assert goals(album) == [-9.0, -13.5, -11.5]


def test_half_the_amount_goes_half_the_way(album: Album):
    reference = album.reference
    assert reference is not None
    assert goals(directed(album, reference, amount=0.35)) == [-13.5, -19.5, -16.0]


def test_nothing_is_asked_that_no_setting_allows(alice: User, engine: PlayedEngine):
    album = begun(alice, engine, loud=-10.0, faint=-50.0)
    assert goals(album) == [-9.0, -30.0]


# Mastering


def test_every_song_becomes_a_master_for_a_credit(
    album: Album, django_capture_on_commit_callbacks: Any
):
    before = credits_of(album.user)
    assert services.cost_of_album(album=album) == 3
    assert len(services.submit_album(album=album)) == 3
    render_all(album, django_capture_on_commit_callbacks)
    masters = [track.master for track in tracks_of(album)]
    assert all(master and master.latest.has_succeeded for master in masters)
    assert credits_of(album.user) == (before[0] - 3, 0)
    asked = [master.latest.settings["loudness"] for master in masters if master]
    assert asked == [-9.0, -15.0, -11.5]
    assert services.cost_of_album(album=album) == 0
    assert broken_invariants(pause_seconds=0.0) == []


def test_what_is_mastered_as_asked_is_not_mastered_again(
    album: Album, engine: PlayedEngine, django_capture_on_commit_callbacks: Any
):
    services.submit_album(album=album)
    assert services.submit_album(album=album) == []
    render_all(album, django_capture_on_commit_callbacks)
    assert services.submit_album(album=album) == []
    track = services.add_track(album=album, mix=upload(album.user, engine, "bonus", -19.0))
    assert services.cost_of_album(album=album) == 1
    assert services.submit_album(album=album) == [track]


def test_another_direction_makes_other_masters(
    album: Album, engine: PlayedEngine, django_capture_on_commit_callbacks: Any
):
    services.submit_album(album=album)
    render_all(album, django_capture_on_commit_callbacks)
    other = upload(album.user, engine, "other direction", -12.0, REFERENCE)
    album = directed(album, other)
    assert services.cost_of_album(album=album) == 3
    assert len(services.submit_album(album=album)) == 3
    assert {track.master.reference for track in tracks_of(album) if track.master} == {other}
    assert Master.objects.count() == 6


def test_a_song_that_is_held_back_lowers_all_until_they_stand_as_their_mixes(
    album: Album, engine: PlayedEngine, django_capture_on_commit_callbacks: Any
):
    engine.reached_lufs = -11.0  # no song gets louder
    services.submit_album(album=album)
    render_all(album, django_capture_on_commit_callbacks)
    reached = [each.master.latest.loudness_lufs for each in tracks_of(album) if each.master]
    assert reached == [-11.0, -17.0, -13.5]
    assert (album.lowered_lu, album.rounds, album.is_settling) == (2.0, 1, False)
    assert [each.master.versions.count() for each in tracks_of(album) if each.master] == [1, 2, 2]
    assert services.submit_album(album=album) == []


def test_even_songs_are_as_loud_as_each_gets(
    album: Album, engine: PlayedEngine, django_capture_on_commit_callbacks: Any
):
    engine.reached_lufs = -11.0
    assert album.reference is not None
    album = directed(album, album.reference, mode="even")
    services.submit_album(album=album)
    render_all(album, django_capture_on_commit_callbacks)
    assert (album.lowered_lu, album.is_settling) == (0.0, False)
    assert services.submit_album(album=album) == []


def test_lowering_ends_however_little_it_helps(
    album: Album, engine: PlayedEngine, django_capture_on_commit_callbacks: Any
):
    engine.reached_lufs = -29.9
    services.submit_album(album=album)
    render_all(album, django_capture_on_commit_callbacks)
    assert not album.is_settling
    assert album.rounds <= 3


def test_a_crash_before_settling_is_healed_by_the_sweep(album: Album, engine: PlayedEngine):
    engine.reached_lufs = -11.0
    services.submit_album(album=album)
    while tasks.render_next():  # and nobody hears that they ended
        pass
    services.settle_albums()
    assert Version.objects.open().count() == 2
    while tasks.render_next():
        pass
    services.settle_albums()
    assert not Album.objects.settling().exists()


def test_one_song_that_fails_holds_nothing_else_up(
    album: Album, engine: PlayedEngine, django_capture_on_commit_callbacks: Any
):
    before = credits_of(album.user)[0]
    services.submit_album(album=album)
    engine.refuse(SilentAudio(), at="render")
    tasks.render_next()
    engine.before = lambda _name: None
    render_all(album, django_capture_on_commit_callbacks)
    states = [each.master.latest.status for each in tracks_of(album) if each.master]
    assert sorted(states) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    assert credits_of(album.user) == (before - 2, 0)
    assert not album.is_settling
    archive = services.request_archive(album=album)
    assert len(archive.content["tracks"]) == 2
    assert len(archive.content["missing"]) == 1
    assert len(services.submit_album(album=album)) == 1


def test_too_few_credits_leave_nothing_behind(db: None, engine: PlayedEngine):
    poor = member("poor@example.com", credits=0)
    levels = {f"song {number}": -20.0 - number for number in range(4)}
    album = begun(poor, engine, **levels)
    with pytest.raises(Unpaid):
        services.submit_album(album=album)
    assert not Master.objects.exists()
    assert [track.master for track in tracks_of(album)] == [None] * 4


@pytest.mark.parametrize("missing", ["songs", "direction", "measures", "time"])
def test_an_album_that_is_not_ready_is_not_mastered(
    missing: str, album: Album, engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch
):
    if missing == "songs":
        AlbumTrack.objects.all().delete()
    elif missing == "direction":
        Album.objects.update(reference=None)
    elif missing == "time":
        monkeypatch.setattr("mastering.services.albums.LONGEST_ALBUM_SECONDS", 40.0)
    else:
        content = ContentFile(wav(0.5), "late.wav")
        late = receive_upload(user=album.user, kind=MIX, file=content)
        services.add_track(album=album, mix=late)
    album.refresh_from_db()
    with pytest.raises(TooManyTracks if missing == "time" else AlbumUnready):
        services.submit_album(album=album)
    assert not Master.objects.exists()


def test_one_mail_tells_of_all_songs(
    album: Album,
    engine: PlayedEngine,
    mailoutbox: Any,
    django_capture_on_commit_callbacks: Any,
):
    engine.reached_lufs = -11.0  # so that some are rendered twice
    services.submit_album(album=album)
    render_all(album, django_capture_on_commit_callbacks)
    (mail,) = mailoutbox
    assert mail.subject == "Your album Nine Rooms is done"
    assert "3 songs are mastered" in mail.body
    assert f"/albums/{album.pk}/" in mail.body


# The ZIP


# What goes, and what stays


def test_mixes_that_nothing_else_needs_go_with_their_song(
    album: Album, django_capture_on_commit_callbacks: Any
):
    mix = tracks_of(album)[0].mix
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_track(track=tracks_of(album)[0])
    assert not AudioFile.objects.filter(pk=mix.pk).exists()
    assert not default_storage.exists(mix.source_key)
    services.delete_album(album=album)
    assert not AudioFile.objects.filter(kind=MIX).exists()


def test_albums_are_in_what_a_person_asks_for(album: Album, bob: User):
    (told,) = albums_told(album.user)
    assert [track["title"] for track in told["tracks"]] == ["opener", "ballad", "closer"]
    assert albums_told(bob) == []


def albums_told(user: User) -> Any:
    """Return the chapter of albums of what a person asks for."""
    chapters: list[Any] = [chapter for _, chapter in collecting.send(sender=None, user=user)]
    return next(each.rows for each in chapters if each.name == "albums")


def test_a_song_of_anothers_is_told_as_broken(album: Album, bob: User, engine: PlayedEngine):
    foreign = upload(bob, engine, "foreign", -20.0)
    AlbumTrack.objects.create(album=album, mix=foreign, place=9, title="x")
    (broken,) = broken_invariants(pause_seconds=0.0)
    assert "another person" in broken
