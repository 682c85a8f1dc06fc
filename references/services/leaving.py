"""Uploads and libraries of people who leave, or who ask for all that is kept of them."""

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.services import Chapter, collecting, leaving
from dsp.formats import PROFILE_NAME
from dsp.profiles import PROFILE_FORMAT
from references.models import AudioFile, Blend, BlendPart, Reference, RightsStatement


@receiver(leaving)
def tell_folders(user: User, **_: Any) -> list[str]:
    """Tell which folders go with someone who leaves."""
    return [audio.folder for audio in AudioFile.objects.of(user)]


@receiver(collecting)
def collect(user: User, **_: Any) -> Chapter:
    """Return a person's uploads and library, with the files as they were sent.

    Where the sound was given up, its measurements stand in its place.
    """
    kept = ("id", "kind", "filename", "size_bytes", "sha256", "facts", "summary", "findings")
    uploads = AudioFile.objects.of(user)
    unsaid = {"user_id", "search"}
    statement = RightsStatement.objects.filter(user=user).first()
    rows = {
        "uploads": [
            {name: getattr(audio, name) for name in (*kept, "status", "sound", "created")}
            for audio in uploads
        ],
        "library": [
            {name: value for name, value in reference.items() if name not in unsaid}
            for reference in Reference.objects.of(user).values()
        ],
        "blends": [
            {"audio": blend.pk, "parts": [_told(part) for part in blend.parts.all()]}
            for blend in Blend.objects.of(user).with_parts()
        ],
        "rights_stated": statement and {"wording": statement.wording, "made": statement.made},
    }
    files = {}
    for audio in uploads:
        if audio.has_sound or audio.format == PROFILE_FORMAT:
            files[f"uploads/{audio.pk}/{audio.filename}"] = audio.source_key
        elif PROFILE_NAME in audio.kept:
            files[f"uploads/{audio.pk}/{PROFILE_NAME}"] = audio.key(PROFILE_NAME)
    return Chapter("tracks", rows, files)


def _told(part: BlendPart) -> dict[str, Any]:
    return {"title": part.title, "audio": part.audio_id, **part.weights.as_dict()}
