"""How much people keep here, counted from rows alone: no storage is asked."""

import operator
from functools import reduce
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import BigIntegerField, Case, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from accounts.models import User
from references.models.audio import AudioFile
from references.models.direct import DirectUpload
from references.models.work import Work


def with_stored_bytes(people: models.QuerySet[User]) -> models.QuerySet[Any]:
    """Count the files of each: uploads, what is made of them, and what is on its way."""
    kinds = [kind for kind in apps.get_models() if issubclass(kind, Work)]
    parts = {
        f"{kind._meta.model_name}_bytes": _sum(kind._default_manager.all(), bytes_of(kind))
        for kind in kinds
    }
    parts["awaited_bytes"] = _sum(DirectUpload.objects.awaited(), F("size_bytes"))
    names = list(parts)
    whole = reduce(operator.add, (F(name) for name in names))
    return people.alias(**parts).annotate(stored_bytes=whole)


def stored_bytes_of(user: Any) -> int:
    """Return how much a person keeps, by one query."""
    counted = with_stored_bytes(User.objects.filter(pk=user.pk))
    total: int = counted.values_list("stored_bytes", flat=True).get()
    return total


def bytes_of(kind: type[Work]) -> Combinable:
    """Return what a row stores; an upload its file before there is anything else of it."""
    if kind is not AudioFile:
        return Coalesce(F("stored_bytes"), Value(0), output_field=BigIntegerField())
    # One that was refused before it left the quarantine was never kept.
    refused = Q(status=AudioFile.Status.REJECTED, sha256="")
    kept = Coalesce(F("stored_bytes"), F("size_bytes"))
    return Case(When(refused, then=Value(0)), default=kept, output_field=BigIntegerField())


def _sum(rows: models.QuerySet[Any], amount: Combinable) -> Combinable:
    summed = (
        rows.filter(user=OuterRef("pk"))
        .order_by()
        .values("user")
        .annotate(total=Sum(amount, output_field=BigIntegerField()))
        .values("total")
    )
    return Coalesce(Subquery(summed), Value(0), output_field=BigIntegerField())
