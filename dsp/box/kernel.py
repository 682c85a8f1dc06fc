"""The few kernel calls that Python has no name for."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
from pathlib import Path
from typing import Final

CLONE_NEWNS: Final = 0x0002_0000
CLONE_NEWUTS: Final = 0x0400_0000
CLONE_NEWIPC: Final = 0x0800_0000
CLONE_NEWUSER: Final = 0x1000_0000
CLONE_NEWNET: Final = 0x4000_0000

MS_NOSUID: Final = 2
MS_NODEV: Final = 4
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x4_0000
MNT_DETACH: Final = 2
MOUNT_ATTR_RDONLY: Final = 1
MOUNT_ATTR_NOSUID: Final = 2
MOUNT_ATTR_NODEV: Final = 4

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000

MACHINE: Final = platform.machine()
_PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def die_with_parent(signal: int) -> None:
    """Have the kernel send a signal to this process when its parent ends."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, signal, 0, 0, 0))


def stand_back(niceness: int) -> None:
    """Leave the processor to others: this process, and the session that it leads.

    Where Linux weighs whole sessions against each other (sched(7), autogroup), as Debian's does,
    niceness alone counts only within one.
    """
    niceness = os.nice(niceness)
    with contextlib.suppress(OSError):  # no such kernel, or asked twice within a tenth of a second
        Path("/proc/self/autogroup").write_text(str(niceness))


def forbid_new_privileges() -> None:
    """Give up what set-user-id programs could give; needed before filters."""
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def drop_capabilities() -> None:
    """Give up every privilege that this user has in its namespace."""
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x2008_0522, 0))  # version 3
    none = ctypes.create_string_buffer(24)
    _checked(_libc.capset(header, none))


def unshare(flags: int) -> None:
    """Move this process into namespaces of its own."""
    _checked(_libc.unshare(ctypes.c_int(flags)))


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Mount a file system, or bind one path to another."""
    _checked(
        _libc.mount(
            os.fsencode(source),
            os.fsencode(target),
            kind.encode() if kind else None,
            ctypes.c_ulong(flags),
            options.encode(),
        )
    )


def restrict_mount(target: str, attributes: int, *, recursive: bool = True) -> None:
    """Add restrictions to a mount, and to those below it."""
    wanted = ctypes.create_string_buffer(struct.pack("QQQQ", attributes, 0, 0, 0))
    flags = _AT_RECURSIVE if recursive else 0
    _checked(
        _libc.syscall(
            _MOUNT_SETATTR, _AT_FDCWD, os.fsencode(target), flags, wanted, ctypes.c_size_t(32)
        )
    )


def unmount(target: str) -> None:
    """Take a tree of mounts out of sight at once."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH))


def pivot_root(new_root: str, old_root: str) -> None:
    """Make a mount the root and move the old root below it."""
    _checked(_libc.syscall(_PIVOT_ROOT[MACHINE], os.fsencode(new_root), os.fsencode(old_root)))


def landlock_version() -> int:
    """Return the version of Landlock that the kernel offers, 0 for none."""
    version: int = _libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    return max(0, version)


def landlock(allowed: dict[str, int], handled: int, *, network: int = 0, scope: int = 0) -> None:
    """Deny all access to files but what is allowed below each path.

    Parameters
    ----------
    allowed : dict
        Access bits by path.
    handled, network, scope : int
        Access to files, use of ports, and reach that are denied unless allowed.
    """
    attributes = struct.pack("QQQ", handled, network, scope)
    size = 24 if scope else 16 if network else 8
    ruleset = _checked(
        _libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    )
    for path, access in allowed.items():
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = ctypes.create_string_buffer(struct.pack("=Qi", access, beneath))
        _checked(_libc.syscall(_LANDLOCK_ADD_RULE, ruleset, 1, rule, 0))
        os.close(beneath)
    _checked(_libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def filter_system_calls(program: bytes) -> None:
    """Install a seccomp filter: packed `sock_filter` instructions."""
    code = ctypes.create_string_buffer(program, len(program))
    heading = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    )
    _checked(_libc.prctl(22, 2, heading, 0, 0))  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def _checked(answer: int) -> int:
    if answer < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return answer
