"""What a box may use, what it turned out to use, and how it can fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Reason = Literal[
    "memory",  # asked for more than its limit
    "cpu",  # used more processor time than its limit
    "deadline",  # took longer than its limit
    "crashed",  # ended by a signal of its own making
    "failed",  # the function raised something that is no AudioError
    "stopped",  # the caller asked for it
    "garbled",  # what it sent is not what a box sends
    "lost",  # the box's server died
    "weak",  # this machine cannot confine it, and the caller does not allow that
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxLimits:
    """What a box may use.

    Attributes
    ----------
    memory_bytes : int
        Address space beyond what the warm server has mapped already.
    cpu_seconds : int
        Processor time.
    wall_seconds : float
        Time from start to end.
    file_bytes : int
        Size of any file it writes.
    open_files : int
        File descriptors.
    result_bytes : int
        All that it sends back, progress included.
    niceness : int
        How far it stands back for other processes, 0 to 19.
    """

    memory_bytes: int
    cpu_seconds: int
    wall_seconds: float
    file_bytes: int
    open_files: int = 64
    result_bytes: int = 16_000_000
    niceness: int = 10


PROBE: Final = BoxLimits(
    memory_bytes=512_000_000, cpu_seconds=20, wall_seconds=60.0, file_bytes=1_000_000_000
)
ENGINE: Final = BoxLimits(
    memory_bytes=3_000_000_000, cpu_seconds=300, wall_seconds=1_200.0, file_bytes=4_000_000_000
)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a box used: processor time, and the most memory held at once (shared pages too).

    ``steps`` names each step that it told, in order, with its seconds by the clock and of the
    processor. The box itself tells of the latter, but in all they are never more than what it
    used.
    """

    cpu_seconds: float
    peak_memory_bytes: int
    steps: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BoxStrength:
    """What this machine lets a box be confined by, beside resource limits.

    Attributes
    ----------
    namespaces : bool
        Own user, mount, network and IPC namespaces: neither network nor foreign files exist.
    landlock : int
        Version of the kernel's Landlock; 0 without. Used for files where namespaces are not to
        be had, as in most containers.
    seccomp : bool
        A filter on system calls: no sockets, no processes, no signals to others, no tracing.
    """

    namespaces: bool
    landlock: int
    seccomp: bool

    @property
    def is_strong(self) -> bool:
        """True where files, network and processes of others are all out of reach."""
        return self.seccomp and (self.namespaces or self.landlock > 0)


class BoxFailure(Exception):
    """A box ended without a result, and the audio is not known to be the cause.

    Attributes
    ----------
    reason : Reason
        Stable name of what happened.
    detail : str
        For the log only: it may hold text from inside the box.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Reason = reason
        self.detail = detail
