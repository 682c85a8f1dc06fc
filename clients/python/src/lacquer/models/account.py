"""What the API tells of whose key it is, and of what happened."""

from dataclasses import dataclass, field
from datetime import datetime

from lacquer.models.answers import Json, Model


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
