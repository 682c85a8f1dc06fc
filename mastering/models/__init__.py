"""Rows of masters: versions, how they are listened to, and what is made of them for others."""

from mastering.models.exports import Export, ReleaseCheck, ReleaseTags
from mastering.models.listening import MOST_TRIALS, BlindTest, Preview
from mastering.models.masters import (
    STEPS,
    Fingerprint,
    Master,
    MasterQuerySet,
    Release,
    Remark,
    Version,
    VersionQuerySet,
)
from mastering.models.presets import Preset
from mastering.models.shares import Share, ShareNote
from references.models import AudioFile

# Every kind of work that a worker takes up, in the order in which it looks for it.
WorkKind = type[Preview] | type[AudioFile] | type[Version] | type[Export] | type[ReleaseCheck]
WORK_KINDS: tuple[WorkKind, ...] = (Preview, AudioFile, Version, Export, ReleaseCheck)

__all__ = [
    "MOST_TRIALS",
    "STEPS",
    "WORK_KINDS",
    "BlindTest",
    "Export",
    "Fingerprint",
    "Master",
    "MasterQuerySet",
    "Preset",
    "Preview",
    "Release",
    "ReleaseCheck",
    "ReleaseTags",
    "Remark",
    "Share",
    "ShareNote",
    "Version",
    "VersionQuerySet",
    "WorkKind",
]
