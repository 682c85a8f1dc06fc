"""How answers of the API become types. What they say beyond these stands in ``raw``.

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


def id_of(named: str | Model) -> str:
    """Return the id of something that is named by its id, or by what the API told of it."""
    return named if isinstance(named, str) else str(named.raw["id"])


def said(**fields: Any) -> dict[str, Any]:
    """Return what is said, without what is left open."""
    return {name: value for name, value in fields.items() if value is not None}


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
