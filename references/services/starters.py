"""Starter profiles: averages of freely licensed music, for a first result without a reference."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from django.core.files.base import ContentFile
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from dsp.profiles import Document
from references.models import AudioFile, Genre, Reference
from references.models.figures import figures_of
from references.services.uploads import receive_upload

FOLDER: Final = Path(__file__).parent.parent / "starters"


@dataclass(frozen=True, slots=True)
class Starter:
    """A style that one can begin with.

    Attributes
    ----------
    title, text : str
        What people read.
    genre : Genre
    genres : tuple of str
        Of the tracks it is averaged from, as their table names them.
    """

    title: str | Promise
    text: str | Promise
    genre: Genre
    genres: tuple[str, ...]


STARTERS: Final[Mapping[str, Starter]] = MappingProxyType(
    {
        "rock": Starter(
            _("Rock, open"), _("Guitars and drums with room to breathe."), Genre.ROCK, ("rock",)
        ),
        "metal": Starter(
            _("Metal, dense"), _("Tight low end, thick middle."), Genre.METAL, ("metal",)
        ),
        "pop": Starter(
            _("Pop, light"),
            _("Clear middle, even loudness."),
            Genre.POP,
            ("pop", "reggae", "latin"),
        ),
        "acoustic": Starter(
            _("Acoustic, warm"), _("Soft top end, wide dynamics."), Genre.ACOUSTIC, ("folk",)
        ),
        "electronic": Starter(
            _("Electronic, driving"),
            _("House and techno: firm bass, bright top."),
            Genre.ELECTRONIC,
            ("house", "techno", "breakbeat"),
        ),
        "ambient": Starter(
            _("Electronic, calm"),
            _("Pads and slow movement: dark, wide, soft."),
            Genre.ELECTRONIC,
            ("ambient", "electronic"),
        ),
        "hip_hop": Starter(
            _("Hip-hop"), _("Beats in front, restrained top."), Genre.HIP_HOP, ("hiphop",)
        ),
        "jazz": Starter(
            _("Jazz and blues"),
            _("Natural, with its peaks left alone."),
            Genre.JAZZ,
            ("jazz", "blues"),
        ),
        "classical": Starter(
            _("Classical"),
            _("Strings and small orchestra: no added density."),
            Genre.CLASSICAL,
            ("classical", "orchestral"),
        ),
    }
)


def use_starter(*, user: User, code: str, is_test: bool = False) -> Reference:
    """Put a starter into a person's library, measured within a moment; once it is there, that one.

    With a test key a short song stands in its place, as for whatever such a key brings.

    Raises
    ------
    KeyError
        Where there is no such starter.
    UploadRefused
    """
    starter = STARTERS[code]
    mine = Reference.objects.of(user).of_mode(is_test=is_test).kept()
    known = mine.filter(starter=code).first()
    if known is not None:
        return known
    content = Document(
        profile=_stored(code)["profile"], title=str(starter.title), genre=starter.genre
    ).to_json()
    audio = receive_upload(
        user=user,
        kind=AudioFile.Kind.REFERENCE,
        file=ContentFile(content, f"{starter.title}.json"),
        is_test=is_test,
    )
    entry = mine.filter(audio__sha256=audio.sha256).order_by("created").first()
    if is_test and entry is not None:
        return entry
    Reference.objects.filter(pk=entry and entry.pk).update(
        starter=code, origin=Reference.Origin.STARTER
    )
    return mine.get(starter=code)


def starter_summaries() -> list[tuple[str, dict[str, Any]]]:
    """Return the code of every starter, with the numbers that ranking takes."""
    return [(code, _stored(code)["summary"]) for code in STARTERS]


def starter_curves() -> list[tuple[str, list[float]]]:
    """Return the code of every starter, with the levels that its thumbnail draws."""
    return [(code, figures_of(summary)["tone_db"]) for code, summary in starter_summaries()]


def sources_of(code: str) -> list[dict[str, str]]:
    """Return the tracks that a starter is averaged from, with their licences."""
    sources: list[dict[str, str]] = _stored(code)["tracks"]
    return sources


@cache
def _stored(code: str) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads((FOLDER / f"{code}.json").read_text())
    return stored
