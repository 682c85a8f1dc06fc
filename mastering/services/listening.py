"""Trying settings while the music plays, going back to a version, and what is said of versions."""

from dataclasses import dataclass
from functools import partial

from django.db import transaction

from accounts.storage import delete_folder
from dsp.settings import ENGINE_VERSION, MasterSettings
from mastering.errors import AudioUnusable, Frozen, NotAPart, VersionUnfinished
from mastering.models import BlindTest, Master, Preview, Remark, Version
from mastering.services.masters import render_version
from references.errors import Busy
from references.services import ring

LONGEST_PREVIEW_SECONDS = 30.0  # the whole is there before it has been heard
SHORTEST_PREVIEW_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Trial:
    """What comes of settings that are tried: the whole, and before it a part."""

    version: Version
    preview: Preview | None


def try_settings(
    *, master: Master, settings: MasterSettings, start_seconds: float, end_seconds: float
) -> Trial:
    """Render a part of a master at once and the whole behind it; what was tried before gives way.

    A whole that was never finished leaves nothing; one that exists already is taken as it is.

    Raises
    ------
    MasterRefused, Busy
        With nothing changed.
    """
    length = master.mix.duration_seconds or 0.0
    start = max(0.0, min(start_seconds, length - SHORTEST_PREVIEW_SECONDS))
    end = min(max(end_seconds, start + SHORTEST_PREVIEW_SECONDS), length)
    if not start < end:  # also of no number
        raise NotAPart
    with transaction.atomic():
        Master.objects.select_for_update().get(pk=master.pk)  # two of them take turns
        if master.is_frozen:
            raise Frozen
        Preview.objects.filter(master=master).cancel()
        chosen = settings.as_dict()
        _withdraw_tried(master, chosen)
        if made := _made_before(master, chosen):
            show(version=made)
            return Trial(made, None)
        if master.mix.has_failed or master.reference.has_failed:
            raise AudioUnusable
        if Preview.objects.backlog_is_full():
            raise Busy
        preview = Preview(
            user=master.user,
            master=master,
            settings=chosen,
            start_seconds=start,
            end_seconds=min(end, start + LONGEST_PREVIEW_SECONDS),
        )
        ring()  # for the part, before the whole's
        preview.version = render_version(master=master, settings=settings)
        preview.save(force_insert=True)
    return Trial(preview.version, preview)


def show(*, version: Version) -> None:
    """Make a version the one that a visit begins with."""
    if not version.has_succeeded:
        raise VersionUnfinished
    Master.objects.filter(pk=version.master_id).update(current=version)


def prefer(*, master: Master) -> None:
    """Star the version that was taken of several masters of a mix."""
    version = master.shown
    Remark.objects.update_or_create(version=version, defaults={"is_starred": True})


def remark(*, version: Version, name: str, note: str, is_starred: bool) -> Remark:
    """Keep what its person says of a version."""
    said, _ = Remark.objects.update_or_create(
        version=version, defaults={"name": name, "note": note, "is_starred": is_starred}
    )
    return said


def count_blind_test(
    *, version: Version, against: Version | None, trials: int, chosen: int
) -> BlindTest:
    """Keep how often a version was chosen without its name being known.

    Raises
    ------
    VersionUnfinished
        Of a version that nobody can have heard.
    """
    if not version.has_succeeded or (against is not None and not against.has_succeeded):
        raise VersionUnfinished
    return BlindTest.objects.create(version=version, against=against, trials=trials, chosen=chosen)


def _made_before(master: Master, chosen: dict[str, object]) -> Version | None:
    made = Version.objects.filter(
        master=master, status=Version.phases.succeeded, engine_version=ENGINE_VERSION
    )
    return next((version for version in made if version.settings == chosen), None)


def _withdraw_tried(master: Master, chosen: dict[str, object]) -> None:
    """Take back wholes that were still to be rendered for settings that are no longer chosen."""
    for version in Version.objects.filter(master=master, previews__isnull=False).open().distinct():
        if version.settings != chosen and version.number > 1:
            Version.objects.filter(pk=version.pk).cancel()
            transaction.on_commit(partial(delete_folder, version.folder))
            version.delete()
