"""The props of the studio."""

from tests.studio import engine, finished

__all__ = ["engine", "finished"]
