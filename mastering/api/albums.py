"""Albums: gathered, put in order, mastered as one, and packed."""

from typing import Any

from django.http import HttpResponseBase
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.errors import NotReady
from accounts.rest import ApiRequest, Raw, describe, idempotent, listed, page_of
from accounts.rest.paging import Page
from billing.http import credits_left
from mastering import services
from mastering.api.found import MasteringView
from mastering.errors import MasterRefused
from mastering.models import Album, AlbumArchive, AlbumTrack
from mastering.serializers.albums import (
    AlbumChanges,
    AlbumDetailShape,
    AlbumForm,
    AlbumQuote,
    AlbumShape,
    ArchiveForm,
    ArchiveShape,
    SongChanges,
    SongForm,
    SubmitForm,
)
from mastering.serializers.settings import settings_from
from mastering.sets import SongResult, results_of
from references.http import deliver
from references.services import clean_filename


class AlbumApiView(MasteringView):
    """What endpoints of albums share."""

    resource = "albums"

    @property
    def albums(self) -> Any:
        return Album.objects.of(self.request.user).of_mode(is_test=self.is_test)

    def album(self, album_id: str) -> Album:
        album: Album = self.find(self.albums, album_id)
        return album

    def song(self, album_id: str, song_id: str) -> AlbumTrack:
        mine = AlbumTrack.objects.of(self.request.user).filter(album__is_test=self.is_test)
        return self.find(mine, song_id, album=album_id)

    def archive(self, album_id: str, archive_id: str) -> AlbumArchive:
        mine = AlbumArchive.objects.of(self.request.user).filter(album__is_test=self.is_test)
        return self.find(mine, archive_id, album=album_id)

    def direct(self, album: Album, said: dict[str, Any]) -> None:
        """Change what is said of where an album is to go; the rest stays."""
        reference = album.reference
        if "reference" in said:
            named = said["reference"]
            reference = self.track_toward(named) if named else None
        services.direct_album(
            album=album,
            reference=reference,
            mode=said.get("loudness", album.mode),
            settings=settings_from(said.get("settings"), based_on=album.chosen),
            title=said.get("title", album.title),
            artist=said.get("artist", album.artist),
        )

    def shown(self, album_id: str) -> dict[str, Any]:
        album = self.find(self.albums.with_tracks(), album_id)
        results = results_of(album)
        songs = [_song(number, each) for number, each in enumerate(results.songs, start=1)]
        return self.show(AlbumShape, album) | {"is_open": results.is_open, "songs": songs}


class AlbumsView(AlbumApiView):
    @describe("List albums", listed(AlbumShape), query=Page)
    def get(self, request: ApiRequest) -> Response:
        return page_of(self, self.albums, lambda album: self.show(AlbumShape, album))

    @describe(
        "Create an album",
        AlbumDetailShape,
        status=201,
        request=AlbumForm,
        once=True,
        errors=(404, 409),
        description="With as much as is known of it by now; nothing is mastered yet.",
    )
    @idempotent()
    def post(self, request: ApiRequest) -> Response:
        said = self.read(AlbumForm)
        album = services.create_album(
            user=request.user,
            title=said["title"],
            artist=said.get("artist", ""),
            is_test=self.is_test,
        )
        self.direct(album, said)
        for mix in said.get("mixes", ()):
            services.add_track(album=album, mix=self.mix(mix))
        headers = {"Location": reverse("api:album", args=[album.pk])}
        return Response(self.shown(album.pk), status=201, headers=headers)


class AlbumView(AlbumApiView):
    @describe("Read an album", AlbumDetailShape, errors=(404,))
    def get(self, request: ApiRequest, album_id: str) -> Response:
        return Response(self.shown(album_id))

    @describe(
        "Change an album",
        AlbumDetailShape,
        request=AlbumChanges,
        errors=(404, 409),
        description="What is mastered already stays as it is until the album is submitted again.",
    )
    def patch(self, request: ApiRequest, album_id: str) -> Response:
        album, said = self.album(album_id), self.read(AlbumChanges)
        self.direct(album, said)
        if "order" in said:
            services.order_tracks(album=album, ids=said["order"])
        return Response(self.shown(album_id))

    @describe(
        "Delete an album", status=204, errors=(404,), description="Its masters stay; its ZIPs go."
    )
    def delete(self, request: ApiRequest, album_id: str) -> Response:
        services.delete_album(album=self.album(album_id))
        return Response(status=204)


class AlbumSongsView(AlbumApiView):
    @describe(
        "Add a song to an album",
        AlbumDetailShape,
        status=201,
        request=SongForm,
        once=True,
        errors=(404, 409),
        description="At its end; a mix that is there already is not added twice.",
    )
    @idempotent()
    def post(self, request: ApiRequest, album_id: str) -> Response:
        album, said = self.album(album_id), self.read(SongForm)
        services.add_track(album=album, mix=self.mix(said["mix"]), title=said.get("title", ""))
        headers = {"Location": reverse("api:album", args=[album_id])}
        return Response(self.shown(album_id), status=201, headers=headers)


