"""Primary keys that may stand in addresses: a prefix and 120 random bits."""

import re
import secrets
from typing import Any

from django.db import models

# One case only, for file systems that fold it; without 0, 1, l and o, which people confuse.
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
RANDOM_CHARACTERS = 24
PUBLIC_ID = re.compile(rf"[a-z]{{3}}_[{ALPHABET}]{{{RANDOM_CHARACTERS}}}")


class PublicIdField(models.CharField):  # type: ignore[type-arg]  # not subscriptable as it runs
    """A primary key such as ``aud_7k3m…``, made when the object is."""

    def __init__(self, *, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        options |= {"primary_key": True, "max_length": 40, "editable": False}
        super().__init__(**options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        for fixed in ("primary_key", "max_length", "editable"):
            options.pop(fixed, None)
        return name, path, list(args), {**options, "prefix": self.prefix}

    def has_default(self) -> bool:
        return True

    def get_default(self) -> str:
        return f"{self.prefix}_" + "".join(
            secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS)
        )
