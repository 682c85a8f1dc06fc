"""Blends: several references with weights, mixed by a worker into one profile to master toward."""

import hashlib
from collections.abc import Sequence
from typing import Any, Self

from django.db import models
from django.db.models import Q

from dsp.weights import ASPECTS, Weights
from references.models.audio import AudioFile
from references.models.library import Reference


class BlendQuerySet(models.QuerySet["Blend"]):
    def of(self, user: Any) -> Self:
        return self.filter(audio__user=user).select_related("audio")

    def with_parts(self) -> Self:
        return self.prefetch_related("parts__audio")


class Blend(models.Model):
    """What an entry of the library without a track of its own is made of; never changed."""

    audio = models.OneToOneField(AudioFile, models.CASCADE, primary_key=True, related_name="blend")
    identity = models.CharField(
        max_length=64, help_text="The same for the same tracks, whatever their weights."
    )

    objects = BlendQuerySet.as_manager()

    def __str__(self) -> str:
        return self.audio.filename

    @property
    def entry(self) -> Reference | None:
        """Its entry in the library, as long as it is there."""
        return Reference.objects.filter(audio=self.audio_id).first()


class BlendPart(models.Model):
    """One reference of a blend; its measurements stay in the blend when the reference goes."""

    blend = models.ForeignKey(Blend, models.CASCADE, related_name="parts")
    place = models.PositiveSmallIntegerField()
    audio = models.ForeignKey(
        AudioFile, models.SET_NULL, null=True, blank=True, related_name="blended_in"
    )
    title = models.CharField(max_length=200, help_text="As it was called when it was mixed in.")
    tone = models.FloatField()
    dynamics = models.FloatField()
    width = models.FloatField()
    loudness = models.FloatField()

    class Meta:
        ordering = ["blend", "place"]
        constraints = [
            models.UniqueConstraint("blend", "place", name="blend_part_has_its_place"),
            models.CheckConstraint(
                name="blend_weights_from_0_to_1",
                condition=Q(
                    **{f"{aspect}__gte": 0.0 for aspect in ASPECTS},
                    **{f"{aspect}__lte": 1.0 for aspect in ASPECTS},
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def weights(self) -> Weights:
        return Weights(**{aspect: getattr(self, aspect) for aspect in ASPECTS})


def identity_of(audio: AudioFile) -> str:
    """Return by what a reference is known to be the same: its bytes, or those of its tracks."""
    if audio.is_blend:
        return audio.blend.identity
    return audio.sha256 or audio.pk


def blended_identity(parts: Sequence[AudioFile]) -> str:
    """Return the identity of a blend of these; of one alone, its own."""
    identities = sorted({identity_of(part) for part in parts})
    if len(identities) == 1:
        return identities[0]
    return hashlib.sha256("+".join(identities).encode()).hexdigest()


def shares_of(parts: Sequence[BlendPart]) -> list[dict[str, float]]:
    """Return each part's share of every aspect, 0 to 1."""
    sums = {aspect: sum(getattr(part, aspect) for part in parts) for aspect in ASPECTS}
    return [
        {aspect: getattr(part, aspect) / (sums[aspect] or 1.0) for aspect in ASPECTS}
        for part in parts
    ]
