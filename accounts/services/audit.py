"""Writing down what staff did, and finding out whether what is written was touched."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from accounts.models import AuditEntry, User
from accounts.models.audit import FIRST

TRIES: Final = 20  # while others write at the same moment


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the chain stands: its length, its last seal, and a line for each break."""

    entries: int
    head: str
    breaks: list[str] = field(default_factory=list)


def record(
    act: str,
    *,
    actor: User | None,
    subject: models.Model | str = "",
    detail: dict[str, Any] | None = None,
    address: str = "",
) -> AuditEntry:
    """Seal one act into the chain, in whatever transaction is open.

    No names and no addresses of people belong into ``detail``: it stays when they leave.
    """
    entry = AuditEntry(
        actor_id=actor.pk if actor else None,
        act=act,
        subject=subject if isinstance(subject, str) else subject_of(subject),
        detail=json.dumps(detail, sort_keys=True, ensure_ascii=False, cls=DjangoJSONEncoder)
        if detail
        else "",
        address=address,
    )
    for turn in range(TRIES):
        last = AuditEntry.objects.order_by("-pk").only("digest").first()
        entry.pk, entry.at = None, timezone.now()
        entry.previous = last.digest if last else FIRST
        entry.digest = entry.seal()
        try:
            with transaction.atomic():
                entry.save(force_insert=True)
        except IntegrityError:  # another entry took this place
            if turn == TRIES - 1:
                raise
            continue
        break
    return entry


def subject_of(row: models.Model) -> str:
    """Return how the log names a row, such as ``accounts.user:12``."""
    return f"{row._meta.label_lower}:{row.pk}"


def verify(*, known_head: str = "") -> Verdict:
    """Look at every link. An earlier head that was kept elsewhere shows whether its end was cut."""
    previous, count, breaks = FIRST, 0, []
    has_known = not known_head or known_head == FIRST
    for entry in AuditEntry.objects.order_by("pk").iterator(chunk_size=1000):
        if entry.previous != previous:
            breaks.append(f"{entry.pk}: it does not follow the entry before it")
        if entry.seal() != entry.digest:
            breaks.append(f"{entry.pk}: it does not say what was sealed")
        previous, count = entry.digest, count + 1
        has_known = has_known or previous == known_head
    if not has_known:
        breaks.append("the end: the head that was kept is not in the chain")
    return Verdict(entries=count, head=previous, breaks=breaks)
