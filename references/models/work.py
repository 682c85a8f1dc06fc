"""Work done on a row by a worker: its states, who holds it, and every move between states.

    waiting ──claim──▶ running ──succeed──▶ succeeded
       ▲                 │ ├─────fail──────▶ failed
       └─expire, lose, release, hand_back┘ └──cancel (also of waiting)──▶ canceled

Each move is one conditional UPDATE by the database's clock. A claim makes a lease token, and every
later move of that attempt names it, so a worker that lost its lease changes nothing any more.

The moves into a last state all go through one place, which tells whoever subscribed to ``settled``
within the same transaction: money, mail and events happen exactly when the row ends, and once.
"""

import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Now
from django.dispatch import Signal

from accounts.trace import current_request_id
from references.models.limits import most_running

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 5  # claims in all, so that work that kills its worker ends
MAX_ENGINE_ERRORS = 3
CLAIM_TRIES = 20  # while others claim for the same person at the same moment
BACK_OFF = (timedelta(seconds=10), timedelta(seconds=60), timedelta(seconds=300))

_RELEASED = {"lease_token": "", "lease_until": None, "deadline_at": None}

# Sent as settled.send(sender=Version, rows=[Settled, …]) with the rows that this very move ended,
# never again for any of them. It is part of the move's transaction: write to the database only,
# leave what reaches out to an outbox or on_commit, and know that an exception undoes the move.
settled = Signal()


@dataclass(frozen=True, slots=True)
class Settled:
    """What subscribers are told of a row that ended: whose it is, how, and why if it failed."""

    pk: str
    user_id: int
    status: str
    error_code: str = ""


@dataclass(frozen=True, slots=True)
class Phases:
    """What a kind of work calls the states of its life."""

    waiting: str
    running: str
    succeeded: str
    failed: str
    canceled: str = ""

    @property
    def open(self) -> tuple[str, str]:
        return self.waiting, self.running

    @property
    def terminal(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.succeeded, self.failed, self.canceled)))


class Work(models.Model):
    """The columns of a row that is worked on; its kind adds ``status``, input and outcome."""

    phases: ClassVar[Phases]

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="%(class)ss")
    priority = models.SmallIntegerField(default=0, help_text="Lower is sooner.")
    run_at = models.DateTimeField(db_default=Now(), help_text="Not before.")
    attempts = models.PositiveSmallIntegerField(default=0)
    engine_errors = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=100, blank=True)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    step = models.CharField(max_length=20, blank=True)
    progress = models.FloatField(default=0.0, help_text="0 to 1.")
    error_code = models.CharField(max_length=40, blank=True)
    error_detail = models.TextField(blank=True)
    engine_version = models.CharField(max_length=20, blank=True)
    outputs = models.JSONField(default=dict, help_text="File name: size_bytes, sha256.")
    request_id = models.UUIDField(
        null=True,
        blank=True,
        editable=False,
        default=current_request_id,
        help_text="Of the request that wanted it, as the logs name it.",
    )
    # Beside the outputs, so that one query sums what a person keeps.
    stored_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    created = models.DateTimeField(db_default=Now(), editable=False)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    status: "models.CharField[str, str]"

    @staticmethod
    def most_running() -> Combinable:
        """Return how many of its person's may run at once, as SQL over rows of this kind."""
        return most_running()

    @property
    def is_open(self) -> bool:
        return self.status in self.phases.open

    @property
    def is_waiting(self) -> bool:
        return self.status == self.phases.waiting

    @property
    def has_succeeded(self) -> bool:
        return self.status == self.phases.succeeded

    @property
    def has_failed(self) -> bool:
        return self.status == self.phases.failed

    @property
    def time_limit(self) -> timedelta:
        """How long one attempt may take."""
        raise NotImplementedError

    @property
    def folder(self) -> str:
        """Where the row's bytes lie in storage."""
        raise NotImplementedError

    def bytes_with(self, outputs: Mapping[str, Mapping[str, Any]]) -> int:
        """Return how much is stored of it once these are its outputs."""
        return sum(each["size_bytes"] for each in outputs.values())

    def key(self, name: str) -> str:
        """Return the storage key of an output of the current attempt."""
        return f"{self.folder}/{self.attempts}/{name}"


