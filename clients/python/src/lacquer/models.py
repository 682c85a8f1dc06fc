"""What the API answers, with types. What it says beyond these stands in ``raw``.

A field that is missing has its empty value, and a field that is unknown is left aside, so that a
site that is newer or older than this package can be spoken with.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Something that the API told of."""

    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, told: Json) -> Self:
        """Return what an answer tells, as far as this package knows it."""
        hints = get_type_hints(cls)
        known = {
            each.name: _typed(hints[each.name], told[each.name])
            for each in fields(cls)
            if each.name != "raw" and each.name in told
        }
        for each in fields(cls):
            has_default = each.default is not MISSING or each.default_factory is not MISSING
            if each.name not in known and not has_default:
                known[each.name] = None
        return cls(raw=told, **known)


def _typed(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if get_origin(hint) in (Union, types.UnionType):
        # Of a choice of shapes, an object is told in full and anything else is an id.
        chosen = [each for each in get_args(hint) if each is not type(None)]
        models = [each for each in chosen if isinstance(each, type) and issubclass(each, Model)]
        is_object = isinstance(value, Mapping)
        if is_object and models:
            return models[0].of(value)
        return value if len(chosen) > 1 or is_object else _typed(chosen[0], value)
    if get_origin(hint) is tuple:
        return tuple(_typed(get_args(hint)[0], each) for each in value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Model):
        return hint.of(value)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Model):
    """Why work failed."""

    code: str
    title: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Model):
    """How far something is that a worker does."""

    id: str
    status: str
    step: str = ""
    progress: float = 0.0
    error: Fault | None = None
    created: datetime | None = None
    finished: datetime | None = None

    @property
    def is_done(self) -> bool:
        """Whether it came out well."""
        return self.status in ("succeeded", "ready")

    @property
    def has_failed(self) -> bool:
        """Whether it ended otherwise."""
        return self.status in ("failed", "rejected", "canceled")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Me(Model):
    """Whose key it is."""

    email: str
    name: str = ""
    mode: str = "live"
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits(Model):
    """What there is to spend."""

    available: int
    reserved: int = 0
    monthly: int = 0
    one_off: int = 0
    plan: str = ""
    is_frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Model):
    """Something that happened."""

    id: str
    type: str
    timestamp: datetime
    data: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(Model):
    """An address that is called; its secret is told when it is made or rotated."""

    id: str
    url: str
    description: str = ""
    types: tuple[str, ...] = ()
    state: str = "active"
    disabled_reason: str | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Model):
    """A call of a webhook."""

    id: str
    event: str
    type: str
    attempt: int
    status: str
    called: datetime | None = None
    due: datetime | None = None
    status_code: int | None = None
    error_code: str | None = None
    answer: str = ""


def id_of(named: str | Model) -> str:
    """Return the id of something that is named by its id, or by what the API told of it."""
    return named if isinstance(named, str) else str(named.raw["id"])


def said(**fields: Any) -> dict[str, Any]:
    """Return what is said, without what is left open."""
    return {name: value for name, value in fields.items() if value is not None}
