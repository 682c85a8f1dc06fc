"""How much a person keeps, and how much of their plan that is."""

from dataclasses import dataclass

from django import template

from accounts.models import User
from references.models import stored_bytes_of
from references.models.limits import most_stored_bytes

register = template.Library()


@dataclass(frozen=True, slots=True)
class Storage:
    used_bytes: int
    limit_bytes: int | None

    @property
    def share(self) -> float:
        """Used of all, 0 to 1; more where a plan became smaller."""
        return self.used_bytes / self.limit_bytes if self.limit_bytes else 0.0

    @property
    def is_full(self) -> bool:
        return self.limit_bytes is not None and self.used_bytes >= self.limit_bytes


@register.simple_tag
def storage_of(user: User) -> Storage:
    return Storage(stored_bytes_of(user), most_stored_bytes(user))
