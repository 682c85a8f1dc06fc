"""Profiles and blends as files of our own: gzipped JSON, in which equal ones have equal bytes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, Final

from dsp.blends import Blend
from dsp.errors import ProfileInvalid
from dsp.measure import Profile
from dsp.weights import MOST_PARTS

LARGEST_PROFILE_BYTES: Final = 8_000_000  # unpacked; a real one is a tenth of it


def save_profile(profile: Profile | Blend, path: Path) -> None:
    """Write a profile, or a blend."""
    text = json.dumps(profile.to_dict(), separators=(",", ":"), sort_keys=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def load_profile(path: str | Path) -> Profile:
    """Read the profile of one track.

    Raises
    ------
    ProfileUnsupported
        Not a profile of this version.
    """
    return Profile.from_dict(_unpacked(path, LARGEST_PROFILE_BYTES))


def load_reference(path: str | Path) -> Profile | Blend:
    """Read what is mastered toward: a profile, or a blend of several.

    Raises
    ------
    ProfileUnsupported
        Neither of these, or of another version.
    """
    values = _unpacked(path, MOST_PARTS * LARGEST_PROFILE_BYTES)
    return Blend.from_dict(values) if "blend" in values else Profile.from_dict(values)


def _unpacked(path: str | Path, most_bytes: int) -> dict[str, Any]:
    try:
        with gzip.open(path) as file:
            text = file.read(most_bytes + 1)
        if len(text) > most_bytes:
            raise ProfileInvalid("This profile is larger than any profile is.")
        values = json.loads(text)
    except (gzip.BadGzipFile, EOFError, ValueError, RecursionError) as error:
        raise ProfileInvalid("This is not a profile.") from error
    if not isinstance(values, dict):
        raise ProfileInvalid("This is not a profile.")
    return values
