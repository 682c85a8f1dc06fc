"""Telling what happened: an event, and a call to each webhook that wants to hear of it.

Rows only, in whatever transaction is open: an event exists exactly when what it tells of does.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.models import Event, EventType, Webhook, WebhookDelivery


def record(
    user_id: int,
    type: EventType,
    *,
    subject: str = "",
    content: Mapping[str, Any] | None = None,
    reason: str = "",
    is_test: bool = False,
) -> None:
    """Write down what happened to a person's things.

    Parameters
    ----------
    subject
        The id of what it is about.
    content
        What else an integrator needs in order to ask for more: ids, states and codes. It leaves
        the house, so nothing of the audio and nothing that people wrote.
    is_test
        Whether it is of what a test key made: then only webhooks that one made hear of it.
    reason
        What is told once only, however often its cause is looked at.
    """
    with transaction.atomic():
        if reason and Event.objects.filter(reason=reason).exists():
            return
        event = Event.objects.create(
            user_id=user_id,
            type=type,
            subject=subject,
            content=dict(content or {}),
            reason=reason,
            is_test=is_test,
        )
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(webhook=webhook, event=event)
            for webhook in Webhook.objects.hearing(event)
        )


def forget_old_events() -> None:
    Event.objects.over().delete()
