"""What the API tells of uploads and of the library of references."""

from dataclasses import dataclass
from datetime import datetime

from lacquer.models.answers import Json, Model, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts(Model):
    """What a file is."""

    duration_seconds: float | None = None
    rate_hz: int | None = None
    channels: int | None = None
    bits: int | None = None
    lossy: bool | None = None
    container: str = ""
    codec: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio(Work):
    """An upload."""

    kind: str
    mode: str = "live"
    filename: str = ""
    title: str = ""
    size_bytes: int = 0
    format: str = ""
    sha256: str | None = None
    facts: Facts | None = None
    loudness_lufs: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Model):
    """Something that a check found."""

    code: str
    severity: str
    confidence: float = 1.0
    value: float | None = None
    unit: str = ""
    ranges: tuple[tuple[float, ...], ...] = ()
    title: str = ""
    text: str = ""
    why: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks(Model):
    """What was found in an upload."""

    audio: str
    is_past_mastering: bool = False
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference(Model):
    """An entry of the library; ``audio`` is an id, or the upload where it was asked for."""

    id: str
    title: str
    artist: str = ""
    genre: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    mode: str = "live"
    kind: str = "upload"
    status: str = ""
    has_sound: bool = True
    loudness_lufs: float | None = None
    plr_db: float | None = None
    width_db: float | None = None
    brightness_db: float | None = None
    duration_seconds: float | None = None
    trust: float | None = None
    trust_level: str | None = None
    health: tuple[Json, ...] = ()
    same_as: str | None = None
    likeness: float | None = None
    audio: str | Audio = ""
    created: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend(Reference):
    """A reference that is made of several; each part has its weights and shares."""

    parts: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked(Model):
    """A reference, with how well it suits a mix."""

    reference: Reference
    score: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis(Model):
    """One side of how well a reference suits a mix."""

    code: str
    title: str = ""
    text: str = ""
    remedy: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suitability(Model):
    """How well a reference suits a mix: ``good``, ``usable`` or ``misleading``, and why."""

    mix: str
    reference: str
    score: float
    verdict: str
    title: str = ""
    summary: str = ""
    reasons: tuple[Axis, ...] = ()
    axes: tuple[Axis, ...] = ()
    better: str | None = None
