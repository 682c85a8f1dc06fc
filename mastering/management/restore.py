"""Bringing a backup back into an empty place, and finding out whether all of it is there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts.models import User
from accounts.services import empty_folders, erase
from mastering import services
from mastering.management.backup import (
    ERASED,
    FORMAT,
    STORE,
    TOLD,
    listed_in,
    mark_of,
    sha256_of,
    stored_objects,
)
from mastering.management.dumps import NAMES, database_is_empty, load_database
from mastering.management.invariants import broken_invariants

Tell = Callable[[str], object]

NEEDED: Final = {"format", "database", "storage", "files", "sha256"}


def restore(folder: Path, *, tell: Tell, deep: bool = False, any_key: bool = False) -> list[str]:
    """Fill this site's empty database and storage; return a line for each thing that is broken.

    With ``any_key`` also where SECRET_KEY is not the one of then, and what it encrypted is lost.

    Raises
    ------
    CommandError
        Where the backup is not whole, is not for here, or here is not empty; nothing was done.
    """
    told = _told_by(folder)
    if not any_key:
        _refuse_another_key(told)
    _refuse_unless_empty(told)
    load_database(folder / NAMES[connection.vendor])
    tell("The database is back.")
    missing = _bring_files(folder, told)
    tell(f"{told['files'] - len(missing)} of {told['files']} files are back.")
    call_command("migrate", verbosity=0, interactive=False)  # an older backup, newer code
    if any_key:
        call_command("rotate_secrets", forget=True)
    if erased := _erase_again(folder.parent / ERASED):
        tell(f"{erased} who had left since were erased again.")
    services.sweep()  # what ran when the backup was made waits again
    return [*missing, *broken_invariants(deep=deep, pause_seconds=0.0)]


def _told_by(folder: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads((folder / TOLD).read_text())
        is_whole = told["format"] != FORMAT or told.keys() >= NEEDED
    except (OSError, ValueError, TypeError, KeyError):
        is_whole = False
    if not is_whole:
        raise CommandError(f"{folder} holds no whole backup.")
    if told["format"] != FORMAT:
        raise CommandError(f"This version reads backups of format {FORMAT}, not {told['format']}.")
    if told["database"] != connection.vendor:
        raise CommandError(
            f"It is of a {told['database']} database, and here is {connection.vendor}."
        )
    for name, sha256 in told["sha256"].items():
        if not (folder / name).is_file() or sha256_of(folder / name) != sha256:
            raise CommandError(f"{name} is not what was written then.")
    return told


def _refuse_another_key(told: dict[str, Any]) -> None:
    """Refuse where what was encrypted then could not be read; older backups do not tell."""
    here = {mark_of(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)}
    if told.get("secret_key") not in (None, *here):
        raise CommandError(
            "It was made under another SECRET_KEY. Bring that one, as SECRET_KEY or among "
            "SECRET_KEY_FALLBACKS; if it is lost, --any-key restores all but second factors, "
            "secrets of webhooks, and links."
        )


def _refuse_unless_empty(told: dict[str, Any]) -> None:
    if not database_is_empty():
        raise CommandError("The database is not empty. A restore never overwrites anything.")
    if told["storage"] == "folder" and next(stored_objects(), None):
        raise CommandError("There are stored files already. A restore never overwrites anything.")


def _bring_files(folder: Path, told: dict[str, Any]) -> list[str]:
    """Store what the backup has, and return what it lists and nobody has."""
    missing = []
    for key, size in listed_in(folder).items():
        copy = folder.parent / STORE / key
        if told["storage"] == "bucket":
            if not default_storage.exists(key):
                missing.append(f"{key}: listed by the backup, and not in the bucket")
        elif not copy.is_file() or copy.stat().st_size != size:
            missing.append(f"{key}: listed by the backup, and not in it")
        else:
            with copy.open("rb") as content:
                default_storage.save(key, File(content))
    return missing


def _erase_again(erased: Path) -> int:
    """Erase who left after the backup was made: it must not bring them back."""
    numbers = erased.read_text().split() if erased.exists() else []
    returned = list(User.objects.filter(pk__in=numbers))
    for user in returned:
        erase(user=user)
    empty_folders()
    return len(returned)
