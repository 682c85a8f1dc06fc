"""Cover pictures: told from their content, bounded, and stripped to the picture; free of numpy.

Nothing is decoded: only the segments and chunks around the compressed picture are read. Places,
cameras and people named in EXIF, XMP or comments do not leave with a release.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dsp.errors import InvalidCover

MAX_COVER_BYTES: Final = 5_000_000
COVER_PIXELS: Final = (64, 6_000)  # of either side

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
# What a picture's look depends on (PNG, third edition, 11.2 and 11.3), without texts and EXIF.
_PNG_KEPT: Final = frozenset(
    (b"IHDR", b"PLTE", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"pHYs", b"cICP",
     b"IDAT", b"IEND")
)  # fmt: skip
_JPEG_START: Final = b"\xff\xd8\xff"
_JPEG_END: Final = 0xD9
# Application segments that decide colours (JFIF, ICC profile, Adobe); all others tell of the file.
_JPEG_KEPT: Final = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_JPEG_COMMENT: Final = 0xFE
_JPEG_SCAN: Final = 0xDA
# Frame headers: SOF0 to SOF15 without DHT, JPG and DAC, which share their range (T.81, B.1.1.3).
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture without anything but the picture.

    Attributes
    ----------
    content : bytes
        The stripped file.
    content_type : str
        ``image/jpeg`` or ``image/png``.
    width, height : int
        Pixels.
    """

    content: bytes
    content_type: str
    width: int
    height: int


def clean_cover(content: bytes) -> Cover:
    """Return a cover with what is not picture taken out.

    Raises
    ------
    InvalidCover
        Larger than ``MAX_COVER_BYTES``, no JPEG or PNG, broken, or a side outside
        ``COVER_PIXELS``.
    """
    if len(content) > MAX_COVER_BYTES:
        raise InvalidCover("The cover has more than 5 MB.")
    try:
        if content.startswith(_PNG_SIGNATURE):
            cover = _clean_png(content)
        elif content.startswith(_JPEG_START):
            cover = _clean_jpeg(content)
        else:
            raise InvalidCover("The cover is no JPEG and no PNG.")
    except (struct.error, IndexError) as error:
        raise InvalidCover("The cover ends before the picture does.") from error
    least, most = COVER_PIXELS
    if not (least <= cover.width <= most and least <= cover.height <= most):
        raise InvalidCover(f"Each side of the cover must have {least} to {most} pixels.")
    return cover


def _clean_png(content: bytes) -> Cover:
    kept, size = [_PNG_SIGNATURE], (0, 0)
    for kind, body in _png_chunks(content):
        if kind == b"IHDR":
            size = struct.unpack_from(">II", body)
        if kind in _PNG_KEPT:
            checked = struct.pack(">I", zlib.crc32(kind + body))
            kept.append(struct.pack(">I", len(body)) + kind + body + checked)
    return Cover(b"".join(kept), "image/png", *size)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and body of each chunk up to the end (PNG, third edition, 5.3)."""
    place, kind = len(_PNG_SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, place)
        body = content[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack_from(">I", content, place + 8 + length)
        if checksum != zlib.crc32(kind + body):
            raise InvalidCover("The cover is damaged.")
        yield kind, body
        place += 12 + length


def _clean_jpeg(content: bytes) -> Cover:
    kept, size = [_JPEG_START[:2]], (0, 0)
    for marker, part in _jpeg_parts(content):
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", part, 5)
            size = width, height
        if _is_kept(marker, part[4:]):
            kept.append(part)
    return Cover(b"".join(kept), "image/jpeg", *size)


def _jpeg_parts(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and bytes of each segment, scans with their data, up to the first end.

    Other pictures may lie behind it, such as previews.

    References
    ----------
    ITU-T T.81, annex B.
    """
    place, marker = 2, 0
    while marker != _JPEG_END:
        if content[place] != 0xFF:
            raise InvalidCover("The cover is damaged.")
        marker = content[place + 1]
        if marker == 0xFF:  # a filling byte
            place += 1
            continue
        end = place + 2
        if marker != _JPEG_END:
            (length,) = struct.unpack_from(">H", content, end)
            end += max(length, 2)
        if marker == _JPEG_SCAN:
            end = _end_of_scan(content, end)
        if end > len(content):
            raise IndexError
        yield marker, content[place:end]
        place = end


def _end_of_scan(content: bytes, place: int) -> int:
    """Return where the first marker stands that is neither stuffing nor a restart."""
    while True:
        place = content.find(0xFF, place)
        if place < 0:
            raise IndexError
        if content[place + 1] != 0 and not 0xD0 <= content[place + 1] <= 0xD7:
            return place
        place += 2


def _is_kept(marker: int, body: bytes) -> bool:
    if 0xE0 <= marker <= 0xEF:
        return body.startswith(_JPEG_KEPT.get(marker, b"\0none"))
    return marker != _JPEG_COMMENT
