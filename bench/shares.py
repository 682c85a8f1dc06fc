"""A share of one processor for a process and what it begins: a control group of Linux (root)."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

GROUPS: Final = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS: Final = 100_000


@contextmanager
def share(name: str, part: float) -> Iterator[list[str]]:
    """Make a group that gets so much of a processor; yield what a command of its begins with.

    The group goes at the end: whatever is in it must have ended. OSError where none can be made.
    """
    unified = (GROUPS / "cgroup.controllers").exists()
    if unified:
        (GROUPS / "cgroup.subtree_control").write_text("+cpu")
    group = (GROUPS if unified else GROUPS / "cpu") / f"lacquer-{os.getpid()}-{name}"
    group.mkdir()
    try:
        quota = round(part * PERIOD_MICROSECONDS)
        if unified:
            (group / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        yield ["sh", "-c", 'echo $$ >"$0" && exec "$@"', str(group / "cgroup.procs")]
    finally:
        _remove(group)


def _remove(group: Path) -> None:
    for _ in range(50):  # what has ended leaves a little later
        try:
            return group.rmdir()
        except OSError:
            time.sleep(0.1)
    return group.rmdir()


def why_not() -> str:
    """Return why no shares can be given here; empty where they can."""
    try:
        with share("try", 0.5) as begin:
            subprocess.run([*begin, "true"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no control group can be made: {error}"
    return ""
