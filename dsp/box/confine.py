"""The walls of a box, put up by the child itself before it touches a stranger's file."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from dsp.box import kernel, seccomp
from dsp.box.limits import BoxLimits, BoxStrength

WITHOUT: Final = (
    "LACQUER_BOX_WITHOUT"  # names of walls to leave out, for a kernel that has them badly
)

_OLD_ROOT: Final = "/.root-before"  # no path that anyone's files have
_SYSTEM: Final = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom")

# Landlock access rights (include/uapi/linux/landlock.h), by the version that brought them
_FILE_RIGHTS: Final = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 5: 0xFFFF}
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_FOR_FILES: Final = 1 << 0 | 1 << 1 | _READ_FILE | 1 << 14 | 1 << 15
_PORTS_VERSION, _PORT_RIGHTS = 4, 3  # bind and connect by TCP
_SCOPE_VERSION, _SCOPES = 6, 3  # abstract sockets and signals


def measure_strength() -> BoxStrength:
    """Return what this machine allows, by trying each wall in a child."""
    without = os.environ.get(WITHOUT, "").split(",")
    is_known = kernel.MACHINE in seccomp.machines()
    namespaces = is_known and "namespaces" not in without and _works(_try_namespaces)
    landlock = 0 if "landlock" in without else kernel.landlock_version()
    filtered = is_known and "seccomp" not in without and _works(_try_filter)
    return BoxStrength(namespaces=namespaces, landlock=landlock, seccomp=filtered)


def confine(
    limits: BoxLimits, strength: BoxStrength, *, scratch: Path, readable: Iterable[Path]
) -> None:
    """Give up everything but a scratch folder, and what may be read.

    Parameters
    ----------
    limits : BoxLimits
        Made kernel limits of.
    strength : BoxStrength
        Which walls to put up; one that then fails raises OSError.
    scratch : Path
        The only folder that can be written, and the current one from here on.
    readable : iterable of Path
        Files and folders that can be read beside the system's libraries.
    """
    seen = _real_paths((*_libraries(), *map(str, readable)))
    kernel.stand_back(limits.niceness)
    os.umask(0o077)
    _limit(limits)
    if strength.namespaces:
        _enter_namespaces()
        _change_root(seen, str(scratch))
    kernel.forbid_new_privileges()
    kernel.drop_capabilities()
    if strength.landlock and not strength.namespaces:
        _guard_files(strength.landlock, seen.values(), str(scratch))
    os.chdir(scratch)
    os.environ.clear()
    os.environ["TMPDIR"] = str(scratch)
    if strength.seccomp:
        kernel.filter_system_calls(seccomp.program(kernel.MACHINE, os.getpid()))


def _libraries() -> list[str]:
    """Return what Python may still load: libraries and packages, of the project only `dsp`."""
    project = Path(__file__).resolve().parents[2]
    packages = [path for path in sys.path if path and Path(path).resolve() != project]
    prefixes = [sys.prefix, sys.base_prefix]
    return [*_SYSTEM, *dict.fromkeys((*prefixes, *packages)), str(project / "dsp")]


def _real_paths(paths: Iterable[str]) -> dict[str, str]:
    """Return, by the name it is known under, where each path that exists really is."""
    return {path: os.path.realpath(path) for path in paths if Path(path).exists()}


def _limit(limits: BoxLimits) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory = pages * resource.getpagesize() + limits.memory_bytes
    for kind, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    # the signal at the soft limit says why; the hard one ends whoever ignores it
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 2))


def _enter_namespaces() -> None:
    user, group = os.getuid(), os.getgid()
    kernel.unshare(
        kernel.CLONE_NEWUSER
        | kernel.CLONE_NEWNS
        | kernel.CLONE_NEWNET
        | kernel.CLONE_NEWIPC
        | kernel.CLONE_NEWUTS
    )
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _change_root(seen: dict[str, str], scratch: str) -> None:
    """Build a root that holds what may be seen, and nothing else."""
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    base = "/tmp"  # noqa: S108 (a place to mount on; once it is the root, what it hid is seen again)
    kernel.mount("none", base, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m,mode=755")
    os.chdir(base)
    Path(_OLD_ROOT[1:]).mkdir()
    kernel.pivot_root(".", _OLD_ROOT[1:])
    os.chdir("/")
    read_only = kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID
    for path, real_path in sorted(seen.items()):
        if not Path(path).exists():  # else it lies in a folder that is shown already
            _bind(real_path, path, read_only)
    _bind(scratch, scratch, kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV)
    kernel.unmount(_OLD_ROOT)
    Path(_OLD_ROOT).rmdir()
    kernel.restrict_mount("/", read_only, recursive=False)


def _bind(source: str, target: str, attributes: int) -> None:
    """Show a path of the old root in the new one."""
    if Path(f"{_OLD_ROOT}{source}").is_dir():
        Path(target).mkdir(parents=True, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    kernel.mount(f"{_OLD_ROOT}{source}", target, None, kernel.MS_BIND | kernel.MS_REC)
    kernel.restrict_mount(target, attributes)


def _guard_files(version: int, seen: Iterable[str], scratch: str) -> None:
    rights = max(bits for since, bits in _FILE_RIGHTS.items() if since <= version)
    reading = {
        path: _READ_FILE | (_READ_FOLDER if Path(path).is_dir() else 0) for path in set(seen)
    }
    kernel.landlock(
        reading | {scratch: rights, "/dev/null": rights & _FOR_FILES},
        rights,
        network=_PORT_RIGHTS if version >= _PORTS_VERSION else 0,
        scope=_SCOPES if version >= _SCOPE_VERSION else 0,
    )


def _works(attempt: Callable[[], None]) -> bool:
    """Return whether an attempt succeeds, in a child that it may spoil."""
    child = os.fork()
    if child == 0:
        try:
            attempt()
        except BaseException:  # noqa: BLE001 (whatever it is, the wall does not stand)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _try_namespaces() -> None:
    _enter_namespaces()
    _change_root({"/usr": "/usr"}, "/var")


def _try_filter() -> None:
    kernel.forbid_new_privileges()
    kernel.filter_system_calls(seccomp.program(kernel.MACHINE, os.getpid()))
