"""The machine that works: whether it may begin, what it confines decoders with, its name."""

import functools
import logging
import os
import shutil
import socket
from typing import Final

from django.conf import settings

from dsp import box
from references.models import Machine
from references.services import SCRATCH

ROOM_BYTES: Final = 2_000_000_000  # free disk that the largest piece of work may need

logger = logging.getLogger(__name__)


def can_work() -> bool:
    """Tell whether this machine may begin a piece of work, so that what it cannot do waits."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    free_bytes = shutil.disk_usage(SCRATCH).free
    if free_bytes < ROOM_BYTES:
        logger.error("No work is begun: %s bytes are free in %s.", free_bytes, SCRATCH)
        return False
    strength = box.strength()
    if not (strength.is_strong or settings.ALLOW_WEAK_SANDBOX):
        logger.error("No work is begun: decoders cannot be confined here (%s).", strength)
        return False
    warm_up()
    return True


def tell_of_machine() -> None:
    """Let the operator see what this machine shuts decoders in with."""
    Machine.objects.tell(
        name=socket.gethostname()[:100],
        is_confining=box.strength().is_strong,
        boxes=guards(),
    )


def guards() -> str:
    """Name what this machine shuts decoders in with."""
    strength = box.strength()
    found = {
        "namespaces": strength.namespaces,
        f"Landlock {strength.landlock}": strength.landlock,
        "seccomp": strength.seccomp,
    }
    return ", ".join(name for name, there in found.items() if there) or "limits alone"


@functools.cache
def warm_up() -> None:
    """Load and compile the engine before the first lease runs; once in a worker's life."""
    box.warm("dsp.jobs:warm_up")


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:100]
