"""Rows of people: who they are, what was tried in their name, what is written and told to them."""

from accounts.models.events import (
    ANSWER_CHARACTERS,
    EVENTS_KEPT,
    MAX_ATTEMPTS,
    WAITS,
    Event,
    EventType,
    Webhook,
    WebhookDelivery,
)
from accounts.models.ids import PublicIdField
from accounts.models.leaving import Erasure, Export
from accounts.models.mail import Mail
from accounts.models.rates import Window
from accounts.models.user import Notice, User

__all__ = [
    "ANSWER_CHARACTERS",
    "EVENTS_KEPT",
    "MAX_ATTEMPTS",
    "WAITS",
    "Erasure",
    "Event",
    "EventType",
    "Export",
    "Mail",
    "Notice",
    "PublicIdField",
    "User",
    "Webhook",
    "WebhookDelivery",
    "Window",
]
