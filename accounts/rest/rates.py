"""How often one caller may ask in a minute: counted in each process, and added up in the cache."""

import math
import threading
import time
from dataclasses import dataclass
from typing import Final

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponseBase
from rest_framework.request import Request

WINDOW_SECONDS: Final = 60
MOST_COUNTS: Final = 10_000  # old minutes go with all that is counted here


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
    count = _counted(f"api:{kind}:{_caller(request)}:{window}", step=max(limit // 100, 1))
    return Standing(limit, count, max(math.ceil((window + 1) * WINDOW_SECONDS - now), 1))


def forget_counts() -> None:
    """Begin to count anew, as after the cache was emptied."""
    with _lock:
        _counts.clear()


class _Count:
    """What this process has counted of one caller's minute, and knows of what all have."""

    __slots__ = ("known", "untold")

    def __init__(self) -> None:
        self.known = self.untold = 0


_counts: dict[str, _Count] = {}
_lock = threading.Lock()


def _counted(name: str, *, step: int) -> int:
    """Count one more; tell the other processes every so often, a hundredth of the limit apart."""
    with _lock:
        if len(_counts) > MOST_COUNTS:
            _counts.clear()
        count = _counts.setdefault(name, _Count())
        count.untold += 1
        if count.known and count.untold < step:
            return count.known + count.untold
        told, count.untold = count.untold, 0
    known = _told(name, told)
    with _lock:
        count.known = max(count.known, known)
        return count.known + count.untold


def _told(name: str, more: int) -> int:
    if cache.add(name, more, WINDOW_SECONDS + 5):
        return more
    try:
        return cache.incr(name, more)
    except ValueError:  # the minute ended in between
        return more


def _caller(request: Request) -> str:
    """Return whom to count: a key, a person at a browser, or an address of the network."""
    if request.auth is not None:
        return str(request.auth.pk)
    if request.user.is_authenticated:
        return str(request.user.pk)
    address = get_adapter().get_client_ip(request._request)
    return str(address).replace(":", ".")
