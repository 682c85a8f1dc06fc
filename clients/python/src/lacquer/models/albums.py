"""What the API tells of albums."""

from dataclasses import dataclass, field
from datetime import datetime

from lacquer.models.answers import Json, Model, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Song(Model):
    """One song of an album; without a status it is not mastered yet."""

    id: str
    number: int
    mix: str
    title: str = ""
    gap_seconds: float = 0.0
    offset_lu: float = 0.0
    master: str | None = None
    version: str | None = None
    status: str | None = None
    progress: float = 0.0
    error_code: str | None = None
    goal_lufs: float | None = None
    loudness_lufs: float | None = None
    off_lu: float | None = None
    is_as_asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Album(Model):
    """Songs in an order, brought toward one reference; a list tells no songs."""

    id: str
    title: str
    artist: str = ""
    mode: str = "live"
    reference: str | None = None
    loudness: str = "keep"
    settings: Json = field(default_factory=dict)
    lowered_lu: float = 0.0
    is_open: bool = False
    songs: tuple[Song, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive(Work):
    """The finished songs of an album as one ZIP."""

    album: str
    format: str
    songs: int = 0
    missing: tuple[str, ...] = ()
    size_bytes: int = 0
    expires: datetime | None = None
    url: str | None = None
