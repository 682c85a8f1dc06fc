"""Submitting, rendering again, cancelling and deleting masters; keeping the queue honest."""

from datetime import timedelta
from functools import partial

from django.conf import settings as site
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django_q.brokers import get_broker

from accounts.models import User
from dsp.settings import ENGINE_VERSION, MasterSettings
from mastering.errors import AudioUnusable, TooManyMasters
from mastering.models import Master, Version
from references import services as uploads
from references.errors import Busy
from references.models import AudioFile, Reference
from references.services import clear_scratch, delete_folder, remove_audio, ring

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


def delete_master(*, master: Master) -> None:
    """Delete a master with its versions, and its tracks where nothing else needs them."""
    with transaction.atomic():
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
