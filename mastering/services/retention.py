"""Deleting what a plan keeps no longer: told by mail before, with a receipt afterwards.

A master goes as a whole, all its versions with it, once nothing was made of it for as long as its
person's plan says; a track, once no master needs it and it is in no library. Nothing goes before
the day that stood in a mail, two weeks before; a week, where the mail went out late.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from accounts.models import Mail, User
from accounts.services import bury, notify_always
from billing.services import plan_of
from mastering.models import Farewell, Master, Receipt, Version
from mastering.services.masters import delete_master
from references.models import AudioFile, Reference
from references.services import remove_audio

NOTICE: Final = timedelta(days=14)
LEAST_NOTICE: Final = timedelta(days=7)  # from the mail itself, which a mail server may hold up
SHORTEST: Final = timedelta(days=1)  # whatever a plan says: a slip of the pen deletes nothing
MOST_A_NIGHT: Final = 5_000  # of each kind; the rest waits for the next one

logger = logging.getLogger(__name__)


def announce_farewells() -> int:
    """Write to those of whom something goes in two weeks; return how many were written to."""
    if not settings.RETENTION:
        return 0
    told = 0
    for user_id, things in _going_soon().items():
        try:
            told += _tell(user_id, things)
        except Exception:
            logger.exception("Person %s could not be told of what goes.", user_id)
    return told


def delete_what_was_announced() -> int:
    """Delete what its person was told of, where its day has come; return how many things went."""
    if not settings.RETENTION:
        return 0
    gone = 0
    for farewell in Farewell.objects.over().values_list("pk", flat=True)[:MOST_A_NIGHT]:
        try:
            gone += _take_leave(farewell)
        except Exception:
            logger.exception("What farewell %s tells of could not be deleted.", farewell)
    return gone


def keeps_days(user: User) -> int | None:
    """Return for how many days a person's things are kept unused; None for good."""
    return plan_of(user).retention_days if settings.RETENTION else None


def _idle_masters() -> Any:
    """Return masters of which nothing is under way, each with when it was ``last_used``."""
    under_way = Version.objects.open().filter(master=OuterRef("pk"))
    last_version = Coalesce(Max("versions__created"), "created")
    last_export = Coalesce(Max("versions__exports__created"), "created")
    return Master.objects.filter(~Exists(under_way)).annotate(
        last_used=Greatest(last_version, last_export)
    )


def _loose_tracks() -> QuerySet[AudioFile]:
    """Return tracks that no master needs and no library holds."""
    return AudioFile.objects.filter(
        ~Exists(Master.objects.filter(mix=OuterRef("pk"))),
        ~Exists(Master.objects.filter(reference=OuterRef("pk"))),
        ~Exists(Reference.objects.filter(audio=OuterRef("pk"))),
        status__in=AudioFile.phases.terminal,
    )


def _going_soon() -> Mapping[int, list[tuple[Master | AudioFile, datetime]]]:
    """Return by person what nobody has used for long, and was not announced yet."""
    before = timezone.now() + NOTICE - SHORTEST
    found: dict[int, list[tuple[Master | AudioFile, datetime]]] = defaultdict(list)
    masters: Any = _idle_masters().filter(farewell=None, last_used__lt=before)
    for master in masters.order_by("last_used")[:MOST_A_NIGHT]:
        found[master.user_id].append((master, master.last_used))
    tracks = _loose_tracks().filter(farewell=None, created__lt=before)
    for track in tracks.order_by("created")[:MOST_A_NIGHT]:
        found[track.user_id].append((track, track.created))
    return found


def _tell(user_id: int, things: Iterable[tuple[Master | AudioFile, datetime]]) -> bool:
    user = User.objects.get(pk=user_id)
    now = timezone.now()
    kept = max(timedelta(days=plan_of(user).retention_days), SHORTEST)
    reason = f"farewell:{user.pk}:{now:%F}"
    going = [
        Farewell(
            user=user,
            master=thing if isinstance(thing, Master) else None,
            audio=thing if isinstance(thing, AudioFile) else None,
            due=max(last_used + kept, now + NOTICE),
            last_used=last_used,
            mail=reason,
        )
        for thing, last_used in things
        if last_used + kept <= now + NOTICE
    ]
    if not going:
        return False
    going.sort(key=lambda farewell: farewell.due)
    with transaction.atomic():
        Farewell.objects.bulk_create(going)
        notify_always(
            user,
            template="emails/farewell",
            reason=reason,
            farewells=going[:20],
            more=max(len(going) - 20, 0),
            first_day=going[0].due,
            kept_days=kept.days,
        )
    return True


def _take_leave(pk: int) -> bool:
    """Delete one thing, unless it was used since, or its person now has a plan that keeps it."""
    with transaction.atomic():
        farewell = Farewell.objects.select_for_update().filter(pk=pk).first()
        if farewell is None:
            return False
        plan = plan_of(farewell.user)
        kept = max(timedelta(days=plan.retention_days), SHORTEST)
        thing = _still_unused(farewell)
        if thing is None or farewell.last_used + kept > timezone.now():
            farewell.delete()
            return False
        mail = Mail.objects.filter(reason=farewell.mail).first()  # long sent ones are forgotten
        if mail and (mail.sent is None or mail.sent > timezone.now() - LEAST_NOTICE):
            logger.warning("%s waits: the mail that tells of it went out late, or not.", thing.pk)
            return False
        receipt = Receipt(
            user=farewell.user,
            subject=thing.pk,
            title=farewell.title,
            reason=Receipt.Reason.RETENTION,
            plan=plan.code,
            kept_days=kept.days,
            last_used=farewell.last_used,
            told=farewell.created,
            due=farewell.due,
        )
        bury([thing, *(thing.versions.all() if isinstance(thing, Master) else ())])
        receipt.files = _deleted(thing)
        receipt.size_bytes = sum(file["size_bytes"] for file in receipt.files)
        receipt.save()
    logger.info("%s was deleted: its plan kept it for %s days.", receipt.subject, kept.days)
    return True


def _still_unused(farewell: Farewell) -> Master | AudioFile | None:
    if farewell.master_id:
        idle = _idle_masters().filter(last_used__lte=farewell.last_used)
        master: Master | None = idle.filter(pk=farewell.master_id).first()
        return master
    return _loose_tracks().filter(pk=farewell.audio_id).first()


def _deleted(thing: Master | AudioFile) -> list[dict[str, Any]]:
    """Delete a master or a track; return which files went."""
    if isinstance(thing, AudioFile):
        files = _files_of_track(thing)
        remove_audio(audio=thing)
        return files
    files = [
        {"name": f"v{version.number}/{name}", **recorded}
        for version in thing.versions.order_by("number")
        for name, recorded in sorted(version.outputs.items())
    ]
    tracks = {track.pk: _files_of_track(track) for track in (thing.mix, thing.reference)}
    delete_master(master=thing)
    kept = set(AudioFile.objects.filter(pk__in=tracks).values_list("pk", flat=True))
    return files + [file for pk, each in tracks.items() if pk not in kept for file in each]


def _files_of_track(track: AudioFile) -> list[dict[str, Any]]:
    return [{"name": track.filename, "size_bytes": track.size_bytes, "sha256": track.sha256}]
