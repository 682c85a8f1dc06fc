"""Processes of a site whose web processes are killed, by their first argument.

`prepare PAIRS`, `workers`, `tell`; gunicorn serves `application`. Stripe is the tests' own.
WITHOUT=transaction lets what a request writes be written piece by piece.
"""

import json
import os
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from config.wsgi import application  # which sets Django up

from django.conf import settings  # isort: skip
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile

from accounts.models import SCOPES
from accounts.rest import once
from accounts.services import create_key
from billing import gateway
from billing import services as billing
from billing.models import Account, Checkout, StripeEvent
from mastering.models import Master, Version
from mastering.services import masters
from references.services import receive_upload
from tests import chaos_site
from tests.billing.stripe_double import StripeDouble
from tests.studio import MIX, REFERENCE, wav

__all__ = ["application"]

PEOPLE = 3
PACK, PACK_CREDITS = "pack5", 5
CREDITS = 100
PAUSE_SECONDS = 0.1  # between the credit and the work that it is for, so that deaths meet it
BOUGHT = Path(settings.DATA_DIR) / "stripe.json"
BEFORE = Path(settings.DATA_DIR) / "before.json"  # what each had to spend
URLS = {"success": "https://lacquer.example/ok", "cancel": "https://lacquer.example/no"}


def prepare(pairs: int) -> None:
    """Print, as JSON, who there is: key, pairs to master, and events of what was bought."""
    double = StripeDouble()
    _use(double)
    told = []
    for number in range(PEOPLE):
        user = get_user_model().objects.create_user(f"program-{number}@example.com")
        billing.grant_credits(user=user, credits=CREDITS, reason=f"tests:{user.pk}")
        reference = receive_upload(user=user, kind=REFERENCE, file=_file(0))
        mixes = [receive_upload(user=user, kind=MIX, file=_file(n + 1)) for n in range(pairs)]
        billing.start_checkout(user=user, item=PACK, urls=URLS)
        double.pay(Checkout.objects.latest("created").stripe_id)
        told.append(
            {
                "key": create_key(user=user, name="tests", scopes=SCOPES).secret,
                "pairs": [{"mix": mix.pk, "reference": reference.pk} for mix in mixes],
            }
        )
    BOUGHT.write_text(json.dumps(double.rows))
    BEFORE.write_text(json.dumps({str(account.user): _available(account) for account in _all()}))
    sys.stdout.write(json.dumps({"people": told, "events": double.events}) + "\n")


def tell() -> None:
    """Print, as JSON, what the books come to, and every sum that is not what it must be."""
    wrong, before = [], json.loads(BEFORE.read_text())
    for account in _all():
        versions = Version.objects.of(account.user).filter(status=Version.Status.SUCCEEDED)
        delivered = versions.values("master__pair").distinct().count()
        balance = billing.balance_of(account)
        expected = before[str(account.user)] + PACK_CREDITS - delivered
        if (balance.available, balance.reserved) != (expected, 0):
            wrong.append(f"{account.user}: {balance}, and {expected} expected")
    told = {
        "masters": Master.objects.count(),
        "versions": Version.objects.count(),
        "unapplied": StripeEvent.objects.filter(applied=None).count(),
        "wrong": wrong,
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _all() -> list[Account]:
    return list(Account.objects.filter(user__isnull=False).select_related("user"))


def _available(account: Account) -> int:
    return billing.balance_of(account).available


def _file(number: int) -> "ContentFile[bytes]":
    """Return a healthy file that differs from all others."""
    content = wav(chaos_site.LOTS["healthy"])
    return ContentFile(content[:-4] + number.to_bytes(4, "little"), f"{number}.wav")


def _use(double: StripeDouble) -> None:
    patched: Any = gateway
    patched.http_client = lambda: double


def _use_what_was_bought() -> None:
    double = StripeDouble()
    if BOUGHT.exists():
        double.rows = json.loads(BOUGHT.read_text())
    _use(double)


def _take_time() -> None:
    patched: Any = masters
    queue = patched._queue  # of the first version as of further ones

    def later(*arguments: Any) -> Version:
        time.sleep(PAUSE_SECONDS)
        queued: Version = queue(*arguments)
        return queued

    patched._queue = later


def _write_piece_by_piece() -> None:
    for module in (once, masters):
        patched: Any = module
        patched.transaction = SimpleNamespace(atomic=nullcontext)


_use_what_was_bought()
if os.environ.get("WITHOUT") == "transaction":
    _write_piece_by_piece()

if __name__ == "__main__":
    match sys.argv[1:]:
        case "prepare", pairs:
            prepare(int(pairs))
        case ("tell",):
            tell()
        case ("workers",):
            chaos_site.work(0.05, 0, [])
else:
    _take_time()
