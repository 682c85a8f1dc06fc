"""The verbs of masters: their renders and the queue, what is exported, and what is shared."""

from mastering.services.credits import cost_credits, pair_of, settle, titles_of
from mastering.services.estimates import expected_end
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
    tell_of_groups,
    work_is_waiting,
)
from mastering.services.oversight import cancel_work, rerun
from mastering.services.presets import save_preset
from mastering.services.previews import expire_previews
from mastering.services.retention import (
    announce_farewells,
    delete_what_was_announced,
    keeps_days,
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
    "Trial",
    "add_note",
    "announce_farewells",
    "audio_settled",
    "bring_in_kept_back",
    "busy_workers",
    "cancel",
    "cancel_work",
    "collect",
    "cost_credits",
    "count_blind_test",
    "create_share",
    "delete_master",
    "delete_what_was_announced",
    "end_work",
    "expected_end",
    "expire_exports",
    "expire_previews",
    "is_unlocked_by",
    "keeps_days",
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
    "rerun",
    "retry",
    "revoke_share",
    "save_preset",
    "save_tags",
    "settle",
    "show",
    "submit_master",
    "submit_siblings",
    "sweep",
    "tell_of_groups",
    "titles_of",
    "try_settings",
    "unlock",
    "work_is_waiting",
]
