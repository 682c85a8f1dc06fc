"""Rows of people: who they are, what opens their account, what is written to them."""

from accounts.models.ids import PublicIdField
from accounts.models.keys import RESOURCES, SCOPES, ApiKey
from accounts.models.leaving import Erasure, Export
from accounts.models.mail import Mail
from accounts.models.rates import Window
from accounts.models.requests import IdempotencyKey, Tombstone
from accounts.models.user import Notice, User

__all__ = [
    "RESOURCES",
    "SCOPES",
    "ApiKey",
    "Erasure",
    "Export",
    "IdempotencyKey",
    "Mail",
    "Notice",
    "PublicIdField",
    "Tombstone",
    "User",
    "Window",
]
