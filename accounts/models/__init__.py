"""Rows of people: who they are, what was tried in their name, what is written to them."""

from accounts.models.leaving import Erasure, Export
from accounts.models.mail import Mail
from accounts.models.rates import Window
from accounts.models.user import Notice, User

__all__ = ["Erasure", "Export", "Mail", "Notice", "User", "Window"]
