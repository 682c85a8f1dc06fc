"""Limits on tries that hold however many come at once: counted in a locked row.

Several can be counted in one transaction of the caller's, and so with one wait for the disk: those
that take the same locks take them in the same order.
"""

import hashlib
import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Window


@dataclass(frozen=True, slots=True)
class Rate:
    """So many tries in so many seconds."""

    tries: int
    seconds: int


def may_try(action: str, key: str, rate: Rate) -> bool:
    """Count a try and tell whether it is within the rate; one that is not is not counted."""
    now = time.time()
    hashed = _hashed(action, key)
    with transaction.atomic(savepoint=False):
        idle_from = timezone.now() + timedelta(seconds=rate.seconds)
        Window.objects.bulk_create([Window(key=hashed, idle_from=idle_from)], ignore_conflicts=True)
        window = Window.objects.select_for_update().get(key=hashed)
        recent = [at for at in window.tries if at > now - rate.seconds]
        if len(recent) >= rate.tries:
            return False
        window.tries, window.idle_from = [*recent, now], idle_from
        window.save()
    return True


def give_back_a_try(action: str, key: str) -> None:
    """Take the latest try back, since it was a rightful one."""
    with transaction.atomic(savepoint=False):
        window = Window.objects.select_for_update().filter(key=_hashed(action, key)).first()
        if window is not None:
            window.tries = window.tries[:-1]
            window.save()


def forget_tries(action: str, key: str) -> None:
    """Count from nothing again, as after the password was replaced."""
    Window.objects.filter(key=_hashed(action, key)).delete()


def forget_old_tries() -> None:
    Window.objects.filter(idle_from__lt=timezone.now()).delete()


def _hashed(action: str, key: str) -> str:
    return hashlib.sha256(f"{action}:{key}".encode()).hexdigest()
