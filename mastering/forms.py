"""The shape of a master's settings, and of a new master."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dsp.covers import MAX_COVER_BYTES, Cover, clean_cover
from dsp.errors import InvalidCover, InvalidSettings
from dsp.formats import EXPORT_RATES_HZ, WRITABLE
from dsp.settings import CEILING_DBTP, LOUDNESS_LUFS, MAX_LIMITING_DB, MasterSettings
from dsp.tags import MAX_TEXT, Tags
from mastering.models import ShareNote
from mastering.services.exports import OFFERED

OWN_NUMBER = "number"
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
    loudness = forms.ChoiceField(label=_("Loudness"), choices=LOUDNESS_CHOICES)
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
        return [self[name] for name in ("tone", "dynamics", "width")]

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

    def chosen(self) -> MasterSettings:
        """Return the settings of a valid form; what the form does not show keeps its default."""
        cleaned = self.cleaned_data
        loudness = cleaned["loudness"]
        if loudness == OWN_NUMBER:
            loudness = cleaned["loudness_lufs"]
        elif loudness != "reference":
            loudness = float(loudness)
        return MasterSettings(
            amount=cleaned["amount"] / 100,
            tone=_share(cleaned["tone"]),
            dynamics=_share(cleaned["dynamics"]),
            width=_share(cleaned["width"]),
            loudness=loudness,
            ceiling_dbtp=cleaned["ceiling_dbtp"],
            max_limiting_db=cleaned["max_limiting_db"],
        )


class MasterForm(SettingsForm):
    """Two tracks, each uploaded before or sent along, and the settings."""

    mix = forms.CharField(required=False)
    reference = forms.CharField(required=False)
    mix_file = forms.FileField(required=False, allow_empty_file=True)
    reference_file = forms.FileField(required=False, allow_empty_file=True)


class ExportForm(forms.Form):
    """Which files of a version to make, each by itself or all in a ZIP."""

    formats = forms.MultipleChoiceField(choices=[(code, WRITABLE[code].label) for code in OFFERED])
    rate_hz = forms.TypedChoiceField(
        choices=[("", ""), *((rate, rate) for rate in EXPORT_RATES_HZ)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    packed = forms.BooleanField(required=False)


class TagsForm(forms.Form):
    """What a player shows of a master's files."""

    title = forms.CharField(label=_("Title"), max_length=MAX_TEXT, required=False)
    artist = forms.CharField(label=_("Artist"), max_length=MAX_TEXT, required=False)
    album = forms.CharField(label=_("Album"), max_length=MAX_TEXT, required=False)
    isrc = forms.CharField(
        label=_("ISRC"),
        max_length=20,
        required=False,
        help_text=_("Twelve signs, as your distributor gives them: DE-A12-26-00001."),
    )
    cover = forms.FileField(
        label=_("Cover"),
        required=False,
        help_text=_(
            "JPEG or PNG of up to 5 MB. Places and names inside the picture are taken out."
        ),
    )
    remove_cover = forms.BooleanField(label=_("No cover"), required=False)

    def clean(self) -> dict[str, Any]:
        for name in ("title", "artist", "album", "isrc"):
            self._clean_text(name)
        return self.cleaned_data

    def clean_cover(self) -> Cover | None:
        file = self.cleaned_data["cover"]
        if file is None:
            return None
        try:
            return clean_cover(file.read(MAX_COVER_BYTES + 1))
        except InvalidCover as error:
            raise forms.ValidationError(
                _("This is no JPEG or PNG of up to 5 MB with 64 to 6000 pixels a side.")
            ) from error

    @property
    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("title", "artist", "album", "isrc")}

    def _clean_text(self, name: str) -> None:
        wrong = {"isrc": _("An ISRC is a country, an owner, a year and five digits.")}
        if name not in self.cleaned_data:
            return
        try:
            self.cleaned_data[name] = getattr(Tags(**{name: self.cleaned_data[name]}), name)
        except InvalidSettings:
            self.add_error(name, wrong.get(name, _("Take out signs that cannot be printed.")))


class ShareForm(forms.Form):
    """For how long, and with what, a version is shown to people without an account."""

    DAYS = ((7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("A year")))

    label = forms.CharField(
        label=_("For whom"),
        max_length=100,
        required=False,
        help_text=_("Only you see this."),
    )
    days = forms.TypedChoiceField(label=_("Open for"), choices=DAYS, coerce=int, initial=30)
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        required=False,
        help_text=_("Empty for none. Send it by another way than the link."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    includes_reference = forms.BooleanField(
        label=_("They may hear the reference too"),
        required=False,
        help_text=_("Only where you may share it."),
    )
    allows_lossless = forms.BooleanField(
        label=_("They may download the 24-bit WAV"), required=False
    )


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class NoteForm(forms.Form):
    """What a listener says: a comment, or with ``approve`` that the version may go out."""

    author = forms.CharField(label=_("Your name"), max_length=60)
    text = forms.CharField(
        label=_("Comment"),
        max_length=ShareNote.MAX_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    at_seconds = forms.FloatField(required=False, min_value=0.0, widget=forms.HiddenInput)
    approve = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        if not cleaned.get("approve") and not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", _("Write something first."))
        return cleaned


def _initial(settings: MasterSettings) -> dict[str, Any]:
    known = dict(LOUDNESS_CHOICES)
    loudness = settings.loudness
    choice = loudness if isinstance(loudness, str) else f"{loudness:g}"
    return {
        "amount": _percent(settings.amount),
        "tone": _percent(settings.tone),
        "dynamics": _percent(settings.dynamics),
        "width": _percent(settings.width),
        "loudness": choice if choice in known else OWN_NUMBER,
        "loudness_lufs": None if choice in known else loudness,
        "ceiling_dbtp": settings.ceiling_dbtp,
        "max_limiting_db": settings.max_limiting_db,
    }


def _share(percent: int | None) -> float | None:
    return None if percent is None else percent / 100


def _percent(share: float | None) -> int | None:
    return None if share is None else round(100 * share)
