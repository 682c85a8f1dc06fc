"""Files made on demand and kept for a while: the same once, not too many, deleted in time."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.services import bury
from accounts.storage import delete_folder
from dsp.settings import ENGINE_VERSION
from mastering.errors import TooManyExports
from mastering.models import AlbumArchive, Export
from references.errors import Busy

K = TypeVar("K", Export, AlbumArchive)


def digest_of(**request: Any) -> str:
    """Return what tells two requests apart: all that decides the bytes, and the engine."""
    told = json.dumps(request | {"engine": ENGINE_VERSION}, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def expiry() -> datetime:
    return timezone.now() + timedelta(days=settings.EXPORT_DAYS)


def kept_of(same: QuerySet[K]) -> K | None:
    """Return the file that was made of a request, to be kept from now; one that failed goes."""
    kept = same.exclude(status=same.model.phases.failed)
    kept.update(expires=expiry())
    if known := kept.first():
        return known
    delete_kept(same)
    return None


def refuse_if_too_many(kind: type[Export | AlbumArchive], user: User) -> None:
    """Turn a request away while too much waits, of everyone's or of this person's.

    Raises
    ------
    Busy, TooManyExports
    """
    if kind.objects.backlog_is_full():
        raise Busy
    User.objects.select_for_update().get(pk=user.pk)  # so that the count holds
    if kind.objects.of(user).open().count() >= settings.MAX_OPEN_EXPORTS_PER_PERSON:
        raise TooManyExports


def delete_kept(rows: QuerySet[K], *, is_over: bool = False) -> int:
    """Delete rows with their stored files; ``is_over`` leaves a note that their time was over."""
    found = list(rows)
    with transaction.atomic():
        if is_over:
            bury(found)
        delete_stored(found)
        rows.model._default_manager.filter(pk__in=[row.pk for row in found]).delete()
    return len(found)


def delete_stored(rows: Iterable[Any]) -> None:
    """Delete the stored files of rows, once these are gone."""
    for row in rows:
        transaction.on_commit(partial(delete_folder, row.folder))
