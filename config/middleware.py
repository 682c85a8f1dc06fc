"""What every answer gets beside Django's own: headers, the age of a log-in, an even pace."""

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

DENIED = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
BEGUN, SEEN = "begun", "seen"  # seconds since 1970, in the session
SEEN_STEP_SECONDS = 60  # a visit is noted no more often, so that few requests write
EVEN_PACED = ("account_login", "account_signup", "account_reset_password")

GetResponse = Callable[[HttpRequest], HttpResponse]


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


class EvenPaceMiddleware:
    """Answer about accounts no sooner for one address than for another.

    What is done differs: someone new is written into several tables, someone known is not. So each
    answer waits until a time that all of them keep. Those that are refused for their number do not
    wait, or they would hold the site's threads.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.monotonic()
        response = self.get_response(request)
        match = request.resolver_match
        if request.method == "POST" and match and match.view_name in EVEN_PACED:
            left = begun + settings.EVEN_PACE_SECONDS - time.monotonic()
            if response.status_code != 429 and left > 0:
                time.sleep(left)
        return response
