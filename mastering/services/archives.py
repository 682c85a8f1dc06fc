"""The ZIP of an album: its masters in one format, their order and their gaps."""

from typing import Any

from django.db import transaction

from dsp.settings import ENGINE_VERSION
from mastering.errors import NotExportable
from mastering.models import Album, AlbumArchive, ReleaseTags
from mastering.services.kept import (
    delete_kept,
    delete_stored,
    digest_of,
    expiry,
    kept_of,
    refuse_if_too_many,
)
from references.services import ring

ALBUM_FORMATS = ("wav24", "wav16", "flac24", "aiff24", "mp3-320")


def request_archive(*, album: Album, format_code: str = "wav24") -> AlbumArchive:
    """Queue the ZIP of what is mastered of an album; the same asked for again is the one made.

    A song that is not finished is left out, and named as missing.

    Raises
    ------
    NotExportable, TooManyExports, Busy
    """
    if format_code not in ALBUM_FORMATS:
        raise NotExportable
    with transaction.atomic():
        Album.objects.select_for_update().get(pk=album.pk)
        content = _content_of(album)
        if not content["tracks"]:
            raise NotExportable
        digest = digest_of(content=content, format=format_code)
        if known := kept_of(AlbumArchive.objects.filter(album=album, request_sha256=digest)):
            return known
        refuse_if_too_many(AlbumArchive, album.user)
        archive = AlbumArchive.objects.create(
            user=album.user,
            album=album,
            format=format_code,
            content=content,
            request_sha256=digest,
            expires=expiry(),
            engine_version=ENGINE_VERSION,
        )
        ring()
    return archive


def expire_archives() -> int:
    """Delete what was kept long enough."""
    return delete_kept(AlbumArchive.objects.expired(), is_over=True)


def delete_archives(*, album: Album) -> None:
    """Delete the stored files of an album's ZIPs, once its rows are gone."""
    delete_stored(album.archives.all())


def _content_of(album: Album) -> dict[str, Any]:
    """Return all that decides a ZIP's bytes, beside the format."""
    tracks: list[dict[str, Any]] = []
    missing: list[str] = []
    for track in album.tracks.select_related("mix", "master__current"):
        version = track.version
        if track.master is None or version is None or not version.has_succeeded:
            missing.append(track.title)
            continue
        tags = ReleaseTags.objects.in_use(track.master)
        tracks.append(
            {
                "title": track.title,
                "version": version.pk,
                "master": track.master.pk,
                "number": version.number,
                "gap_seconds": track.gap_seconds,
                "seconds": track.mix.duration_seconds or 0.0,
                "rate_hz": track.mix.rate_hz,
                "mix_lufs": track.mix.loudness_lufs,
                "master_lufs": version.loudness_lufs,
                "true_peak_dbtp": version.true_peak_dbtp,
                "texts": _texts(album, track.title, tags),
                "tags": tags and tags.pk,
            }
        )
    return {
        "album": album.pk,
        "title": album.title,
        "artist": album.artist,
        "mode": album.mode,
        "direction": album.reference.title if album.reference else "",
        "tracks": tracks,
        "missing": missing,
    }


def _texts(album: Album, title: str, tags: ReleaseTags | None) -> dict[str, str]:
    """Return the tags of a song: its own where there are any, else the album's."""
    usual = {"title": title, "artist": album.artist, "album": album.title, "isrc": ""}
    own = {name: text for name, text in tags.texts.items() if text} if tags else {}
    return usual | own
