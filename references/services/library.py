"""The verbs of the library: entering, describing, taking out, and finding the same sound twice."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import RestrictedError

from accounts.models import User
from accounts.storage import delete_folder
from dsp.profiles import PROFILE_FORMAT
from dsp.suitability import likeness_of
from dsp.weights import BLEND_FORMAT
from references.errors import AudioInUse, RightsUnstated
from references.models import AudioFile, DirectUpload, Reference, RightsStatement
from references.models.figures import figures_of, flags_told, health_of, trust_in
from references.models.library import clean_tags, folded, searched
from references.services.uploads import begin_upload, receive_upload
from references.storage import SignedRequest

SAME_LENGTH_SECONDS = 1.5  # codecs add less at the ends
MOST_COMPARED = 200  # entries of about one length
MOST_MENDED = 200  # entries whose numbers one sweep takes
FIGURES = (
    "loudness_lufs", "plr_db", "width_db", "brightness_db", "seconds", "tone_db", "health",
    "trust", "same_as", "likeness",
)  # fmt: skip
ORIGINS = {  # of an entry, by the format of what it is of
    BLEND_FORMAT: Reference.Origin.BLEND,
    PROFILE_FORMAT: Reference.Origin.PROFILE,
}

logger = logging.getLogger(__name__)


def add_reference(*, user: User, file: "File[bytes]", states_rights: bool = False) -> AudioFile:
    """Store a track, or a profile document, for the library, and queue it to be measured.

    Raises
    ------
    RightsUnstated, UploadRefused, AudioError
        With nothing stored.
    """
    require_rights(user=user, states=states_rights)
    return receive_upload(user=user, kind=AudioFile.Kind.REFERENCE, file=file)


def begin_reference(
    *, user: User, filename: str, size_bytes: int, states_rights: bool = False
) -> tuple[DirectUpload, SignedRequest]:
    """Announce a file for the library that goes straight to the storage.

    Raises
    ------
    RightsUnstated, UploadRefused, AudioError
    """
    require_rights(user=user, states=states_rights)
    return begin_upload(
        user=user, kind=AudioFile.Kind.REFERENCE, filename=filename, size_bytes=size_bytes
    )


def has_stated_rights(*, user: User) -> bool:
    """Tell whether a person said, in today's words, that they may use what they bring."""
    return RightsStatement.objects.filter(user=user, wording=RightsStatement.WORDING).exists()


def state_rights(*, user: User) -> None:
    """Keep that a person says so; once is enough."""
    RightsStatement.objects.update_or_create(
        user=user, defaults={"wording": RightsStatement.WORDING}
    )


def require_rights(*, user: User, states: bool) -> None:
    """Keep what is stated now; without, ask that it was stated before.

    Raises
    ------
    RightsUnstated
    """
    if states:
        state_rights(user=user)
    elif not has_stated_rights(user=user):
        raise RightsUnstated


def keep_reference(*, user: User, audio: AudioFile) -> Reference:
    """Enter a track into the library, as of a finished master; itself where it is there."""
    with transaction.atomic():
        entry, made = Reference.objects.get_or_create(
            audio=audio,
            defaults={
                "user": user,
                "title": audio.title,
                "origin": ORIGINS.get(audio.format, Reference.Origin.UPLOAD),
            },
        )
        if made and audio.is_ready:
            _read(entry)
    return entry


def edit_reference(
    *,
    reference: Reference,
    title: str,
    artist: str = "",
    genre: str = "",
    tags: Iterable[str] | None = None,
    notes: str = "",
) -> Reference:
    """Describe an entry anew; without ``tags`` it keeps those it has."""
    described: dict[str, Any] = {"title": title, "artist": artist, "genre": genre, "notes": notes}
    if tags is not None:
        described["tags"] = clean_tags(tags)
    for name, value in described.items():
        setattr(reference, name, value)
    reference.save(update_fields=[*described])
    return reference


def edit_references(
    *,
    user: User,
    ids: Sequence[str],
    add_tags: Iterable[str] = (),
    remove_tags: Iterable[str] = (),
    genre: str | None = None,
    artist: str | None = None,
) -> int:
    """Describe several entries at once; what is None stays. Return how many there were."""
    unwanted = {folded(tag) for tag in clean_tags(remove_tags)}
    added = clean_tags(add_tags)
    with transaction.atomic():
        mine = Reference.objects.filter(user=user, pk__in=ids).order_by("pk")
        entries = list(mine.select_for_update())
        for entry in entries:
            left = [tag for tag in entry.tags if folded(tag) not in unwanted]
            entry.tags = clean_tags([*left, *added])
            entry.genre = entry.genre if genre is None else genre
            entry.artist = entry.artist if artist is None else artist
            entry.search = searched(entry)
        Reference.objects.bulk_update(
            entries, ["tags", "genre", "artist", "search"], batch_size=200
        )
    return len(entries)


