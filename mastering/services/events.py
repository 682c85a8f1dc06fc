"""Events of what workers did: each written in the very move that ended the work."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from django.dispatch import receiver

from accounts.models import EventType
from accounts.services import record
from mastering.models import AlbumArchive, Export, ReleaseCheck, Version
from references.models import AudioFile, Settled, Work, settled

W = TypeVar("W", bound=Work)

TYPES: Final[Mapping[tuple[type[Work], str], EventType]] = {
    (AudioFile, AudioFile.Status.READY): EventType.AUDIO_READY,
    (AudioFile, AudioFile.Status.REJECTED): EventType.AUDIO_REJECTED,
    (Version, Version.Status.SUCCEEDED): EventType.MASTER_SUCCEEDED,
    (Version, Version.Status.FAILED): EventType.MASTER_FAILED,
    (Version, Version.Status.CANCELED): EventType.MASTER_CANCELED,
    (Export, Export.Status.SUCCEEDED): EventType.EXPORT_SUCCEEDED,
    (Export, Export.Status.FAILED): EventType.EXPORT_FAILED,
    (ReleaseCheck, ReleaseCheck.Status.SUCCEEDED): EventType.CHECK_SUCCEEDED,
    (ReleaseCheck, ReleaseCheck.Status.FAILED): EventType.CHECK_FAILED,
    (AlbumArchive, AlbumArchive.Status.SUCCEEDED): EventType.ARCHIVE_SUCCEEDED,
    (AlbumArchive, AlbumArchive.Status.FAILED): EventType.ARCHIVE_FAILED,
}


@receiver(settled, sender=AudioFile)
def tell_of_audio(rows: list[Settled], **_: Any) -> None:
    for row, audio in _in_order(rows, AudioFile):
        _tell(row, audio, subject=audio.pk, is_test=audio.is_test)


@receiver(settled, sender=Version)
def tell_of_versions(rows: list[Settled], **_: Any) -> None:
    for row, version in _in_order(rows, Version, "master"):
        about = {"version": version.pk, "number": version.number}
        master = version.master
        _tell(row, version, subject=master.pk, is_test=master.is_test, content=about)


@receiver(settled, sender=Export)
@receiver(settled, sender=ReleaseCheck)
def tell_of_what_was_made(
    sender: type[Export | ReleaseCheck], rows: list[Settled], **_: Any
) -> None:
    for row, made in _in_order(rows, sender, "version__master"):
        master = made.version.master
        about = {"version": made.version_id, "master": master.pk}
        _tell(row, made, subject=made.pk, is_test=master.is_test, content=about)


@receiver(settled, sender=AlbumArchive)
def tell_of_archives(rows: list[Settled], **_: Any) -> None:
    for row, archive in _in_order(rows, AlbumArchive, "album"):
        album = archive.album
        _tell(row, archive, subject=archive.pk, is_test=album.is_test, content={"album": album.pk})


def _tell(
    row: Settled, work: Work, *, subject: str, is_test: bool, content: dict[str, Any] | None = None
) -> None:
    why = {"error_code": row.error_code} if row.error_code else {}
    record(
        row.user_id,
        TYPES[type(work), row.status],
        subject=subject,
        content={**(content or {}), **why},
        is_test=is_test,
    )


def _in_order(rows: list[Settled], kind: type[W], *related: str) -> list[tuple[Settled, W]]:
    """Return what ended with its rows, by person: webhooks are always locked in the same order."""
    found = kind._default_manager.select_related(*related).in_bulk([row.pk for row in rows])
    return [(row, found[row.pk]) for row in sorted(rows, key=lambda row: row.user_id)]
