"""What can go wrong, as a tree: catch as wide or as narrow as you need.

LacquerError
├── ConnectionFailed     no answer came, however often it was tried
├── TimedOut             the work goes on, but the wait for it is over
├── WorkFailed           a master, export or check failed; ``code`` tells why, nothing was taken
│   └── AudioRejected    an upload cannot be used
└── ApiError             the API said no; ``code`` is stable, ``detail`` is for people
    ├── NotAuthenticated 401
    ├── PaymentRequired  402  no credits, or a payment is open
    ├── Forbidden        403  the key's scopes do not open it
    ├── NotFound         404
    ├── NotNow           409  not in this state
    ├── Gone             410  it was kept as long as was said
    ├── Invalid          400, 413, 415, 422  ``errors`` names the fields
    ├── Busy             429, 503  ``retry_after`` tells when to come again
    └── ServerFailed     other 5xx
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class LacquerError(Exception):
    """Any failure that this package tells of."""


class ConnectionFailed(LacquerError):
    """No answer came."""


class TimedOut(LacquerError):
    """The wait is over; the work is not, and can be waited for again."""

    def __init__(self, what: str, id: str) -> None:
        self.id = id
        super().__init__(f"{what} {id} is not done yet.")


class WorkFailed(LacquerError):
    """Work ended without what was asked for."""

    def __init__(self, id: str, code: str, detail: str) -> None:
        self.id, self.code, self.detail = id, code, detail
        super().__init__(f"{detail} ({code})" if detail else code)


class AudioRejected(WorkFailed):
    """An upload cannot be used."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request."""

    field: str
    code: str
    detail: str


class ApiError(LacquerError):
    """The API said no."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        request_id: str = "",
        errors: Sequence[FieldError] = (),
        retry_after: float | None = None,
    ) -> None:
        self.status, self.code, self.detail = status, code, detail
        self.request_id, self.errors, self.retry_after = request_id, tuple(errors), retry_after
        fields = "; ".join(f"{each.field}: {each.detail}" for each in self.errors)
        told = f"{detail} ({code})" if detail else code
        super().__init__(f"{told} {fields}".rstrip())


class NotAuthenticated(ApiError):
    """No key, or one that opens nothing."""


class PaymentRequired(ApiError):
    """No credits are left, or a payment is open."""


class Forbidden(ApiError):
    """The key does not open this."""


class NotFound(ApiError):
    """There is no such thing of yours."""


class NotNow(ApiError):
    """It cannot be done in this state."""


class Gone(ApiError):
    """It was kept as long as was said, and is deleted."""


class Invalid(ApiError):
    """Something in the request is wrong."""


class Busy(ApiError):
    """Too many requests, or too much is waiting; later it will do."""


class ServerFailed(ApiError):
    """The site failed."""


_KINDS: Mapping[int, type[ApiError]] = {
    400: Invalid,
    401: NotAuthenticated,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    409: NotNow,
    410: Gone,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: Busy,
    503: Busy,
}


def error_of(status: int, problem: Mapping[str, Any], *, retry_after: float | None) -> ApiError:
    """Return the error that a problem document tells of."""
    kind = _KINDS.get(status) or (ServerFailed if status >= 500 else ApiError)
    errors = [
        FieldError(str(one.get("field", "")), str(one.get("code", "")), str(one.get("detail", "")))
        for one in problem.get("errors") or ()
    ]
    return kind(
        status,
        str(problem.get("code") or f"http_{status}"),
        str(problem.get("detail") or problem.get("title") or ""),
        request_id=str(problem.get("request_id") or ""),
        errors=errors,
        retry_after=retry_after,
    )
