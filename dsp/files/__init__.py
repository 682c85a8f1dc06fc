"""Audio files: strangers' bytes in, our bytes out; the only place that knows other layouts."""

from dsp.files.decode import Facts, Loaded, inspect, load, read
from dsp.files.encode import write, write_proxy
from dsp.files.waveform import peaks
from dsp.formats import LIMITS, Limits
from dsp.tags import Tags

__all__ = [
    "LIMITS",
    "Facts",
    "Limits",
    "Loaded",
    "Tags",
    "inspect",
    "load",
    "peaks",
    "read",
    "write",
    "write_proxy",
]
