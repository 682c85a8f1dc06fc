"""Lets people at a site, by locust, and counts what they met."""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from bench.load.site import ROOT, Site


class Stats(dict[str, dict[str, float]]):
    """What locust counted, by name."""

    def ms(self, name: str, share: str) -> float:
        """Return within what time so many were answered; where nobody asked, no bar is held."""
        return self.get(name, {}).get(share, math.nan)

    def failures(self) -> float:
        return sum(row["failures"] for row in self.values())


def load(
    site: Site,
    seed: Path,
    scenario: str,
    *,
    users: int,
    rate: float,
    seconds: float,
    every_seconds: float = 1.0,
) -> Stats:
    """Let so many people at the site for so long; return their counts.

    Where people keep a pace, one of them comes every so many seconds.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    ran = subprocess.run(
        [
            sys.executable, "-m", "locust", "-f", "bench/load/people.py", "--headless",
            "--only-summary", "--host", site.address, "--users", str(users),
            "--spawn-rate", str(rate), "--run-time", f"{seconds:.0f}s", "--stop-timeout", "60",
            "--json", "--exit-code-on-error", "0", "--loglevel", "ERROR",
        ],
        cwd=ROOT,
        env=os.environ
        | {
            "LOAD_SEED": str(seed),
            "LOAD_SCENARIO": scenario,
            "LOAD_PACE_SECONDS": str(users * every_seconds),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.monotonic() - begun
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    stats = Stats()
    for row in json.loads(ran.stdout):  # whole: what was on its way at the end is waited for
        times = {float(ms): count for ms, count in row["response_times"].items()}
        stats[row["name"]] = {
            "count": float(row["num_requests"]),
            "failures": float(row["num_failures"]),
            "rate": row["num_requests"] / max(row["last_request_timestamp"] - row["start_time"], 1),
            **{f"{share}%": _quantile(times, share / 100) for share in (50, 95, 99)},
        }
    stats["generator"] = {"count": 0.0, "failures": 0.0, "cpu": used / wall / (os.cpu_count() or 1)}
    return stats


def _quantile(times: dict[float, int], share: float) -> float:
    """Return the time within which such a share was answered, of counts by milliseconds."""
    left = share * sum(times.values())
    for ms in sorted(times):
        left -= times[ms]
        if left <= 0:
            return ms
    return 0.0
