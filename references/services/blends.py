"""Making blends: one choice of references and weights, one entry of the library."""

from collections.abc import Sequence

from django.db import transaction

from accounts.models import User
from dsp.weights import BLEND_FORMAT, Weights, check_weights
from references.errors import NotBlendable, ProfileOutdated
from references.models import AudioFile, Blend, BlendPart, Reference
from references.models.blends import blended_identity
from references.services.doorbell import ring
from references.services.uploads import begin_measuring, clean_filename


def create_blend(
    *, user: User, title: str, parts: Sequence[tuple[Reference, Weights]]
) -> Reference:
    """Enter a blend of references into the library, and queue it to be mixed.

    Raises
    ------
    InvalidSettings
        Too few or too many references, or an aspect without any weight.
    NotBlendable
        A reference is not measured, not one's own, named twice, or a blend itself.
    ProfileOutdated
        A reference was measured by an older engine.
    UploadRefused
    """
    check_weights([weights for _, weights in parts])
    with transaction.atomic(), begin_measuring(user):
        named = [reference.pk for reference, _ in parts]
        mine = Reference.objects.of(user).usable().filter(pk__in=named)
        found = {entry.pk: entry for entry in mine}
        if len(found) < len(named) or any(entry.audio.is_blend for entry in found.values()):
            raise NotBlendable
        modes = {entry.audio.is_test for entry in found.values()}
        if len(modes) > 1:
            raise NotBlendable
        if any(entry.audio.is_outdated for entry in found.values()):
            raise ProfileOutdated
        entries = [(found[reference.pk], weights) for reference, weights in parts]
        audio = AudioFile.objects.create(
            user=user,
            kind=AudioFile.Kind.REFERENCE,
            filename=clean_filename(title),
            size_bytes=0,
            format=BLEND_FORMAT,
            sound=AudioFile.Sound.NONE,
            is_test=True in modes,
        )
        counted = [entry.audio for entry, weights in entries if weights.counts]
        blend = Blend.objects.create(audio=audio, identity=blended_identity(counted))
        BlendPart.objects.bulk_create(
            BlendPart(
                blend=blend,
                place=place,
                audio=entry.audio,
                title=entry.title,
                **weights.as_dict(),
            )
            for place, (entry, weights) in enumerate(entries)
        )
        made = Reference.objects.create(
            user=user, audio=audio, title=title.strip(), origin=Reference.Origin.BLEND
        )
        ring()
    return made
