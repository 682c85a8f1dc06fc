"""Events of what workers did: each written in the very move that ended the work."""

from typing import Any

from django.dispatch import receiver

from accounts.models import EventType
from accounts.services import record
from mastering.models import Export, ReleaseCheck, Version
from references.models import AudioFile, Settled, settled


@receiver(settled, sender=AudioFile)
def tell_of_audio(rows: list[Settled], **_: Any) -> None:
    types = {
        AudioFile.Status.READY: EventType.AUDIO_READY,
        AudioFile.Status.REJECTED: EventType.AUDIO_REJECTED,
    }
    for row in _in_order(rows):
        record(row.user_id, types[AudioFile.Status(row.status)], subject=row.pk, content=_why(row))


@receiver(settled, sender=Version)
def tell_of_versions(rows: list[Settled], **_: Any) -> None:
    types = {
        Version.Status.SUCCEEDED: EventType.MASTER_SUCCEEDED,
        Version.Status.FAILED: EventType.MASTER_FAILED,
        Version.Status.CANCELED: EventType.MASTER_CANCELED,
    }
    versions = Version.objects.in_bulk([row.pk for row in rows])
    for row in _in_order(rows):
        version = versions[row.pk]
        record(
            row.user_id,
            types[Version.Status(row.status)],
            subject=version.master_id,
            content={"version": row.pk, "number": version.number, **_why(row)},
        )


@receiver(settled, sender=Export)
def tell_of_exports(rows: list[Settled], **_: Any) -> None:
    for row in _in_order(rows):
        succeeded = row.status == Export.Status.SUCCEEDED
        type = EventType.EXPORT_SUCCEEDED if succeeded else EventType.EXPORT_FAILED
        record(row.user_id, type, subject=row.pk, content=_version_of(Export, row) | _why(row))


@receiver(settled, sender=ReleaseCheck)
def tell_of_checks(rows: list[Settled], **_: Any) -> None:
    for row in _in_order(rows):
        succeeded = row.status == ReleaseCheck.Status.SUCCEEDED
        type = EventType.CHECK_SUCCEEDED if succeeded else EventType.CHECK_FAILED
        content = _version_of(ReleaseCheck, row) | _why(row)
        record(row.user_id, type, subject=row.pk, content=content)


def _in_order(rows: list[Settled]) -> list[Settled]:
    return sorted(rows, key=lambda row: row.user_id)  # always locked in the same order


def _version_of(kind: type[Export] | type[ReleaseCheck], row: Settled) -> dict[str, Any]:
    found = kind._default_manager.select_related("version").get(pk=row.pk)
    return {"version": found.version_id, "master": found.version.master_id}


def _why(row: Settled) -> dict[str, str]:
    return {"error_code": row.error_code} if row.error_code else {}
