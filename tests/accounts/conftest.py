"""Programs with keys, and endpoints that are called."""

from tests.accounts.hooks import callable_here, hook, theirs
from tests.api import api, bobs_api, sandbox

__all__ = ["api", "bobs_api", "callable_here", "hook", "sandbox", "theirs"]
