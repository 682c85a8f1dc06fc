"""Rows of people: what opens their account, what is written and told to them."""

from accounts.models.announcement import Announcement
from accounts.models.append_only import AppendOnly
from accounts.models.audit import AuditEntry
from accounts.models.events import (
    ANSWER_CHARACTERS,
    MAX_ATTEMPTS,
    WAITS,
    Event,
    EventType,
    Webhook,
    WebhookDelivery,
)
from accounts.models.ids import PublicIdField
from accounts.models.keys import RESOURCES, SCOPES, ApiKey
from accounts.models.leaving import Erasure, Export
from accounts.models.mail import Mail
from accounts.models.rates import Window
from accounts.models.requests import IdempotencyKey, Tombstone
from accounts.models.user import Notice, User

__all__ = [
    "ANSWER_CHARACTERS",
    "MAX_ATTEMPTS",
    "RESOURCES",
    "SCOPES",
    "WAITS",
    "Announcement",
    "ApiKey",
    "AppendOnly",
    "AuditEntry",
    "Erasure",
    "Event",
    "EventType",
    "Export",
    "IdempotencyKey",
    "Mail",
    "Notice",
    "PublicIdField",
    "Tombstone",
    "User",
    "Webhook",
    "WebhookDelivery",
    "Window",
]