def remove_references(*, user: User, ids: Sequence[str]) -> int:
    """Take entries out of the library, and delete what no master needs; return how many."""
    entries = list(Reference.objects.of(user).filter(pk__in=ids))
    for entry in entries:
        remove_audio(audio=entry.audio)
    return len(entries)


def remove_audio(*, audio: AudioFile) -> None:
    """Take an upload out of the library, and delete it unless a master still needs it."""
    with transaction.atomic():
        _take_out(audio)
    try:
        _delete(audio)
    except RestrictedError:
        logger.info("%s stays: a master needs it", audio.folder)


def delete_audio(*, audio: AudioFile) -> None:
    """Delete an upload, and its entry in the library.

    Raises
    ------
    AudioInUse
        Where a master needs it; with nothing changed.
    """
    try:
        with transaction.atomic():
            _take_out(audio)
            _delete(audio)
    except RestrictedError as needed:
        raise AudioInUse from needed


def enter_measured(*, audio_id: str) -> None:
    """Take an entry's numbers, now that its content is known; one content has one entry."""
    entry = Reference.objects.usable().filter(audio=audio_id).select_related("audio").first()
    if entry is None:
        return
    if entry.audio.sha256:
        mine = Reference.objects.of(entry.user_id).of_mode(is_test=entry.audio.is_test).usable()
        same = mine.filter(audio__sha256=entry.audio.sha256)
        if same.order_by("created", "pk").first() != entry:
            entry.delete()
            return
    _read(entry)


def mend_library() -> None:
    """Take the numbers of entries whose worker ended before it could."""
    for entry in Reference.objects.unread().select_related("audio")[:MOST_MENDED]:
        _read(entry)


def _read(entry: Reference) -> None:
    audio = entry.audio
    is_told = entry.origin == Reference.Origin.PROFILE
    told = flags_told(audio.facts.get("health")) if is_told else []
    flags = health_of(audio.findings, audio.facts, audio.summary, told=told)
    read: dict[str, Any] = figures_of(audio.summary)
    read |= {"health": [asdict(flag) for flag in flags], "trust": trust_in(flags)}
    for name, value in read.items():
        setattr(entry, name, value)
    entry.same_as, entry.likeness = _older_double(entry)
    entry.save(update_fields=FIGURES)


def _older_double(entry: Reference) -> tuple[Reference | None, float | None]:
    """Return the oldest entry with the same sound: the same samples, or nearly the same print."""
    older = (
        Reference.objects.of(entry.user_id)
        .of_mode(is_test=entry.audio.is_test)
        .usable()
        .filter(created__lte=entry.created)
        .exclude(pk=entry.pk)
        .order_by("created", "pk")
    )
    if entry.audio.pcm_sha256:
        exact = older.filter(audio__pcm_sha256=entry.audio.pcm_sha256).first()
        if exact is not None:
            return exact.same_as or exact, 1.0
    if entry.seconds is None or entry.is_starter:
        return None, None
    around = (entry.seconds - SAME_LENGTH_SECONDS, entry.seconds + SAME_LENGTH_SECONDS)
    for other in older.filter(seconds__range=around)[:MOST_COMPARED]:
        likeness = likeness_of(entry.audio.summary, other.audio.summary)
        if likeness is not None:
            return other.same_as or other, likeness
    return None, None


def _take_out(audio: AudioFile) -> None:
    for entry in Reference.objects.filter(audio=audio):
        _pass_on_doubles(entry)
        entry.delete()


def _delete(audio: AudioFile) -> None:
    folder = audio.folder
    with transaction.atomic():
        audio.delete()
        transaction.on_commit(partial(delete_folder, folder))


def _pass_on_doubles(entry: Reference) -> None:
    """Let the oldest of an entry's doubles stand for the others, as it goes."""
    doubles = list(entry.doubles.order_by("created", "pk"))
    if doubles:
        Reference.objects.filter(pk=doubles[0].pk).update(same_as=None, likeness=None)
        rest = [double.pk for double in doubles[1:]]
        Reference.objects.filter(pk__in=rest).update(same_as=doubles[0])
