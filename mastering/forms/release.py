"""What is asked of files to download, of their tags, of a link, and of those who listen by it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dsp.covers import MAX_COVER_BYTES, Cover, clean_cover
from dsp.errors import InvalidCover, InvalidSettings
from dsp.formats import EXPORT_RATES_HZ, WRITABLE
from dsp.tags import MAX_TEXT, Tags
from mastering.models import ShareNote
from mastering.services.exports import OFFERED


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
        if not cleaned.get("text"):
            cleaned["at_seconds"] = None  # what is approved is the whole
        return cleaned
