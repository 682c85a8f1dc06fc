"""Backups: a folder for each, and beside them one store of the files that they share.

    backups/2026-11-27T030000.000000Z/database.sqlite3   the database as it was at one moment
                              /files.tsv          what was stored then: size, tab, key
                              /backup.json        what made it, and the sums of both; written last
    backups/files/<key>                           each stored file, once for all of the backups
    backups/erased.txt                            who left since, to be erased again after a restore

Files are named by keys that are never used twice for something else, so one copy of each is
enough. They are looked at before and after the database is copied: what a row of that moment
needs was there at one of the two. Of a bucket only the list is kept; its bytes are the bucket's to
keep (versions, a copy elsewhere).
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.management.base import CommandError
from django.db import connection
from django.utils.crypto import salted_hmac

from accounts.models import Erasure
from dsp.settings import ENGINE_VERSION
from mastering.management.dumps import dump_database, dump_name
from references.storage import is_remote

FORMAT: Final = 1
STAMP: Final = "%Y-%m-%dT%H%M%S.%fZ"
STORE, ERASED, LISTED, TOLD, LOCK = "files", "erased.txt", "files.tsv", "backup.json", ".lock"
PASSING: Final = ("quarantine/",)  # files on their way, which nothing needs yet


@dataclass
class Made:
    folder: Path
    files: int = 0
    bytes: int = 0
    copied: int = 0
    forgotten: list[str] = field(default_factory=list)


def back_up(root: Path, *, keep: int) -> Made:
    """Make a backup and forget the oldest beyond those to keep; return what was done.

    Raises
    ------
    CommandError
        Where the place is among the files themselves, or another backup is made there.
    OSError
        Where it cannot be written to.
    """
    if not is_remote() and root.is_relative_to(default_storage.path("")):
        raise CommandError(f"{root} is where the stored files are: name a folder elsewhere.")
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(root):
        return _back_up(root, keep=keep)


def mark_of(secret_key: str) -> str:
    """Return what tells a SECRET_KEY from others, and nothing of itself."""
    return salted_hmac("mastering.backup", "", secret=secret_key, algorithm="sha256").hexdigest()


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep others away: they would clear away what is not whole yet, and files of no whole one."""
    with (root / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"Another backup is being made in {root}.") from None
        yield


def _back_up(root: Path, *, keep: int) -> Made:
    now = datetime.now(UTC)
    folder = root / now.strftime(STAMP)  # to the microsecond: two never share one
    partial = root / f"{folder.name}.partial"
    partial.mkdir(mode=0o700)
    made = Made(folder)
    stored = dict(_copy_files(root / STORE, made))
    dump = partial / dump_name()
    dump_database(dump)
    _note_erasures(root)
    stored |= _copy_files(root / STORE, made)
    made.files, made.bytes = len(stored), sum(stored.values())
    listing = partial / LISTED
    listing.write_text("".join(f"{size}\t{key}\n" for key, size in sorted(stored.items())))
    told = {
        "format": FORMAT,
        "made": now.isoformat(),
        "engine": ENGINE_VERSION,
        "database": connection.vendor,
        "storage": "bucket" if is_remote() else "folder",
        "secret_key": mark_of(settings.SECRET_KEY),
        "files": made.files,
        "bytes": made.bytes,
        "sha256": {path.name: sha256_of(path) for path in (dump, listing)},
    }
    (partial / TOLD).write_text(json.dumps(told, indent=2) + "\n")
    partial.rename(folder)
    made.forgotten = _forget(root, keep=keep)
    cache.set("backup:made", now.timestamp(), None)  # for the metrics
    return made


def backups_in(root: Path) -> list[Path]:
    """Return the whole backups, the oldest first."""
    return sorted(
        told.parent for told in root.glob(f"*/{TOLD}") if told.parent.suffix != ".partial"
    )


def listed_in(folder: Path) -> dict[str, int]:
    """Return what a backup lists: sizes by keys."""
    lines = (line.split("\t", 1) for line in (folder / LISTED).read_text().splitlines())
    return {key: int(size) for size, key in lines}


def sha256_of(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def stored_objects() -> Iterator[tuple[str, int]]:
    """Yield every stored object by its key, with its size."""
    if is_remote():
        storage: Any = default_storage
        for found in storage.bucket.objects.all():
            yield found.key, found.size
        return
    root = Path(default_storage.path(""))
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            try:
                yield path.relative_to(root).as_posix(), path.stat().st_size
            except FileNotFoundError:  # deleted meanwhile
                continue


def _copy_files(store: Path, made: Made) -> Iterator[tuple[str, int]]:
    """Yield what is stored, and see to it that the backups have it."""
    for key, size in stored_objects():
        if key.startswith(PASSING):
            continue
        if not is_remote() and not _is_copied(store / key, size):
            try:
                _copy(Path(default_storage.path(key)), store / key)
            except FileNotFoundError:  # deleted meanwhile
                continue
            made.copied += 1
        yield key, size


def _is_copied(copy: Path, size: int) -> bool:
    return copy.is_file() and copy.stat().st_size == size


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    arriving = target.with_name(f"{target.name}.partial")
    with source.open("rb") as content, arriving.open("wb") as copy:
        shutil.copyfileobj(content, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())
    arriving.rename(target)


def _note_erasures(root: Path) -> None:
    """Add who left to the list that outlives each single backup."""
    path = root / ERASED
    known = set(path.read_text().split()) if path.exists() else set()
    known |= {str(number) for number in Erasure.objects.values_list("user_id", flat=True)}
    path.write_text("".join(f"{number}\n" for number in sorted(known, key=int)))


def _forget(root: Path, *, keep: int) -> list[str]:
    """Delete the oldest backups, what others left unfinished, and files that none of the rest has.

    So what a person erased is gone from here once the last backup that knew it is.
    """
    whole = backups_in(root)
    for folder in [*whole[:-keep], *root.glob("*.partial")]:
        shutil.rmtree(folder)
    needed = {key for folder in whole[-keep:] for key in listed_in(folder)}
    store = root / STORE
    for path in [path for path in store.rglob("*") if path.is_file()]:
        if path.relative_to(store).as_posix() not in needed:
            path.unlink()
    for path in sorted((path for path in store.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()
    return [folder.name for folder in whole[:-keep]]


def default_root() -> Path:
    return Path(settings.DATA_DIR) / "backups"
