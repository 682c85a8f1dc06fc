"""Why an upload is not taken, apart from its audio (dsp.errors), each with a stable code.

UploadRefused
├── EmptyUpload       empty_upload        no bytes at all
├── TooManyUploads    too_many_uploads    too many still wait to be measured
├── StorageFull       storage_full        it would not fit into what the person's plan keeps
├── ChecksumMismatch  source_changed      the stored bytes are not those that were sent
├── UploadIncomplete  upload_incomplete   not all that was announced arrived, or nothing
├── UploadExpired     upload_expired      its address is too old, was used, or is none; HTTP 410
├── AudioInUse        audio_in_use        a master needs it
├── StorageAway       storage             the bytes cannot be kept now; HTTP 503
├── RightsUnstated    rights_unstated     nobody said yet that they may use what they bring
└── Busy              too_busy            too much of everyone's still waits; HTTP 503

LibraryRefused, of what is asked of an entry of the library
├── NotMeasured       not_measured        it is not measured yet
├── NotBlendable      not_blendable       a blend is made of single, measured references, each once
├── SoundNeeded       sound_needed        it is the mix of a master, which needs its sound
├── BlendStays        blend_stays         a blend is not carried as a document
└── ProfileOutdated   profile_outdated    it was measured by an older version of the engine
"""

from typing import ClassVar


class UploadRefused(Exception):
    code: ClassVar[str]


class EmptyUpload(UploadRefused):
    code = "empty_upload"


class TooManyUploads(UploadRefused):
    code = "too_many_uploads"


class StorageFull(UploadRefused):
    code = "storage_full"


class UploadIncomplete(UploadRefused):
    code = "upload_incomplete"


class UploadExpired(UploadRefused):
    code = "upload_expired"


class AudioInUse(UploadRefused):
    code = "audio_in_use"


class StorageAway(UploadRefused):
    code = "storage"


class RightsUnstated(UploadRefused):
    code = "rights_unstated"


class Busy(UploadRefused):
    code = "too_busy"


class ChecksumMismatch(UploadRefused):
    code = "source_changed"


class LibraryRefused(Exception):
    code: ClassVar[str]


class NotMeasured(LibraryRefused):
    code = "not_measured"


class NotBlendable(LibraryRefused):
    code = "not_blendable"


class SoundNeeded(LibraryRefused):
    code = "sound_needed"


class BlendStays(LibraryRefused):
    code = "blend_stays"


class ProfileOutdated(LibraryRefused):
    code = "profile_outdated"
