"""The reference library: tracks, or their profiles alone, that can be chosen again and again."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Lower, Now

from dsp.weights import BLEND_FORMAT
from references.models.audio import AudioFile
from references.models.figures import PARTLY_TRUSTED, TRUSTED, Flag
from references.models.genre import Genre
from references.models.ids import PublicIdField

RECENT = 20
MOST_TAGS: Final = 20
MOST_TAG_CHARACTERS: Final = 40

# What stands in a column that is not filled, so that it is always the last.
_NOT_MEASURED: Final = 1e9

# How the library is sorted: a column or an expression, and whether its highest comes first.
ORDERS: Final[dict[str, tuple[Any, bool]]] = {
    "newest": (F("created"), True),
    "title": (Lower("title"), False),
    "artist": (Lower("artist"), False),
    "loudest": (Coalesce(F("loudness_lufs"), Value(-_NOT_MEASURED)), True),
    "densest": (Coalesce(F("plr_db"), Value(_NOT_MEASURED)), False),
    "widest": (Coalesce(F("width_db"), Value(-_NOT_MEASURED)), True),
    "brightest": (Coalesce(F("brightness_db"), Value(-_NOT_MEASURED)), True),
    "used": (F("use_count"), True),
}
# Numbers that the library is filtered by, each from and to.
RANGES: Final = ("loudness_lufs", "plr_db", "width_db", "brightness_db")
_HEAVY: Final = ("audio__summary", "audio__findings", "audio__outputs", "audio__facts")


class ReferenceQuerySet(models.QuerySet["Reference"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user).select_related("audio")

    def of_mode(self, *, is_test: bool) -> Self:
        """Keep what test keys made, or all that they did not."""
        return self.filter(audio__is_test=is_test)

    def usable(self) -> Self:
        """Those that are measured and can be mastered toward."""
        return self.filter(audio__status=AudioFile.Status.READY)

    def unlike(self, audio: AudioFile) -> Self:
        """All but a track itself, and other files with its very samples."""
        others = self.exclude(audio=audio.pk)
        same = audio.pcm_sha256
        return others.exclude(audio__pcm_sha256=same) if same else others

    def single(self) -> Self:
        """Those that are no blends, and can be part of one."""
        return self.exclude(audio__format=BLEND_FORMAT)

    def recent(self) -> Self:
        """Return the newest usable ones, for a short list."""
        return self.usable().light()[:RECENT]

    def kept(self) -> Self:
        """All but those that turned out not to be audio we can use."""
        return self.exclude(audio__status=AudioFile.Status.REJECTED)

    def light(self) -> Self:
        """Leave what was measured in detail in the database, as lists do not show it."""
        return self.defer(*_HEAVY)

    def unread(self) -> Self:
        """Those whose numbers were not yet taken from what was measured."""
        return self.usable().filter(trust=None)

    def with_use_count(self) -> Self:
        """Count the masters made toward each."""
        toward = AudioFile.objects.filter(pk=models.OuterRef("audio"))
        counted = toward.annotate(count=models.Count("masters_toward")).values("count")
        return self.annotate(use_count=Coalesce(models.Subquery(counted), 0))

    def saying(self, words: str) -> Self:
        """Keep those in whose texts and tags every one of these words stands; ``#word``: a tag."""
        found = self
        for word in words.split():
            tagged = word.startswith("#") and len(word) > 1
            found = (
                found.tagged(word[1:]) if tagged else found.filter(search__contains=folded(word))
            )
        return found

    def tagged(self, tag: str) -> Self:
        return self.filter(search__contains=_tag_mark(tag))

    def measuring(self, **between: tuple[float | None, float | None]) -> Self:
        """Keep those whose numbers lie within bounds, given by the name of ``RANGES``."""
        found = self
        for name, (low, high) in between.items():
            if low is not None:
                found = found.filter(**{f"{name}__gte": low})
            if high is not None:
                found = found.filter(**{f"{name}__lte": high})
        return found

    def trusted(self) -> Self:
        return self.filter(trust__gte=TRUSTED)

    def doubtful(self) -> Self:
        return self.filter(trust__lt=TRUSTED)

    def doubled(self) -> Self:
        """Keep those whose sound is there more than once, in whatever format."""
        return self.filter(Q(same_as__isnull=False) | Q(doubles__isnull=False)).distinct()

    def with_sound(self) -> Self:
        return self.filter(audio__sound=AudioFile.Sound.KEPT)

    def profiles_alone(self) -> Self:
        return self.exclude(audio__sound=AudioFile.Sound.KEPT)

    def sorted_by(self, order: str) -> Self:
        """Sort by a name of ``ORDERS``; the place of each is its ``place`` and its id."""
        column, descending = ORDERS[order]
        found = self.annotate(place=column)
        direction = "-" if descending else ""
        return found.order_by(f"{direction}place", f"{direction}pk")

    def after(self, order: str, place: Any, pk: str) -> Self:
        """Keep what comes after an entry in an order."""
        beyond = "lt" if ORDERS[order][1] else "gt"
        if order == "newest":
            # As it is stored: SQLite compares times as text, and writes them in two lengths.
            stored = self.model.objects.filter(pk=pk).values("created")
            place = Coalesce(models.Subquery(stored), Value(place, models.DateTimeField()))
        same = Q(place=place) & Q(**{f"pk__{beyond}": pk})
        return self.filter(Q(**{f"place__{beyond}": place}) | same)

    def tags(self) -> list[str]:
        """Return every tag in use, the most used first."""
        counts: dict[str, int] = {}
        for tags in self.exclude(tags=[]).order_by().values_list("tags", flat=True):
            for tag in tags:
                counts[tag] = counts.get(tag, 0) + 1
        return sorted(counts, key=lambda tag: (-counts[tag], tag))


