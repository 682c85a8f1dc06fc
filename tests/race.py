"""Many at once, through the real pages: prints what came of it, as JSON.

    python -m tests.race submits [unguarded]     50 masters at once, with one credit
    python -m tests.race guesses [unguarded]     1,000 passwords for one account, from 50 threads
    python -m tests.race repeats [unguarded]     one request 50 times at once, with one key

The database is DATABASE_URL's, new and empty. `unguarded` takes the locks away, so that one sees
that the race is there. LACQUER_GUESSES says how many passwords, where it should not be 1,000.
"""

import itertools
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.hashers import MD5PasswordHasher  # noqa: E402
from django.core.files.base import ContentFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.db.models import QuerySet  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import SCOPES, IdempotencyKey, User, Window  # noqa: E402
from accounts.rest import once  # noqa: E402
from accounts.services import create_key, rates  # noqa: E402
from billing.models import Account  # noqa: E402
from billing.services import balance_of, books, capture, reserve  # noqa: E402
from mastering.management.invariants import broken_invariants  # noqa: E402
from mastering.models import Master  # noqa: E402
from references.models import AudioFile  # noqa: E402
from references.services import receive_upload  # noqa: E402
from tests.conftest import PASSWORD, browser_of, member  # noqa: E402
from tests.studio import wav  # noqa: E402

THREADS = 50
SETTINGS = {"amount": 70, "loudness": "reference", "ceiling_dbtp": -1.0, "max_limiting_db": 6.0}
GUESSES = int(os.environ.get("LACQUER_GUESSES", "1000"))
PAUSE_SECONDS = 0.05  # between reading and writing, that others may come between


def submits(prepare: Callable[[], None]) -> dict[str, Any]:
    """Ask for 50 different masters in the same moment."""
    user = member("alice@example.com", credits=0)
    for number in range(2):  # of the three free ones
        _spend(user, number)
    settings.MAX_OPEN_UPLOADS_PER_PERSON = settings.MAX_OPEN_MASTERS_PER_PERSON = 1_000
    reference = _upload(user, AudioFile.Kind.REFERENCE, 0)
    mixes = [_upload(user, AudioFile.Kind.MIX, number) for number in range(1, THREADS + 1)]
    browsers = [browser_of(user) for _ in mixes]
    together = threading.Barrier(THREADS)
    prepare()

    def submit(number: int) -> int:
        browsers[number].raise_request_exception = False
        form = {"mix": mixes[number].pk, "reference": reference.pk, **SETTINGS}
        together.wait()
        return browsers[number].post("/new/", form).status_code

    statuses = _at_once(submit, range(THREADS))
    balance = balance_of(Account.objects.get(user=user))
    return {
        "statuses": dict(Counter(statuses)),
        "reserved": balance.reserved,
        "available": balance.available,
        "broken": broken_invariants(pause_seconds=0.0),
    }


def guesses(prepare: Callable[[], None]) -> dict[str, Any]:
    """Try passwords for one account, each from another forged address."""
    member("alice@example.com")
    evaluated = itertools.count()
    hasher: Any = MD5PasswordHasher
    verify = hasher.verify

    def counted(self: Any, password: str, encoded: str) -> bool:
        next(evaluated)
        right: bool = verify(self, password, encoded)
        return right

    hasher.verify = counted
    window: Any = Window
    save = window.save

    def save_later(self: Any, **options: Any) -> None:
        time.sleep(PAUSE_SECONDS)
        save(self, **options)

    window.save = save_later
    prepare()

    def guess(number: int) -> int:
        browser = Client(raise_request_exception=False)
        forged = ".".join(str(random.randrange(256)) for _ in range(4))  # noqa: S311
        form = {"login": "alice@example.com", "password": f"not {PASSWORD} {number}"}
        return browser.post(
            "/account/login/",
            form,
            headers={"X-Forwarded-For": forged},
            # From everywhere: else the limit of one address would be what holds.
            REMOTE_ADDR=f"10.{number // 250}.{number % 250}.1",
        ).status_code

    statuses = _at_once(guess, range(GUESSES))
    return {"statuses": dict(Counter(statuses)), "evaluated": next(evaluated)}


def repeats(prepare: Callable[[], None]) -> dict[str, Any]:
    """Send the same request with the same Idempotency-Key 50 times in the same moment."""
    user = member("alice@example.com")
    settings.MAX_OPEN_MASTERS_PER_PERSON = 1_000
    mix, reference = (
        _upload(user, kind, number)
        for number, kind in enumerate((AudioFile.Kind.MIX, AudioFile.Kind.REFERENCE))
    )
    secret = create_key(user=user, name="race", scopes=SCOPES).secret
    together = threading.Barrier(THREADS)
    prepare()

    def submit(_: int) -> int:
        program = Client(raise_request_exception=False)
        together.wait()
        answer = program.post(
            "/api/v1/masters",
            {"mix": mix.pk, "reference": reference.pk},
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"},
        )
        return answer.status_code

    statuses = _at_once(submit, range(THREADS))
    balance = balance_of(Account.objects.get(user=user))
    return {
        "statuses": dict(Counter(statuses)),
        "masters": Master.objects.count(),
        "keys": IdempotencyKey.objects.count(),
        "reserved": balance.reserved,
        "broken": broken_invariants(pause_seconds=0.0),
    }


def _at_once(deed: Callable[[int], int], numbers: range) -> list[int]:
    def do(number: int) -> int:
        try:
            return deed(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(do, numbers))


def _upload(user: User, kind: AudioFile.Kind, number: int) -> AudioFile:
    content = wav(0.01 + number / 10_000)  # each another
    return receive_upload(user=user, kind=kind, file=ContentFile(content, f"{number}.wav"))


def _spend(user: User, number: int) -> None:
    reserve(user=user, work=f"pair:{number}")
    capture(user_id=user.pk, work=f"pair:{number}")


def _take_the_locks_away() -> None:
    """Read without locking; and let SQLite's transactions begin as readers."""
    rows: Any = QuerySet
    rows.select_for_update = lambda self, *_, **__: self
    patched: Any = books
    patched.renew = lambda _account: None  # its UPDATE locks too
    patched = rates
    patched.transaction = SimpleNamespace(atomic=nullcontext)
    options = settings.DATABASES["default"].get("OPTIONS", {})
    if "transaction_mode" in options:
        options["transaction_mode"] = None
        connections["default"].settings_dict["OPTIONS"]["transaction_mode"] = None


def _forget_repeats() -> None:
    """Let requests with one key run side by side, and remember none."""
    patched: Any = once
    patched.alone = lambda **_: nullcontext()
    patched.keep_answer = lambda **_: None


if __name__ == "__main__":
    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    races = {
        "submits": (submits, _take_the_locks_away),
        "guesses": (guesses, _take_the_locks_away),
        "repeats": (repeats, _forget_repeats),
    }
    race, take_away = races[sys.argv[1]]
    prepare = take_away if "unguarded" in sys.argv else lambda: None
    print(json.dumps(race(prepare)))  # noqa: T201
