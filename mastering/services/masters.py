"""Submitting, rendering again, cancelling and deleting masters."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from accounts.storage import delete_folder
from dsp.payload import Digests
from dsp.settings import ENGINE_VERSION, MasterSettings
from mastering.errors import AudioUnusable, Frozen, NoSuchSection, TooManyMasters, TooManySiblings
from mastering.models import Farewell, Fingerprint, Master, Version
from mastering.services.credits import pair_of, reserve
from mastering.services.exports import delete_made
from mastering.services.previews import delete_previews
from references import services as uploads
from references.errors import Busy
from references.models import AudioFile, Reference
from references.models.limits import most_open_masters
from references.services import (
    remove_audio,
    ring,
)

MOST_SIBLINGS = 5  # masters of one mix that are compared on one screen

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
    refuse_if_full()
    with transaction.atomic():
        refuse_if_too_many_open(user)
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


def submit_masters(
    *,
    user: User,
    mix: AudioFile,
    references: Sequence[AudioFile],
    settings: MasterSettings,
    title: str = "",
    **context: Any,
) -> list[Master]:
    """Master one mix toward several references: each a master of its own, all of them or none.

    Each pair costs as it does alone. One reference is one master, as by :func:`submit_master`,
    of which ``context`` is further arguments.

    Raises
    ------
    MasterRefused, Busy
        With nothing stored; more than ``MOST_SIBLINGS`` on one mix are not compared.
    """
    chosen = list(dict.fromkeys(references))
    if not chosen:
        raise TooManySiblings
    with transaction.atomic():
        if len(chosen) > 1:
            known = Master.objects.matched().filter(user=user, mix=mix).count()
            if known + len(chosen) > MOST_SIBLINGS:
                raise TooManySiblings
        return [
            submit_master(
                user=user, mix=mix, reference=reference, settings=settings, title=title, **context
            )
            for reference in chosen
        ]


def submit_siblings(
    *, master: Master, references: Sequence[AudioFile], settings: MasterSettings
) -> list[Master]:
    """Master the mix of a master toward further references, all of them or none.

    Raises
    ------
    MasterRefused, Busy
    """
    if Master.objects.siblings(master).matched().count() + len(references) > MOST_SIBLINGS:
        raise TooManySiblings
    return submit_masters(
        user=master.user,
        mix=master.mix,
        references=references,
        settings=settings,
        title=master.title,
    )


def render_version(*, master: Master, settings: MasterSettings) -> Version:
    """Queue a further version; the same settings twice in a row are one version.

    Raises
    ------
    MasterRefused, Busy
    """
    with transaction.atomic():
        locked = Master.objects.select_for_update().filter(pk=master.pk)
        master.pair = locked.values_list("pair", flat=True).get()  # by its bytes, once delivered
        chosen = settings.as_dict()
        for version in Version.objects.filter(master=master).open():
            if version.settings == chosen:
                return version
        if master.is_frozen and chosen != master.latest.settings:
            raise Frozen
        refuse_if_full()
        refuse_if_too_many_open(master.user)
        if master.mix.has_failed or master.reference.has_failed:
            raise AudioUnusable
        reserve(master)  # again, where every version so far failed
        last = master.versions.aggregate(last=Max("number"))["last"]
        return queue_version(master, last + 1, settings)


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
    refuse_if_full()


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


def queue_version(master: Master, number: int, settings: MasterSettings) -> Version:
    """Queue a version of a master that may have others, and may have been given up."""
    version = _queue(master, number, settings)
    Farewell.objects.filter(master=master).delete()  # it is used again
    Master.objects.filter(pk=master.pk).update(current=None)  # the newest is what is wanted now
    return version


def _queue(master: Master, number: int, settings: MasterSettings) -> Version:
    _refuse_unknown_sections(master, settings)
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


def _refuse_unknown_sections(master: Master, settings: MasterSettings) -> None:
    """Refuse pairs of sections that are not there, as far as the tracks are measured by now."""
    if isinstance(settings.sections, str):
        return
    for side, audio in enumerate((master.mix, master.reference)):
        found = audio.summary.get("sections") if audio.has_succeeded else None
        if found and any(pair[side] >= len(found) for pair in settings.sections):
            raise NoSuchSection


def refuse_if_full() -> None:
    """Turn a master away while too many of everyone's wait."""
    if Version.objects.backlog_is_full():
        raise Busy


def refuse_if_too_many_open(user: User) -> None:
    """Refuse one more than a person may have open; in a transaction, in which the count holds."""
    User.objects.select_for_update().get(pk=user.pk)  # so that the count holds
    if Version.objects.of(user).open().count() >= most_open_masters(user):
        raise TooManyMasters
