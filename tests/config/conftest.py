"""The props of the studio."""

from tests.studio import bells, engine, finished

__all__ = ["bells", "engine", "finished"]