W = TypeVar("W", bound=Work)


class WorkQuerySet(models.QuerySet[W]):
    """Named reads and the moves. Moves of an attempt answer whether it still held the work."""

    def of(self, user: Any) -> Self:
        return self.filter(user=user)

    def open(self) -> Self:
        return self.filter(status__in=self.model.phases.open)

    def waiting(self) -> Self:
        return self.filter(status=self.model.phases.waiting)

    def running(self) -> Self:
        return self.filter(status=self.model.phases.running)

    def due(self) -> Self:
        """Keep what a worker could begin now: its time has come, and its person may have more."""
        return self._within_limit().waiting().filter(run_at__lte=Now())

    def kept_back(self) -> Self:
        """Keep what could begin since one piece of its person's has ended, and not before."""
        return self.due().filter(running_of_user=self.model.most_running() - 1)

    def backlog_is_full(self) -> bool:
        waiting: int = self.waiting().count()
        limit: int = settings.MAX_BACKLOG
        return waiting >= limit

    def in_fair_order(self) -> Self:
        """By priority, then whose user has the least running, then the oldest."""
        return self.order_by("priority", "running_of_user", "created", "pk")

    def claim_next(self, *, worker: str) -> W | None:
        """Begin the piece of work whose turn it is, and return it; None where nothing is due."""
        for _ in range(CLAIM_TRIES):
            if (claimed := self._claim(worker)) or not self.due().exists():
                return claimed
            time.sleep(random.uniform(0.005, 0.02))  # noqa: S311
        return None

    def _claim(self, worker: str) -> W | None:
        with transaction.atomic():
            # The person is locked too, so that the count of what they have running holds.
            turn = (
                self.due()
                .in_fair_order()
                .select_related("user")
                .select_for_update(skip_locked=True, of=("self", "user"))
                .first()
            )
            if turn is None:
                return None
            claimed = (
                self._within_limit()
                .filter(pk=turn.pk)
                .waiting()
                .update(
                    status=self.model.phases.running,
                    attempts=F("attempts") + 1,
                    worker=worker,
                    lease_token=secrets.token_hex(16),
                    lease_until=Now() + LEASE,
                    deadline_at=Now() + turn.time_limit,
                    step="",
                    progress=0.0,
                    started=Now(),
                )
            )
            return self.get(pk=turn.pk) if claimed else None

    def beat(self, work: W) -> bool:
        """Extend the lease, unless it was lost or the deadline has passed."""
        alive = self._held(work).filter(deadline_at__gt=Now())
        return bool(alive.update(lease_until=Now() + LEASE))

    def advance(self, work: W, *, step: str, progress: float) -> bool:
        """Note how far the attempt is."""
        return bool(self._held(work).update(step=step, progress=progress))

    def succeed(self, work: W, **outcome: Any) -> bool:
        """Settle with the outcome's columns, all in the one UPDATE."""
        done = {"step": "done", "progress": 1.0, **outcome}
        done["stored_bytes"] = work.bytes_with(outcome.get("outputs", {}))
        return bool(self._held(work)._settle(self.model.phases.succeeded, **done))

    def fail(self, work: W, *, code: str, detail: str = "") -> bool:
        """Settle for good, with the reason."""
        return bool(self._held(work)._fail(code, error_detail=detail))

    def hand_back(self, work: W, *, code: str) -> bool:
        """Count an error of ours: wait and try again, or fail with the code at the last."""
        last = self._held(work).filter(
            Q(engine_errors__gte=MAX_ENGINE_ERRORS - 1) | Q(attempts__gte=MAX_ATTEMPTS)
        )
        one_more = {"engine_errors": F("engine_errors") + 1}
        return bool(
            last._fail(code, **one_more)
            or self._held(work).update(**self._waiting_again(), **one_more)
        )

    def expire(self) -> int:
        """Take back work whose worker is gone; fail what has been begun too often."""
        return self._take_back(self.running().filter(lease_until__lt=Now()))

    def lose(self, *, worker: str) -> int:
        """Take back at once what a worker had that is known to be dead."""
        return self._take_back(self.running().filter(worker=worker))

    def release(self, *, worker: str) -> int:
        """Let wait again, as if never begun, what a worker had that we stopped."""
        return self.running().filter(worker=worker).take_away()

    def take_away(self) -> int:
        """Let what runs wait again at once, with no attempt counted; its worker notices."""
        return self.running().update(
            **(self._waiting_again() | {"run_at": Now()}), attempts=F("attempts") - 1
        )

    def _within_limit(self) -> Self:
        """Count what each person has running, and keep those who may have more."""
        running = (
            self.model._default_manager.filter(
                user=OuterRef("user"), status=self.model.phases.running
            )
            .order_by()
            .values("user")
            .annotate(count=Count("pk"))
            .values("count")
        )
        return self.annotate(running_of_user=Coalesce(Subquery(running), 0)).filter(
            running_of_user__lt=self.model.most_running()
        )

    def _take_back(self, lost: Self) -> int:
        again = lost.filter(attempts__lt=MAX_ATTEMPTS).update(**self._waiting_again())
        return again + lost.filter(attempts__gte=MAX_ATTEMPTS)._fail("worker_lost")

    def _held(self, work: W) -> Self:
        return self.running().filter(pk=work.pk, lease_token=work.lease_token)

    def _fail(self, code: str, **columns: Any) -> int:
        return self._settle(self.model.phases.failed, error_code=code, **columns)

    def _settle(self, status: str, **columns: Any) -> int:
        """End these rows, the only way there is, and tell the subscribers which ones they were."""
        with transaction.atomic():
            # Locked, and chosen again by whoever waited for the lock: so each row ends once.
            ending = self.select_related(None).only("pk", "user").order_by("pk")
            code = columns.get("error_code", "")
            rows = [
                Settled(row.pk, row.user_id, status, code)
                for row in ending.select_for_update(of=("self",))
            ]
            if rows:
                self.model._default_manager.filter(pk__in=[row.pk for row in rows]).update(
                    **_RELEASED, status=status, finished=Now(), **columns
                )
                settled.send(sender=self.model, rows=rows)
        return len(rows)

    def _waiting_again(self) -> dict[str, Any]:
        # Spread, so that what failed together does not return together.
        jitter = timedelta(seconds=random.uniform(0, 3))  # noqa: S311
        back_off = Case(
            *(
                When(attempts=attempt, then=Value(wait + jitter))
                for attempt, wait in enumerate(BACK_OFF, start=1)
            ),
            default=Value(BACK_OFF[-1] + jitter),
            output_field=models.DurationField(),
        )
        return {
            **_RELEASED,
            "status": self.model.phases.waiting,
            "run_at": Now() + back_off,
            "step": "",
            "progress": 0.0,
        }


