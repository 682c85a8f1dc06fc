"""The props of the studio, and programs with keys."""

from tests.api import api, bobs_api, sandbox
from tests.studio import bells, engine, finished

__all__ = ["api", "bells", "bobs_api", "engine", "finished", "sandbox"]
