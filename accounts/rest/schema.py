"""How endpoints are told in the OpenAPI document."""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    Direction,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework import serializers

JSON_TYPE: Final = "application/json"
PROBLEM_TYPE: Final = "application/problem+json"
F = TypeVar("F", bound=Callable[..., Any])

ERRORS: Final[Mapping[int, str]] = {
    400: "The request cannot be read.",
    401: "No key, or one that opens nothing.",
    402: "No credits left, or a payment is open.",
    403: "The key does not open this, or the request was forged.",
    404: "There is no such thing of yours.",
    409: "It cannot be done in this state.",
    410: "It was kept as long as was said, and is deleted.",
    413: "The request is larger than what is read.",
    415: "The body is of another type than is read here.",
    422: "A field is wrong, or the key came before with another request.",
    429: "Too many requests, or too much is waiting; `Retry-After` tells when to come again.",
    503: "Too busy, or the storage is away; `Retry-After` tells when to come again.",
}
ALWAYS: Final = (401, 403, 429)


class FieldProblem(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="Where in the request, such as `settings.amount`.")
    code = serializers.CharField(help_text="Stable.")
    detail = serializers.CharField(help_text="A sentence for people.")


class Problem(serializers.Serializer[Any]):
    """RFC 9457. Act on `code`, which is stable; show `detail`."""

    type = serializers.CharField(help_text="Where the code is explained.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    request_id = serializers.CharField(help_text="Name it when you write to us.")
    errors = FieldProblem(many=True, required=False)  # type: ignore[assignment]  # a field


class Raw:
    """An answer that is no JSON of ours: what it is, and its content types."""

    def __init__(self, description: str, *content_types: str, redirects: bool = False) -> None:
        self.description = description
        self.content_types = content_types
        self.redirects = redirects


def describe(
    summary: str,
    answer: Any = None,
    *,
    status: int = 200,
    request: Any = None,
    query: Any = None,
    errors: Sequence[int] = (),
    once: bool = False,
    expand: Sequence[str] = (),
    also: Mapping[int, Any] | None = None,
    files: bool = False,
    description: str = "",
) -> Callable[[F], F]:
    """Tell an endpoint's method in the document.

    Parameters
    ----------
    answer, status
        The shape of what comes when all goes well, None for nothing, and its status.
    query, request
        The shapes of the query and of the body; with ``files`` the body is a form with files.
    errors
        What else it may answer, beside what every endpoint may.
    once
        Whether it takes an ``Idempotency-Key``.
    expand
        Fields that ``expand`` shows in full.
    """
    parameters: list[Any] = [query] if query is not None else []
    failures = {*ALWAYS, *errors}
    if request is not None or query is not None or expand:
        failures |= {422}
    if request is not None or once:
        failures |= {400, 413, 415, 422}
    if once:
        failures |= {409}
        parameters.append(_IDEMPOTENCY)
    if expand:
        parameters.append(_expand(expand))
    answers: dict[Any, Any] = {}
    for code, shape in ({status: answer} | dict(also or {})).items():
        if isinstance(shape, Raw):
            for content_type in shape.content_types:
                kind = OpenApiTypes.ANY if content_type == JSON_TYPE else OpenApiTypes.BINARY
                told_of = OpenApiResponse(kind, description=shape.description)
                answers[code, content_type] = told_of
            if shape.redirects:
                answers[302] = OpenApiResponse(description="To a signed address of the storage.")
        else:
            answers[code] = shape
        if code in (201, 202):
            parameters.append(_location(code))
    for code in sorted(failures):
        answers[code, PROBLEM_TYPE] = OpenApiResponse(Problem, description=ERRORS[code])
    body: Any = {"multipart/form-data": request} if files else request
    told = extend_schema(
        operation_id=re.sub(r"\W+", "_", summary.lower()).strip("_"),
        summary=summary,
        request=body,
        responses=answers,
        parameters=parameters,
    )

    def decorate(handler: F) -> F:
        told_by: Any = handler
        told_by.kwargs = {"schema": ApiSchema}  # what it builds upon
        told_by.description = description
        told_by.expands = frozenset(expand)
        return told(handler)

    return decorate


@functools.cache
def listed(shape: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """Return the shape of one page of a list."""
    name = f"{shape.__name__.removesuffix('Shape')}Page"
    return type(
        name,
        (serializers.Serializer,),
        {
            "__module__": shape.__module__,
            "data": shape(many=True),
            "has_more": serializers.BooleanField(),
            "next_cursor": serializers.CharField(allow_null=True),
        },
    )


_IDEMPOTENCY: Final = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Of your own making. The same request with the same key is done once in 24 hours.",
)


def _expand(names: Sequence[str]) -> OpenApiParameter:
    return OpenApiParameter(
        "expand",
        {"type": "array", "items": {"type": "string", "enum": list(names)}, "uniqueItems": True},
        description="What to show in full in place of its id.",
        explode=False,
        style="form",
    )


def _location(code: int) -> OpenApiParameter:
    return OpenApiParameter(
        "Location",
        OpenApiTypes.URI_REF,
        OpenApiParameter.HEADER,
        response=[code],
        description="Where what was made is read.",
    )


class ApiSchema(AutoSchema):
    """Tags by the first word of the path; nothing to show where anyone may ask."""

    view: Any

    def get_auth(self) -> list[dict[str, Any]]:
        auth: list[dict[str, Any]] = [] if self.view.is_public else super().get_auth()
        return auth

    def _get_serializer_name(self, *args: Any, **options: Any) -> str:
        name: str = super()._get_serializer_name(*args, **options)
        return name.removesuffix("Shape")

    def get_description(self) -> str:  # type: ignore[override]  # as spectacular has it
        needed = "" if self.view.is_public else f"Needs `{self.view.scope_of(self.method)}`."
        said = getattr(self.view, self.method.lower()).description
        return "\n\n".join(filter(None, (said, needed)))


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # of spectacular
    target_class = "accounts.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "lq_live_… or lq_test_…",
            "description": "A key of yours: `Authorization: Bearer lq_live_…`.",
        }


class BrowserScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.BrowserAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The session of a browser, with `X-CSRFToken` on all but reading.",
        }


class ExpandableSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.rest.fields.Expandable"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        component: ResolvedComponent = auto_schema.resolve_serializer(self.target.shape, direction)
        return {"oneOf": [id_schema(self.target.prefix), component.ref]}


def id_schema(prefix: str) -> dict[str, Any]:
    return {"type": "string", "pattern": rf"^{prefix}_[a-z0-9]{{24}}$"}
