"""The verbs of uploads and of the library of references."""

from references.services.blends import create_blend
from references.services.doorbell import DOORBELL, SCRATCH, clear_scratch, ring
from references.services.leaving import collect, tell_folders
from references.services.library import (
    add_reference,
    begin_reference,
    edit_reference,
    edit_references,
    enter_measured,
    has_stated_rights,
    keep_reference,
    mend_library,
    remove_audio,
    remove_references,
    state_rights,
)
from references.services.profiles import clear_sounds, drop_sound, export_profile
from references.services.starters import (
    STARTERS,
    Starter,
    sources_of,
    starter_curves,
    starter_summaries,
    use_starter,
)
from references.services.uploads import (
    MAX_FILENAME_CHARACTERS,
    begin_upload,
    clean_filename,
    clear_uploads,
    complete_upload,
    receive_sent,
    receive_upload,
    refuse_if_busy,
)

__all__ = [
    "DOORBELL",
    "MAX_FILENAME_CHARACTERS",
    "SCRATCH",
    "STARTERS",
    "Starter",
    "add_reference",
    "begin_reference",
    "begin_upload",
    "clean_filename",
    "clear_scratch",
    "clear_sounds",
    "clear_uploads",
    "collect",
    "complete_upload",
    "create_blend",
    "drop_sound",
    "edit_reference",
    "edit_references",
    "enter_measured",
    "export_profile",
    "has_stated_rights",
    "keep_reference",
    "mend_library",
    "receive_sent",
    "receive_upload",
    "refuse_if_busy",
    "remove_audio",
    "remove_references",
    "ring",
    "sources_of",
    "starter_curves",
    "starter_summaries",
    "state_rights",
    "tell_folders",
    "use_starter",
]
