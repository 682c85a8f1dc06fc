"""What each scenario does to a site of its own, and by which bars it is judged."""

from __future__ import annotations

import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.load.crowd import Stats, load
from bench.load.site import BUCKET, Sample, Site
from bench.results import Verdict
from tests import servers

MOST_LOAD_CPU: Final = 0.15  # of the machine, taken by the load itself; above it a run is void
MB: Final = 1_000_000
SETTING_UP_SECONDS: Final = 75.0  # about, of seeding, starting and ending a site
WARMING_SECONDS: Final = 10.0
LOADING_SECONDS: Final = 60.0  # at most, of workers that load the engine


@dataclass(frozen=True)
class Plan:
    """How much of a scenario is run."""

    users: int
    seconds: int
    song_seconds: float
    groups: int = 1
    drain_seconds: float = 3_600.0
    beside_seconds: float = 0.0  # about, of what is done before, after or again
    profile: str = "embedded"

    @property
    def about_seconds(self) -> float:
        """Return about how long all of it takes."""
        return SETTING_UP_SECONDS + self.seconds + self.beside_seconds


@dataclass(frozen=True)
class Scenario:
    run: Callable[[Plan], Verdict]
    whole: Plan
    proof: Plan
    brief: Plan | None = None

    @property
    def about(self) -> str:
        return (self.run.__doc__ or "").partition(":")[2].strip().capitalize()


@contextmanager
def running(
    plan: Plan, *, people: int, finished: int = 1, queued: int = 0, sample_seconds: float = 1.0
) -> Iterator[tuple[Site, Path]]:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lacquer-load-"))
        scaled = {}
        if plan.profile == "scaled":
            database = os.environ.get("DATABASE_URL", servers.DATABASE_URL)
            redis = os.environ.get("REDIS_URL", servers.REDIS_URL)
            if why := servers.why_not(database, redis):
                raise SystemExit(f"The scaled profile wants a PostgreSQL and a Redis: {why}")
            name = f"lacquer_load_{os.getpid()}"
            scaled = {each: os.environ[each] for each in BUCKET if os.environ.get(each)} | {
                "DATABASE_URL": stack.enter_context(servers.own_database(database, name)),
                "REDIS_URL": stack.enter_context(servers.own_redis(redis)),
            }
        site = Site(Path(folder), groups=plan.groups, scaled=scaled, sample_seconds=sample_seconds)
        seed = site.seed(people, finished, queued, plan.song_seconds)
        try:
            site.start()
            yield site, seed
        finally:
            site.stop()


def evening(plan: Plan) -> Verdict:
    """L1: people of an evening while a worker masters without a pause."""
    verdict = Verdict()
    queue = max(4, plan.seconds)
    with running(plan, people=min(plan.users, 40), queued=queue) as (site, seed):
        begun = time.time()
        time.sleep(max(plan.seconds / 2, 5.0))
        cpu_before, turned = site.sample(), time.time()
        stats = load(site, seed, "L1", users=plan.users, rate=plan.users / 10, seconds=plan.seconds)
        cpu, ended = site.sample(), time.time()
        quiet, busy = site.worked_through(begun, turned), site.worked_through(turned, ended)
        verdict.at_most("HTML p50", stats.ms("page", "50%"), 80, " ms")
        verdict.at_most("HTML p95", stats.ms("page", "95%"), 300, " ms")
        verdict.at_most("HTML p99", stats.ms("page", "99%"), 1_000, " ms")
        verdict.at_most("status p95", stats.ms("status", "95%"), 150, " ms")
        verdict.at_most("log-in p95", stats.ms("log-in", "95%"), 900, " ms")
        verdict.at_most("failed requests", stats.failures(), 0)
        verdict.at_most("lines of a locked database", len(site.errors()), 0)
        of_idle = 100 * busy / quiet if quiet else math.nan
        verdict.at_least("music mastered and measured, of idle", of_idle, 70, " %")
        verdict.at_most("web memory", max(one.web_bytes for one in site.samples) / MB, 800, " MB")
        _tell(verdict, stats)
        requests = sum(row["count"] for row in stats.values())
        web = 1000 * (cpu.web_cpu_seconds - cpu_before.web_cpu_seconds) / max(requests, 1)
        verdict.told("web CPU a request", f"{web:.1f} ms")
        verdict.told(
            "songs of four minutes an hour, idle and loaded",
            f"{3600 * quiet / 240:.0f}, {3600 * busy / 240:.0f}",
        )
    return verdict


