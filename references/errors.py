"""Why an upload is not taken, apart from its audio (dsp.errors), each with a stable code.

UploadRefused
├── EmptyUpload       empty_upload        no bytes at all
├── TooManyUploads    too_many_uploads    too many still wait to be measured
├── ChecksumMismatch  source_changed      the stored bytes are not those that were sent
├── StorageAway       storage             the bytes cannot be kept now; HTTP 503
└── Busy              too_busy            too much of everyone's still waits; HTTP 503
"""

from typing import ClassVar


class UploadRefused(Exception):
    code: ClassVar[str]


class EmptyUpload(UploadRefused):
    code = "empty_upload"


class TooManyUploads(UploadRefused):
    code = "too_many_uploads"


class StorageAway(UploadRefused):
    code = "storage"


class Busy(UploadRefused):
    code = "too_busy"


class ChecksumMismatch(UploadRefused):
    code = "source_changed"
