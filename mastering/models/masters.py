"""Masters, a mix brought toward a reference, and their versions, one render each."""

from datetime import timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from dsp.formats import CANONICAL_NAME
from dsp.settings import MasterSettings
from references.models import (
    AudioFile,
    Genre,
    Phases,
    PublicIdField,
    Work,
    WorkQuerySet,
    within_a_job,
    work_constraints,
    work_indexes,
)
from references.models.limits import most_rendering

# What people see of a render, in this order; "queued" and "done" stand at its ends.
STEPS = (
    "queued",
    "checking",
    "measuring",
    "tone",
    "dynamics",
    "width",
    "limiting",
    "verifying",
    "encoding",
    "done",
)

# What browsers may play without loss, the smallest first.
LOSSLESS_NAMES = ("flac24.flac", "wav24.wav", CANONICAL_NAME)
# One of them is stored before this step begins, so that it can be heard while the rest is made.
AUDIBLE_NAME, AUDIBLE_FROM = "wav24.wav", "verifying"

# What a poll shows of a master, its mix and its versions.
_GLANCED = (
    *(
        f"master__{name}"
        for name in (
            *("user", "title", "mix", "reference", "previous", "frozen_from", "current"),
            *("genre", "release", "is_test", "created", "mix__facts"),
        )
    ),
    *("master", "number", "status", "step", "progress", "error_code", "priority", "run_at"),
    *("created", "started"),
)

# What a page's poll shows beside that: the tracks it waits for, and once made where they sound.
_POLLED = (
    *_GLANCED,
    "loudness_lufs",
    *(
        f"master__{track}__{name}"
        for track in ("mix", "reference")
        for name in ("status", "facts", "summary", "findings", "outputs", "sound")
    ),
)

_REMARKED = (
    *("master", "number", "status", "settings", "created", "loudness_lufs", "true_peak_dbtp"),
    *(f"remark__{name}" for name in ("version", "name", "note", "is_starred")),
)

# What was measured in detail, tens of kilobytes a version: no list shows any of it.
_DETAILED = ("report", "provenance", "outputs")
_IN_ROWS = ("title", "created", "reference__filename", "reference__format")
_LISTED_WITHOUT = (
    "recipe",
    *(f"current__{name}" for name in _DETAILED),
    *(
        f"{track}__{name}"
        for track in ("mix", "reference")
        for name in ("summary", "findings", "outputs")
    ),
)

_PHASES = Phases(
    waiting="QUEUED",
    running="RUNNING",
    succeeded="SUCCEEDED",
    failed="FAILED",
    canceled="CANCELED",
)


class Release(models.TextChoices):
    """Where the master will be heard first."""

    STREAMING = "streaming", gettext_lazy("Streaming services")
    VIDEO = "video", gettext_lazy("Video, social media")
    CLUB = "club", gettext_lazy("Club, DJ sets")
    DISC = "disc", gettext_lazy("CD, download")
    BROADCAST = "broadcast", gettext_lazy("Radio, television, film")
    DEMO = "demo", gettext_lazy("Demo, for collaborators")


