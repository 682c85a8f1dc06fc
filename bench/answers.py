"""Whether answers tell who has an account: log-in, sign-up and reset on a clock, and in words.

python -m bench.answers [--samples 200] [--at-once 4] [--unpaced]

The site runs as ``./run`` starts it (gunicorn, SQLite), on a database of its own. Each door is
knocked at for a known and an unknown address by turns, each time from another network address,
since the site counts the tries of one. `--unpaced` takes away what makes the answers even, so that
one sees what it hides.
"""

import argparse
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from bench.load.site import Site

DOORS: Final = ("/account/login/", "/account/signup/", "/account/password/reset/")
BAR: Final = {"ms": 5.0, "share": 0.05}  # of the difference between the medians: either will do
PEOPLE: Final = """
import django
django.setup()
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from accounts.models import User
password = make_password("the password of nobody here")
for number in range({count}):
    user = User.objects.create(email=f"known-{{number}}@example.com", password=password)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
"""
UNPACED: Final = "from config.settings import *\nEVEN_PACE_SECONDS = 0.0\n"


@dataclass
class Heard:
    """What a door answered to one kind of address."""

    seconds: list[float] = field(default_factory=list)
    said: set[tuple[int, str, int, str]] = field(default_factory=set)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200, help="of each address at each door")
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--unpaced", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), groups=0, scaled={"TRUSTED_PROXY_COUNT": "1"})
        if asked.unpaced:
            (site.folder / "unpaced.py").write_text(UNPACED)
            site.environment["DJANGO_SETTINGS_MODULE"] = "unpaced"
            site.environment["PYTHONPATH"] = folder
        site.command("manage.py", "migrate", "--verbosity=0")
        site.command("-c", PEOPLE.format(count=asked.samples))
        site.start(workers=False)
        try:
            told = {door: knock(site.address, door, asked) for door in DOORS}
        finally:
            site.stop()
    print(json.dumps(told, indent=2))
    return int(not all(each["same"] and each["even"] for each in told.values()))


def knock(address: str, door: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Ask for known and unknown addresses by turns; return how the answers compare."""
    heard = {"known": Heard(), "unknown": Heard()}

    def ask(turn: tuple[str, str]) -> None:
        kind, email = turn
        seconds, said = answer(address, door, email)
        heard[kind].seconds.append(seconds)
        heard[kind].said.add(said)

    with ThreadPoolExecutor(asked.at_once) as threads:
        list(threads.map(ask, turns(asked.samples)))
    medians = {kind: 1000.0 * statistics.median(each.seconds) for kind, each in heard.items()}
    apart_ms = abs(medians["known"] - medians["unknown"])
    return {
        "known_ms": round(medians["known"], 2),
        "unknown_ms": round(medians["unknown"], 2),
        "apart_ms": round(apart_ms, 2),
        "slowest_ms": round(1000.0 * max(max(each.seconds) for each in heard.values()), 1),
        "statuses": sorted({status for each in heard.values() for status, *_ in each.said}),
        "same": heard["known"].said == heard["unknown"].said and len(heard["known"].said) == 1,
        "even": apart_ms <= max(BAR["ms"], BAR["share"] * min(medians.values())),
    }


def turns(samples: int) -> Iterator[tuple[str, str]]:
    """Yield kinds and addresses, the two kinds in an order of chance."""
    luck = random.Random(1)  # noqa: S311
    for number in range(samples):
        pair = [("known", f"known-{number}@example.com"), ("unknown", f"new-{number}@example.com")]
        luck.shuffle(pair)
        yield from pair


def answer(address: str, door: str, email: str) -> tuple[float, tuple[int, str, int, str]]:
    """Return how long a door took, and all that it said, with the page that it leads to."""
    forwarded = ".".join(str(random.randrange(1, 255)) for _ in range(4))  # noqa: S311
    headers = {"X-Forwarded-For": forwarded, "Referer": address + door}
    with httpx.Client(base_url=address, headers=headers, timeout=60.0) as browser:
        browser.get(door)
        form = {
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
            "login": email,
            "password": "a wrong guess of it",
            "email": email,
            "password1": "correct horse battery staple",
        }
        begun = time.perf_counter()
        first = browser.post(door, data=form)
        seconds = time.perf_counter() - begun
        then = browser.get(first.headers["Location"]) if first.is_redirect else first
    location = first.headers.get("Location", "")
    return seconds, (first.status_code, location, then.status_code, words(then.text, email))


def words(page: str, email: str) -> str:
    """Return a page without what differs with every request: tokens, and the address itself."""
    page = page.replace(email, "ADDRESS")
    return re.sub(r'(csrfmiddlewaretoken" value=|"x-csrftoken": )"[^"]+"', r"\1", page)


if __name__ == "__main__":
    sys.exit(main())
