"""Submitting, rendering again, cancelling and deleting masters; keeping the queue honest."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django_q.brokers import get_broker

from accounts.models import User
from accounts.storage import delete_folder
from billing import services as billing
from dsp.payload import Digests
from dsp.settings import ENGINE_VERSION, MasterSettings
from mastering.errors import AudioUnusable, TooManyMasters, TooManySiblings
from mastering.models import WORK_KINDS, Fingerprint, Master, Version, WorkKind
from mastering.services.credits import pair_of, reserve
from mastering.services.exports import delete_made, expire_exports
from mastering.services.previews import delete_previews, expire_previews
from references import services as uploads
from references.errors import Busy
from references.models import AudioFile, Reference
from references.models.limits import most_open_masters
from references.services import (
    clear_scratch,
    clear_sounds,
    clear_uploads,
    mend_library,
    remove_audio,
    ring,
)

SWEEP_SECONDS = 10.0  # between two sweeps
MOST_SIBLINGS = 5  # masters of one mix that are compared on one screen
UNHEARD = timedelta(seconds=5)  # due for so long means that the bell was lost

Of = Fingerprint.Of


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file that is a master from here, by its bytes or by its samples alone."""

    fingerprint: Fingerprint
    is_own: bool

    @property
    def version(self) -> Version:
        return self.fingerprint.version

    @property
    def is_by_samples(self) -> bool:
        return self.fingerprint.of == Of.AUDIO


def submit_master(
    *,
    user: User,
    mix: AudioFile,
    reference: AudioFile,
    settings: MasterSettings,
    title: str = "",
    previous: Master | None = None,
    genre: str = "",
    release: str = "",
) -> Master:
    """Queue the first version of a master; it waits until both tracks are measured.

    ``previous`` is the master of an earlier mix of the same song. A credit is reserved, and taken
    once a version is delivered.

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
        if not found[mix.pk].has_sound:  # measurements alone; enough to master toward, only
            raise AudioUnusable
        if mix.is_test != reference.is_test:
            raise AudioUnusable
        master = Master.objects.create(
            user=user,
            mix=mix,
            reference=reference,
            title=title or mix.title,
            is_test=mix.is_test,
            pair=pair_of(user, mix, reference),
            previous=previous,
            genre=genre,
            release=release,
        )
        reserve(master)
        _queue(master, 1, settings)
    return master


def submit_siblings(
    *, master: Master, references: list[AudioFile], settings: MasterSettings
) -> list[Master]:
    """Master the mix of a master toward further references: each a master of its own, or none.

    Raises
    ------
    MasterRefused, Busy
    """
    with transaction.atomic():
        known = Master.objects.filter(user=master.user, mix=master.mix).count()
        if known + len(references) > MOST_SIBLINGS:
            raise TooManySiblings
        return [
            submit_master(
                user=master.user,
                mix=master.mix,
                reference=reference,
                settings=settings,
                title=master.title,
            )
            for reference in references
        ]


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
        reserve(master)  # again, where every version so far failed
        last = master.versions.aggregate(last=Max("number"))["last"]
        return _queue(master, last + 1, settings)


def render_gentler(*, version: Version) -> Version:
    """Queue a version that holds back what did harm in this one; itself where nothing did.

    Raises
    ------
    MasterRefused, Busy
    """
    softer = version.report.get("gentler")
    if not softer:
        return version
    return render_version(master=version.master, settings=MasterSettings.from_dict(softer))


def recognise(digests: Digests, *, user: Any) -> Recognised | None:
    """Tell whether a file, or the sound in it, is a master from here that nobody touched.

    One's own is preferred, where several came to the same bytes; then the oldest.
    """
    for of, digest in ((Of.FILE, digests.file), (Of.AUDIO, digests.audio)):
        if digest is None:
            continue
        found = list(Fingerprint.objects.matching(digest).filter(of=of))
        if found:
            best = min(found, key=lambda one: (one.version.user != user, one.version.created))
            return Recognised(best, is_own=best.version.user == user)
    return None


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


def rename(*, master: Master, title: str) -> None:
    Master.objects.filter(pk=master.pk).update(title=title)


def delete_master(*, master: Master) -> None:
    """Delete a master with its versions, and its tracks where nothing else needs them."""
    with transaction.atomic():
        Version.objects.filter(master=master).cancel()  # what is open has a credit reserved
        for version in master.versions.all():
            transaction.on_commit(partial(delete_folder, version.folder))
        delete_made(master=master)
        delete_previews(master=master)
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
    if any(kind._default_manager.of(user).kept_back().exists() for kind in WORK_KINDS):
        ring()


def sweep() -> None:
    """Heal what crashes and lost bells left behind; safe to run anywhere, at any time, twice."""
    for kind in WORK_KINDS:
        kind._default_manager.expire()
    Version.objects.fail_unusable()
    billing.renew_due()
    unheard = sum(kind._default_manager.due().count() for kind in WORK_KINDS if _is_unheard(kind))
    for _ in range(unheard - get_broker().queue_size() if unheard else 0):
        ring()
    expire_exports()
    expire_previews()
    clear_uploads()
    clear_sounds()
    mend_library()
    clear_scratch()


def work_is_waiting() -> bool:
    """Tell whether something has been due for longer than a living worker takes to begin."""
    return any(_is_unheard(kind) for kind in WORK_KINDS)


def busy_workers() -> set[str]:
    """Return the names of the workers that hold something."""
    return {
        name
        for kind in WORK_KINDS
        for name in kind._default_manager.running().values_list("worker", flat=True)
    }


def lose_worker(worker: str) -> None:
    """Take back what a dead worker had, without waiting for its lease to run out."""
    for kind in WORK_KINDS:
        kind._default_manager.lose(worker=worker)


def release_worker(worker: str) -> None:
    """Let wait again, with no attempt counted, what a worker had that we stopped."""
    for kind in WORK_KINDS:
        kind._default_manager.release(worker=worker)


def _is_unheard(kind: WorkKind) -> bool:
    return kind._default_manager.due().filter(run_at__lte=Now() - UNHEARD).exists()


def _queue(master: Master, number: int, settings: MasterSettings) -> Version:
    version = Version.objects.create(
        user=master.user,
        master=master,
        number=number,
        settings=settings.as_dict(),
        engine_version=ENGINE_VERSION,
        step="queued",
    )
    Master.objects.filter(pk=master.pk).update(current=None)  # the newest is what is wanted now
    ring()
    return version


def _refuse_if_busy() -> None:
    if Version.objects.backlog_is_full():
        raise Busy


def _refuse_if_too_many_open(user: User) -> None:
    User.objects.select_for_update().get(pk=user.pk)  # so that the count holds
    if Version.objects.of(user).open().count() >= most_open_masters(user):
        raise TooManyMasters
