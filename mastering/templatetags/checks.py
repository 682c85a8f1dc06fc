"""What the check of an upload comes to."""

from django import template

from references.messages import is_past_mastering
from references.models import AudioFile

register = template.Library()


@register.filter
def past_mastering(audio: AudioFile) -> bool:
    return is_past_mastering(audio.findings)
