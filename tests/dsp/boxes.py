"""Boxes of the tests, and what is seen of them from outside."""

from pathlib import Path

import pytest

from dsp import box
from dsp.box import BoxFailure, BoxLimits, client

LIMITS = BoxLimits(
    memory_bytes=256_000_000, cpu_seconds=5, wall_seconds=20.0, file_bytes=10_000_000
)


def run(function, *args, limits=LIMITS, **kwargs):
    return box.run(function, *args, limits=limits, **kwargs)


def server_pid():
    return client._server().process.pid


def of_running_boxes(entry):
    pid = server_pid()
    boxes = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {Path(f"/proc/{each}/{entry}").read_text().strip() for each in boxes}


def failure_of(function, *args, limits=LIMITS, **kwargs):
    with pytest.raises(BoxFailure) as caught:
        run(function, *args, limits=limits, **kwargs)
    return caught.value