class MasterQuerySet(models.QuerySet["Master"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user).select_related("mix", "reference")

    def of_mode(self, *, is_test: bool) -> Self:
        """Keep what test keys made, or all that they did not."""
        return self.filter(is_test=is_test)

    def with_versions(self) -> Self:
        return self.prefetch_related("versions")

    def as_listed(self) -> Self:
        """Fetch what a list shows, with versions, and nothing of what was measured in detail."""
        light = Version.objects.defer("settings", *_DETAILED)
        narrow = self.select_related("current").defer(*_LISTED_WITHOUT)
        return narrow.prefetch_related(models.Prefetch("versions", light))

    def in_rows(self) -> Self:
        """Fetch what a page's list shows, a line each, and no more."""
        versions = Version.objects.only("master", "number", "status", "loudness_lufs")
        narrow = self.select_related(None).select_related("reference").only(*_IN_ROWS)
        return narrow.prefetch_related(models.Prefetch("versions", versions))

    def frozen(self) -> Self:
        return self.exclude(recipe={})

    def matched(self) -> Self:
        """Those that were brought toward their reference themselves."""
        return self.filter(recipe={})

    def siblings(self, master: "Master") -> Self:
        """Keep the masters of the same mix, the oldest first, with their versions."""
        same = self.filter(mix=master.mix_id, user=master.user_id).order_by("created", "pk")
        return same.select_related("current").with_versions()


class Master(models.Model):
    id = PublicIdField(prefix="mst")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="masters")
    # RESTRICT: audio stays as long as a master needs it, and goes with its person all the same.
    mix = models.ForeignKey(AudioFile, models.RESTRICT, related_name="masters_of_mix")
    reference = models.ForeignKey(AudioFile, models.RESTRICT, related_name="masters_toward")
    title = models.CharField(max_length=200)
    pair = models.CharField(max_length=40, blank=True, help_text="What its credit pays for.")
    previous = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="next_mixes",
        help_text="The master of an earlier mix of the same song.",
    )
    current = models.ForeignKey(
        "Version",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The version that was gone back to; empty: the latest.",
    )
    genre = models.CharField(max_length=20, choices=Genre, blank=True)
    release = models.CharField(max_length=20, choices=Release, blank=True)
    recipe = models.JSONField(
        default=dict,
        blank=True,
        help_text="The exact processing that its versions apply; empty: as their settings say.",
    )
    frozen_from = models.ForeignKey(
        "Version",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="applied",
        help_text="The version whose processing it is, as long as it is there.",
    )
    is_test = models.BooleanField(default=False, help_text="Made with a test key; costs nothing.")
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = MasterQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        indexes = [
            models.Index("user", F("created").desc(), name="master_history"),
            models.Index("pair", name="master_pair"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_frozen(self) -> bool:
        """Whether its processing is that of another master, and never changes."""
        return bool(self.recipe)

    @property
    def latest(self) -> "Version":
        """The newest version; there is always one."""
        return max(self.versions.all(), key=lambda version: version.number)

    @property
    def shown(self) -> "Version":
        """The version that a visit begins with."""
        return self.current or self.latest


class VersionQuerySet(WorkQuerySet["Version"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user).select_related("master__mix", "master__reference")

    def as_polled(self) -> Self:
        """Fetch what a page's poll shows, a quarter of the columns."""
        return self.only(*_POLLED)

    def due(self) -> Self:
        """Keep what a worker could begin now: both tracks are measured, and no part goes before.

        Rendered beside each other, the part that somebody waits to hear would come later, and the
        whole no sooner.
        """
        ready = AudioFile.Status.READY
        measured = super().due().filter(master__mix__status=ready, master__reference__status=ready)
        heard = measured.exclude(previews__status__in=self.model.phases.open)
        return heard.select_related("master__mix")

    def needing(self, audio_id: str) -> Self:
        return self.filter(Q(master__mix=audio_id) | Q(master__reference=audio_id))

    def glance(self, master_id: str) -> "Master | None":
        """Return the master of these versions as polls show it, with them: one narrow query."""
        found = self.filter(master=master_id).select_related("master__mix").only(*_GLANCED)
        versions = found.order_by("-number")
        if not versions:
            return None
        master = versions[0].master
        for version in versions:
            version.master = master
        # As prefetching leaves it, and `versions.all()` finds it.
        master._prefetched_objects_cache = {"versions": versions}  # type: ignore[attr-defined]
        return master

    def with_remarks(self) -> Self:
        """Fetch what a page's list of versions shows, with what is said of them, and no more."""
        against = models.Prefetch("blind_tests__against", Version.objects.only("number"))
        return self.select_related("remark").only(*_REMARKED).prefetch_related(against)

    def by_currency(self) -> Self:
        """Order so that of one master the version gone back to comes first, else the latest."""
        is_current = Case(When(master__current=F("pk"), then=0), default=1)
        return self.order_by(is_current, "-number")

    def ahead_of(self, version: "Version") -> Self:
        """Those that wait longer; fairness between people may let others pass."""
        earlier = Q(priority__lt=version.priority) | Q(
            priority=version.priority, created__lt=version.created
        )
        return self.waiting().filter(earlier).exclude(pk=version.pk)

    def succeed(self, work: "Version", **outcome: Any) -> bool:
        """Settle, and enter the digests of its files, by which they are recognised."""
        with transaction.atomic():
            settled = super().succeed(work, **outcome)
            if settled:
                Fingerprint.objects.enter(work, outcome.get("provenance", {}))
        return settled

    def cancel(self) -> int:
        """End what has not ended, at its owner's wish."""
        return self.open()._settle(_PHASES.canceled)

    def fail_unusable(self) -> int:
        """Fail what waits for a track that was rejected."""
        rejected, waiting = AudioFile.Status.REJECTED, self.waiting()
        return waiting.filter(master__mix__status=rejected)._fail("mix_rejected") + waiting.filter(
            master__reference__status=rejected
        )._fail("reference_rejected")


class Version(Work):
    class Status(models.TextChoices):
        QUEUED = "QUEUED"
        RUNNING = "RUNNING"
        SUCCEEDED = "SUCCEEDED"
        FAILED = "FAILED"
        CANCELED = "CANCELED"

    phases: ClassVar[Phases] = _PHASES
    most_running = staticmethod(most_rendering)

    id = PublicIdField(prefix="ver")
    master = models.ForeignKey(Master, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    settings = models.JSONField()
    report = models.JSONField(default=dict)
    provenance = models.JSONField(default=dict)
    loudness_lufs = models.FloatField(null=True, blank=True)
    true_peak_dbtp = models.FloatField(null=True, blank=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["master", "-number"]
        constraints = [
            *work_constraints("version", _PHASES),
            models.UniqueConstraint("master", "number", name="version_number_once_per_master"),
        ]
        indexes = work_indexes("version", _PHASES)
        permissions = [
            ("rerun_work", "Can queue work again, and cancel it"),
            ("release_work", "Can take running work from its worker"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} (v{self.number})"

    @property
    def chosen(self) -> MasterSettings:
        return MasterSettings.from_dict(self.settings)

    @cached_property
    def ahead(self) -> int:
        """How many waited before it when that was first asked of this object."""
        return Version.objects.ahead_of(self).count()

    @property
    def is_audible_early(self) -> bool:
        """Whether it can be heard, though it is still being measured and encoded."""
        made = STEPS[STEPS.index(AUDIBLE_FROM) : -1]
        return self.status == _PHASES.running and self.step in made

    @property
    def proxy_name(self) -> str | None:
        """The name of the copy that browsers play first."""
        return next((name for name in self.outputs if name.startswith("proxy.")), None)

    @property
    def canonical_name(self) -> str:
        """The name of the most exact file that was rendered, from which all others are made."""
        return next(name for name in (CANONICAL_NAME, "wav24.wav") if name in self.outputs)

    @property
    def lossless_name(self) -> str | None:
        """The name of the copy that browsers play on demand."""
        return next((name for name in LOSSLESS_NAMES if name in self.outputs), None)

    @property
    def time_limit(self) -> timedelta:
        seconds = 60.0 + 3.0 * (self.master.mix.duration_seconds or 0.0)
        return within_a_job(seconds)

    @property
    def folder(self) -> str:
        return f"masters/{self.pk}"


class Remark(models.Model):
    """What its person says of a version, which itself does not change."""

    version = models.OneToOneField(Version, models.CASCADE, related_name="remark")
    name = models.CharField(max_length=80, blank=True)
    note = models.TextField(max_length=2_000, blank=True)
    is_starred = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name or str(self.version_id)


class FingerprintQuerySet(models.QuerySet["Fingerprint"]):
    def enter(self, version: Version, provenance: dict[str, Any]) -> None:
        """Enter every digest that a record of provenance, or an export, names; each once."""
        self.bulk_create(
            [
                Fingerprint(version=version, of=of, format=code, sha256=digest)
                for of, column in Fingerprint.RECORDED.items()
                for code, digest in provenance.get(column, {}).items()
            ],
            ignore_conflicts=True,
        )

    def matching(self, sha256: str) -> Self:
        """Those of one content; several versions may have come to the same bytes."""
        return self.filter(sha256=sha256).select_related("version__master", "version__user")


class Fingerprint(models.Model):
    """The digest of a file of a version, or of the samples in it."""

    class Of(models.TextChoices):
        FILE = "file"
        AUDIO = "audio"

    RECORDED: ClassVar = {Of.FILE: "outputs_sha256", Of.AUDIO: "outputs_audio_sha256"}

    version = models.ForeignKey(Version, models.CASCADE, related_name="fingerprints")
    of = models.CharField(max_length=5, choices=Of)
    format = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)

    objects = FingerprintQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "version", "of", "sha256", name="fingerprint_once_per_content_of_version"
            )
        ]
        indexes = [models.Index("sha256", name="fingerprint_content")]

    def __str__(self) -> str:
        return f"{self.format} of {self.version_id}"
