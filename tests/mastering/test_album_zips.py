"""One ZIP of an album: its songs in order, with their gaps and tags."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from dsp.formats import WRITABLE
from mastering import services, tasks
from mastering.errors import (
    NotExportable,
    TooManyExports,
)
from mastering.management.invariants import broken_invariants
from mastering.models import Album, AlbumArchive, Master, Version
from references.models import AudioFile
from tests.albums import album, render_all, room, tracks_of
from tests.studio import MIX, PlayedEngine

__all__ = ["album", "room"]


@pytest.fixture
def mastered(album: Album, engine: PlayedEngine, django_capture_on_commit_callbacks: Any) -> Album:
    services.submit_album(album=album)
    render_all(album, django_capture_on_commit_callbacks)
    return album


def packed(album: Album, format_code: str = "wav24") -> AlbumArchive:
    archive = services.request_archive(album=album, format_code=format_code)
    tasks.pack_next()
    return AlbumArchive.objects.get(pk=archive.pk)


def test_the_zip_holds_songs_in_order_with_their_gaps(mastered: Album, engine: PlayedEngine):
    first, _second, third = tracks_of(mastered)
    services.edit_track(track=third, title='The "Closer"', gap_seconds=3.5, offset_lu=0.0)
    services.order_tracks(album=mastered, ids=[third.pk, first.pk])
    archive = packed(mastered)
    assert archive.has_succeeded
    names = ["01 The 'Closer'.wav", "02 opener.wav", "03 ballad.wav"]
    assert set(engine.packed) == {*names, "manifest.json", "track-list.txt", "album.cue"}
    manifest = json.loads(engine.packed["manifest.json"])
    assert [song["file"] for song in manifest["tracks"]] == names
    assert [song["start_seconds"] for song in manifest["tracks"]] == [0.0, 19.5, 37.5]
    assert [song["gap_after_seconds"] for song in manifest["tracks"]] == [3.5, 2.0, 0.0]
    assert manifest["total_seconds"] == 53.5
    relations = [(s["under_loudest_lu"], s["mix_under_loudest_lu"]) for s in manifest["tracks"]]
    assert relations == [(2.5, 2.5), (0.0, 0.0), (6.0, 6.0)]
    assert (manifest["title"], manifest["loudness"]) == ("Nine Rooms", "keep")
    cue = engine.packed["album.cue"].decode()
    assert 'TRACK 02 AUDIO\r\n    TITLE "opener"' in cue
    assert "PREGAP 00:03:37" in cue
    assert cue.count("PREGAP") == 2
    listed = engine.packed["track-list.txt"].decode()
    assert "02  0:20  opener" in listed
    assert engine.tags[-1][0] == {
        "title": "ballad", "artist": "Lore", "album": "Nine Rooms", "isrc": "",
    }  # fmt: skip
    assert broken_invariants(pause_seconds=0.0) == []


def test_the_same_zip_asked_for_again_is_the_one_that_was_made(mastered: Album):
    first = packed(mastered)
    assert services.request_archive(album=mastered) == first
    assert services.request_archive(album=mastered, format_code="flac24") != first
    services.move_track(track=tracks_of(mastered)[0], by=1)
    assert services.request_archive(album=mastered) != first


def test_a_songs_own_tags_come_before_the_albums(mastered: Album, engine: PlayedEngine):
    track = tracks_of(mastered)[0]
    texts = {"title": "", "artist": "Guest", "album": "", "isrc": "DEA012345678"}
    assert track.master is not None
    services.save_tags(master=track.master, texts=texts)
    packed(mastered)
    assert engine.tags[0][0] == texts | {"title": "opener", "album": "Nine Rooms"}


def test_a_version_deleted_meanwhile_is_told_as_missing(mastered: Album, engine: PlayedEngine):
    archive = services.request_archive(album=mastered)
    master = tracks_of(mastered)[1].master
    assert master is not None
    services.delete_master(master=master)
    tasks.pack_next()
    archive.refresh_from_db()
    assert archive.has_succeeded
    assert json.loads(engine.packed["manifest.json"])["missing"] == ["ballad"]
    assert len(tracks_of(mastered)) == 3  # the album still has its mix


def test_what_cannot_be_packed_is_refused(album: Album, mastered: Album, settings: Any):
    with pytest.raises(NotExportable):
        services.request_archive(album=mastered, format_code="exe")
    settings.MAX_OPEN_EXPORTS_PER_PERSON = 0
    with pytest.raises(TooManyExports):
        services.request_archive(album=mastered)
    Version.objects.all().delete()
    Master.objects.all().delete()
    with pytest.raises(NotExportable):
        services.request_archive(album=mastered)


def test_a_zip_goes_when_its_time_is_over(mastered: Album, django_capture_on_commit_callbacks: Any):
    archive = packed(mastered)
    key = archive.key("album.zip")
    assert default_storage.exists(key)
    assert services.expire_archives() == 0
    AlbumArchive.objects.update(expires=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert services.expire_archives() == 1
    assert not default_storage.exists(key)


def test_every_format_on_offer_can_be_written():
    assert set(services.ALBUM_FORMATS) <= set(WRITABLE)


def test_an_album_goes_with_its_zips_and_leaves_the_masters(
    mastered: Album, django_capture_on_commit_callbacks: Any
):
    key = packed(mastered).key("album.zip")
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_album(album=mastered)
    assert not Album.objects.exists()
    assert not default_storage.exists(key)
    assert Master.objects.count() == 3
    assert AudioFile.objects.filter(kind=MIX).count() == 3
