"""`Idempotency-Key`: what is asked for twice with one key is done once and answered twice."""

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from rest_framework import serializers
from rest_framework.response import Response

from accounts.models import IdempotencyKey
from accounts.rest.views import ApiView
from accounts.services import alone, answered, keep_answer

HEADER: Final = "Idempotency-Key"
FORM: Final = re.compile(r"[!-~]{1,255}")
KEPT_HEADERS: Final = ("Location", "Retry-After")

Handler = Callable[..., Response]
Before = Callable[..., AbstractContextManager[Any]]


def idempotent(
    *, before: Before | None = None, secrets: tuple[str, ...] = ()
) -> Callable[[Handler], Handler]:
    """Let a handler run in one transaction, and with a key only once in 24 hours.

    Parameters
    ----------
    before
        What comes first and outside the transaction, as storing bytes does: a context manager
        whose value the handler gets as ``stored``. It undoes what it did where the handler fails.
    secrets
        Names in the answer that are told once only: a replay has null in their place.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def once(view: ApiView, *args: Any, **kwargs: Any) -> Response:
            key = _key(view)
            if key is None:
                return _run(handler, before, view, args, kwargs)
            whose: dict[str, Any] = {"user": view.request.user, "is_test": view.is_test, "key": key}
            asked = whose | {"fingerprint": _fingerprint(view)}
            if known := answered(**asked):
                return _replay(known)
            with alone(**whose):
                if known := answered(**asked):
                    return _replay(known)
                return _run(handler, before, view, args, kwargs, asked=asked, secrets=secrets)

        return once

    return decorate


def _run(
    handler: Handler,
    before: Before | None,
    view: ApiView,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    asked: dict[str, Any] | None = None,
    secrets: tuple[str, ...] = (),
) -> Response:
    first = before(view, **kwargs) if before else nullcontext()
    with first as stored, transaction.atomic():
        more = {"stored": stored} if before else {}
        response = handler(view, *args, **kwargs, **more)
        if asked is not None and response.status_code < 300:
            headers = {name: response[name] for name in KEPT_HEADERS if name in response}
            body = json.loads(json.dumps(response.data, cls=DjangoJSONEncoder))
            keep_answer(
                **asked,
                status=response.status_code,
                body=body if body is None else body | dict.fromkeys(secrets),
                headers=headers,
            )
    return response


def _key(view: ApiView) -> str | None:
    key = view.request.headers.get(HEADER)
    if key is None:
        return None
    if not FORM.fullmatch(key):
        told = "1 to 255 printable ASCII signs, without spaces."
        raise serializers.ValidationError({HEADER: serializers.ErrorDetail(told, "invalid")})
    return key


def _fingerprint(view: ApiView) -> str:
    """Return what tells two requests apart: method, address and body, whatever its layout."""
    request = view.request
    sent = request.data
    body = sent if not hasattr(sent, "lists") else {
        name: [_told(value) for value in values] for name, values in sent.lists()
    }  # fmt: skip
    parts = [request.method, request.get_full_path(), body]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _told(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return [value.name, value.size, digest.hexdigest()]


def _replay(known: IdempotencyKey) -> Response:
    headers = known.headers | {"Idempotent-Replayed": "true"}
    return Response(known.body, status=known.status, headers=headers)