def within_a_job(seconds: float) -> timedelta:
    """Return a time limit that is over before the queue ends the job."""
    return timedelta(seconds=min(seconds, settings.JOB_TIMEOUT_SECONDS - 60))


def work_constraints(name: str, phases: Phases) -> list[models.BaseConstraint]:
    """Return what the database holds true of a kind of work."""
    failed, running = Q(status=phases.failed), Q(status=phases.running)
    return [
        models.CheckConstraint(
            name=f"{name}_error_code_exactly_when_failed",
            condition=(failed & ~Q(error_code="")) | (~failed & Q(error_code="")),
        ),
        models.CheckConstraint(
            name=f"{name}_lease_exactly_when_running",
            condition=(running & ~Q(lease_token="") & Q(lease_until__isnull=False))
            | (~running & Q(lease_token="", lease_until__isnull=True)),
        ),
        models.CheckConstraint(
            name=f"{name}_progress_from_0_to_1",
            condition=Q(progress__gte=0.0, progress__lte=1.0),
        ),
    ]


def work_indexes(name: str, phases: Phases) -> list[models.Index]:
    """Return the indexes by which workers, the sweep and the operator find a kind of work."""
    return [
        models.Index("priority", "run_at", name=f"{name}_due", condition=Q(status=phases.waiting)),
        models.Index("lease_until", name=f"{name}_leases", condition=Q(status=phases.running)),
        models.Index("created", name=f"{name}_created"),  # these two count what happened when
        models.Index("finished", name=f"{name}_finished"),
    ]
