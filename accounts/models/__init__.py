"""Rows of people: who they are, what was tried in their name, what is written to them."""

from accounts.models.announcement import Announcement
from accounts.models.append_only import AppendOnly
from accounts.models.audit import AuditEntry
from accounts.models.leaving import Erasure, Export
from accounts.models.mail import Mail
from accounts.models.rates import Window
from accounts.models.user import Notice, User

__all__ = [
    "Announcement",
    "AppendOnly",
    "AuditEntry",
    "Erasure",
    "Export",
    "Mail",
    "Notice",
    "User",
    "Window",
]
