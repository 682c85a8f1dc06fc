"""Rows of masters and their versions."""

from mastering.models.master import Master
from mastering.models.version import STEPS, Version

__all__ = ["STEPS", "Master", "Version"]
