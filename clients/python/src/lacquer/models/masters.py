"""What the API tells of masters and their versions, and of what they cost."""

from dataclasses import dataclass, field
from datetime import datetime

from lacquer.models.answers import Json, Model, Work
from lacquer.models.tracks import Audio


@dataclass(frozen=True, slots=True, kw_only=True)
class File(Model):
    """A file that lies ready."""

    format: str
    label: str = ""
    content_type: str = ""
    size_bytes: int = 0
    sha256: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Work):
    """One render of a master."""

    master: str
    number: int = 1
    settings: Json = field(default_factory=dict)
    queue_position: int | None = None
    eta: datetime | None = None
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    verdict: str | None = None
    engine_version: str = ""
    name: str = ""
    note: str = ""
    is_starred: bool = False
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Master(Work):
    """A mix brought toward a reference; how far it is, is told of its newest version."""

    title: str = ""
    mode: str = "live"
    mix: str | Audio = ""
    reference: str | Audio = ""
    frozen_from: str | None = None
    version: str = ""
    versions: tuple[str | Version, ...] = ()
    queue_position: int | None = None
    eta: datetime | None = None
    genre: str = ""
    release: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Model):
    """Something to know before a master is made."""

    about: str
    code: str
    title: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost(Model):
    """What a master would cost, and what there is to pay with."""

    credits: int
    available: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate(Model):
    """What would be done, where nothing was."""

    would_be_accepted: bool
    mix: str
    reference: str
    cost: Cost
    settings: Json = field(default_factory=dict)
    warnings: tuple[Warned, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote(Model):
    """What something would cost, where nothing was made."""

    would_be_accepted: bool
    cost: Cost
    left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared(Model):
    """One of several masters of a mix."""

    master: str
    reference: str
    version: str
    status: str
    reference_title: str = ""
    verdict: str | None = None
    axes: Json | None = None
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    gain_db: float | None = None
    is_starred: bool = False
