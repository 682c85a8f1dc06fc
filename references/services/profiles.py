"""Profiles without their sound: giving the sound up, and carrying measurements as a document."""

import json
import logging
import zlib

from django.core.files.storage import default_storage
from django.db import transaction

from dsp.errors import ProfileInvalid
from dsp.formats import PROFILE_NAME
from dsp.profiles import MOST_DOCUMENT_BYTES, Document, check_profile
from references.errors import BlendStays, NotMeasured, ProfileOutdated, SoundNeeded, StorageAway
from references.models import AudioFile, DirectUpload, Reference

MOST_PROFILE_BYTES = 4 * MOST_DOCUMENT_BYTES  # unpacked

logger = logging.getLogger(__name__)


def drop_sound(*, reference: Reference) -> None:
    """Delete the sound of an entry, in every copy, and keep what was measured of it.

    A master toward it comes out the same: nothing but the profile goes into one.

    Raises
    ------
    NotMeasured, SoundNeeded, ProfileOutdated
        With nothing deleted.
    """
    with transaction.atomic():
        audio = AudioFile.objects.select_for_update().get(pk=reference.audio_id)
        if not audio.is_ready:
            raise NotMeasured
        if audio.is_outdated:
            raise ProfileOutdated
        if AudioFile.objects.filter(pk=audio.pk, masters_of_mix__isnull=False).exists():
            raise SoundNeeded
        # The same file may have come twice, and the second one found its entry there.
        copies = AudioFile.objects.of(audio.user_id).filter(
            kind=AudioFile.Kind.REFERENCE,
            status=AudioFile.Status.READY,
            sha256=audio.sha256,
            library_entry=None,
            masters_of_mix=None,
        )
        going = [audio.pk, *copies.values_list("pk", flat=True)]
        AudioFile.objects.filter(pk__in=going).sounding().update(sound=AudioFile.Sound.LEAVING)
        for upload in DirectUpload.objects.filter(audio__in=going):
            upload.delete()  # and what still lies in the quarantine
        transaction.on_commit(lambda: clear_sounds(*going), robust=True)


def clear_sounds(*ids: str) -> None:
    """Empty the folders of what has given its sound up, but for the profile; all, or these."""
    leaving = AudioFile.objects.losing_sound()
    for audio in leaving.filter(pk__in=ids) if ids else leaving[:100]:
        _empty(audio.folder, but=audio.key(PROFILE_NAME))
        left_bytes = sum(each["size_bytes"] for each in audio.kept.values())
        AudioFile.objects.losing_sound().filter(pk=audio.pk).update(
            sound=AudioFile.Sound.NONE, stored_bytes=left_bytes
        )


def export_profile(*, reference: Reference) -> bytes:
    """Return an entry's measurements as a document, to be kept or brought to another library.

    Raises
    ------
    NotMeasured, ProfileOutdated, StorageAway
    BlendStays
        A blend is made anew elsewhere, of its references' documents.
    """
    audio = reference.audio
    if audio.is_blend:
        raise BlendStays
    if not audio.is_ready:
        raise NotMeasured
    if audio.is_outdated:
        raise ProfileOutdated
    try:
        with default_storage.open(audio.key(PROFILE_NAME)) as stored:
            packed = stored.read()
    except Exception as error:
        logger.exception("The profile of %s could not be read.", audio.pk)
        raise StorageAway from error
    document = Document(
        profile=_unpacked(packed),
        title=reference.title,
        artist=reference.artist,
        genre=reference.genre,
        notes=reference.notes,
        tags=tuple(reference.tags),
        health=None if reference.trust is None else tuple(reference.health),
    )
    return document.to_json()


def _unpacked(packed: bytes) -> dict[str, object]:
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        profile: dict[str, object] = json.loads(unpacking.decompress(packed, MOST_PROFILE_BYTES))
    except (zlib.error, ValueError, RecursionError) as error:
        raise ProfileInvalid("The stored profile is damaged.") from error
    check_profile(profile)
    return profile


def _empty(folder: str, *, but: str) -> None:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        if f"{folder}/{name}" != but:
            default_storage.delete(f"{folder}/{name}")
    for name in folders:
        _empty(f"{folder}/{name}", but=but)
