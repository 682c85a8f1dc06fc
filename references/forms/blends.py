"""The shape of a blend: up to five references, each with four weights in percent."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dsp.weights import ASPECTS, FEWEST_PARTS, MOST_PARTS, Weights
from references.models import BlendPart, Reference

ASPECT_LABELS = {
    "tone": _("Tone"),
    "dynamics": _("Dynamics"),
    "width": _("Width"),
    "loudness": _("Loudness"),
}
HALF = 50


class BlendForm(forms.Form):
    """What the fields of a slot say counts only where the slot names a reference."""

    title = forms.CharField(
        label=_("Name"), max_length=200, widget=forms.TextInput({"autocomplete": "off"})
    )

    def __init__(self, *args: Any, choices: Sequence[Reference], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known = {entry.pk: entry for entry in choices}
        offered = [("", _("none")), *((entry.pk, entry.title) for entry in choices)]
        for slot in range(MOST_PARTS):
            self.fields[f"reference_{slot}"] = forms.ChoiceField(
                label=_("Reference"), choices=offered, required=slot < FEWEST_PARTS
            )
            for aspect, label in ASPECT_LABELS.items():
                self.fields[f"{aspect}_{slot}"] = forms.IntegerField(
                    label=label, min_value=0, max_value=100, required=False, initial=HALF
                )

    @property
    def slots(self) -> list[dict[str, Any]]:
        """The fields of each reference, for the template."""
        return [
            {
                "number": slot + 1,
                "reference": self[f"reference_{slot}"],
                "weights": [self[f"{aspect}_{slot}"] for aspect in ASPECTS],
                "is_needed": slot < FEWEST_PARTS,
                "is_filled": bool(self[f"reference_{slot}"].value()),
            }
            for slot in range(MOST_PARTS)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        chosen = [cleaned.get(f"reference_{slot}") for slot in range(MOST_PARTS)]
        for slot, pk in enumerate(chosen):
            if pk and pk in chosen[:slot]:
                self.add_error(f"reference_{slot}", _("This one is named above already."))
        parts = self.parts() if not self.errors else []
        for aspect, label in ASPECT_LABELS.items():
            if parts and not any(getattr(weights, aspect) for _entry, weights in parts):
                text = _("%(aspect)s: give at least one reference a weight.")
                self.add_error(None, text % {"aspect": label})
        return cleaned

    def parts(self) -> list[tuple[Reference, Weights]]:
        """Return the references of a valid form, with their weights."""
        cleaned = self.cleaned_data
        return [
            (
                self._known[pk],
                Weights(**{aspect: _share(cleaned, aspect, slot) for aspect in ASPECTS}),
            )
            for slot in range(MOST_PARTS)
            if (pk := cleaned.get(f"reference_{slot}"))
        ]


def initial_of(parts: Sequence[BlendPart], entries: dict[str, Reference]) -> dict[str, Any]:
    """Return what a form begins with that changes a blend; parts that are gone are left out."""
    values: dict[str, Any] = {}
    left = [part for part in parts if part.audio_id in entries]
    for slot, part in enumerate(left):
        values[f"reference_{slot}"] = entries[str(part.audio_id)].pk
        values |= {f"{aspect}_{slot}": round(100 * getattr(part, aspect)) for aspect in ASPECTS}
    return values


def _share(cleaned: dict[str, Any], aspect: str, slot: int) -> float:
    percent = cleaned.get(f"{aspect}_{slot}")
    return (HALF if percent is None else percent) / 100
