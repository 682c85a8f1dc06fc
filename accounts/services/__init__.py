"""What is done for people: mails and webhooks, counting tries, handing over and erasing data."""

from accounts.services.events import forget_old_events, record
from accounts.services.leaving import (
    Chapter,
    begin_export,
    build_exports,
    collecting,
    empty_folders,
    erase,
    forget_old_exports,
    leaving,
)
from accounts.services.mail import deliver_due, forget_sent_mail, notify, notify_always, queue_mail
from accounts.services.rates import (
    Rate,
    forget_old_tries,
    give_back_a_try,
    may_try,
    tries_forgotten,
)
from accounts.services.sealing import seal, unseal
from accounts.services.sessions import end_all_sessions, end_other_sessions, end_session
from accounts.services.webhooks import (
    add_webhook,
    body_of,
    change_webhook,
    disable_webhook,
    enable_webhook,
    note_answer,
    remove_webhook,
    replay,
    rotate_secret,
    secret_of,
    send_test,
    signed_headers,
    told,
)

__all__ = [
    "Chapter",
    "Rate",
    "add_webhook",
    "begin_export",
    "body_of",
    "build_exports",
    "change_webhook",
    "collecting",
    "deliver_due",
    "disable_webhook",
    "empty_folders",
    "enable_webhook",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "erase",
    "forget_old_events",
    "forget_old_exports",
    "forget_old_tries",
    "forget_sent_mail",
    "give_back_a_try",
    "leaving",
    "may_try",
    "note_answer",
    "notify",
    "notify_always",
    "queue_mail",
    "record",
    "remove_webhook",
    "replay",
    "rotate_secret",
    "seal",
    "secret_of",
    "send_test",
    "signed_headers",
    "told",
    "tries_forgotten",
    "unseal",
]
