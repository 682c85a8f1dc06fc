"""Title, artist, album, ISRC and cover, written into each kind of file."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from dsp.files.containers import chunk
from dsp.tags import Tags

_FRONT_COVER: Final = 3  # picture type in ID3v2 and FLAC
_UTF8: Final = b"\x03"  # ID3v2.4 text encoding


def id3(tags: Tags) -> bytes:
    """Return an ID3v2.4 tag, empty for empty tags.

    References
    ----------
    ID3 tag version 2.4.0, main structure (sections 3 and 4) and native frames (4.2, 4.14).
    """
    frames = b"".join(
        _id3_frame(name, _UTF8 + text.encode())
        for name, text in (
            (b"TALB", tags.album),
            (b"TIT2", tags.title),
            (b"TPE1", tags.artist),
            (b"TSRC", tags.isrc),
        )
        if text
    )
    if tags.cover:
        head = _UTF8 + tags.cover_type.encode() + b"\0" + bytes([_FRONT_COVER]) + b"\0"
        frames += _id3_frame(b"APIC", head + tags.cover)
    return b"ID3\x04\0\0" + _syncsafe(len(frames)) + frames if frames else b""


def wave_chunks(tags: Tags) -> bytes:
    """Return the chunks for the end of a WAV: LIST INFO for most players, ID3 for the rest."""
    if tags.is_empty:
        return b""
    info = b"".join(
        chunk(name, text.encode() + b"\0")
        for name, text in ((b"IART", tags.artist), (b"INAM", tags.title), (b"IPRD", tags.album))
        if text
    )
    listing = chunk(b"LIST", b"INFO" + info) if info else b""
    return listing + chunk(b"id3 ", id3(tags))


def aiff_chunks(tags: Tags) -> bytes:
    """Return the chunk for the end of an AIFF."""
    return b"" if tags.is_empty else chunk(b"ID3 ", id3(tags), byte_order=">")


def tag_mp3(path: Path, tags: Tags) -> None:
    """Put an ID3v2 tag before the audio."""
    if not tags.is_empty:
        path.write_bytes(id3(tags) + path.read_bytes())


def tag_flac(path: Path, tags: Tags) -> None:
    """Replace what the encoder wrote about itself with the tags (RFC 9639, 8.6 and 8.8)."""
    stored = path.read_bytes()
    kept, position, is_last = [], 4, False
    while not is_last:
        (start,) = struct.unpack_from(">I", stored, position)
        is_last, kind, size = bool(start >> 31), start >> 24 & 0x7F, start & 0xFFFFFF
        if kind in (_FLAC_STREAMINFO, _FLAC_SEEKTABLE):
            kept.append((kind, stored[position + 4 : position + 4 + size]))
        position += 4 + size
    kept.append((_FLAC_COMMENT, _vorbis_comment(tags)))
    if tags.cover:
        kept.append((_FLAC_PICTURE, _flac_picture(tags)))
    with path.open("wb") as file:
        file.write(b"fLaC")
        for index, (kind, body) in enumerate(kept):
            last = (index == len(kept) - 1) << 31
            file.write(struct.pack(">I", last | kind << 24 | len(body)) + body)
        file.write(memoryview(stored)[position:])


def tag_mp4(path: Path, tags: Tags) -> None:
    """Put an iTunes-style list into the movie box, which lies behind the audio.

    References
    ----------
    ISO/IEC 14496-12, 8.10.1 (udta) and 8.11.1 (meta); Apple, QuickTime File Format, metadata.
    """
    if tags.is_empty:
        return
    stored = path.read_bytes()
    position = 0
    while stored[position + 4 : position + 8] != b"moov":
        (size,) = struct.unpack_from(">I", stored, position)
        position += size or len(stored)
    (size,) = struct.unpack_from(">I", stored, position)
    movie = b"".join(
        stored[start:end]
        for kind, start, end in _boxes(stored, position + 8, position + size)
        if kind != b"udta"
    )
    movie += _box(b"udta", _box(b"meta", bytes(4), _METADATA_HANDLER, _itunes_list(tags)))
    path.write_bytes(stored[:position] + _box(b"moov", movie) + stored[position + size :])


_FLAC_STREAMINFO, _FLAC_SEEKTABLE, _FLAC_COMMENT, _FLAC_PICTURE = 0, 3, 4, 6
_METADATA_HANDLER: Final = struct.pack(">I4s8s4s4s9s", 33, b"hdlr", b"", b"mdir", b"appl", b"")


def _id3_frame(name: bytes, body: bytes) -> bytes:
    return name + _syncsafe(len(body)) + b"\0\0" + body


def _syncsafe(size: int) -> bytes:
    """Return 28 bits in four bytes without their top bits (ID3v2.4, section 6.2)."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _vorbis_comment(tags: Tags) -> bytes:
    fields = [
        f"{name}={text}".encode()
        for name, text in (
            ("ALBUM", tags.album),
            ("ARTIST", tags.artist),
            ("ISRC", tags.isrc),
            ("TITLE", tags.title),
        )
        if text
    ]
    vendor = b"Lacquer"
    counted = b"".join(struct.pack("<I", len(field)) + field for field in fields)
    return struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(fields)) + counted


def _flac_picture(tags: Tags) -> bytes:
    """Return a picture block; sizes in pixels may be 0 for unknown (RFC 9639, 8.8)."""
    kind = tags.cover_type.encode()
    start = struct.pack(">II", _FRONT_COVER, len(kind)) + kind + bytes(4 + 16)
    return start + struct.pack(">I", len(tags.cover)) + tags.cover


def _boxes(stored: bytes, start: int, end: int) -> list[tuple[bytes, int, int]]:
    found = []
    while start < end:
        size, kind = struct.unpack_from(">I4s", stored, start)
        found.append((kind, start, start + size))
        start += size
    return found


def _box(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _itunes_list(tags: Tags) -> bytes:
    text, jpeg, png = 1, 13, 14  # well-known types of values
    entries = [
        _box(name, _itunes_value(text, value.encode()))
        for name, value in (
            (b"\xa9ART", tags.artist),
            (b"\xa9alb", tags.album),
            (b"\xa9nam", tags.title),
        )
        if value
    ]
    if tags.isrc:
        mean = _box(b"mean", bytes(4), b"com.apple.iTunes")
        name = _box(b"name", bytes(4), b"ISRC")
        entries.append(_box(b"----", mean, name, _itunes_value(text, tags.isrc.encode())))
    if tags.cover:
        kind = jpeg if tags.cover_type == "image/jpeg" else png
        entries.append(_box(b"covr", _itunes_value(kind, tags.cover)))
    return _box(b"ilst", *entries)


def _itunes_value(kind: int, value: bytes) -> bytes:
    return _box(b"data", struct.pack(">II", kind, 0), value)
