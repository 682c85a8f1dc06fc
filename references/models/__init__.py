"""Rows of uploads and of the reference library, and the moves of work done on rows."""

from references.models.audio import AudioFile
from references.models.direct import DirectUpload
from references.models.genre import Genre
from references.models.ids import PublicIdField
from references.models.library import Reference, RightsStatement
from references.models.machine import Machine
from references.models.terminal import FreezeTerminalRows
from references.models.work import (
    Phases,
    Settled,
    Work,
    WorkQuerySet,
    settled,
    work_constraints,
    work_indexes,
)

__all__ = [
    "AudioFile",
    "DirectUpload",
    "FreezeTerminalRows",
    "Genre",
    "Machine",
    "Phases",
    "PublicIdField",
    "Reference",
    "RightsStatement",
    "Settled",
    "Work",
    "WorkQuerySet",
    "settled",
    "work_constraints",
    "work_indexes",
]
