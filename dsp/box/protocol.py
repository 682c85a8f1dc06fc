"""What a box's caller and its server say to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from dsp.box.limits import BoxLimits

MAX_REQUEST_BYTES: Final = 128_000  # a request is one packet


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the server is asked for.

    Attributes
    ----------
    module, name : str
        Function to call. Without, only the server's strength is asked.
    limits : BoxLimits or None
        Of the box that calls it; None to have the server itself call it, to warm up.
    scratch : str
        Absolute path of the box's folder.
    readable : tuple of str
        Absolute paths of what else it may read.
    tells_progress : bool
        Whether the function takes ``progress``.
    label : str
        What lists of processes name the box; empty for what they name the server.
    args, kwargs
        For the function.
    """

    module: str = ""
    name: str = ""
    limits: BoxLimits | None = None
    scratch: str = ""
    readable: tuple[str, ...] = ()
    tells_progress: bool = False
    label: str = ""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
