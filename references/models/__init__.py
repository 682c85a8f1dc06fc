"""Rows of uploads and of the reference library, and the moves of work done on rows."""

from references.models.audio import AudioFile
from references.models.blends import Blend, BlendPart
from references.models.direct import DirectUpload
from references.models.genre import Genre
from references.models.groups import WorkerGroup
from references.models.ids import PublicIdField
from references.models.library import Reference, RightsStatement
from references.models.machine import Machine
from references.models.runs import Run
from references.models.stored import bytes_of, stored_bytes_of, with_stored_bytes
from references.models.terminal import FreezeTerminalRows
from references.models.work import (
    Phases,
    Settled,
    Work,
    WorkQuerySet,
    settled,
    within_a_job,
    work_constraints,
    work_indexes,
)

__all__ = [
    "AudioFile",
    "Blend",
    "BlendPart",
    "DirectUpload",
    "FreezeTerminalRows",
    "Genre",
    "Machine",
    "Phases",
    "PublicIdField",
    "Reference",
    "RightsStatement",
    "Run",
    "Settled",
    "Work",
    "WorkQuerySet",
    "WorkerGroup",
    "bytes_of",
    "settled",
    "stored_bytes_of",
    "with_stored_bytes",
    "within_a_job",
    "work_constraints",
    "work_indexes",
]
