"""The verbs of uploads and of the library of references."""

from references.services.blends import create_blend
from references.services.doorbell import DOORBELL, SCRATCH, clear_scratch, ring
from references.services.leaving import collect, tell_folders
from references.services.library import (
    add_reference,
    begin_reference,
    delete_audio,
    edit_reference,
    edit_references,
    enter_measured,
    has_stated_rights,
    keep_reference,
    mend_library,
    remove_audio,
    remove_references,
    require_rights,
)
from references.services.profiles import clear_sounds, drop_sound, export_profile
from references.services.runs import forget_old_runs, take_from_worker
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
    enter_upload,
    receive_sent,
    receive_upload,
    refuse_if_busy,
    stored_upload,
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
    "delete_audio",
    "drop_sound",
    "edit_reference",
    "edit_references",
    "enter_measured",
    "enter_upload",
    "export_profile",
    "forget_old_runs",
    "has_stated_rights",
    "keep_reference",
    "mend_library",
    "receive_sent",
    "receive_upload",
    "refuse_if_busy",
    "remove_audio",
    "remove_references",
    "require_rights",
    "ring",
    "sources_of",
    "starter_curves",
    "starter_summaries",
    "stored_upload",
    "take_from_worker",
    "tell_folders",
    "use_starter",
]
