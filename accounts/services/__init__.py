"""What is done for people: keys, mails, counting tries, handing over and erasing their data."""

from accounts.services.audit import record, subject_of
from accounts.services.keys import (
    Made,
    create_key,
    is_well_formed,
    key_of,
    revoke_key,
    rotate_key,
)
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
from accounts.services.requests import alone, answered, bury, forget_old_requests, keep_answer
from accounts.services.sessions import end_all_sessions, end_other_sessions, end_session

__all__ = [
    "Chapter",
    "Made",
    "Rate",
    "alone",
    "answered",
    "begin_export",
    "build_exports",
    "bury",
    "collecting",
    "create_key",
    "deliver_due",
    "empty_folders",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "erase",
    "forget_old_exports",
    "forget_old_requests",
    "forget_old_tries",
    "forget_sent_mail",
    "give_back_a_try",
    "is_well_formed",
    "keep_answer",
    "key_of",
    "leaving",
    "may_try",
    "notify",
    "notify_always",
    "queue_mail",
    "record",
    "revoke_key",
    "rotate_key",
    "subject_of",
    "tries_forgotten",
]
