"""How often one caller may ask: counted in the cache by the minute, near enough for reading."""

import math
import time
from dataclasses import dataclass
from typing import Final

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponseBase
from rest_framework.request import Request

WINDOW_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """How many requests a caller may make in a minute, and how many of them are left."""

    limit: int
    count: int
    resets_in: int

    @property
    def is_over(self) -> bool:
        return self.count > self.limit

    def tell(self, response: HttpResponseBase) -> None:
        response["RateLimit-Limit"] = str(self.limit)
        response["RateLimit-Remaining"] = str(max(self.limit - self.count, 0))
        response["RateLimit-Reset"] = str(self.resets_in)
        response["RateLimit-Policy"] = f"{self.limit};w={WINDOW_SECONDS}"


def count_request(request: Request, *, reading: bool) -> Standing:
    """Count one more request of this caller, apart for reading and for changing."""
    now = time.time()
    window = int(now // WINDOW_SECONDS)
    kind = "read" if reading else "write"
    limit = settings.API_READS_PER_MINUTE if reading else settings.API_WRITES_PER_MINUTE
    name = f"api:{kind}:{_caller(request)}:{window}"
    if cache.add(name, 1, WINDOW_SECONDS + 5):
        count = 1
    else:
        try:
            count = cache.incr(name)
        except ValueError:  # the minute ended in between
            count = 1
    return Standing(limit, count, max(math.ceil((window + 1) * WINDOW_SECONDS - now), 1))


def _caller(request: Request) -> str:
    """Return whom to count: a key, a person at a browser, or an address of the network."""
    if request.auth is not None:
        return str(request.auth.pk)
    if request.user.is_authenticated:
        return str(request.user.pk)
    address = get_adapter().get_client_ip(request._request)
    return str(address).replace(":", ".")
