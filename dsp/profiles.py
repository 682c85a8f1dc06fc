"""Profiles as documents: what a valid one holds; free of numpy, for the web process.

A document is what people carry from one library to another: a profile with the names that its
track goes by. It comes from strangers, so every number is looked at before the engine sees it.
"""

from __future__ import annotations

import binascii
import json
import math
import re
import zlib
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NoReturn

from dsp.errors import ProfileInvalid, ProfileUnsupported, TooLarge

PROFILE_VERSION: Final = 2  # of what is measured; another one cannot be mastered toward

DOCUMENT: Final = "lacquer-profile"
DOCUMENT_VERSION: Final = 1
PROFILE_FORMAT: Final = "profile"  # what such an upload is, beside the formats of audio
MOST_DOCUMENT_BYTES: Final = 2_000_000  # a real one has a quarter of it

BANDS: Final = 120
GROUPS: Final = 10
QUANTILE_COUNT: Final = 51
MOST_MOMENTS: Final = 1_300
MOST_PRINT_BYTES: Final = 2_400
MOST_CURVE_POINTS: Final = 400
MOST_SECTIONS: Final = 1_000
ROLES: Final = frozenset({"intro", "verse", "chorus", "drop", "break", "bridge", "outro"})

TEXTS: Final = {"title": 200, "artist": 200, "genre": 60, "notes": 2_000}
MOST_TAGS: Final = 20
MOST_TAG_CHARACTERS: Final = 40
MOST_FLAGS: Final = 40

LEVELS_DB: Final = (-400.0, 60.0)  # digital silence reads -300

Check = Callable[[str, Any], None]


@dataclass(frozen=True, slots=True)
class Document:
    """A profile that came as a file, checked.

    Attributes
    ----------
    profile : dict
        As :meth:`dsp.measure.Profile.to_dict` gives it.
    title, artist, genre, notes : str
    tags : tuple of str
    health : tuple of dict, optional
        What was found where the sound was: ``code``, ``confidence`` from 0 to 1, ``value`` or
        None. Without it nobody tells; empty, nothing was found.
    """

    profile: dict[str, Any]
    title: str = ""
    artist: str = ""
    genre: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    health: tuple[dict[str, Any], ...] | None = None

    def to_json(self) -> bytes:
        """Return the document as a file; the same document gives the same bytes."""
        # The name comes first, so that the head of the file tells what it is.
        told: dict[str, Any] = {"format": DOCUMENT, "format_version": DOCUMENT_VERSION}
        told |= {name: getattr(self, name) for name in TEXTS}
        told |= {"tags": list(self.tags)}
        told |= {} if self.health is None else {"health": list(self.health)}
        told |= {"profile": dict(sorted(self.profile.items()))}
        return json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1).encode()


