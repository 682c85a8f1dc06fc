"""Uploads: one audio file each, measured once by a worker."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any, ClassVar, Self

from django.db import models

from dsp.formats import LOSSLESS_NAME, PROFILE_NAME
from dsp.profiles import PROFILE_VERSION
from dsp.weights import BLEND_FORMAT
from references.models.ids import PublicIdField
from references.models.work import Phases, Work, WorkQuerySet, work_constraints, work_indexes

_PHASES = Phases(waiting="UPLOADED", running="MEASURING", succeeded="READY", failed="REJECTED")

# What no mastering mends; more than one of these is a reason to go back to the mix.
DAMAGE = frozenset(
    {"clipping", "already_limited", "lossy_source", "dropout", "inverted_channel", "hum", "noise"}
)
TOO_MUCH_DAMAGE = 2


class AudioFileQuerySet(WorkQuerySet["AudioFile"]):
    def of_mode(self, *, is_test: bool) -> Self:
        """Keep what test keys made, or all that they did not."""
        return self.filter(is_test=is_test)

    def sounding(self) -> Self:
        """Those whose sound is here, not their measurements alone."""
        return self.filter(sound=AudioFile.Sound.KEPT)

    def losing_sound(self) -> Self:
        """Those whose sound was given up, and may still lie in storage."""
        return self.filter(sound=AudioFile.Sound.LEAVING)


class AudioFile(Work):
    class Kind(models.TextChoices):
        MIX = "MIX"
        REFERENCE = "REFERENCE"

    class Status(models.TextChoices):
        UPLOADED = "UPLOADED"
        MEASURING = "MEASURING"
        READY = "READY"
        REJECTED = "REJECTED"

    class Sound(models.TextChoices):
        KEPT = "KEPT"
        LEAVING = "LEAVING"  # given up; some of it may still lie in storage
        NONE = "NONE"  # gone, or never there: a profile alone

    phases: ClassVar[Phases] = _PHASES

    id = PublicIdField(prefix="aud")
    kind = models.CharField(max_length=10, choices=Kind)
    status = models.CharField(max_length=10, choices=Status, default=Status.UPLOADED)
    filename = models.CharField(max_length=255, help_text="As sent, cleaned; never part of a key.")
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)  # of direct uploads: empty until it is measured
    format = models.CharField(max_length=10, help_text="Told from the content.")
    facts = models.JSONField(default=dict)
    summary = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    pcm_sha256 = models.CharField(max_length=64, blank=True)
    profile_version = models.PositiveSmallIntegerField(
        default=0, help_text="Of what was measured; 0 until then."
    )
    sound = models.CharField(max_length=10, choices=Sound, default=Sound.KEPT)
    is_test = models.BooleanField(default=False, help_text="Sent with a test key.")

    objects = AudioFileQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        constraints = work_constraints("audio", _PHASES)
        indexes = [
            *work_indexes("audio", _PHASES),
            models.Index("user", "sha256", name="audio_content"),
            models.Index("user", "pcm_sha256", name="audio_samples"),
            models.Index("sound", name="audio_leaving", condition=models.Q(sound="LEAVING")),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_ready(self) -> bool:
        return self.has_succeeded

    @property
    def has_sound(self) -> bool:
        """Whether it can be heard, and mastered; without, it is a profile to master toward."""
        return self.sound == self.Sound.KEPT

    @property
    def is_blend(self) -> bool:
        """Whether it is made of several references, as `blend` tells."""
        return self.format == BLEND_FORMAT

    @property
    def is_outdated(self) -> bool:
        """Whether its profile is of a version that the engine no longer masters toward."""
        return self.is_ready and self.profile_version != PROFILE_VERSION

    @property
    def kept(self) -> dict[str, dict[str, Any]]:
        """The outputs that are still stored."""
        outputs: dict[str, dict[str, Any]] = self.outputs
        if self.has_sound:
            return outputs
        return {name: facts for name, facts in outputs.items() if name == PROFILE_NAME}

    @property
    def is_past_mastering(self) -> bool:
        """Whether so much of it is damaged that mastering would only make it plainer."""
        damage = {each["code"] for each in self.findings if each.get("severity") == "warning"}
        return len(damage & DAMAGE) >= TOO_MUCH_DAMAGE

    @property
    def title(self) -> str:
        """The file's name without its ending; a blend's name has none."""
        return self.filename if self.is_blend else PurePosixPath(self.filename).stem

    @property
    def duration_seconds(self) -> float | None:
        value: float | None = self.facts.get("duration_seconds")
        return value

    @property
    def rate_hz(self) -> int | None:
        value: int | None = self.facts.get("rate_hz")
        return value

    @property
    def loudness_lufs(self) -> float | None:
        value: float | None = self.summary.get("integrated_lufs")
        return value

    @property
    def proxy_name(self) -> str | None:
        """The name of the copy that browsers play first."""
        return next((name for name in self.kept if name.startswith("proxy.")), None)

    @property
    def lossless_name(self) -> str | None:
        """The name of the copy that browsers play on demand; uploads of old have none."""
        return LOSSLESS_NAME if LOSSLESS_NAME in self.kept else None

    @property
    def time_limit(self) -> timedelta:
        return timedelta(minutes=5)

    def bytes_with(self, outputs: Mapping[str, Mapping[str, Any]]) -> int:
        """Count the file as it was sent too, wherever it lies."""
        beside = 0 if "source" in outputs else self.size_bytes
        return super().bytes_with(outputs) + beside

    @property
    def folder(self) -> str:
        return f"audio/{self.pk}"

    @property
    def source_key(self) -> str:
        """Where the bytes lie that were measured, or will be; see `outputs` of direct uploads."""
        return self.key("source") if "source" in self.outputs else f"{self.folder}/source"
