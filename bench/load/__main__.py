"""Scenarios L1 to L7, judged by their bars; results into ``bench/RESULTS.md``.

python -m bench.load [L1 … L7] [--profile scaled] [--proof] [--users N] [--seconds N]

Everything is on this machine's loopback, bounded in users and time. With ``--proof`` each scenario
runs for seconds, with short songs, and nothing is written: it shows that the way works, not what
the site can do. ``--profile scaled`` uses the PostgreSQL of DATABASE_URL, which must be empty, and
the Redis of REDIS_URL; with S3_BUCKET and its settings also a bucket.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from bench.load.site import ROOT, Site

RESULTS: Final = ROOT / "bench" / "RESULTS.md"
SCALED: Final = ("DATABASE_URL", "REDIS_URL", "S3_BUCKET", "S3_ENDPOINT_URL", "S3_ACCESS_KEY",
                 "S3_SECRET_KEY", "S3_ADDRESSING_STYLE", "S3_REGION")  # fmt: skip
MOST_LOAD_CPU: Final = 0.15  # of the machine, taken by the load itself; above it a run is void
MB: Final = 1_000_000
DRAIN_SECONDS: Final = 3_600.0


@dataclass(frozen=True)
class Plan:
    """How much of a scenario is run."""

    users: int
    seconds: int
    song_seconds: float
    groups: int = 1
    profile: str = "embedded"
    proof: bool = False


@dataclass
class Verdict:
    """Figures of a run, each with its bar; a figure without one is only told."""

    lines: list[tuple[str, str, str, bool | None]] = field(default_factory=list)

    def at_most(self, name: str, value: float, bar: float, unit: str = "") -> None:
        self.lines.append((name, f"{value:.4g}{unit}", f"≤ {bar:g}{unit}", value <= bar))

    def at_least(self, name: str, value: float, bar: float, unit: str = "") -> None:
        self.lines.append((name, f"{value:.4g}{unit}", f"≥ {bar:g}{unit}", value >= bar))

    def told(self, name: str, value: str) -> None:
        self.lines.append((name, value, "", None))

    @property
    def holds(self) -> bool:
        return all(held is not False for *_, held in self.lines)


class Stats(dict[str, dict[str, float]]):
    """What locust counted, by name."""

    def ms(self, name: str, share: str) -> float:
        return self.get(name, {}).get(share, 0.0)

    def failures(self) -> float:
        return sum(row["failures"] for row in self.values())


def load(
    site: Site, seed: Path, scenario: str, *, users: int, rate: float, seconds: float
) -> Stats:
    """Let so many people at the site for so long; return their counts."""
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
        env=os.environ | {"LOAD_SEED": str(seed), "LOAD_SCENARIO": scenario},
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


@contextmanager
def running(
    plan: Plan, *, people: int, finished: int = 1, queued: int = 0
) -> Iterator[tuple[Site, Path]]:
    scaled = {}
    if plan.profile == "scaled":
        scaled = {name: os.environ[name] for name in SCALED if os.environ.get(name)}
        if not {"DATABASE_URL", "REDIS_URL"} <= set(scaled):
            raise SystemExit("--profile scaled wants DATABASE_URL and REDIS_URL.")
    with tempfile.TemporaryDirectory(prefix="lacquer-load-") as folder:
        site = Site(Path(folder), groups=plan.groups, scaled=scaled)
        seed = site.seed(people, finished, queued, plan.song_seconds)
        try:
            site.start()
            yield site, seed
        finally:
            site.stop()


def evening(plan: Plan) -> Verdict:
    """L1: people of an evening while a worker masters without a pause."""
    verdict = Verdict()
    queue = max(4, plan.seconds // 5)
    with running(plan, people=min(plan.users, 40), queued=queue) as (site, seed):
        quiet_seconds = max(plan.seconds / 2, 5.0)
        before = site.count("SUCCEEDED")
        time.sleep(quiet_seconds)
        quiet = (site.count("SUCCEEDED") - before) / quiet_seconds
        cpu_before, before = site.sample(), site.count("SUCCEEDED")
        stats = load(site, seed, "L1", users=plan.users, rate=plan.users / 10, seconds=plan.seconds)
        busy = (site.count("SUCCEEDED") - before) / plan.seconds
        cpu = site.sample()
        verdict.at_most("HTML p50", stats.ms("page", "50%"), 80, " ms")
        verdict.at_most("HTML p95", stats.ms("page", "95%"), 300, " ms")
        verdict.at_most("HTML p99", stats.ms("page", "99%"), 1_000, " ms")
        verdict.at_most("status p95", stats.ms("status", "95%"), 150, " ms")
        verdict.at_most("log-in p95", stats.ms("log-in", "95%"), 900, " ms")
        verdict.at_most("failed requests", stats.failures(), 0)
        verdict.at_most("lines of a locked database", len(site.errors()), 0)
        if quiet:
            verdict.at_least("mastering, of idle", 100 * busy / quiet, 70, " %")
        verdict.at_most("web memory", max(one.web_bytes for one in site.samples) / MB, 800, " MB")
        _tell(verdict, stats)
        requests = sum(row["count"] for row in stats.values())
        web = 1000 * (cpu.web_cpu_seconds - cpu_before.web_cpu_seconds) / max(requests, 1)
        verdict.told("web CPU a request", f"{web:.1f} ms")
        verdict.told("masters an hour, idle and loaded", f"{3600 * quiet:.0f}, {3600 * busy:.0f}")
    return verdict


def knee(plan: Plan) -> Verdict:
    """L2: more and more people, until pages take longer than half a second."""
    verdict, found = Verdict(), 0
    with running(plan, people=min(plan.users, 40), queued=4) as (site, seed):
        step = max(plan.users // 8, 1)
        for users in range(step, plan.users + 1, step):
            stats = load(site, seed, "L2", users=users, rate=step, seconds=plan.seconds)
            p95, away = stats.ms("page", "95%"), stats.get("turned away", {}).get("count", 0)
            verdict.told(f"{users} people", f"p95 {p95:.0f} ms, {away:.0f} turned away")
            if p95 > 500:
                break
            found = users
        verdict.at_least("people before the knee", found, 200)
        verdict.at_most("failed requests", stats.failures(), 0)
        after = load(site, seed, "L2", users=step, rate=step, seconds=min(30, plan.seconds))
        verdict.at_most("p95 after it", after.ms("page", "95%"), 300, " ms")
        _tell(verdict, stats)
    return verdict


def burst(plan: Plan) -> Verdict:
    """L3: five submits each of forty people within ten seconds, then until all are done."""
    verdict = Verdict()
    with running(plan, people=plan.users) as (site, seed):
        stats = load(site, seed, "L3", users=plan.users, rate=plan.users, seconds=plan.seconds)
        sent = stats.get("submit", {}).get("count", 0)
        deadline = time.monotonic() + DRAIN_SECONDS
        while left := site.count("QUEUED") + site.count("RUNNING"):
            if time.monotonic() > deadline:
                break
            time.sleep(2)
        fair = (
            "rows = Version.objects.order_by('started').values_list('user', flat=True); "
            "first = {}; [first.setdefault(user, place) for place, user in enumerate(rows)]; "
            "print(max(first.values()) / max(len(first), 1))"
        )
        verdict.at_least("submits taken", sent, 5 * plan.users)
        verdict.at_most("submit p95", stats.ms("submit", "95%"), 400, " ms")
        verdict.at_most("failed requests", stats.failures(), 0)
        verdict.at_most("left undone", left, 0)
        verdict.at_most("turns until everyone had one", float(site.ask(fair)), 2.5, " × people")
        verdict.at_most("broken invariants", len(site.broken()), 0)
        _tell(verdict, stats)
    return verdict


def wall(plan: Plan) -> Verdict:
    """L4: twenty uploads of 60 MB at once, while others read."""
    verdict = Verdict()
    people = plan.users + plan.users // 4
    with running(plan, people=people) as (site, seed):
        load(site, seed, "L6", users=2, rate=2, seconds=3)  # so that all is loaded before
        before = site.sample().web_bytes
        stats = load(site, seed, "L4", users=people, rate=people, seconds=plan.seconds)
        most = max(one.web_bytes for one in site.samples)
        verdict.at_most("web memory grew by", (most - before) / MB, 100, " MB")
        verdict.at_most("page p95 meanwhile", stats.ms("page", "95%"), 500, " ms")
        verdict.at_least("uploads taken", stats.get("upload", {}).get("count", 0), plan.users)
        verdict.at_most("failed requests", stats.failures(), 0)
        size = Path(json.loads(seed.read_text())["files"]["wall"]).stat().st_size / MB
        verdict.told("each of", f"{size:.0f} MB")
        _tell(verdict, stats)
    return verdict


def soak(plan: Plan) -> Verdict:
    """L5: a long while of an evening; what is held at its end is what was held at its begin."""
    verdict = Verdict()
    with running(plan, people=plan.users, queued=max(4, plan.seconds // 20)) as (site, seed):
        stats = load(site, seed, "L5", users=plan.users, rate=plan.users / 5, seconds=plan.seconds)
        samples = site.samples[len(site.samples) // 6 :]
        part = max(len(samples) // 5, 1)
        first, last = samples[:part], samples[-part:]
        for name in ("web_bytes", "descriptors", "threads"):
            begun, ended = (
                sum(getattr(one, name) for one in some) / len(some) for some in (first, last)
            )
            grown = 100 * (ended - begun) / max(begun, 1)
            verdict.at_most(f"{name.replace('_', ' ')} grew by", grown, 5, " %")
        most = max(one.scratch_bytes for one in samples) / MB
        verdict.told(
            "most scratch, and at the end", f"{most:.0f} MB, {last[-1].scratch_bytes / MB:.0f} MB"
        )
        verdict.at_most("failed requests", stats.failures(), 0)
        _tell(verdict, stats)
    return verdict


def raw(plan: Plan) -> Verdict:
    """L6: the status as fast as it comes, with nothing being mastered."""
    verdict = Verdict()
    quiet = Plan(plan.users, plan.seconds, plan.song_seconds, 0, plan.profile, plan.proof)
    with running(quiet, people=min(plan.users, 20)) as (site, seed):
        stats = load(site, seed, "L6", users=plan.users, rate=plan.users, seconds=plan.seconds)
        verdict.at_least("requests a second", stats.get("status", {}).get("rate", 0), 250)
        verdict.at_most("p99", stats.ms("status", "99%"), 200, " ms")
        verdict.at_most("failed requests", stats.failures(), 0)
        _tell(verdict, stats, void=False)  # asking is most of the work here
    return verdict


def throughput(plan: Plan) -> Verdict:
    """L7: masters alone, as many as there are, by two groups."""
    verdict = Verdict()
    with running(plan, people=min(plan.users, 20), queued=plan.users) as (site, _seed):
        begun, before, cpu = time.monotonic(), site.count("SUCCEEDED"), site.sample()
        deadline = begun + DRAIN_SECONDS
        while site.count("QUEUED") + site.count("RUNNING") and time.monotonic() < deadline:
            time.sleep(2)
        wall_seconds = time.monotonic() - begun
        done = site.count("SUCCEEDED") - before
        used = max(one.worker_cpu_seconds for one in site.samples) - cpu.worker_cpu_seconds
        cores = min(plan.groups, os.cpu_count() or 1)
        verdict.at_least("masters an hour and core", 3600 * done / wall_seconds / cores, 100)
        most = max(one.worker_bytes for one in site.samples)
        verdict.at_most("most memory of a process", most / MB, 2_000, " MB")
        verdict.at_most("failed", site.count("FAILED"), 0)
        verdict.at_most("broken invariants", len(site.broken()), 0)
        verdict.told("masters, of", f"{done}, {plan.song_seconds:.0f} s each")
        verdict.told("CPU seconds of living processes", f"{used:.0f}")
    return verdict


def _tell(verdict: Verdict, stats: Stats, *, void: bool = True) -> None:
    requests = sum(row["count"] for row in stats.values())
    verdict.told("requests", f"{requests:.0f}")
    if void:
        verdict.at_most(
            "the load's own CPU", 100 * stats["generator"]["cpu"], 100 * MOST_LOAD_CPU, " %"
        )
    if away := stats.get("turned away"):
        verdict.told("turned away, with a time to come back", f"{away['count']:.0f}")


SCENARIOS: Final[dict[str, tuple[Callable[[Plan], Verdict], Plan, Plan]]] = {
    "L1": (evening, Plan(100, 600, 240.0), Plan(4, 8, 8.0)),
    "L2": (knee, Plan(400, 120, 240.0), Plan(8, 4, 8.0)),
    "L3": (burst, Plan(40, 15, 60.0, groups=2), Plan(3, 10, 8.0)),
    "L4": (wall, Plan(20, 60, 240.0), Plan(4, 6, 8.0)),
    "L5": (soak, Plan(30, 1_800, 240.0), Plan(4, 12, 8.0)),
    "L6": (raw, Plan(20, 30, 30.0), Plan(4, 4, 8.0)),
    "L7": (throughput, Plan(60, 0, 240.0, groups=2), Plan(2, 0, 8.0)),
}


def page(name: str, plan: Plan, verdict: Verdict, command: str) -> str:
    """Return a run as it is kept."""
    function = SCENARIOS[name][0]
    memory = psutil.virtual_memory().total / 2**30
    lines = [
        f"## {name}, {plan.profile}: {'holds' if verdict.holds else 'DOES NOT HOLD'}",
        "",
        (function.__doc__ or "").partition(":")[2].strip().capitalize(),
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {os.cpu_count()} cores, {memory:.0f} GB,"
        f" {platform.machine()}, Python {platform.python_version()} · load before it"
        f" {os.getloadavg()[1]:.1f} · `{command}`",
        "",
        "| figure | measured | bar | |",
        "|---|---|---|---|",
        *(
            f"| {figure} | {value} | {bar} | {_mark(held)} |"
            for figure, value, bar, held in verdict.lines
        ),
        "",
    ]
    return "\n".join(lines)


def _mark(held: bool | None) -> str:
    return "" if held is None else "holds" if held else "**does not**"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], default=[])
    parser.add_argument("--profile", choices=("embedded", "scaled"), default="embedded")
    parser.add_argument("--proof", action="store_true", help="seconds only, and nothing is kept")
    parser.add_argument("--users", type=int)
    parser.add_argument("--seconds", type=int)
    options = parser.parse_args()
    command = " ".join(["make load ARGUMENTS=", f"'{' '.join(sys.argv[1:])}'"]).replace("= ", "=")
    holds = True
    for name in options.scenarios or SCENARIOS:
        run, whole, short = SCENARIOS[name]
        chosen = short if options.proof else whole
        plan = Plan(
            users=options.users or chosen.users,
            seconds=options.seconds or chosen.seconds,
            song_seconds=chosen.song_seconds,
            groups=chosen.groups,
            profile=options.profile,
            proof=options.proof,
        )
        verdict = run(plan)
        told = page(name, plan, verdict, command)
        print(told, flush=True)
        holds = holds and verdict.holds
        if not options.proof:
            before = RESULTS.read_text() if RESULTS.exists() else HEAD
            RESULTS.write_text(f"{before.rstrip()}\n\n{told}")
    return int(not holds and not options.proof)


HEAD: Final = """# The site under load

Runs of `make load`, the newest last. What each scenario does stands in `bench/load`; its bars are
those that a machine of two cores should hold. A run is void where the load itself took more than
15 % of the machine.
"""

if __name__ == "__main__":
    sys.exit(main())
