"""Lists, page by page: from a row on, so that what comes meanwhile shifts nothing."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.db import models
from django.db.models import Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.response import Response

from accounts.rest.views import ApiView

USUAL_LIMIT: Final = 20
MOST: Final = 100

M = TypeVar("M", bound=models.Model)


class Page(serializers.Serializer[Any]):
    """What a list may be asked for."""

    limit = serializers.IntegerField(
        min_value=1, max_value=MOST, default=USUAL_LIMIT, help_text="How many at most."
    )
    cursor = serializers.RegexField(
        r"^[A-Za-z0-9_=-]+$",
        max_length=300,
        required=False,
        help_text="`next_cursor` of the page before; without it, the newest come.",
    )

    def validate_cursor(self, value: str) -> tuple[str, str]:
        try:
            created, pk = json.loads(urlsafe_b64decode(value.encode()))
            moment = parse_datetime(created)
        except (ValueError, TypeError, binascii.Error) as wrong:
            raise serializers.ValidationError("Not a cursor of ours.", "invalid_cursor") from wrong
        if moment is None or moment.tzinfo is None or not isinstance(pk, str):
            raise serializers.ValidationError("Not a cursor of ours.", "invalid_cursor")
        return created, pk


def page_of(
    view: ApiView,
    rows: "models.QuerySet[M]",
    show: Callable[[M], dict[str, Any]],
    *,
    asked: dict[str, Any] | None = None,
) -> Response:
    """Answer one page of rows that have ``created``, the newest first."""
    asked = view.asked(Page) if asked is None else asked
    limit = asked["limit"]
    if cursor := asked.get("cursor"):
        rows = rows.filter(_after(rows, *cursor))
    return page(view, rows.order_by("-created", "-pk"), show, limit=limit, cursor_of=_cursor)


def page(
    view: ApiView,
    rows: "models.QuerySet[M]",
    show: Callable[[M], dict[str, Any]],
    *,
    limit: int,
    cursor_of: Callable[[M], str],
) -> Response:
    """Answer the first rows of a sorted list, with the cursor of what follows."""
    found = list(rows[: limit + 1])
    has_more = len(found) > limit
    found = found[:limit]
    following = cursor_of(found[-1]) if has_more else None
    response = Response(
        {"data": [show(row) for row in found], "has_more": has_more, "next_cursor": following}
    )
    if following:
        query = view.request.query_params.copy()
        query["cursor"] = following
        address = view.request.build_absolute_uri(view.request.path)
        response["Link"] = f'<{address}?{query.urlencode()}>; rel="next"'
    return response


def _after(rows: "models.QuerySet[M]", created: str, pk: str) -> Q:
    # The database's own value is compared with: SQLite keeps times as texts of several lengths.
    last = rows.model._default_manager.filter(pk=pk).values("created")[:1]
    moment = Coalesce(Subquery(last), parse_datetime(created))
    return Q(created__lt=moment) | Q(created=moment, pk__lt=pk)


def _cursor(row: Any) -> str:
    return urlsafe_b64encode(json.dumps([row.created.isoformat(), str(row.pk)]).encode()).decode()
