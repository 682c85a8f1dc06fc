"""Rows of masters: their versions, and what is made of a version for the world outside."""

from mastering.models.exports import Export, ReleaseCheck, ReleaseTags
from mastering.models.masters import STEPS, Fingerprint, Genre, Master, Release, Version
from mastering.models.shares import Share, ShareNote
from references.models import AudioFile

# Every kind of work that a worker takes up, in the order in which it looks for it.
WorkKind = type[AudioFile] | type[Version] | type[Export] | type[ReleaseCheck]
WORK_KINDS: tuple[WorkKind, ...] = (AudioFile, Version, Export, ReleaseCheck)

__all__ = [
    "STEPS",
    "WORK_KINDS",
    "Export",
    "Fingerprint",
    "Genre",
    "Master",
    "Release",
    "ReleaseCheck",
    "ReleaseTags",
    "Share",
    "ShareNote",
    "Version",
    "WorkKind",
]
