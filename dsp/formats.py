"""Which audio files are read and written, and how large; free of numpy, for the web process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

SNIFF_BYTES: Final = 4096  # enough of a file's head for `sniff`
RATES_HZ: Final = (8_000, 192_000)
MAX_CHANNELS: Final = 2
EXPORT_RATES_HZ: Final = (44_100, 48_000, 88_200, 96_000)

# What a render leaves, and every other format is made from: 32-bit float, nothing rounded.
CANONICAL_NAME: Final = "master.wav"
PROXY_NAME: Final = "proxy.m4a"  # what the web player loads first
PROXY_BITS_PER_SECOND: Final = 160_000  # of AAC
EXCERPT_NAME: Final = "excerpt.flac"  # a part of a master that is being tried
LOSSLESS_NAME: Final = "lossless.flac"  # an upload as the player loads it on demand
PROFILE_NAME: Final = "profile.json.gz"  # what was measured of it


@dataclass(frozen=True, slots=True)
class Limits:
    """How much audio is accepted.

    Attributes
    ----------
    max_bytes : int
        Size of the file.
    min_seconds, max_seconds : float
        Length of the decoded audio. Below 3 s nothing can be measured that is worth matching.
    max_samples : int
        Decoded samples over all channels, whatever the rate: the budget against files that are
        small on disk and huge in memory.
    """

    max_bytes: int = 500_000_000
    min_seconds: float = 3.0
    max_seconds: float = 900.0
    max_samples: int = 180_000_000  # 900 s of stereo at 96 kHz, and some


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class SourceFormat:
    """A kind of file that is read.

    Attributes
    ----------
    code, label : str
        Stable name, and the name for people.
    extensions, content_types : tuple of str
        What such files usually call themselves. Hints for a file dialogue, never proof.
    lossy : bool or None
        Whether the encoding loses sound; None where the container holds either kind.
    """

    code: str
    label: str
    extensions: tuple[str, ...]
    content_types: tuple[str, ...]
    lossy: bool | None


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A kind of file that is written.

    Attributes
    ----------
    code, label : str
        Stable name, and the name for people.
    extension, content_type : str
        For the download.
    bits : int or None
        Word length; None for lossy formats.
    """

    code: str
    label: str
    extension: str
    content_type: str
    bits: int | None


_SOURCES = (
    SourceFormat(
        "wav", "WAV", ("wav", "wave", "rf64", "bwf"), ("audio/wav", "audio/x-wav"), lossy=False
    ),
    SourceFormat(
        "aiff", "AIFF", ("aiff", "aif", "aifc"), ("audio/aiff", "audio/x-aiff"), lossy=False
    ),
    SourceFormat("flac", "FLAC", ("flac",), ("audio/flac", "audio/x-flac"), lossy=False),
    SourceFormat("mp3", "MP3", ("mp3",), ("audio/mpeg", "audio/mp3"), lossy=True),
    SourceFormat("ogg", "Ogg Vorbis", ("ogg", "oga"), ("audio/ogg",), lossy=True),
    SourceFormat("opus", "Opus", ("opus",), ("audio/ogg", "audio/opus"), lossy=True),
    SourceFormat("m4a", "M4A (AAC, ALAC)", ("m4a", "mp4"), ("audio/mp4", "audio/x-m4a"), None),
    SourceFormat("aac", "AAC", ("aac",), ("audio/aac", "audio/x-aac"), lossy=True),
)
_EXPORTS = (
    ExportFormat("wav24", "WAV, 24 bit", "wav", "audio/wav", 24),
    ExportFormat("wav16", "WAV, 16 bit", "wav", "audio/wav", 16),
    ExportFormat("wav32f", "WAV, 32 bit float", "wav", "audio/wav", 32),
    ExportFormat("flac24", "FLAC, 24 bit", "flac", "audio/flac", 24),
    ExportFormat("flac16", "FLAC, 16 bit", "flac", "audio/flac", 16),
    ExportFormat("aiff24", "AIFF, 24 bit", "aiff", "audio/aiff", 24),
    ExportFormat("mp3-320", "MP3, 320 kbit/s", "mp3", "audio/mpeg", None),
    ExportFormat("aac-256", "AAC, 256 kbit/s", "m4a", "audio/mp4", None),
)

READABLE: Final[Mapping[str, SourceFormat]] = MappingProxyType({f.code: f for f in _SOURCES})
WRITABLE: Final[Mapping[str, ExportFormat]] = MappingProxyType({f.code: f for f in _EXPORTS})


def sniff(head: bytes) -> str | None:
    """Return the code of the format that a file's first bytes show, or None.

    Parameters
    ----------
    head : bytes
        The first ``SNIFF_BYTES`` of the file, or all of a shorter one.

    Returns
    -------
    str or None
        A key of ``READABLE``. A tag that is longer than the head hides what follows it; such a
        file is taken for the MP3 it nearly always is, and the reader looks again behind the tag.
    """
    tag_bytes = id3_bytes(head)
    if tag_bytes:
        behind = head[tag_bytes:].lstrip(b"\0")
        if not behind:
            return "mp3"
        code = _sniff_mpeg(behind)
    elif head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        code = "wav"
    elif head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        code = "aiff"
    elif head[:4] == b"fLaC":
        code = "flac"
    elif head[:4] == b"OggS":
        code = _sniff_ogg(head)
    elif head[4:8] == b"ftyp":
        code = "m4a"
    else:
        code = _sniff_mpeg(head)
    return code


def id3_bytes(head: bytes) -> int:
    """Return the length that an ID3v2 tag at the start claims, 0 without one.

    References
    ----------
    ID3 tag version 2.4.0, main structure, section 3.1.
    """
    if len(head) < 10 or head[:3] != b"ID3" or head[3] > 4 or max(head[6:10]) > 0x7F:
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    footer = 10 if head[5] & 0x10 else 0
    return 10 + size + footer


def _sniff_ogg(head: bytes) -> str | None:
    """Tell the codec from the first packet (RFC 3533, section 6; RFC 7845, section 5.1)."""
    packet = head[27 + head[26] :] if len(head) > 27 else b""
    if packet.startswith(b"\x01vorbis"):
        return "ogg"
    return "opus" if packet.startswith(b"OpusHead") else None


# Layer III, kbit/s by the header's index (ISO/IEC 11172-3, 2.4.2.3; 13818-3, 2.4.2.3)
_BITRATES_MPEG1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITRATES_MPEG2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES_HZ_MPEG1 = (44_100, 48_000, 32_000)


def _sniff_mpeg(head: bytes) -> str | None:
    """Tell MP3 from ADTS by two frame headers in a row, as far as the head reaches."""
    for code, frame_bytes in (("mp3", _layer3_frame_bytes), ("aac", _adts_frame_bytes)):
        length = frame_bytes(head)
        if length and (len(head) < length + 7 or frame_bytes(head[length:])):
            return code
    return None


def _layer3_frame_bytes(head: bytes) -> int:
    """Return the length of the MPEG layer III frame that starts here, 0 if none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, bitrate, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return 0
    if version == 3:
        return 144_000 * _BITRATES_MPEG1[bitrate] // _RATES_HZ_MPEG1[rate] + (head[2] >> 1 & 1)
    rate_hz = _RATES_HZ_MPEG1[rate] // (2 if version == 2 else 4)
    return 72_000 * _BITRATES_MPEG2[bitrate] // rate_hz + (head[2] >> 1 & 1)


def _adts_frame_bytes(head: bytes) -> int:
    """Return the length of the ADTS frame that starts here (ISO/IEC 13818-7, 6.2), or 0."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length >= 7 else 0
