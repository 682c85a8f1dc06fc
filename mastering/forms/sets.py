"""The shapes of albums, of their songs, and of files that frozen settings are applied to."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from dsp.formats import WRITABLE
from mastering.forms import SettingsForm
from mastering.models import GAP_SECONDS, OFFSET_LU, Album, AlbumTrack
from mastering.services import ALBUM_FORMATS
from references.models import AudioFile, Reference


class AlbumNameForm(forms.Form):
    title = forms.CharField(
        label=_("Title"), max_length=200, widget=forms.TextInput({"autocomplete": "off"})
    )
    artist = forms.CharField(
        label=_("Artist"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class AlbumForm(SettingsForm, AlbumNameForm):
    """Where an album is to go: one reference, how its songs stand to each other, the settings."""

    reference = forms.ChoiceField(label=_("Reference or blend"), required=False)
    mode = forms.ChoiceField(
        label=_("Loudness of the songs"), choices=Album.Mode, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, album: Album, choices: Sequence[Reference], **kwargs: Any):
        known = {entry.audio_id: entry for entry in choices}
        kwargs.setdefault("settings", album.chosen)
        super().__init__(*args, **kwargs)
        offered = [(pk, entry.title) for pk, entry in known.items()]
        if album.reference is not None and album.reference.pk not in known:
            offered.insert(0, (album.reference.pk, album.reference.title))
        field = cast(forms.ChoiceField, self.fields["reference"])
        field.choices = [("", _("not chosen yet")), *offered]
        self.initial.update(
            title=album.title,
            artist=album.artist,
            mode=album.mode,
            reference=album.reference_id or "",
        )

    @property
    def names(self) -> list[forms.BoundField]:
        return [self[name] for name in ("title", "artist", "reference")]


class TrackForm(forms.Form):
    """A song of an album."""

    title = forms.CharField(label=_("Title"), max_length=200)
    gap_seconds = forms.FloatField(
        label=_("Silence after it"), min_value=GAP_SECONDS[0], max_value=GAP_SECONDS[1]
    )
    offset_lu = forms.FloatField(
        label=_("Louder or quieter"), min_value=OFFSET_LU[0], max_value=OFFSET_LU[1]
    )

    units = {"gap_seconds": "s", "offset_lu": "LU"}

    def __init__(self, sent: Any = None, *, track: AlbumTrack) -> None:
        initial = {name: getattr(track, name) for name in self.base_fields}
        super().__init__(sent, auto_id=f"id_%s_{track.pk}", initial=initial)
        for name, unit in self.units.items():
            self.fields[name].unit = unit  # type: ignore[attr-defined]  # for the template
            self.fields[name].widget.attrs["step"] = "0.1"


class ArchiveForm(forms.Form):
    format = forms.ChoiceField(
        label=_("Format"), choices=[(code, WRITABLE[code].label) for code in ALBUM_FORMATS]
    )


class FrozenForm(forms.Form):
    """Another file of a song: one that was uploaded before, or one sent along."""

    mix = forms.ChoiceField(label=_("A file of yours"), required=False)
    file = forms.FileField(label=_("Or a new file"), required=False, allow_empty_file=True)

    def __init__(self, *args: Any, choices: Sequence[AudioFile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["mix"])
        field.choices = [("", _("none")), *((audio.pk, audio.title) for audio in choices)]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        if not self.errors and not cleaned.get("mix") and cleaned.get("file") is None:
            self.add_error(None, _("Choose the other version of the song."))
        return cleaned
