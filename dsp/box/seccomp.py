"""The filter on system calls: what decoding and computing never need is refused.

Refused calls fail with EPERM, so that well-meant code (a library that would like a socket for its
log) carries on. The list names calls that leave the box; memory, files and threads stay open.
"""

from __future__ import annotations

import errno
import struct
from typing import Final

# Numbers of calls on x86_64 and aarch64 (Linux, arch/x86/entry/syscalls/syscall_64.tbl and
# include/uapi/asm-generic/unistd.h); 0 where a machine has no such call.
_REFUSED: Final[dict[str, tuple[int, int]]] = {
    # network and other processes' sockets
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # programs and processes
    "fork": (57, 0),
    "vfork": (58, 0),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "setpriority": (141, 140),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # namespaces, mounts, roots
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "quotactl": (179, 60),
    # files' owners, modes and attributes, which Landlock does not guard
    "chmod": (90, 0),
    "chown": (92, 0),
    "lchown": (94, 0),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "fchownat": (260, 54),
    # links, by which a caller could be led astray in the folder that it shares with the box
    "link": (86, 0),
    "linkat": (265, 37),
    "symlink": (88, 0),
    "symlinkat": (266, 36),
    "mknod": (133, 0),
    "mknodat": (259, 33),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    # shared memory and queues between processes
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # the kernel itself
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "personality": (135, 92),
    "vhangup": (153, 58),
    "iopl": (172, 0),
    "ioperm": (173, 0),
    "modify_ldt": (154, 0),
}
_CLONE: Final = (56, 220)
_CLONE3: Final = (435, 435)
_ONLY_TO_ITSELF: Final = {"kill": (62, 129), "tgkill": (234, 131)}
_PRLIMIT64: Final = (302, 261)

_MACHINES: Final = {  # column in the tables, AUDIT_ARCH, first number of a second set of calls
    "x86_64": (0, 0xC000_003E, 0x4000_0000),
    "aarch64": (1, 0xC000_00B7, None),
}
_CLONE_THREAD: Final = 0x0001_0000

# Classic BPF (linux/filter.h, linux/seccomp.h)
_LOAD, _EQUAL, _NOT_BELOW, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, little-endian


def machines() -> tuple[str, ...]:
    """Return the machines for which there is a filter."""
    return tuple(_MACHINES)


def program(machine: str, own_pid: int) -> bytes:
    """Return the filter for a machine and for the process that will install it.

    Parameters
    ----------
    machine : str
        One of `machines`.
    own_pid : int
        The process that signals may still be sent to: its own, as ``abort`` does.

    Returns
    -------
    bytes
        ``struct sock_filter`` instructions.
    """
    column, architecture, second_set = _MACHINES[machine]
    code = [
        _step(_LOAD, _ARCH),
        _step(_EQUAL, architecture, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
    ]
    if second_set is not None:
        code += _answer(_NOT_BELOW, second_set, _ERRNO | errno.EPERM)
    for numbers in _REFUSED.values():
        if numbers[column]:
            code += _answer(_EQUAL, numbers[column], _ERRNO | errno.EPERM)
    # the C library then uses clone, whose flags a filter can see
    code += _answer(_EQUAL, _CLONE3[column], _ERRNO | errno.ENOSYS)
    code += _unless_first_argument(_CLONE[column], _ANY_BIT, (_CLONE_THREAD,))
    for numbers in _ONLY_TO_ITSELF.values():
        code += _unless_first_argument(numbers[column], _EQUAL, (own_pid,))
    code += _unless_first_argument(_PRLIMIT64[column], _EQUAL, (0, own_pid))
    code.append(_step(_RETURN, _ALLOW))
    return b"".join(code)


def _step(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", operation, if_true, if_false, value)


def _answer(test: int, value: int, answer: int) -> list[bytes]:
    return [_step(test, value, 0, 1), _step(_RETURN, answer)]


def _unless_first_argument(number: int, test: int, values: tuple[int, ...]) -> list[bytes]:
    """Refuse a call whose first argument passes none of the tests."""
    body = [_step(_LOAD, _FIRST_ARGUMENT)]
    for value in values:
        body += _answer(test, value, _ALLOW)
    body.append(_step(_RETURN, _ERRNO | errno.EPERM))
    return [_step(_EQUAL, number, 0, len(body)), *body]
