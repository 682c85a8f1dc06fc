"""What lies in storage, and which row accounts for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from dsp.profiles import PROFILE_FORMAT
from mastering.models import AlbumArchive, Export, Preview, ReleaseCheck, ReleaseTags, Version
from references.models import AudioFile

Stored = AudioFile | Version | Preview | Export | ReleaseCheck | ReleaseTags | AlbumArchive
FOLDERS: dict[str, type[Stored]] = {  # in storage, and whose they are
    "audio": AudioFile,
    "masters": Version,
    "previews": Preview,
    "exports": Export,
    "checks": ReleaseCheck,
    "tags": ReleaseTags,
    "albums": AlbumArchive,
}
ORPHANED = timedelta(hours=24)  # younger ones may belong to a transaction or an attempt


@dataclass(frozen=True)
class Orphan:
    """An old object that no row accounts for."""

    key: str
    of_lost_attempt: bool  # its row has ended, and owns others

    @property
    def wording(self) -> str:
        if self.key.startswith("quarantine/"):
            return "in quarantine for more than a day"
        return "stored, but of no row"


def files_of(row: Stored) -> dict[str, dict[str, int | str]]:
    """Return what must be stored of a row: its source and the outputs of its last attempt."""
    if isinstance(row, ReleaseTags):
        if not row.cover_sha256:
            return {}
        return {row.cover_key: {"size_bytes": row.cover_bytes, "sha256": row.cover_sha256}}
    if not isinstance(row, AudioFile):
        return {row.key(name): recorded for name, recorded in row.outputs.items()}
    files = {row.key(name): recorded for name, recorded in row.kept.items()}
    has_source = row.has_sound or row.format == PROFILE_FORMAT
    if row.sha256 and has_source:  # without a digest it lies in the quarantine
        files[row.source_key] = {"size_bytes": row.size_bytes, "sha256": row.sha256}
    return files


def orphans() -> Iterator[Orphan]:
    """Find old objects that no row accounts for."""
    for folder, owner in FOLDERS.items():
        for pk in _listed(folder)[0]:
            row = owner._default_manager.filter(pk=pk).first()
            known = files_of(row) if row else {}
            ended = row is not None and not isinstance(row, ReleaseTags) and not row.is_open
            for key in _keys_below(f"{folder}/{pk}"):
                if key not in known and _is_old(key):
                    yield Orphan(key, of_lost_attempt=ended)
    for pk in _listed("quarantine")[1]:
        if _is_old(key := f"quarantine/{pk}"):
            yield Orphan(key, of_lost_attempt=False)


def delete_lost_attempts() -> int:
    """Delete what killed workers left of attempts whose row has ended since; return how many.

    What has no row at all is left for a person to look at: after a restore of an older database
    it may be all that is left of somebody's work.
    """
    lost = [orphan.key for orphan in orphans() if orphan.of_lost_attempt]
    for key in lost:
        default_storage.delete(key)
    return len(lost)


def _keys_below(folder: str) -> Iterator[str]:
    folders, names = _listed(folder)
    for name in names:
        yield f"{folder}/{name}"
    for name in folders:
        yield from _keys_below(f"{folder}/{name}")


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
    return sorted(folders), sorted(names)


def _is_old(key: str) -> bool:
    try:
        return default_storage.exists(key) and (
            default_storage.get_modified_time(key) < timezone.now() - ORPHANED
        )
    except FileNotFoundError:
        return False
