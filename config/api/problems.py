"""How the API says no: RFC 9457, with a stable code, the fields, and the request's id."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.defaults import server_error as page_of_error
from rest_framework import exceptions
from rest_framework.response import Response

from accounts import messages as accounts_messages
from accounts.errors import ApiRefused, WebhookRefused
from accounts.rest.schema import PROBLEM_TYPE
from accounts.rest.views import TooLarge
from accounts.trace import current_request_id
from billing.errors import BillingRefused
from dsp.errors import AudioError
from mastering.errors import MasterRefused
from mastering.messages import FAILURES, failure_message
from references.errors import LibraryRefused, UploadRefused
from references.http import RETRY_AFTER_SECONDS

PREFIX: Final = "/api/"
Refusals: Final = (
    ApiRefused,
    AudioError,
    BillingRefused,
    MasterRefused,
    UploadRefused,
    LibraryRefused,
    WebhookRefused,
)

# What of the apps' codes is not a 409, "not in this state".
STATUSES: Final[Mapping[str, int]] = {
    "no_credits": 402,
    "account_frozen": 402,
    "key_not_allowed": 403,
    "upload_expired": 410,
    "gone": 410,
    "too_large": 413,
    "empty_upload": 422,
    "unsupported_format": 422,
    "upload_incomplete": 409,
    "invalid_settings": 422,
    "invalid_cover": 422,
    "profile_invalid": 422,
    "not_a_part": 422,
    "no_such_section": 422,
    "url_invalid": 422,
    "https_only": 422,
    "address_forbidden": 422,
    "port_forbidden": 422,
    "event_type_unknown": 422,
    "not_exportable": 422,
    "idempotency_key_reused": 422,
    "too_many_uploads": 429,
    "too_many_masters": 429,
    "too_many_exports": 429,
    "too_many_calls": 429,
    "storage": 503,
    "too_busy": 503,
}
WAIT_SECONDS: Final[Mapping[str, int]] = {
    "request_in_progress": 1,
    "too_many_uploads": 10,
    "too_many_masters": 30,
    "too_many_exports": 30,
    "too_many_calls": 600,
    "storage": RETRY_AFTER_SECONDS,
    "too_busy": RETRY_AFTER_SECONDS,
}
# Codes that only the API has; those of the apps have their sentences with the apps.
SENTENCES: Final[Mapping[str, Any]] = {
    **accounts_messages.REFUSALS,
    "malformed_request": _("The request cannot be read."),
    "invalid_request": _("A field is wrong; `errors` tells which."),
    "invalid_key": _("This is no key of ours, or it was revoked, or its time is over."),
    "not_authenticated": _("Show a key: Authorization: Bearer lq_live_…"),
    "forbidden": _("This is not allowed."),
    "csrf_failed": _("A browser must show its CSRF token."),
    "scope_missing": _("This key does not open that."),
    "key_not_allowed": _("A key may read about keys, close them and renew itself, and no more."),
    "not_found": _("There is no such thing of yours."),
    "method_not_allowed": _("This method is not for this address."),
    "not_ready": _("It is not finished yet, or it failed; read it again to see."),
    "gone": _("It was kept as long as was said, and is deleted."),
    "too_many_keys": _("You have as many keys as one person can have. Revoke some."),
    "request_in_progress": _("The first request with this Idempotency-Key has not ended yet."),
    "idempotency_key_reused": _("This Idempotency-Key came before, with another request."),
    "request_too_large": _("The request is larger than what is read here."),
    "unsupported_media_type": _("The body is of a type that is not read here."),
    "rate_limited": _("Too many requests. Wait as long as Retry-After says."),
    "internal": _("Something failed on our side. It is logged under the request’s id."),
}
CODES: Final = {
    exceptions.ParseError: "malformed_request",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.AuthenticationFailed: "invalid_key",
    exceptions.NotFound: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.Throttled: "rate_limited",
}


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer a refusal; what nobody foresaw rises on, to `server_error`."""
    view = context["view"]
    said = _told(error)
    if said is None:
        return None
    status, code, detail, errors = said
    headers: dict[str, str] = {}
    if isinstance(error, exceptions.APIException):
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = f"{wait:.0f}"
    if code in WAIT_SECONDS:
        headers["Retry-After"] = str(WAIT_SECONDS[code])
    if status == 405:
        headers["Allow"] = ", ".join(view.allowed_methods)
    return Response(
        problem(status, code, detail=detail, errors=errors),
        status=status,
        headers=headers,
        content_type=PROBLEM_TYPE,
    )


def problem(status: int, code: str, *, detail: str = "", errors: Any = None) -> dict[str, Any]:
    request_id = current_request_id()
    told = {
        "type": f"/developers/errors/#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail or sentence(code),
        "request_id": request_id.hex if request_id else "",
    }
    return told | {"errors": errors} if errors else told


def sentence(code: str) -> str:
    """Return what to say to people."""
    if code in SENTENCES:
        return str(SENTENCES[code])
    told = failure_message(code)
    return " ".join(filter(None, (str(told.text), str(told.advice))))


def codes() -> list[tuple[str, int, str]]:
    """Return every code with its status and its sentence, as the page of errors lists them."""
    own = {
        "malformed_request": 400, "not_authenticated": 401, "invalid_key": 401, "forbidden": 403,
        "csrf_failed": 403, "scope_missing": 403, "not_found": 404, "method_not_allowed": 405,
        "request_too_large": 413, "unsupported_media_type": 415, "invalid_request": 422,
        "rate_limited": 429, "internal": 500,
    }  # fmt: skip
    known = dict.fromkeys((*FAILURES, *SENTENCES), 409) | dict(STATUSES) | own
    return [(code, status, sentence(code)) for code, status in sorted(known.items())]


@csrf_exempt  # nothing is done here
def unknown_path(_request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    return _answer(404, "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(PREFIX):
        return _answer(500, "internal")
    return page_of_error(request)


def _answer(status: int, code: str) -> HttpResponse:
    return JsonResponse(problem(status, code), status=status, content_type=PROBLEM_TYPE)


def _told(error: Exception) -> tuple[int, str, str, Any] | None:
    """Return status, code, sentence and fields of what was refused; None for our own failures."""
    if isinstance(error, Refusals):
        return STATUSES.get(error.code, 409), error.code, "", None
    if isinstance(error, Http404):
        return 404, "not_found", "", None
    if isinstance(error, RequestDataTooBig):
        return 413, TooLarge.default_code, "", None
    if isinstance(error, SuspiciousOperation | UnreadablePostError):  # it broke off, for the latter
        return 400, "malformed_request", "", None
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        forged = "CSRF" in str(getattr(error, "detail", ""))
        return 403, "csrf_failed" if forged else "forbidden", "", None
    if isinstance(error, exceptions.ValidationError):
        return 422, "invalid_request", "", list(_fields(error.detail))
    if isinstance(error, exceptions.APIException):
        code = next((code for kind, code in CODES.items() if isinstance(error, kind)), None)
        detail = "" if code else str(error.detail)
        return error.status_code, code or error.default_code, detail, None
    return None


def _fields(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            is_whole = name == "non_field_errors"
            yield from _fields(inner, path if is_whole else f"{path}.{name}".strip("."))
    elif isinstance(detail, list | tuple):
        for place, inner in enumerate(detail):
            is_leaf = isinstance(inner, str)
            yield from _fields(inner, path if is_leaf else f"{path}.{place}".strip("."))
    else:
        yield {"field": path, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}
