"""What every answer gets beside Django's own: a number, headers, the age of a log-in, a pace."""

import contextlib
import logging
import time
import uuid
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import render
from django.utils.log import log_response

from accounts.errors import FactorUnreadable
from accounts.models.ids import PUBLIC_ID
from accounts.trace import Trace, serving
from config import health, metrics

DENIED = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
BEGUN, SEEN = "begun", "seen"  # seconds since 1970, in the session
SEEN_STEP_SECONDS = 60  # a visit is noted no more often, so that few requests write
RETRY_SECONDS = 60  # the minute that the page of 429 asks for
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
EVEN_PACED = ("account_login", "account_signup", "account_reset_password")

GetResponse = Callable[[HttpRequest], HttpResponse]

# What machines ask, by whatever name they know this one: so before hosts are looked at, before
# they are sent to HTTPS, and without a word in the log.
PROBES: dict[str, GetResponse] = {
    "/healthz": health.alive,
    "/readyz": health.ready,
    "/metrics": metrics.exposition,
}

logger = logging.getLogger(__name__)


class WatchMiddleware:
    """Give each request a number, count and log it; answer those who watch the site.

    The number goes with the work that the request leaves behind, to the worker and its box. A
    proxy of ours may have given it already.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if probe := PROBES.get(request.path_info):
            try:
                return probe(request)
            except Http404:
                return HttpResponseNotFound()
        request_id = _given_id(request) or uuid.uuid4()
        with serving(Trace(request_id=request_id)):
            begun = time.monotonic()
            response = self.get_response(request)
            self._note(request, response, time.monotonic() - begun)
            if response.status_code >= 400:  # Django would only say so afterwards, without a number
                told = (response.reason_phrase, request.path)
                log_response("%s: %s", *told, response=response, request=request)
        response.headers["X-Request-ID"] = request_id.hex
        return response

    def _note(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        """Count and log it by the view's name: an address may hold what lets one in."""
        match, status = request.resolver_match, response.status_code
        view = (match.view_name or match.route) if match else "none"
        method = request.method if request.method in METHODS else "other"
        metrics.REQUESTS.labels(method, view, str(status)).inc()
        metrics.SECONDS.labels(view).observe(seconds)
        found = match.kwargs.values() if match else ()
        objects = " ".join(one for one in map(str, found) if PUBLIC_ID.fullmatch(one))
        told = {"view": view, "status": status, "milliseconds": round(1000 * seconds)}
        if objects:
            told["objects"] = objects
        logger.info("%s %s", method, view, extra=told)


def _given_id(request: HttpRequest) -> uuid.UUID | None:
    if settings.TRUSTED_PROXY_COUNT:
        with contextlib.suppress(ValueError):
            return uuid.UUID(request.headers.get("X-Request-ID", ""))
    return None


class RetryAfterMiddleware:
    """Tell whoever is refused for now when to come again, where the view did not say."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code in (429, 503):
            response.headers.setdefault("Retry-After", str(RETRY_SECONDS))
        return response


class BrokenUploadsMiddleware:
    """Close what arrived of a file whose sender hung up, or that cannot be read.

    Django closes the files of a form that it read whole, and of a broken one those before the
    last: the last would stay on the disk until some collection of garbage.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            for handler in request.upload_handlers:
                if isinstance(handler, TemporaryFileUploadHandler) and hasattr(handler, "file"):
                    handler.file.close()


class PrivatePagesMiddleware:
    """Keep pages of someone who is logged in out of every store: after log-out nobody goes back."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_known = request.user.is_authenticated
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_known and is_page:
            response.headers.setdefault("Cache-Control", "private, no-store")
        if is_known and not request.user.is_authenticated:
            response.headers["Clear-Site-Data"] = '"storage"'  # names of files, half-filled forms
        return response


class PermissionsPolicyMiddleware:
    """Refuse the browser's devices to every page, and so to anything injected into one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", DENIED)
        return response


class SessionAgeMiddleware:
    """End a log-in that is too old, or was not used for too long; for staff much sooner."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now, session = int(time.time()), request.session
            begun, seen = session.setdefault(BEGUN, now), session.get(SEEN, 0)
            for_staff = request.user.is_staff
            idle = settings.STAFF_IDLE_SECONDS if for_staff else settings.SESSION_IDLE_SECONDS
            if now - begun > settings.SESSION_COOKIE_AGE or now - (seen or now) > idle:
                logout(request)
            elif now - seen > SEEN_STEP_SECONDS:
                session[SEEN] = now
                UserSession.objects.create_from_request(request)  # as its list shows it
        return self.get_response(request)


class LostFactorMiddleware:
    """Tell someone whose recovery codes no key of ours opens what they can do.

    A code that is typed in is answered for by the form that takes it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, FactorUnreadable):
            return None
        whose = {"person": request.user.pk or 0}
        logger.error("A second factor cannot be read.", exc_info=error, extra=whose)
        return render(request, "mfa/unreadable.html", status=409)


class EvenPaceMiddleware:
    """Answer about accounts no sooner for one address than for another.

    What is done differs: someone new is written into several tables, someone known is not. So each
    answer waits until a time that all of them keep, or the next such time where a busy machine has
    missed one. Those that are refused for their number do not wait, or they would hold the site's
    threads.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.monotonic()
        response = self.get_response(request)
        match = request.resolver_match
        if request.method == "POST" and match and match.view_name in EVEN_PACED:
            pace = settings.EVEN_PACE_SECONDS
            if response.status_code != 429 and pace:
                time.sleep(pace - (time.monotonic() - begun) % pace)
        return response
