"""The props of the studio, and staff."""

from tests.staff import chief, ids
from tests.studio import bells, engine, finished

__all__ = ["bells", "chief", "engine", "finished", "ids"]
