"""Handing a person everything of theirs, and erasing it: each app adds its part by a signal."""

import contextlib
import json
import logging
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models.functions import Now
from django.dispatch import Signal

from accounts.models import Erasure, EventType, Export, User
from accounts.services.events import record
from accounts.services.mail import notify_always
from accounts.services.sessions import end_all_sessions
from accounts.storage import delete_folder

FORMAT = 1  # of data.json, which docs/export.md describes
RETRY = timedelta(minutes=10)
READ_BYTES = 1 << 20

# collecting.send(sender=User, user=…): each receiver returns its Chapter.
collecting = Signal()
# leaving.send(sender=User, user=…): in the transaction that deletes the rows. Each receiver ends
# what is under way and returns the folders in storage that must go.
leaving = Signal()

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chapter:
    """A part of an export: rows under a name in data.json, and files by their path in the ZIP."""

    name: str
    rows: Any
    files: Mapping[str, str] = field(default_factory=dict)  # path: storage key


def begin_export(*, user: User) -> Export:
    """Ask for a person's data; while one is being made, that one."""
    export, _ = Export.objects.get_or_create(user=user, finished=None)
    return export


def build_exports() -> int:
    """Make the exports that were asked for."""
    built = 0
    for export in Export.objects.wanted()[:3]:
        try:
            _build(export)
            built += 1
        except Exception:
            logger.exception("The export %s could not be made.", export.pk)
            Export.objects.filter(pk=export.pk).update(run_at=Now() + RETRY)
    return built


def forget_old_exports() -> None:
    for export in Export.objects.over():
        default_storage.delete(export.key)
        export.delete()


def erase(*, user: User) -> None:
    """Delete a person: rows and sessions now, stored objects right after.

    The ledger stays, without a name.
    """
    with transaction.atomic():
        folders = [
            folder for _, part in leaving.send(sender=User, user=user) for folder in part or ()
        ]
        folders += [export.folder for export in Export.objects.of(user)]
        Erasure.objects.create(user_id=user.pk, folders=folders)
        end_all_sessions(user)
        user.delete()


def empty_folders() -> None:
    """Delete the stored objects of those who left; twice, since a worker may have written late."""
    for erasure in Erasure.objects.to_do()[:20]:
        for folder in erasure.folders:
            delete_folder(folder)
        first = erasure.emptied is None
        Erasure.objects.filter(pk=erasure.pk).update(**{"emptied" if first else "done": Now()})


def _build(export: Export) -> None:
    told: list[tuple[Any, Any]] = collecting.send(sender=User, user=export.user)
    chapters = [chapter for _, chapter in told if isinstance(chapter, Chapter)]
    with tempfile.TemporaryFile() as made:
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("data.json", _json(export, chapters), zipfile.ZIP_DEFLATED)
            for path, key in _files(chapters):
                with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                    _add(archive, path, key)
        size = made.tell()
        made.seek(0)
        default_storage.delete(export.key)
        default_storage.save(export.key, File(made))
    with transaction.atomic():
        if Export.objects.filter(pk=export.pk).update(finished=Now(), size_bytes=size):
            notify_always(export.user, template="emails/export_ready", reason=f"export:{export.pk}")
            record(export.user_id, EventType.DATA_EXPORT_READY, subject=str(export.pk))
            return
    default_storage.delete(export.key)  # its person left


def _json(export: Export, chapters: Iterable[Chapter]) -> str:
    told = {"format": FORMAT, "made": export.created, "person": _person(export.user)}
    told |= {chapter.name: chapter.rows for chapter in chapters}
    return json.dumps(told, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)


def _person(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "name": user.name,
        "joined": user.date_joined,
        "last_login": user.last_login,
        "notices_off": user.notices_off,
    }


def _files(chapters: Iterable[Chapter]) -> Iterable[tuple[str, str]]:
    for chapter in chapters:
        yield from chapter.files.items()


def _add(archive: zipfile.ZipFile, path: str, key: str) -> None:
    # Audio hardly shrinks: it is only stored.
    with default_storage.open(key) as stored, archive.open(path, "w", force_zip64=True) as out:
        for chunk in stored.chunks(READ_BYTES):
            out.write(chunk)
