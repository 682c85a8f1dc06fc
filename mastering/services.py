"""Submitting, rendering again, cancelling and deleting masters; keeping the queue honest."""

import hashlib
from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings as site
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.dispatch import receiver
from django_q.brokers import get_broker

from accounts.models import Notice, User
from accounts.services import Chapter, collecting, delete_folder, leaving, notify
from billing import services as billing
from billing.errors import BillingRefused
from dsp.settings import ENGINE_VERSION, MasterSettings
from mastering.errors import AudioUnusable, TooManyMasters, Unpaid
from mastering.models import Master, Version
from references import services as uploads
from references.errors import Busy
from references.models import AudioFile, Reference
from references.models.work import Settled, settled
from references.services import clear_scratch, remove_audio, ring

SWEEP_SECONDS = 10.0  # between two sweeps
UNHEARD = timedelta(seconds=5)  # due for so long means that the bell was lost


def submit_master(
    *,
    user: User,
    mix: AudioFile,
    reference: AudioFile,
    settings: MasterSettings,
    title: str = "",
) -> Master:
    """Queue the first version of a master; it waits until both tracks are measured.

    Its credit is reserved, and taken once a version is delivered.

    Raises
    ------
    MasterRefused, Busy
        With nothing stored.
    """
    _refuse_if_busy()
    with transaction.atomic():
        _refuse_if_too_many_open(user)
        tracks = AudioFile.objects.of(user).filter(pk__in={mix.pk, reference.pk})
        found = {track.pk: track for track in tracks.select_for_update()}
        if any(pk not in found or found[pk].has_failed for pk in (mix.pk, reference.pk)):
            raise AudioUnusable
        master = Master.objects.create(
            user=user, mix=mix, reference=reference, title=title or mix.title
        )
        _reserve(master)
        _queue(master, 1, settings)
    return master


def render_version(*, master: Master, settings: MasterSettings) -> Version:
    """Queue a further version; the same settings twice in a row are one version.

    Raises
    ------
    MasterRefused, Busy
    """
    with transaction.atomic():
        Master.objects.select_for_update().get(pk=master.pk)
        chosen = settings.as_dict()
        for version in Version.objects.filter(master=master).open():
            if version.settings == chosen:
                return version
        _refuse_if_busy()
        _refuse_if_too_many_open(master.user)
        if master.mix.has_failed or master.reference.has_failed:
            raise AudioUnusable
        _reserve(master)  # again, where every version so far failed
        last = master.versions.aggregate(last=Max("number"))["last"]
        return _queue(master, last + 1, settings)


def refuse_if_busy() -> None:
    """Turn a master away that begins with uploads, before any of them is stored."""
    uploads.refuse_if_busy()
    _refuse_if_busy()


def retry(*, version: Version) -> Version:
    """Queue a version that failed or was cancelled once more, as a new one."""
    if version.is_open or version.has_succeeded:
        return version
    return render_version(master=version.master, settings=version.chosen)


def cancel(*, version: Version) -> bool:
    """End a version that has not ended; its worker stops at its next heartbeat."""
    return bool(Version.objects.filter(pk=version.pk).cancel())


def cost_credits(*, user: User, mix: AudioFile, reference: AudioFile) -> int:
    """Return what a master of this pair would cost; a pair that is paid costs nothing again."""
    return 0 if billing.is_paid(user, work=pair_of(user.pk, mix, reference)) else 1


def pair_of(user_id: int, mix: AudioFile, reference: AudioFile) -> str:
    """Return what a credit pays for: a person's mix and reference, told by their content."""
    content = f"{user_id}:{mix.sha256}:{reference.sha256}"
    return f"pair:{hashlib.sha256(content.encode()).hexdigest()[:32]}"


def paid_by(master: Master) -> str:
    """Return what a credit pays for, of a master."""
    return pair_of(master.user_id, master.mix, master.reference)


def titles_of(master_ids: Collection[str]) -> dict[str, str]:
    """Return the titles of masters that still exist, by their ids."""
    return dict(Master.objects.filter(pk__in=master_ids).values_list("pk", "title"))


@receiver(leaving)
def end_work(user: User, **_: Any) -> list[str]:
    """End what is open of someone who leaves, and tell which folders go."""
    versions = Version.objects.filter(user=user)
    versions.cancel()
    return [version.folder for version in versions]


@receiver(collecting)
def collect(user: User, **_: Any) -> Chapter:
    """Return a person's masters with their versions, and the files of those."""
    masters, files = [], {}
    for master in Master.objects.of(user).with_versions():
        masters.append(
            {
                "id": master.pk,
                "title": master.title,
                "created": master.created,
                "mix": master.mix_id,
                "reference": master.reference_id,
                "versions": [_told(version) for version in master.versions.all()],
            }
        )
        for version in master.versions.all():
            for name in version.outputs:
                files[f"masters/{master.pk}/v{version.number}/{name}"] = version.key(name)
    return Chapter("masters", masters, files)


