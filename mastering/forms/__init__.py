"""The shape of a master's settings, and of a new master."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from dsp.pairing import pair_sections
from dsp.settings import CEILING_DBTP, LOUDNESS_LUFS, MAX_LIMITING_DB, MasterSettings
from mastering.messages.report import part_name
from mastering.models import MOST_TRIALS, Release, Version
from references.models import Genre
from references.templatetags.audio import lufs, seconds

OWN_NUMBER = "number"
BY_HAND = "pairs"
SECTION_CHOICES = [
    ("automatic", _("Like parts with like parts")),
    ("loudest", _("The loudest part of each")),
    ("whole", _("All of one with all of the other")),
    (BY_HAND, _("By hand, as paired below")),
]
LOUDNESS_CHOICES = [
    ("reference", _("As the reference")),
    ("-9", _("−9 LUFS: loud")),
    ("-14", _("−14 LUFS: Spotify, YouTube, Tidal, Amazon")),
    ("-16", _("−16 LUFS: Apple Music")),
    (OWN_NUMBER, _("A number of my own")),
]


class SettingsForm(forms.Form):
    """Amounts in percent, levels in their units; an empty stage follows the overall amount."""

    amount = forms.IntegerField(label=_("Overall amount"), min_value=0, max_value=100)
    tone = forms.IntegerField(label=_("Tone"), min_value=0, max_value=100, required=False)
    dynamics = forms.IntegerField(label=_("Dynamics"), min_value=0, max_value=100, required=False)
    width = forms.IntegerField(label=_("Width"), min_value=0, max_value=100, required=False)
    loudness_amount = forms.IntegerField(
        label=_("Loudness"), min_value=0, max_value=100, required=False
    )
    loudness = forms.ChoiceField(label=_("Loudness goal"), choices=LOUDNESS_CHOICES)
    loudness_lufs = forms.FloatField(
        label=_("Loudness of my own"),
        min_value=LOUDNESS_LUFS[0],
        max_value=LOUDNESS_LUFS[1],
        required=False,
    )
    ceiling_dbtp = forms.FloatField(
        label=_("Ceiling"),
        help_text=_("The highest true peak. −1.0 is safe for streaming."),
        min_value=CEILING_DBTP[0],
        max_value=CEILING_DBTP[1],
    )
    max_limiting_db = forms.FloatField(
        label=_("Most limiting"),
        help_text=_("Loudness gives way before the limiter does more than this."),
        min_value=MAX_LIMITING_DB[0],
        max_value=MAX_LIMITING_DB[1],
    )

    units = {"loudness_lufs": "LUFS", "ceiling_dbtp": "dBTP", "max_limiting_db": "dB"}

    def __init__(self, *args: Any, settings: MasterSettings | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("initial", _initial(settings or MasterSettings()))
        super().__init__(*args, **kwargs)
        for name, unit in self.units.items():
            self.fields[name].unit = unit  # type: ignore[attr-defined]  # for the template
            self.fields[name].widget.attrs["step"] = "0.1"

    @property
    def stages(self) -> list[forms.BoundField]:
        return [self[name] for name in ("tone", "dynamics", "width", "loudness_amount")]

    @property
    def levels(self) -> list[forms.BoundField]:
        return [self[name] for name in ("loudness", *self.units)]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        own_number_missing = (
            cleaned.get("loudness") == OWN_NUMBER and cleaned.get("loudness_lufs") is None
        )
        if own_number_missing and "loudness_lufs" not in self.errors:
            self.add_error("loudness_lufs", _("Enter a number, or choose another loudness."))
        return cleaned

    def chosen(self, based_on: MasterSettings | None = None) -> MasterSettings:
        """Return the settings of a valid form; what the form does not show stays as it was."""
        cleaned = self.cleaned_data
        loudness = cleaned["loudness"]
        if loudness == OWN_NUMBER:
            loudness = cleaned["loudness_lufs"]
        elif loudness != "reference":
            loudness = float(loudness)
        before = based_on or MasterSettings()
        loudness_amount = before.loudness_amount
        if "loudness_amount" in self.data:
            loudness_amount = _share(cleaned["loudness_amount"])
        return replace(
            before,
            amount=cleaned["amount"] / 100,
            tone=_share(cleaned["tone"]),
            dynamics=_share(cleaned["dynamics"]),
            width=_share(cleaned["width"]),
            loudness=loudness,
            loudness_amount=loudness_amount,
            ceiling_dbtp=cleaned["ceiling_dbtp"],
            max_limiting_db=cleaned["max_limiting_db"],
        )


class VersionForm(SettingsForm):
    """Settings of a further version, where parts that were paired by hand may stay so."""

    sections = forms.ChoiceField(label=_("Compare"), choices=SECTION_CHOICES, required=False)

    def __init__(self, *args: Any, settings: MasterSettings | None = None, **kwargs: Any) -> None:
        super().__init__(*args, settings=settings, **kwargs)
        if settings is not None:
            is_by_hand = not isinstance(settings.sections, str)
            self.initial["sections"] = BY_HAND if is_by_hand else settings.sections
            offered = SECTION_CHOICES if is_by_hand else SECTION_CHOICES[:-1]
            cast(forms.ChoiceField, self.fields["sections"]).choices = offered

    @property
    def levels(self) -> list[forms.BoundField]:
        return [*super().levels, self["sections"]]

    def chosen(self, based_on: MasterSettings | None = None) -> MasterSettings:
        settings = super().chosen(based_on)
        sections = self.cleaned_data["sections"]
        if sections in ("", BY_HAND):
            return settings
        return replace(settings, sections=sections)


class TrialForm(VersionForm):
    """Settings that are tried, and the part of the song that is being heard."""

    start = forms.FloatField(min_value=0.0)
    end = forms.FloatField(min_value=0.0)


class RemarkForm(forms.Form):
    """What its person says of a version."""

    name = forms.CharField(label=_("Name"), max_length=80, required=False)
    note = forms.CharField(
        label=_("Note"), max_length=2_000, required=False, widget=forms.Textarea({"rows": 3})
    )
    is_starred = forms.BooleanField(label=_("Starred"), required=False)


class BlindTestForm(forms.Form):
    """What a blind comparison counted; without a number, the other one was the original."""

    against = forms.IntegerField(min_value=1, max_value=32_767, required=False)
    trials = forms.IntegerField(min_value=1, max_value=MOST_TRIALS)
    chosen = forms.IntegerField(min_value=0, max_value=MOST_TRIALS)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        if cleaned.get("chosen", 0) > cleaned.get("trials", MOST_TRIALS):
            self.add_error("chosen", _("No more can be chosen than there were trials."))
        return cleaned


class SiblingsForm(SettingsForm):
    """Further references for a mix, each a master of its own."""

    references = forms.MultipleChoiceField(label=_("References"))

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.MultipleChoiceField, self.fields["references"])
        field.choices = choices


class MasterForm(SettingsForm):
    """Two tracks, each uploaded before or sent along, and the settings."""

    mix = forms.CharField(required=False)
    reference = forms.CharField(required=False)
    mix_file = forms.FileField(required=False, allow_empty_file=True)
    reference_file = forms.FileField(required=False, allow_empty_file=True)
    previous = forms.CharField(required=False)
    more = forms.MultipleChoiceField(label=_("More references"), required=False)
    genre = forms.ChoiceField(
        label=_("Genre of your song"), choices=[("", _("not said")), *Genre.choices], required=False
    )
    release = forms.ChoiceField(
        label=_("Where it will be heard"),
        choices=[("", _("not said")), *Release.choices],
        required=False,
    )

    def __init__(self, *args: Any, more: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.MultipleChoiceField, self.fields["more"])
        field.choices = [(pk, pk) for pk in more]

    @property
    def context_fields(self) -> list[forms.BoundField]:
        """What is asked of the song, and never guessed."""
        return [self["genre"], self["release"]]


class SectionsForm(forms.Form):
    """Which parts of the mix are compared with which of the reference; one choice a part."""

    mode = forms.ChoiceField(
        choices=[
            ("automatic", _("Automatic: like parts with like parts")),
            ("loudest", _("Loudest: the loudest part of each")),
            ("whole", _("Whole: all of one with all of the other")),
            (BY_HAND, _("By hand: as chosen below")),
        ],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, version: Version, **kwargs: Any) -> None:
        mix, reference = (
            audio.summary.get("sections", ())
            for audio in (version.master.mix, version.master.reference)
        )
        kwargs.setdefault("initial", _initial_sections(version.chosen, mix, reference))
        super().__init__(*args, **kwargs)
        choices = [
            ("", _("not compared")),
            *((str(i), section_label(s)) for i, s in enumerate(reference)),
        ]
        self.parts = [f"part_{number}" for number in range(len(mix))]
        for name, section in zip(self.parts, mix, strict=True):
            self.fields[name] = forms.ChoiceField(
                label=section_label(section), choices=choices, required=False
            )

    @property
    def rows(self) -> list[forms.BoundField]:
        return [self[name] for name in self.parts]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        if cleaned.get("mode") == BY_HAND and not self._pairs():
            self.add_error(None, _("Choose at least one pair of parts."))
        return cleaned

    def chosen(self) -> Any:
        """Return what a valid form chose, as settings take it."""
        mode = self.cleaned_data["mode"]
        return self._pairs() if mode == BY_HAND else mode

    def _pairs(self) -> tuple[tuple[int, int], ...]:
        return tuple(
            (number, int(chosen))
            for number, name in enumerate(self.parts)
            if (chosen := self.cleaned_data.get(name, "")) != ""
        )


def section_label(section: Mapping[str, Any]) -> str:
    """Return what a part is called, where it lies and how loud it is."""
    start, end = seconds(section["start_seconds"]), seconds(section["end_seconds"])
    return f"{part_name(section)}, {start}–{end}, {lufs(section['loudness_lufs'])}"


def _initial_sections(
    chosen: MasterSettings, mix: Sequence[Mapping[str, Any]], reference: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    mode: str = BY_HAND
    if isinstance(chosen.sections, str):
        mode, pairs = chosen.sections, tuple(pair_sections(mix, reference))
    else:
        pairs = chosen.sections
    return {
        "mode": mode,
        **{f"part_{number}": str(place) for number, place in pairs},
    }


def _initial(settings: MasterSettings) -> dict[str, Any]:
    known = dict(LOUDNESS_CHOICES)
    loudness = settings.loudness
    choice = loudness if isinstance(loudness, str) else f"{loudness:g}"
    return {
        "amount": _percent(settings.amount),
        "tone": _percent(settings.tone),
        "dynamics": _percent(settings.dynamics),
        "width": _percent(settings.width),
        "loudness_amount": _percent(settings.loudness_amount),
        "loudness": choice if choice in known else OWN_NUMBER,
        "loudness_lufs": None if choice in known else loudness,
        "ceiling_dbtp": settings.ceiling_dbtp,
        "max_limiting_db": settings.max_limiting_db,
    }


def _share(percent: int | None) -> float | None:
    return None if percent is None else percent / 100


def _percent(share: float | None) -> int | None:
    return None if share is None else round(100 * share)
