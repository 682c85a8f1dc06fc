"""Rows of masters: versions, how they are listened to, and what is made of them for others."""

from mastering.models.albums import (
    GAP_SECONDS,
    LONGEST_ALBUM_SECONDS,
    MOST_TRACKS,
    OFFSET_LU,
    Album,
    AlbumArchive,
    AlbumTrack,
)
from mastering.models.exports import Export, ReleaseCheck, ReleaseTags
from mastering.models.listening import MOST_TRIALS, BlindTest, Preview
from mastering.models.masters import (
    AUDIBLE_FROM,
    AUDIBLE_NAME,
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
from mastering.models.retention import Farewell, Receipt
from mastering.models.rules import PlatformRule, current_platforms
from mastering.models.shares import Share, ShareNote
from references.models import AudioFile

# Every kind of work that a worker takes up, in the order in which it looks for it.
WorkKind = (
    type[Preview]
    | type[AudioFile]
    | type[Version]
    | type[Export]
    | type[ReleaseCheck]
    | type[AlbumArchive]
)
WORK_KINDS: tuple[WorkKind, ...] = (
    Preview,
    AudioFile,
    Version,
    Export,
    ReleaseCheck,
    AlbumArchive,
)

__all__ = [
    "AUDIBLE_FROM",
    "AUDIBLE_NAME",
    "GAP_SECONDS",
    "LONGEST_ALBUM_SECONDS",
    "MOST_TRACKS",
    "MOST_TRIALS",
    "OFFSET_LU",
    "STEPS",
    "WORK_KINDS",
    "Album",
    "AlbumArchive",
    "AlbumTrack",
    "BlindTest",
    "Export",
    "Farewell",
    "Fingerprint",
    "Master",
    "MasterQuerySet",
    "PlatformRule",
    "Preset",
    "Preview",
    "Receipt",
    "Release",
    "ReleaseCheck",
    "ReleaseTags",
    "Remark",
    "Share",
    "ShareNote",
    "Version",
    "VersionQuerySet",
    "WorkKind",
    "current_platforms",
]
