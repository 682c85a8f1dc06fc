"""Frozen settings: the exact processing of a version, applied to other files of the song."""

import json
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from accounts.models import User
from mastering.errors import AudioUnusable, NotFreezable, TooManyFrozen, VersionUnfinished
from mastering.models import Master, Version
from mastering.services.credits import reserve
from mastering.services.masters import queue_version, refuse_if_full, refuse_if_too_many_open
from references.errors import StorageAway
from references.models import AudioFile

MOST_FROZEN = 5  # files of a song that its credit includes beside the mix
RECIPE_NAME = "recipe.json"


def apply_frozen(*, version: Version, mix: AudioFile, title: str = "") -> Master:
    """Queue another file of a song, to be processed exactly as a version was.

    It costs nothing: the credit of the song's pair includes ``MOST_FROZEN`` of them.

    Raises
    ------
    MasterRefused, Busy, StorageAway
        With nothing stored.
    """
    if not version.has_succeeded:
        raise VersionUnfinished
    if RECIPE_NAME not in version.outputs:
        raise NotFreezable
    source = version.master
    recipe = source.recipe or _stored_recipe(version)
    refuse_if_full()
    with transaction.atomic():
        refuse_if_too_many_open(source.user)  # which lets one after the other begin
        found = AudioFile.objects.of(source.user).select_for_update().filter(pk=mix.pk).first()
        if found is None or found.has_failed or not found.has_sound:
            raise AudioUnusable
        if found.is_test != source.is_test:
            raise AudioUnusable
        if left_to_freeze(user=source.user, version=version) <= 0:
            raise TooManyFrozen
        master = Master.objects.create(
            user=source.user,
            mix=mix,
            reference=source.reference,
            title=title or mix.title,
            pair=source.pair,
            is_test=source.is_test,
            genre=source.genre,
            release=source.release,
            recipe=recipe,
            frozen_from=version,
        )
        reserve(master)  # nothing, where the pair is paid
        queue_version(master, 1, version.chosen)
    return master


def left_to_freeze(*, user: User, version: Version) -> int:
    """Return how many more files of its song a version may be applied to."""
    counted = (*Version.phases.open, Version.phases.succeeded)
    mine = Master.objects.frozen().filter(user=user, pair=version.master.pair)
    used = mine.filter(versions__status__in=counted).distinct().count()
    return max(0, MOST_FROZEN - used)


def _stored_recipe(version: Version) -> dict[str, Any]:
    try:
        with default_storage.open(version.key(RECIPE_NAME)) as stored:
            recipe: dict[str, Any] = json.loads(stored.read())
    except Exception as error:
        raise StorageAway from error
    return recipe
