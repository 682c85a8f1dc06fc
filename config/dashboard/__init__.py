"""The numbers of the first page: each panel for those whose role may see it."""

from collections.abc import Callable
from typing import Final

from accounts.models import User
from config.dashboard import money, people, work
from config.dashboard.chart import SPANS, Panel, Span, span_of

__all__ = ["SPANS", "Panel", "Span", "panels", "span_of"]

# Who may see a panel: any of these permissions is enough.
_PANELS: Final[tuple[tuple[tuple[str, ...], Callable[[Span], Panel]], ...]] = (
    (("mastering.view_version",), work.queue),
    (("references.view_workergroup",), work.workers),
    (("mastering.view_version",), work.masters),
    (("mastering.view_version",), work.failures),
    (("references.view_run",), work.stages),
    (("mastering.view_receipt",), people.storage),
    (("billing.view_payment",), money.revenue),
    (("billing.view_entry",), money.credits),
    (("accounts.view_user",), people.sign_ups),
    (("billing.view_stripeevent",), money.webhooks),
)


def panels(user: User, span: Span) -> list[Panel]:
    return [panel(span) for needed, panel in _PANELS if any(map(user.has_perm, needed))]
