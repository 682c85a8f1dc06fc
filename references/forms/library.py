"""What is asked of the library: which entries, in which order, and what is written on them."""

import base64
import binascii
import json
import math
from datetime import datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from references.models import Genre, Reference
from references.models.library import (
    MOST_TAG_CHARACTERS,
    MOST_TAGS,
    RANGES,
    ReferenceQuerySet,
    clean_tags,
)

MOST_AT_ONCE: Final = 500  # entries that one act is for

ORDER_CHOICES: Final = [
    ("newest", _("Newest first")),
    ("title", _("Title")),
    ("artist", _("Artist")),
    ("loudest", _("Loudest first")),
    ("densest", _("Densest first")),
    ("widest", _("Widest first")),
    ("brightest", _("Brightest first")),
    ("used", _("Most used first")),
]
TRUST_CHOICES: Final = [
    ("", _("any")),
    ("full", _("to be trusted")),
    ("doubtful", _("with doubts")),
]
SOUND_CHOICES: Final = [
    ("", _("any")),
    ("kept", _("with sound")),
    ("none", _("profile only")),
]
RANGE_LABELS: Final = {
    "loudness_lufs": (_("Loudness"), "LUFS"),
    "plr_db": (_("Peaks over loudness (PLR)"), "dB"),
    "width_db": (_("Width, side over mid"), "dB"),
    "brightness_db": (_("Brightness, top against the whole"), "dB"),
}


class LibraryForm(forms.Form):
    """The search of the library. What is wrong in an address is left out, never an error page."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    sort = forms.ChoiceField(label=_("Sort"), choices=ORDER_CHOICES, required=False)
    tag = forms.CharField(required=False, max_length=MOST_TAG_CHARACTERS)
    trust = forms.ChoiceField(label=_("Health"), choices=TRUST_CHOICES, required=False)
    sound = forms.ChoiceField(label=_("Kept as"), choices=SOUND_CHOICES, required=False)
    doubles = forms.BooleanField(label=_("Only those that are there twice"), required=False)

    def __init__(self, asked: Any) -> None:
        super().__init__(asked)
        for name in RANGES:
            for end in ("min", "max"):
                widget = forms.NumberInput(attrs={"step": "any", "size": 6})
                self.fields[f"{name}_{end}"] = forms.FloatField(required=False, widget=widget)
        self.is_valid()

    @property
    def order(self) -> str:
        return self.cleaned_data.get("sort") or "newest"

    @property
    def ranges(self) -> list[dict[str, Any]]:
        return [
            {"label": label, "unit": unit, "low": self[f"{name}_min"], "high": self[f"{name}_max"]}
            for name, (label, unit) in RANGE_LABELS.items()
        ]

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the order is asked for."""
        return any(
            value not in ("", None, False)
            for name, value in self.cleaned_data.items()
            if name != "sort"
        )

    @property
    def filters_open(self) -> bool:
        words = {"q", "sort", "tag"}
        return bool(self.errors) or any(
            value not in ("", None, False)
            for name, value in self.cleaned_data.items()
            if name not in words
        )

    def chosen(self, library: ReferenceQuerySet) -> ReferenceQuerySet:
        """Return what is asked for, unsorted."""
        said = self.cleaned_data
        bounds = {name: (said.get(f"{name}_min"), said.get(f"{name}_max")) for name in RANGES}
        library = library.saying(said.get("q", "")).measuring(**bounds)
        if said.get("tag"):
            library = library.tagged(said["tag"])
        if trust := said.get("trust"):
            library = library.trusted() if trust == "full" else library.doubtful()
        if sound := said.get("sound"):
            library = library.with_sound() if sound == "kept" else library.profiles_alone()
        return library.doubled() if said.get("doubles") else library


class ReferenceForm(forms.Form):
    """What a person writes on an entry."""

    title = forms.CharField(label=_("Title"), max_length=200)
    artist = forms.CharField(label=_("Artist"), max_length=200, required=False)
    genre = forms.ChoiceField(label=_("Genre"), required=False)
    tags = forms.CharField(
        label=_("Tags"),
        help_text=_("Separated by commas, such as: warm, female voice, 2024."),
        max_length=MOST_TAGS * (MOST_TAG_CHARACTERS + 2),
        required=False,
    )
    notes = forms.CharField(
        label=_("Notes"), max_length=2_000, required=False, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, sent: Any = None, *, reference: Reference) -> None:
        told = {name: getattr(reference, name) for name in ("title", "artist", "genre", "notes")}
        super().__init__(sent, initial=told | {"tags": ", ".join(reference.tags)})
        choices = genre_choices()
        if reference.genre and reference.genre not in Genre:
            choices.append((reference.genre, reference.genre))
        self.fields["genre"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField

    def clean_tags(self) -> list[str]:
        return clean_tags(self.cleaned_data["tags"].split(","))


class BulkForm(forms.Form):
    """One act on several entries."""

    act = forms.ChoiceField(
        choices=[(act, act) for act in ("describe", "drop_sound", "remove", "blend")], required=True
    )
    ids = forms.MultipleChoiceField(required=True)
    add_tags = forms.CharField(label=_("Add tags"), max_length=400, required=False)
    remove_tags = forms.CharField(label=_("Take tags off"), max_length=400, required=False)
    genre = forms.ChoiceField(label=_("Genre"), required=False)
    artist = forms.CharField(label=_("Artist"), max_length=200, required=False)

    def __init__(self, sent: Any = None) -> None:
        super().__init__(sent)
        named = sent.getlist("ids")[: MOST_AT_ONCE + 1] if sent is not None else []
        self.fields["ids"].choices = [(each, each) for each in named]  # type: ignore[attr-defined]
        self.fields["genre"].choices = [  # type: ignore[attr-defined]
            ("", _("as it is")),
            *Genre.choices,
        ]

    def clean_ids(self) -> list[str]:
        ids: list[str] = self.cleaned_data["ids"]
        if len(ids) > MOST_AT_ONCE:
            raise ValidationError(_("Choose fewer at once."))
        return ids

    def described(self) -> dict[str, Any]:
        """Return what is to be written on each, as the service takes it."""
        said = self.cleaned_data
        return {
            "add_tags": said["add_tags"].split(","),
            "remove_tags": said["remove_tags"].split(","),
            "genre": said["genre"] or None,
            "artist": said["artist"] or None,
        }


def genre_choices() -> list[tuple[str, Any]]:
    return [("", _("not said")), *Genre.choices]


def cursor_of(entry: Any) -> str:
    """Return the place of an entry in its list, to be put into an address."""
    place = entry.place.isoformat() if isinstance(entry.place, datetime) else entry.place
    return base64.urlsafe_b64encode(json.dumps([place, entry.pk]).encode()).decode().rstrip("=")


def place_of(cursor: str, order: str) -> tuple[Any, str] | None:
    """Return the place that a cursor tells of; None where it is none of this order."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place, pk = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(pk, str) or "\0" in pk:
            return None
        if order == "newest":
            moment = datetime.fromisoformat(place)
            return (moment, pk) if moment.tzinfo else None
        if order in ("title", "artist"):
            return (place, pk) if isinstance(place, str) and "\0" not in place else None
        if isinstance(place, str):
            return None
        number = float(place)
        return (number, pk) if math.isfinite(number) else None
    except (binascii.Error, ValueError, TypeError, RecursionError):
        return None
