"""Work on strangers' files runs in a box: a process that can reach nothing but its own folder.

`run` calls a function in a boxed child. The children are forked from a warm server process
(:mod:`dsp.box.server`), so that a job does not pay seconds of imports; and the server is started
with an empty environment, so that no secret of the site is in the memory of a process that a
malicious file may take over, as it would be in a fork of the worker itself.

What comes back is read as JSON and nothing else. A box has (:mod:`dsp.box.confine`) limits on
memory, processor time and files; no network; no view of the disk but the system's libraries,
read-only, and its scratch folder; and no way to start, see or signal other processes.
"""

from dsp.box.client import close, run, strength, warm
from dsp.box.kernel import stand_back
from dsp.box.limits import ENGINE, PROBE, BoxFailure, BoxLimits, BoxStrength, Reason, Usage

__all__ = [
    "ENGINE",
    "PROBE",
    "BoxFailure",
    "BoxLimits",
    "BoxStrength",
    "Reason",
    "Usage",
    "close",
    "run",
    "stand_back",
    "strength",
    "warm",
]
