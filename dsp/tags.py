"""What a listener's player shows of a track; free of numpy, for the web process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from dsp.covers import MAX_COVER_BYTES
from dsp.errors import InvalidSettings

MAX_TEXT: Final = 250  # characters

_ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")  # ISO 3901
_COVER_TYPES: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What a listener's player shows; empty fields are left out.

    Attributes
    ----------
    title, artist, album : str
        Up to 250 characters without control characters.
    isrc : str
        Twelve characters; hyphens and spaces are dropped.
    cover : bytes
        A JPEG or PNG of up to 5 MB.
    """

    title: str = ""
    artist: str = ""
    album: str = ""
    isrc: str = ""
    cover: bytes = b""

    def __post_init__(self) -> None:
        """Refuse what would not be a tag with :class:`InvalidSettings`."""
        for name in ("title", "artist", "album"):
            text = getattr(self, name)
            if len(text) > MAX_TEXT or not text.isprintable():
                raise InvalidSettings(f"The {name} must be up to {MAX_TEXT} printable characters.")
        isrc = self.isrc.replace("-", "").replace(" ", "").upper()
        if isrc and not _ISRC.fullmatch(isrc):
            raise InvalidSettings("An ISRC is a country, an owner, a year and five digits.")
        object.__setattr__(self, "isrc", isrc)
        if self.cover and (len(self.cover) > MAX_COVER_BYTES or not self.cover_type):
            raise InvalidSettings("The cover must be a JPEG or PNG of up to 5 MB.")

    @property
    def cover_type(self) -> str:
        """Content type of the cover, told from its first bytes; empty for anything else."""
        kinds = (kind for magic, kind in _COVER_TYPES.items() if self.cover.startswith(magic))
        return next(kinds, "")

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to write."""
        return self == Tags()
