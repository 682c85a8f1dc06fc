"""The OpenAPI document, made from the code once, and what the page of reference shows of it."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from drf_spectacular.generators import SchemaGenerator

from config.api.examples import curl, python

METHODS: Final = ("get", "post", "put", "patch", "delete")
DEEPEST: Final = 2  # how far fields of fields are shown


@dataclass(frozen=True, slots=True)
class FieldWords:
    """A parameter, or a field of a body or an answer."""

    name: str
    kind: str
    text: str
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class OperationWords:
    """One operation, ready for a page."""

    id: str
    method: str
    path: str
    title: str
    paragraphs: list[str]
    parameters: list[FieldWords]
    bodies: list[tuple[str, list[FieldWords]]]
    answers: list[tuple[str, str, list[FieldWords]]]
    failures: Sequence[tuple[str, str]]
    curl: str
    python: str


@functools.cache
def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    for path, method, operation in operations(made):
        name = operation["operationId"]
        operation["x-codeSamples"] = [
            {"lang": "Shell", "label": "curl", "source": curl(name, method, path)},
            {"lang": "Python", "label": "Python", "source": python(name, method, path)},
        ]
    return made


def operations(made: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return path, method and operation of each."""
    for path, item in made["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method.upper(), item[method]


@functools.cache
def chapters() -> list[tuple[str, list[OperationWords]]]:
    """Return the operations under the first word of their paths."""
    made = document()
    found: dict[str, list[OperationWords]] = {}
    for path, method, operation in operations(made):
        words = _operation(made, path, method, operation)
        found.setdefault(operation["tags"][0], []).append(words)
    return list(found.items())


def _operation(
    made: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]
) -> OperationWords:
    samples = operation["x-codeSamples"]
    answers, failures = [], []
    for status, answer in operation["responses"].items():
        if status >= "4":
            failures.append((status, _marked(answer.get("description", ""))))
            continue
        content = answer.get("content", {"": {}})
        kind = ", ".join(filter(None, content))
        schema = next(iter(content.values())).get("schema", {})
        answers.append((status, kind, list(_fields(made, schema))))
    return OperationWords(
        id=operation["operationId"],
        method=method,
        path=path,
        title=operation["summary"],
        paragraphs=[
            _marked(text) for text in operation.get("description", "").split("\n\n") if text
        ],
        parameters=[
            FieldWords(
                each["name"],
                f"{each['in']}, {_kind(made, each['schema'])}",
                _marked(each.get("description", "")),
                each.get("required", False),
            )
            for each in operation.get("parameters", ())
        ],
        bodies=[
            (kind, list(_fields(made, body.get("schema", {}))))
            for kind, body in operation.get("requestBody", {}).get("content", {}).items()
        ],
        answers=answers,
        failures=failures,
        curl=samples[0]["source"],
        python=samples[1]["source"],
    )


def _marked(text: str) -> SafeString:
    """Return a text with what stands between backticks as code."""
    parts = str(text).split("`")
    return mark_safe(  # noqa: S308  (each piece is escaped)
        "".join(
            f"<code>{escape(piece)}</code>" if number % 2 else escape(piece)
            for number, piece in enumerate(parts)
        )
    )


def _fields(
    made: Mapping[str, Any], schema: Mapping[str, Any], *, before: str = "", depth: int = 0
) -> Iterator[FieldWords]:
    schema = _resolved(made, schema)
    needed = schema.get("required", ())
    for name, told in schema.get("properties", {}).items():
        text = told.get("description") or _resolved(made, told).get("description", "")
        yield FieldWords(before + name, _kind(made, told), _marked(text), name in needed)
        inner, mark = _resolved(made, told), ""
        if inner.get("type") == "array":
            inner, mark = _resolved(made, inner.get("items", {})), "[]"
        if depth < DEEPEST and inner.get("properties"):
            deeper = f"{before}{name}{mark}."
            yield from _fields(made, inner, before=deeper, depth=depth + 1)


def _resolved(made: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference, and take the first of several that is not null."""
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema:
            first: Mapping[str, Any] = next(
                (each for each in schema[key] if each.get("type") != "null"), {}
            )
            if key != "oneOf" or (len(schema[key]) == 2 and {"type": "null"} in schema[key]):
                return _resolved(made, first)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _resolved(made, made["components"]["schemas"][name])
    return schema


def _kind(made: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return what a value is, in a few words."""
    told = _resolved(made, schema)
    if "oneOf" in told:
        return " or ".join(_kind(made, each) for each in told["oneOf"])
    if "enum" in told:
        shown = [str(each) for each in told["enum"] if each not in (None, "")]
        return " | ".join(shown) if len(shown) <= 12 else f"{', '.join(shown[:6])} …"
    kind = told.get("type", "object")
    kinds = [kind] if isinstance(kind, str) else list(kind)
    text = " or ".join(kinds)
    if "array" in kinds:
        text = f"list of {_kind(made, told.get('items', {}))}"
    if told.get("format") in ("date-time", "binary"):
        text = {"date-time": "time", "binary": "file"}[told["format"]]
        text += " or null" if "null" in kinds else ""
    low, high = told.get("minimum"), told.get("maximum")
    if low is not None and high is not None:
        text += f", {low:g} to {high:g}"
    return text
