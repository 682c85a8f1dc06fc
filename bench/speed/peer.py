"""Matchering on the same pair, as a program in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

PROGRAM = """
import json, resource, sys, time
import matchering
target, reference, result, runs = sys.argv[1:]
config = matchering.Config(max_length=16 * 60)
def spent():
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
taken = []
for _ in range(int(runs)):
    start, wall = spent(), time.perf_counter()
    matchering.process(
        target=target, reference=reference, config=config, results=[matchering.pcm24(result)]
    )
    taken.append((spent() - start, time.perf_counter() - wall))
    if len(taken) == 1:
        cold_cpu = spent()
peak = max(
    resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
)
warm = taken[1:] or taken
print(json.dumps({
    "cold_cpu": cold_cpu, "cpu": min(cpu for cpu, _ in warm), "wall": min(w for _, w in warm),
    "peak_mb": peak * 1024 / 1e6,
}))
"""


def times(python: Path, target: Path, reference: Path, output: Path, runs: int) -> dict[str, float]:
    """Return what Matchering took: the first run with imports, the best of the others."""
    done = subprocess.run(
        [python, "-c", PROGRAM, target, reference, output, str(runs)],
        check=True,
        capture_output=True,
        text=True,
        timeout=3600,
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told