def is_document(head: bytes) -> bool:
    """Tell from the first bytes of a file whether it is meant to be a profile document."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and DOCUMENT.encode() in head


def read_document(content: bytes) -> Document:
    """Return the document that a file holds.

    Raises
    ------
    TooLarge
    ProfileUnsupported
        Of another version.
    ProfileInvalid
        Damaged, incomplete, or with a value that no measurement gives.
    """
    if len(content) > MOST_DOCUMENT_BYTES:
        raise TooLarge("A profile has less than two million bytes.")
    try:
        told = json.loads(content.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ProfileInvalid("This is no JSON.") from error
    if not isinstance(told, dict) or told.get("format") != DOCUMENT:
        raise ProfileInvalid("This is no profile.")
    if told.get("format_version") != DOCUMENT_VERSION:
        raise ProfileUnsupported("This profile was written by another version.")
    unknown = set(told) - {"format", "format_version", "profile", "tags", "health", *TEXTS}
    if unknown:
        raise ProfileInvalid("The profile names what is not known.")
    texts = {name: _text(name, told.get(name, ""), most) for name, most in TEXTS.items()}
    tags = told.get("tags", [])
    if not isinstance(tags, list) or len(tags) > MOST_TAGS:
        raise ProfileInvalid("tags: no list of up to twenty.")
    health = told.get("health")
    if health is not None:
        _flags("health", health)
    check_profile(told.get("profile"))
    return Document(
        profile=told["profile"],
        tags=tuple(_text("tags", tag, MOST_TAG_CHARACTERS) for tag in tags),
        health=None if health is None else tuple(health),
        **texts,
    )


def check_profile(values: object) -> None:
    """Refuse whatever is not a whole profile of this version with values that can be measured.

    Raises
    ------
    ProfileUnsupported
        Of another version.
    ProfileInvalid
        Anything else.
    """
    if not isinstance(values, Mapping):
        raise ProfileInvalid("This is no profile.")
    if values.get("version") != PROFILE_VERSION or isinstance(values.get("version"), bool):
        raise ProfileUnsupported("This profile was measured by another engine version.")
    if set(values) != {"version", *_CHECKS}:
        raise ProfileInvalid("The profile is not complete, or holds what is not known.")
    for name, check in _CHECKS.items():
        check(name, values[name])
    if not 3.0 <= values["frames"] / values["rate_hz"] <= 36_000.0:
        raise ProfileInvalid("frames: no length that is measured.")
    moments = {_moments_in(name, values[name]) for name in ("moments_mid", "moments_side")}
    if moments != {len(values["moments_seconds"])}:
        raise ProfileInvalid("moments: their numbers differ.")


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse(name: str) -> NoReturn:
    raise ProfileInvalid(f"{name}: no value that is measured.")


def _text(name: str, value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most or "\0" in value:
        _refuse(name)
    if any(0xD800 <= ord(sign) <= 0xDFFF for sign in value):  # half a character
        _refuse(name)
    return value


def _number(low: float, high: float, *, or_none: bool = False) -> Check:
    def check(name: str, value: Any) -> None:
        if value is None and or_none:
            return
        if isinstance(value, bool) or not isinstance(value, int | float):
            _refuse(name)
        if not low <= value <= high or not math.isfinite(value):
            _refuse(name)

    return check


def _whole(low: int, high: int) -> Check:
    def check(name: str, value: Any) -> None:
        if type(value) is not int or not low <= value <= high:
            _refuse(name)

    return check


def _numbers(
    low: float, high: float, *, count: int | tuple[int, int], rising: bool = False
) -> Check:
    least, most = count if isinstance(count, tuple) else (count, count)
    one = _number(low, high)

    def check(name: str, value: Any) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            _refuse(name)
        for each in value:
            one(name, each)
        if rising and any(later < earlier for earlier, later in pairwise(value)):
            _refuse(name)

    return check


def _fingerprint(name: str, value: Any) -> None:
    raw = _bytes_of(name, value, most=MOST_PRINT_BYTES)
    if len(raw) > MOST_PRINT_BYTES or len(raw) % 2:
        _refuse(name)


def _sections(name: str, value: Any) -> None:
    if not isinstance(value, list) or len(value) > MOST_SECTIONS:
        _refuse(name)
    end = 0.0
    for section in value:
        if not isinstance(section, dict) or set(section) != set(_SECTION):
            _refuse(name)
        for part, check in _SECTION.items():
            check(name, section[part])
        if not end <= section["start_seconds"] < section["end_seconds"]:
            _refuse(name)
        end = section["end_seconds"]


def _flags(name: str, value: Any) -> None:
    if not isinstance(value, list) or len(value) > MOST_FLAGS:
        _refuse(name)
    for flag in value:
        if not isinstance(flag, dict) or set(flag) != set(_FLAG):
            _refuse(name)
        for part, check in _FLAG.items():
            check(name, flag[part])


def _code(name: str, value: Any) -> None:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z_]{1,40}", value):
        _refuse(name)


def _letter(name: str, value: Any) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= 2 or not value.isalnum():
        _refuse(name)


def _role(name: str, value: Any) -> None:
    if value is not None and not (isinstance(value, str) and value in ROLES):
        _refuse(name)


def _packed(name: str, value: Any) -> None:
    if not isinstance(value, str):
        _refuse(name)


def _moments_in(name: str, value: str) -> int:
    """Return how many moments a packed table holds; never unpack more than there can be."""
    most = MOST_MOMENTS * BANDS
    packed = _bytes_of(name, value, most=most)
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(packed, most + 1)
    except zlib.error:
        _refuse(name)
    if not raw or len(raw) > most or len(raw) % BANDS or not unpacking.eof:
        _refuse(name)
    return len(raw) // BANDS


def _bytes_of(name: str, value: Any, *, most: int) -> bytes:
    if not isinstance(value, str) or len(value) > 4 * (most // 3 + 2):
        _refuse(name)
    try:
        return b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        _refuse(name)


_SECTION: Final[Mapping[str, Check]] = {
    "start_seconds": _number(0.0, 36_000.0),
    "end_seconds": _number(0.0, 36_010.0),
    "letter": _letter,
    "role": _role,
    "loudness_lufs": _number(*LEVELS_DB),
    "confidence": _number(0.0, 1.0),
}
_FLAG: Final[Mapping[str, Check]] = {
    "code": _code,
    "confidence": _number(0.0, 1.0),
    "value": _number(-1e6, 1e6, or_none=True),
}
_BANDS_DB: Final = _numbers(*LEVELS_DB, count=BANDS)
_QUANTILES: Final = _numbers(-100.0, 100.0, count=QUANTILE_COUNT, rising=True)
_PER_GROUP: Final = _numbers(-400.0, 400.0, count=GROUPS)

_CHECKS: Final[Mapping[str, Check]] = {
    "rate_hz": _whole(8_000, 192_000),
    "frames": _whole(1, 36_000 * 192_000),
    "channels": _whole(1, 2),
    "integrated_lufs": _number(-70.0, 30.0),
    "loudness_range_lu": _number(0.0, 100.0, or_none=True),
    "loudness_spread_lu": _number(0.0, 100.0),
    "max_momentary_lufs": _number(-70.0, 40.0),
    "max_short_term_lufs": _number(-100.0, 40.0),
    "true_peak_dbtp": _number(-100.0, 60.0),
    "sample_peak_dbfs": _number(-100.0, 60.0),
    "plr_db": _number(-20.0, 100.0),
    "psr_db": _numbers(-20.0, 100.0, count=3, rising=True),
    "mid_db": _BANDS_DB,
    "side_db": _BANDS_DB,
    "floor_db": _BANDS_DB,
    "correlation": _numbers(-1.0, 1.0, count=BANDS),
    "micro_quantiles_lu": _QUANTILES,
    "momentary_quantiles_lu": _QUANTILES,
    "cutoff_hz": _number(0.0, 100_000.0, or_none=True),
    "onsets_per_second": _number(0.0, 100.0),
    "tempo_bpm": _number(10.0, 1_000.0, or_none=True),
    "tempo_confidence": _number(0.0, 1.0),
    "density": _number(0.0, 1.0),
    "activity_db": _PER_GROUP,
    "variation_db": _PER_GROUP,
    "detail_db": _PER_GROUP,
    "fingerprint": _fingerprint,
    "sections": _sections,
    "loudness_curve_lufs": _numbers(*LEVELS_DB, count=(1, MOST_CURVE_POINTS)),
    "moments_mid": _packed,
    "moments_side": _packed,
    "moments_seconds": _numbers(0.0, 36_010.0, count=(1, MOST_MOMENTS), rising=True),
}
