"""The verbs of masters: their renders and the queue, what is exported, and what is shared."""

from mastering.services.exports import (
    expire_exports,
    request_check,
    request_export,
    save_tags,
)
from mastering.services.masters import (
    SWEEP_SECONDS,
    audio_settled,
    bring_in_kept_back,
    busy_workers,
    cancel,
    delete_master,
    lose_worker,
    refuse_if_busy,
    release_worker,
    render_version,
    retry,
    submit_master,
    sweep,
    work_is_waiting,
)
from mastering.services.shares import (
    add_note,
    create_share,
    is_unlocked_by,
    revoke_share,
    unlock,
)

__all__ = [
    "SWEEP_SECONDS",
    "add_note",
    "audio_settled",
    "bring_in_kept_back",
    "busy_workers",
    "cancel",
    "create_share",
    "delete_master",
    "expire_exports",
    "is_unlocked_by",
    "lose_worker",
    "refuse_if_busy",
    "release_worker",
    "render_version",
    "request_check",
    "request_export",
    "retry",
    "revoke_share",
    "save_tags",
    "submit_master",
    "sweep",
    "unlock",
    "work_is_waiting",
]
