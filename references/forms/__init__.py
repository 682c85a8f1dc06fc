"""The shape of an upload, and the limits that are shown with it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings

from dsp.formats import READABLE
from references.models import AudioFile
from references.storage import is_remote


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What is told before an upload, and enforced after it."""

    max_bytes: int
    min_seconds: int
    max_seconds: int
    formats: tuple[str, ...]
    sends_direct: bool  # scripts send files straight to the storage


def upload_limits() -> UploadLimits:
    return UploadLimits(
        max_bytes=settings.MAX_UPLOAD_BYTES,
        min_seconds=settings.MIN_AUDIO_SECONDS,
        max_seconds=settings.MAX_AUDIO_SECONDS,
        formats=tuple(source.label for source in READABLE.values()),
        sends_direct=is_remote(),
    )


class UploadForm(forms.Form):
    kind = forms.ChoiceField(choices=AudioFile.Kind)
    file = forms.FileField(allow_empty_file=True, max_length=None)

    def __init__(self, sent: Any, files: Any) -> None:
        super().__init__({"kind": str(sent.get("kind", "")).upper()}, files)


class DirectUploadForm(forms.Form):
    """What is said of a file before it is sent."""

    kind = forms.ChoiceField(choices=AudioFile.Kind)
    filename = forms.CharField(max_length=1000, strip=False)
    size_bytes = forms.IntegerField(min_value=0)

    def __init__(self, sent: Any) -> None:
        super().__init__(sent.dict() | {"kind": str(sent.get("kind", "")).upper()})
