"""The verbs of masters: their renders and the queue, what is exported, and what is shared."""

from mastering.services.credits import cost_credits, pair_of, settle, titles_of
from mastering.services.estimates import expected_end
from mastering.services.events import (
    tell_of_audio,
    tell_of_versions,
    tell_of_what_was_made,
)
from mastering.services.exports import (
    expire_exports,
    request_check,
    request_export,
    save_tags,
)
from mastering.services.leaving import collect, end_work
from mastering.services.listening import (
    Trial,
    count_blind_test,
    prefer,
    remark,
    show,
    try_settings,
)
from mastering.services.masters import (
    SWEEP_SECONDS,
    audio_settled,
    bring_in_kept_back,
    busy_workers,
    cancel,
    delete_master,
    lose_worker,
    recognise,
    refuse_if_busy,
    release_worker,
    rename,
    render_gentler,
    render_version,
    retry,
    submit_master,
    submit_siblings,
    sweep,
    work_is_waiting,
)
from mastering.services.presets import save_preset
from mastering.services.previews import expire_previews
from mastering.services.shares import (
    add_note,
    create_share,
    is_unlocked_by,
    revoke_share,
    unlock,
)

__all__ = [
    "SWEEP_SECONDS",
    "Trial",
    "add_note",
    "audio_settled",
    "bring_in_kept_back",
    "busy_workers",
    "cancel",
    "collect",
    "cost_credits",
    "count_blind_test",
    "create_share",
    "delete_master",
    "end_work",
    "expected_end",
    "expire_exports",
    "expire_previews",
    "is_unlocked_by",
    "lose_worker",
    "pair_of",
    "prefer",
    "recognise",
    "refuse_if_busy",
    "release_worker",
    "remark",
    "rename",
    "render_gentler",
    "render_version",
    "request_check",
    "request_export",
    "retry",
    "revoke_share",
    "save_preset",
    "save_tags",
    "settle",
    "show",
    "submit_master",
    "submit_siblings",
    "sweep",
    "tell_of_audio",
    "tell_of_versions",
    "tell_of_what_was_made",
    "titles_of",
    "try_settings",
    "unlock",
    "work_is_waiting",
]
