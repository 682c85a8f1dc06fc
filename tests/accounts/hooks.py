"""An endpoint of someone's that webhooks reach, and events that they tell of."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts import services
from accounts.models import Event, EventType, User, Webhook, WebhookDelivery
from accounts.tasks import deliver_due
from tests.endpoint import Endpoint, endpoint


@pytest.fixture
def callable_here(settings: Any) -> None:
    settings.WEBHOOK_TRUSTED_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def theirs(callable_here: None) -> Iterator[Endpoint]:
    with endpoint() as served:
        yield served


@pytest.fixture
def hook(alice: User, theirs: Endpoint) -> Webhook:
    return services.add_webhook(user=alice, url=theirs.url())


def happen(user: User, type: EventType = EventType.AUDIO_READY, subject: str = "aud_x") -> Event:
    services.record(user.pk, type, subject=subject)
    return Event.objects.of(user).filter(type=type).latest("created")


def tried_again() -> WebhookDelivery:
    """Let the wait be over, call again, and return the call."""
    waiting = WebhookDelivery.objects.waiting().get()
    WebhookDelivery.objects.filter(pk=waiting.pk).update(run_at=Now())
    deliver_due()
    waiting.refresh_from_db()
    return waiting