@receiver(settled, sender=Version)
def settle(rows: list[Settled], **_: Any) -> None:
    """Take the credit of what was delivered; give it back where nothing more of it is open.

    And write to the one who waits for it.
    """
    for row in sorted(rows, key=lambda row: row.user_id):  # always locked in the same order
        version = Version.objects.of(row.user_id).select_related("user").get(pk=row.pk)
        mix, reference = version.master.mix, version.master.reference
        pair = pair_of(row.user_id, mix, reference)
        _tell(version)
        if version.has_succeeded:
            billing.capture(user_id=row.user_id, work=pair)
            continue
        billing.lock(user_id=row.user_id)  # another of the pair may end at the same moment
        others = Version.objects.open().filter(
            user=row.user_id,
            master__mix__sha256=mix.sha256,
            master__reference__sha256=reference.sha256,
        )
        if not others.exists():
            billing.release(user_id=row.user_id, work=pair)


def delete_master(*, master: Master) -> None:
    """Delete a master with its versions, and its tracks where nothing else needs them."""
    with transaction.atomic():
        Version.objects.filter(master=master).cancel()  # what is open has a credit reserved
        Version.objects.filter(master=master).cancel()  # what still waited ends as any other does
        for version in master.versions.all():
            transaction.on_commit(partial(delete_folder, version.folder))
        tracks = {master.mix, master.reference}
        master.delete()
        kept = Reference.objects.filter(audio__in=tracks).values_list("audio", flat=True)
        for track in tracks - set(AudioFile.objects.filter(pk__in=kept)):
            remove_audio(audio=track)


def audio_settled(*, audio: AudioFile) -> None:
    """Let the versions go on that waited for a track, or fail with it."""
    Version.objects.fail_unusable()
    for _ in Version.objects.due().needing(audio.pk):
        ring()


def bring_in_kept_back(*, user: User) -> None:
    """Ring for what a person's limit of running work kept back until some of theirs ended."""
    if any(work.objects.of(user).kept_back().exists() for work in (AudioFile, Version)):
        ring()


def sweep() -> None:
    """Heal what crashes and lost bells left behind; safe to run anywhere, at any time, twice."""
    AudioFile.objects.expire()
    Version.objects.expire()
    Version.objects.fail_unusable()
    billing.renew_due()
    unheard = sum(work.objects.due().count() for work in (AudioFile, Version) if _is_unheard(work))
    for _ in range(unheard - get_broker().queue_size() if unheard else 0):
        ring()
    clear_scratch()


def work_is_waiting() -> bool:
    """Tell whether something has been due for longer than a living worker takes to begin."""
    return any(_is_unheard(work) for work in (AudioFile, Version))


def busy_workers() -> set[str]:
    """Return the names of the workers that hold something."""
    return {
        name
        for work in (AudioFile, Version)
        for name in work.objects.running().values_list("worker", flat=True)
    }


def lose_worker(worker: str) -> None:
    """Take back what a dead worker had, without waiting for its lease to run out."""
    AudioFile.objects.lose(worker=worker)
    Version.objects.lose(worker=worker)


def release_worker(worker: str) -> None:
    """Let wait again, with no attempt counted, what a worker had that we stopped."""
    AudioFile.objects.release(worker=worker)
    Version.objects.release(worker=worker)


def _is_unheard(work: type[AudioFile] | type[Version]) -> bool:
    return work.objects.due().filter(run_at__lte=Now() - UNHEARD).exists()


def _told(version: Version) -> dict[str, Any]:
    told = ("id", "number", "status", "settings", "report", "provenance", "error_code")
    times = ("created", "started", "finished")
    return {name: getattr(version, name) for name in (*told, *times)}


def _tell(version: Version) -> None:
    """Write to a person whose master is done or failed; what they cancelled they know."""
    if version.status == Version.Status.CANCELED:
        return
    kind = Notice.MASTER_DONE if version.has_succeeded else Notice.MASTER_FAILED
    notify(
        version.user,
        kind=kind,
        template=f"emails/{kind}",
        reason=f"{kind}:{version.pk}",
        version=version,
        master=version.master,
    )


def _reserve(master: Master) -> None:
    try:
        billing.reserve(user=master.user, work=paid_by(master), subject=master.pk)
    except BillingRefused as refusal:
        raise Unpaid(refusal.code) from refusal


def _queue(master: Master, number: int, settings: MasterSettings) -> Version:
    version = Version.objects.create(
        user=master.user,
        master=master,
        number=number,
        settings=settings.as_dict(),
        engine_version=ENGINE_VERSION,
        step="queued",
    )
    ring()
    return version


def _refuse_if_busy() -> None:
    if Version.objects.backlog_is_full():
        raise Busy


def _refuse_if_too_many_open(user: User) -> None:
    User.objects.select_for_update().get(pk=user.pk)  # so that the count holds
    if Version.objects.of(user).open().count() >= site.MAX_OPEN_MASTERS_PER_PERSON:
        raise TooManyMasters
