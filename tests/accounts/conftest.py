"""Programs with keys."""

from tests.api import api, bobs_api, sandbox

__all__ = ["api", "bobs_api", "sandbox"]
