"""A cache in files which several processes can count in."""

from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache
from django.core.files import locks


class FileCache(FileBasedCache):
    """Django's file cache with an `add` that only one of several callers wins.

    Rate limits take their lock by `add`; Django's own looks first and writes then, so that
    parallel guesses at a password would all be let through.
    """

    def __init__(self, folder: str, params: dict[str, Any]) -> None:
        super().__init__(folder, params)
        self.lock = Path(folder) / "add.lock"

    def add(
        self,
        key: str,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        with self.lock.open("wb") as file:
            locks.lock(file, locks.LOCK_EX)
            return super().add(key, value, timeout, version)
