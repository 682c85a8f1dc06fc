"""Measuring uploads, and how any claimed work is carried out on this machine."""

from references.tasks.attempts import Attempt, carry_out
from references.tasks.machine import can_work, tell_of_machine, worker_name
from references.tasks.measuring import decoding_limits, measure_next

__all__ = [
    "Attempt",
    "can_work",
    "carry_out",
    "decoding_limits",
    "measure_next",
    "tell_of_machine",
    "worker_name",
]
