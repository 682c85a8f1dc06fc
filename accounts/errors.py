"""Why the API refuses a request before it is done, each with a stable code.

ApiRefused
├── KeyInvalid            invalid_key             no key of ours, or one that was revoked or is over
├── KeyReused             idempotency_key_reused  the key came before, with another request
├── StillRunning          request_in_progress     the first request with this key has not ended
├── TooManyKeys           too_many_keys           more API keys than one person needs
├── NotThisKey            key_not_allowed         what a key may not do to keys
├── NotReady              not_ready               it is not finished yet, or failed
└── Gone                  gone                    it was kept as long as was said, and is deleted
"""

from typing import ClassVar


class ApiRefused(Exception):
    code: ClassVar[str]


class KeyInvalid(ApiRefused):
    code = "invalid_key"


class KeyReused(ApiRefused):
    code = "idempotency_key_reused"


class StillRunning(ApiRefused):
    code = "request_in_progress"


class TooManyKeys(ApiRefused):
    code = "too_many_keys"


class NotThisKey(ApiRefused):
    code = "key_not_allowed"


class NotReady(ApiRefused):
    code = "not_ready"


class Gone(ApiRefused):
    code = "gone"
