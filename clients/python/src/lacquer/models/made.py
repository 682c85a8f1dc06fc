"""What the API tells of what is made of a version, and of presets."""

from dataclasses import dataclass, field
from datetime import datetime

from lacquer.models.answers import Json, Model, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Export(Work):
    """Files made of a version on demand."""

    version: str
    formats: tuple[str, ...] = ()
    rate_hz: int | None = None
    archive: bool = False
    size_bytes: int = 0
    expires: datetime | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCheck(Work):
    """What becomes of a version as lossy copies, in mono, and on platforms."""

    version: str
    found: Json = field(default_factory=dict)
    lines: tuple[Json, ...] = ()
    platforms: tuple[Json, ...] = ()
    safe_ceiling_dbtp: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset(Model):
    """Settings under a name."""

    id: str
    name: str
    settings: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Model):
    """A link for listening."""

    id: str
    version: str
    url: str
    state: str = ""
    label: str = ""
    views: int = 0
    expires: datetime | None = None