class Reference(models.Model):
    class Origin(models.TextChoices):
        UPLOAD = "UPLOAD"
        PROFILE = "PROFILE"  # came as measurements, without its sound
        STARTER = "STARTER"  # from this site, statistics only
        BLEND = "BLEND"  # made of several, without a sound of its own

    id = PublicIdField(prefix="ref")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="references")
    audio = models.OneToOneField(AudioFile, models.CASCADE, related_name="library_entry")
    title = models.CharField(max_length=200)
    artist = models.CharField(max_length=200, blank=True)
    genre = models.CharField(max_length=60, blank=True)
    tags = models.JSONField(default=list, blank=True)
    notes = models.TextField(max_length=2_000, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.UPLOAD)
    starter = models.CharField(max_length=40, blank=True, help_text="Which of this site's it is.")
    search = models.TextField(blank=True, editable=False, help_text="Its texts, folded.")
    # Taken from what was measured, once it is.
    loudness_lufs = models.FloatField(null=True, blank=True)
    plr_db = models.FloatField(null=True, blank=True)
    width_db = models.FloatField(null=True, blank=True)
    brightness_db = models.FloatField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    tone_db = models.JSONField(default=list, blank=True)
    health = models.JSONField(default=list, blank=True)
    trust = models.FloatField(null=True, blank=True, help_text="0 to 1; empty until measured.")
    same_as = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="doubles",
        help_text="An older entry with the same sound.",
    )
    likeness = models.FloatField(null=True, blank=True, help_text="1: the samples are the same.")
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = ReferenceQuerySet.as_manager()

    SEARCHED: ClassVar = ("title", "artist", "genre", "notes")

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.UniqueConstraint(
                "user", "starter", condition=~Q(starter=""), name="reference_starter_once"
            )
        ]
        indexes = [
            models.Index("user", F("created").desc(), F("id").desc(), name="reference_newest"),
            models.Index("user", "seconds", name="reference_length"),
            models.Index("trust", name="reference_unread", condition=Q(trust=None)),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search = searched(self)
        if (names := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*names, "search"}
        super().save(*args, **kwargs)

    @property
    def genre_label(self) -> str:
        return str(Genre(self.genre).label) if self.genre in Genre else self.genre

    @property
    def flags(self) -> list[Flag]:
        return [Flag(**flag) for flag in self.health]

    @property
    def is_starter(self) -> bool:
        return self.origin == self.Origin.STARTER

    @property
    def trust_level(self) -> str:
        """How far to trust it, as a word: "full", "part", "little"; empty until it is measured."""
        if self.trust is None:
            return ""
        if self.trust >= TRUSTED:
            return "full"
        return "part" if self.trust >= PARTLY_TRUSTED else "little"


class RightsStatement(models.Model):
    """What a person said once: that they may use what they bring as references."""

    WORDING: ClassVar = 1  # of the sentence; another sentence is asked for anew

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="rights_statement"
    )
    wording = models.PositiveSmallIntegerField()
    made = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.user_id}: {self.wording}"


def folded(text: str) -> str:
    """Return text as it is searched: without capitals and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Return tags on one line each, none twice, in the order they came."""
    cleaned: dict[str, str] = {}
    for tag in tags:
        tag = " ".join(tag.replace("#", " ").split())[:MOST_TAG_CHARACTERS].strip()
        if tag:
            cleaned.setdefault(folded(tag), tag)
    return list(cleaned.values())[:MOST_TAGS]


def searched(reference: Reference) -> str:
    """Return what a search looks through: every text, and every tag between its marks."""
    texts = [getattr(reference, name) for name in Reference.SEARCHED] + [reference.genre_label]
    return "\n".join([folded(" ".join(texts)), *_tag_marks(reference.tags)])


def _tag_marks(tags: Sequence[str]) -> list[str]:
    return [_tag_mark(tag) for tag in tags]


def _tag_mark(tag: str) -> str:
    return f"#{folded(tag)}#"
