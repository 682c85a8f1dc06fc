"""Masters of people who leave, or who ask for all that is kept of them."""

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.services import Chapter, collecting, leaving
from mastering.models import (
    Album,
    AlbumArchive,
    Export,
    Master,
    Preview,
    Receipt,
    ReleaseCheck,
    ReleaseTags,
    Version,
)
from references.models import Work


@receiver(leaving)
def end_work(user: User, **_: Any) -> list[str]:
    """End what is open of someone who leaves, and tell which folders go."""
    Version.objects.filter(user=user).cancel()
    Preview.objects.filter(user=user).cancel()
    kinds = (Version, Preview, Export, ReleaseCheck, AlbumArchive)
    rows: list[Work] = [row for kind in kinds for row in kind._default_manager.filter(user=user)]
    return [row.folder for row in (*rows, *ReleaseTags.objects.of(user))]


@receiver(collecting)
def collect(user: User, **_: Any) -> Chapter:
    """Return a person's masters with their versions, and the files of those."""
    masters, files = [], {}
    for master in Master.objects.of(user).with_versions():
        masters.append(
            {
                "id": master.pk,
                "title": master.title,
                "created": master.created,
                "mix": master.mix_id,
                "reference": master.reference_id,
                "frozen_from": master.frozen_from_id,
                "versions": [_told(version) for version in master.versions.all()],
            }
        )
        for version in master.versions.all():
            for name in version.outputs:
                files[f"masters/{master.pk}/v{version.number}/{name}"] = version.key(name)
    return Chapter("masters", masters, files)


@receiver(collecting)
def collect_receipts(user: User, **_: Any) -> Chapter:
    """Return what was deleted of a person's since their plan kept it no longer."""
    told = ("subject", "title", "reason", "kept_days", "last_used", "told", "due", "deleted")
    return Chapter("receipts", list(Receipt.objects.of(user).values(*told, "files")))


@receiver(collecting)
def collect_albums(user: User, **_: Any) -> Chapter:
    """Return a person's albums; their songs' files stand with the masters."""
    albums = [_told_album(album) for album in Album.objects.of(user).with_tracks()]
    return Chapter("albums", albums, {})


def _told_album(album: Album) -> dict[str, Any]:
    told = ("id", "title", "artist", "mode", "settings", "lowered_lu", "created")
    of_track = ("title", "gap_seconds", "offset_lu", "mix_id", "master_id")
    return {
        **{name: getattr(album, name) for name in told},
        "direction": album.reference_id,
        "tracks": [
            {name: getattr(track, name) for name in of_track} for track in album.tracks.all()
        ],
    }


def _told(version: Version) -> dict[str, Any]:
    told = ("id", "number", "status", "settings", "report", "provenance", "error_code")
    times = ("created", "started", "finished")
    return {name: getattr(version, name) for name in (*told, *times)}
