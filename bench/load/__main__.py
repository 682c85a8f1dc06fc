"""Scenarios L1 to L7, judged by their bars; results into ``bench/RESULTS.md``.

python -m bench.load [L1 … L7] [--profile embedded|scaled|both] [--brief | --proof]
                     [--users N] [--seconds N] [--within MINUTES]

Everything is on this machine's loopback, bounded in users and time. ``--brief`` asks as many people
for a shorter time, ``--within`` begins nothing that would end later, and names what was left out.
With ``--proof`` each scenario runs for seconds, with short songs, and nothing is written: it shows
that the way works, not what the site can do. The scaled profile makes a database of its own on the
PostgreSQL of DATABASE_URL and takes an empty number of the Redis of REDIS_URL; with S3_BUCKET and
its settings also a bucket.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from dataclasses import replace

from bench import results
from bench.load.scenarios import SCENARIOS

PROFILES = {"embedded": ["embedded"], "scaled": ["scaled"], "both": ["embedded", "scaled"]}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], default=[])
    parser.add_argument("--profile", choices=PROFILES, default="embedded")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--brief", action="store_true", help="shorter, and without the soak")
    how.add_argument("--proof", action="store_true", help="seconds only, and nothing is kept")
    parser.add_argument("--users", type=int)
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--within", type=float, default=600.0, help="minutes for all of it")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with everything put away
    command = " ".join(["python -m bench.load", *sys.argv[1:]])
    end = time.monotonic() + 60 * options.within
    chosen = [name for name in SCENARIOS if name in options.scenarios or not options.scenarios]
    if options.brief and not options.scenarios:
        chosen = [name for name in chosen if SCENARIOS[name].brief]
    holds, left_out = True, []
    for name in chosen:
        scenario = SCENARIOS[name]
        plan = scenario.whole
        if options.brief or options.proof:
            plan = (scenario.proof if options.proof else scenario.brief) or plan
        if options.users:
            plan = replace(plan, users=options.users)
        if options.seconds:
            plan = replace(plan, seconds=options.seconds)
        for profile in PROFILES[options.profile]:
            if time.monotonic() + plan.about_seconds > end:
                left_out.append(f"{name}, {profile}")
                continue
            before = os.getloadavg()[1]
            verdict = scenario.run(replace(plan, profile=profile))
            told = results.section(
                f"{name}, {profile}", scenario.about, verdict, command, load_before=before
            )
            print(told, flush=True)
            holds = holds and verdict.holds
            if not options.proof:
                results.keep(told)
    if left_out:
        print(f"Left out for want of time: {'; '.join(left_out)}.", flush=True)
    return int(bool(left_out) or (not holds and not options.proof))


if __name__ == "__main__":
    sys.exit(main())