class AlbumSongView(AlbumApiView):
    @describe("Change a song of an album", AlbumDetailShape, request=SongChanges, errors=(404,))
    def patch(self, request: ApiRequest, album_id: str, song_id: str) -> Response:
        song, said = self.song(album_id, song_id), self.read(SongChanges)
        names = ("title", "gap_seconds", "offset_lu")
        was: dict[str, Any] = {name: getattr(song, name) for name in names}
        services.edit_track(track=song, **(was | said))
        return Response(self.shown(album_id))

    @describe(
        "Delete a song of an album", status=204, errors=(404,), description="Its master stays."
    )
    def delete(self, request: ApiRequest, album_id: str, song_id: str) -> Response:
        services.remove_track(track=self.song(album_id, song_id))
        return Response(status=204)


class AlbumSubmitView(AlbumApiView):
    @describe(
        "Submit an album",
        AlbumDetailShape,
        status=202,
        also={200: AlbumQuote},
        request=SubmitForm,
        once=True,
        errors=(402, 404, 409, 429, 503),
        description=(
            "Masters what is not as the album says by now, all of it or nothing; a song costs as "
            "its pair does. With `dry_run` nothing is made, and the answer is a 200 with the cost."
        ),
    )
    @idempotent()
    def post(self, request: ApiRequest, album_id: str) -> Response:
        album, said = self.album(album_id), self.read(SubmitForm)
        if said["dry_run"]:
            return Response(_quote(self, album))
        services.submit_album(album=album)
        headers = {"Location": reverse("api:album", args=[album_id]), "Retry-After": "2"}
        return Response(self.shown(album_id), status=202, headers=headers)


class AlbumArchivesView(AlbumApiView):
    @describe("List the archives of an album", listed(ArchiveShape), query=Page, errors=(404,))
    def get(self, request: ApiRequest, album_id: str) -> Response:
        rows = AlbumArchive.objects.of(request.user).filter(album=self.album(album_id))
        return page_of(self, rows, lambda row: self.show(ArchiveShape, row))

    @describe(
        "Create an archive of an album",
        ArchiveShape,
        status=202,
        request=ArchiveForm,
        once=True,
        errors=(404, 409, 429, 503),
        description="A ZIP of what is finished, with order and gaps; asked again, the same one.",
    )
    @idempotent()
    def post(self, request: ApiRequest, album_id: str) -> Response:
        album, said = self.album(album_id), self.read(ArchiveForm)
        made = services.request_archive(album=album, format_code=said["format"])
        place = reverse("api:album-archive", args=[album_id, made.pk])
        headers = {"Location": place, "Retry-After": "2"}
        shown = self.show(ArchiveShape, self.archive(album_id, made.pk))
        return Response(shown, status=202, headers=headers)


class AlbumArchiveView(AlbumApiView):
    @describe("Read an archive of an album", ArchiveShape, errors=(404, 410))
    def get(self, request: ApiRequest, album_id: str, archive_id: str) -> Response:
        return Response(self.show(ArchiveShape, self.archive(album_id, archive_id)))


class AlbumArchiveFileView(AlbumApiView):
    @describe(
        "Download an archive of an album",
        Raw("The ZIP.", "application/zip", redirects=True),
        errors=(404, 409, 410),
    )
    def get(self, request: ApiRequest, album_id: str, archive_id: str) -> HttpResponseBase:
        archive = self.archive(album_id, archive_id)
        name = archive.file_name
        if not archive.has_succeeded or name is None:
            raise NotReady
        title = " – ".join(filter(None, (archive.content["artist"], archive.content["title"])))
        return deliver(
            request._request,
            archive.key(name),
            sha256=archive.outputs[name]["sha256"],
            download_as=clean_filename(f"{title.replace('/', '-')}.zip"),
        )


def _song(number: int, result: SongResult) -> dict[str, Any]:
    track, version = result.track, result.version
    return {
        "id": track.pk,
        "number": number,
        "mix": track.mix_id,
        "title": track.title,
        "gap_seconds": track.gap_seconds,
        "offset_lu": track.offset_lu,
        "master": track.master_id,
        "version": version and version.pk,
        "status": version and version.status.lower(),
        "progress": version.progress if version else 0.0,
        "error_code": (version and version.error_code) or None,
        "goal_lufs": result.goal_lufs,
        "loudness_lufs": version and version.loudness_lufs,
        "off_lu": result.off_lu,
        "is_as_asked": result.is_as_asked,
    }


def _quote(view: AlbumApiView, album: Album) -> dict[str, Any]:
    cost, available = services.cost_of_album(album=album), credits_left(view.request.user)
    try:
        services.goals_of(album, list(album.tracks.select_related("mix")))
        is_ready = True
    except MasterRefused:
        is_ready = False
    return {
        "dry_run": True,
        "would_be_accepted": is_ready and cost <= available,
        "cost": {"credits": cost, "available": available},
    }
