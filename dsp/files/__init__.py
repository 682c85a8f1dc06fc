"""Audio files: strangers' bytes in, our bytes out; the only place that knows other layouts."""

from dsp.files.decode import Facts, Loaded, inspect, load, read
from dsp.formats import Limits

__all__ = ["Facts", "Limits", "Loaded", "inspect", "load", "read"]
