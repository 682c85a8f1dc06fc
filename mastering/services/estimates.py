"""When work should be done, from how long the last ones took; an estimate, and told as one."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from mastering.models import Version

LATEST: Final = 20
KEPT_SECONDS: Final = 60
USUAL: Final = (8.0, 0.15)  # seconds a master takes, and more for each second of the mix
NAME: Final = "mastering:pace"


def expected_end(version: Version) -> datetime | None:
    """Return when a version should be done; None where it has ended, or waits for its tracks."""
    length = version.master.mix.duration_seconds
    if not version.is_open or length is None:
        return None
    seconds = _seconds_for(length)
    if version.started is not None and not version.is_waiting:
        return version.started + timedelta(seconds=seconds)
    ahead = version.ahead // max(settings.WORKER_GROUPS, 1)
    begins = max(version.run_at, _rounded(timezone.now()))
    return begins + timedelta(seconds=seconds * (ahead + 1))


def _seconds_for(length_seconds: float) -> float:
    base, slope = cache.get_or_set(NAME, _pace, KEPT_SECONDS) or USUAL
    return float(base + slope * length_seconds)


def _pace() -> tuple[float, float]:
    """Return what the last masters took for each second of their mixes."""
    rows = Version.objects.filter(status=Version.phases.succeeded).order_by("-finished")
    slopes = [
        (row.finished - row.started).total_seconds() / length
        for row in rows.select_related("master__mix")[:LATEST]
        if row.started and row.finished and (length := row.master.mix.duration_seconds)
    ]
    return (0.0, sum(slopes) / len(slopes)) if slopes else USUAL


def _rounded(moment: datetime) -> datetime:
    """Return a time to five seconds, so that an answer does not change with each look."""
    return moment - timedelta(seconds=moment.second % 5, microseconds=moment.microsecond)