def knee(plan: Plan) -> Verdict:
    """L2: more and more people until pages take half a second, then twice as many, then few."""
    verdict, found, failed = Verdict(), 0, 0.0
    held: Stats | None = None
    with running(plan, people=min(plan.users, 40), queued=4) as (site, seed):
        _warm(site, seed, plan)
        step = max(plan.users // 8, 1)
        for users in range(step, plan.users + 1, step):
            stats = load(site, seed, "L2", users=users, rate=users / 10, seconds=plan.seconds)
            p95, away = stats.ms("page", "95%"), stats.get("turned away", {}).get("count", 0)
            verdict.told(f"{users} people", f"p95 {p95:.0f} ms, {away:.0f} turned away")
            failed += stats.failures()
            if not p95 <= 500:
                break
            found, held = users, stats
        verdict.at_least("people before the knee", found, 200)
        verdict.at_most("failed requests", failed, 0)
        twice = 2 * max(found, step)
        over = load(site, seed, "L2", users=twice, rate=twice / 10, seconds=plan.seconds)
        p95, away = over.ms("page", "95%"), over.get("turned away", {}).get("count", 0)
        verdict.told(f"{twice} people", f"p95 {p95:.0f} ms, {away:.0f} turned away")
        verdict.at_most("failed requests of twice as many", over.failures(), 0)
        after = load(site, seed, "L2", users=step, rate=step / 5, seconds=min(30, plan.seconds))
        verdict.at_most("p95 after it", after.ms("page", "95%"), 300, " ms")
        _tell(verdict, held or stats)  # past the knee nothing is held
    return verdict


def burst(plan: Plan) -> Verdict:
    """L3: five submits each of forty people, evenly over ten seconds, then until all are done."""
    verdict = Verdict()
    with running(plan, people=plan.users) as (site, seed):
        _warm(site, seed, plan)
        stats = load(site, seed, "L3", users=plan.users, rate=plan.users, seconds=plan.seconds)
        sent = stats.get("submit", {}).get("count", 0)
        left = _await_all(site, plan.drain_seconds)
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
    with running(
        plan, people=plan.users, queued=max(4, plan.seconds // 20), sample_seconds=5.0
    ) as (site, seed):
        stats = load(site, seed, "L5", users=plan.users, rate=plan.users / 5, seconds=plan.seconds)
        samples = site.samples[len(site.samples) // 6 :]  # once all of it has been used
        part = max(len(samples) // 5, 1)
        first, last = samples[:part], samples[-part:]
        for name, of, unit in HELD:
            begun, ended = (_at_rest([of(one) for one in some]) for some in (first, last))
            verdict.told(f"{name}, first and last", f"{begun:.4g} and {ended:.4g}{unit}")
            verdict.at_most(f"{name} grew by", 100 * (ended - begun) / max(begun, 1), 5, " %")
        most = max(one.scratch_bytes for one in samples) / MB
        verdict.told("most scratch", f"{most:.0f} MB")
        verdict.at_most("failed requests", stats.failures(), 0)
        verdict.at_most("broken invariants", len(site.broken()), 0)
        _tell(verdict, stats)
    return verdict


HELD: Final[tuple[tuple[str, Callable[[Sample], float], str], ...]] = (
    ("web memory", lambda one: one.web_bytes / MB, " MB"),
    ("workers' memory", lambda one: one.worker_total_bytes / MB, " MB"),
    ("web descriptors", lambda one: one.descriptors, ""),
    ("workers' descriptors", lambda one: one.worker_descriptors, ""),
    ("web threads", lambda one: one.threads, ""),
    ("scratch", lambda one: one.scratch_bytes / MB, " MB"),
)


def _warm(site: Site, seed: Path, plan: Plan) -> None:
    """Let workers load the engine, and everyone come once, with a session and a look at a page."""
    _await_workers(site, plan.groups)
    people = len(json.loads(seed.read_text())["people"])
    load(site, seed, "L1", users=people, rate=people // 2, seconds=WARMING_SECONDS)


def _await_workers(site: Site, groups: int) -> None:
    """Wait until every group works, or nothing is left to do: they have loaded the engine."""
    deadline = time.monotonic() + LOADING_SECONDS
    while site.count("RUNNING") < groups and site.count("QUEUED"):
        if time.monotonic() > deadline:
            raise SystemExit("The workers do not begin.")


def _at_rest(values: list[float]) -> float:
    """Return what is held when little is going on: a leak raises it, a piece of work does not.

    A log-in alone holds 100 MB for as long as its password is hashed.
    """
    return statistics.quantiles(values, n=10)[0] if len(values) > 1 else values[0]


def raw(plan: Plan) -> Verdict:
    """L6: the status as fast as it comes, with nothing being mastered."""
    verdict = Verdict()
    with running(replace(plan, groups=0), people=min(plan.users, 20)) as (site, seed):
        stats = load(site, seed, "L6", users=plan.users, rate=plan.users, seconds=plan.seconds)
        verdict.at_least("requests a second", stats.get("status", {}).get("rate", 0), 250)
        verdict.at_most("p99", stats.ms("status", "99%"), 200, " ms")
        verdict.at_most("failed requests", stats.failures(), 0)
        _tell(verdict, stats, void=False)  # asking is most of the work here
    return verdict


def throughput(plan: Plan) -> Verdict:
    """L7: masters alone, as many as there are, by two groups; then half as many as they can do."""
    verdict = Verdict()
    with running(plan, people=min(plan.users, 20), queued=plan.users) as (site, seed):
        begun, before, cpu = time.monotonic(), site.count("SUCCEEDED"), site.sample()
        _await_all(site, plan.drain_seconds)
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
        every, half = 2 * wall_seconds / max(done, 1), time.time()
        users = json.loads(seed.read_text())["long_people"]
        stats = load(
            site, seed, "L7", users=users, rate=users, seconds=plan.seconds, every_seconds=every
        )
        _await_all(site, plan.drain_seconds)
        waits = site.waits_since(half)
        verdict.told("at half of that", f"{len(waits)} masters, one every {every:.1f} s")
        verdict.at_most("from submit to done, p95", _p95(waits), 60, " s")
        verdict.at_most("failed requests", stats.failures(), 0)
    return verdict


def _await_all(site: Site, seconds: float) -> int:
    """Wait until nothing is left to do; return what is after so many seconds."""
    deadline = time.monotonic() + seconds
    while left := site.count("QUEUED") + site.count("RUNNING"):
        if time.monotonic() > deadline:
            break
        time.sleep(2)
    return left


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else math.nan


def _tell(verdict: Verdict, stats: Stats, *, void: bool = True) -> None:
    requests = sum(row["count"] for row in stats.values())
    verdict.told("requests", f"{requests:.0f}")
    if void:
        verdict.at_most(
            "the load's own CPU", 100 * stats["generator"]["cpu"], 100 * MOST_LOAD_CPU, " %"
        )
    failed = {name: row["failures"] for name, row in stats.items() if row["failures"]}
    if failed:
        verdict.told("failed", ", ".join(f"{name} {count:.0f}" for name, count in failed.items()))
    if away := stats.get("turned away"):
        verdict.told("turned away, with a time to come back", f"{away['count']:.0f}")


SCENARIOS: Final[dict[str, Scenario]] = {
    "L1": Scenario(
        evening,
        Plan(100, 600, 240.0, beside_seconds=300),
        Plan(4, 8, 8.0),
        Plan(100, 120, 240.0, beside_seconds=60),
    ),
    "L3": Scenario(
        burst,
        Plan(40, 15, 60.0, groups=2, beside_seconds=250),
        Plan(3, 10, 8.0),
        Plan(40, 15, 30.0, groups=2, drain_seconds=240, beside_seconds=85),
    ),
    "L4": Scenario(wall, Plan(20, 60, 240.0), Plan(4, 6, 8.0), Plan(20, 30, 10.0)),
    "L6": Scenario(raw, Plan(20, 30, 30.0), Plan(4, 4, 8.0), Plan(20, 15, 10.0)),
    "L7": Scenario(
        throughput,
        Plan(60, 300, 240.0, groups=2, beside_seconds=150),
        Plan(3, 5, 8.0),
        Plan(20, 90, 240.0, groups=2, drain_seconds=180, beside_seconds=50),
    ),
    "L2": Scenario(
        knee,
        Plan(400, 120, 240.0, beside_seconds=1_050),
        Plan(8, 4, 8.0),
        Plan(320, 30, 240.0, beside_seconds=330),
    ),
    "L5": Scenario(soak, Plan(30, 1_800, 150.0), Plan(4, 12, 8.0)),
}
