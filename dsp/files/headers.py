"""What a file's header claims, read in Python before any decoder sees the file.

Decoders are large programs in C that meet whatever a stranger sends. This walk over the outer
structure costs next to nothing, and files that could only be an attack or an accident end here:
wrong codecs in a known container, absurd channel counts and rates, and headers that are padded to
keep a parser busy. Claims are checked, never trusted: nothing is allocated by them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from dsp.errors import DecodeFailed, TooManyChannels, UnsupportedFormat, UnsupportedRate
from dsp.formats import MAX_CHANNELS, RATES_HZ, SNIFF_BYTES, id3_bytes, sniff

MAX_HEADER_BYTES: Final = 16_000_000  # tags and cover pictures before the audio
MAX_CHUNKS: Final = 1_000

_WAVE_TAGS: Final = {1, 3}  # PCM, IEEE float (RFC 2361)
_WAVE_EXTENSIBLE: Final = 0xFFFE
_SIZE_LEFT_OPEN: Final = 0x7FFF_0000  # from here on what recorders and pipes put for "unknown"
_AIFC_CODECS: Final = {
    b"NONE",
    b"twos",
    b"sowt",
    b"in24",
    b"in32",
    b"fl32",
    b"FL32",
    b"fl64",
    b"FL64",
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a header says of the audio behind it.

    Attributes
    ----------
    channels, rate_hz : int
        As stored.
    frames : int
        Frames promised; 0 where the header does not say, or need not be right.
    """

    channels: int
    rate_hz: int
    frames: int = 0


def identify(file: BinaryIO) -> tuple[str, Claims | None]:
    """Tell the format of an open file and refuse headers that no honest program writes.

    Parameters
    ----------
    file : binary file
        Seekable; left at the start.

    Returns
    -------
    code : str
        A key of ``dsp.formats.READABLE``.
    claims : Claims or None
        Channels and rate within what is supported; None where only the decoder can tell.

    Raises
    ------
    UnsupportedFormat, DecodeFailed, TooManyChannels, UnsupportedRate
    """
    file.seek(0)
    head = file.read(SNIFF_BYTES)
    code = sniff(head)
    if code is None:
        raise UnsupportedFormat("This is not an audio file of a kind we read.")
    if tag_bytes := id3_bytes(head):
        if tag_bytes > MAX_HEADER_BYTES:
            raise DecodeFailed("The tag at the start of the file is larger than any real one.")
        file.seek(tag_bytes)
        if sniff(file.read(SNIFF_BYTES).lstrip(b"\0")) != code:
            raise UnsupportedFormat("Behind its tag the file holds no MP3 audio.")
    claims = None
    if code in _WALKS:
        try:
            claims = _WALKS[code](file)
        except struct.error:
            raise DecodeFailed("The file ends within its header.") from None
        check(claims)
    file.seek(0)
    return code, claims


def check(claims: Claims) -> None:
    """Refuse channel counts and rates that are not supported."""
    if claims.channels < 1:
        raise DecodeFailed("The file says that it has no channels.")
    if claims.channels > MAX_CHANNELS:
        raise TooManyChannels(
            f"The file has {claims.channels} channels; only mono and stereo can be mastered."
        )
    low_hz, high_hz = RATES_HZ
    if not low_hz <= claims.rate_hz <= high_hz:
        raise UnsupportedRate(
            f"The sample rate is {claims.rate_hz} Hz; it must be from {low_hz} to {high_hz} Hz."
        )


def _walk_wave(file: BinaryIO) -> Claims:
    """Walk RIFF chunks up to the audio (EBU Tech 3306 for RF64)."""
    claims, frame_bytes = None, 0
    file.seek(12)
    for _ in range(MAX_CHUNKS):
        name, size = struct.unpack("<4sI", file.read(8))
        if name == b"data":
            break
        body = file.tell()
        if name == b"fmt ":
            tag, channels, rate_hz, frame_bytes = struct.unpack("<HHI4xH", file.read(14))
            if tag == _WAVE_EXTENSIBLE:
                file.seek(body + 24)
                (tag,) = struct.unpack("<H", file.read(2))
            if tag not in _WAVE_TAGS:
                raise UnsupportedFormat("The WAV file holds compressed audio; send PCM or float.")
            claims = Claims(channels, rate_hz)
        _skip_to(file, body + size + (size & 1))
    else:
        raise DecodeFailed("The file's header has too many parts.")
    if claims is None:
        raise DecodeFailed("The WAV file does not say how its audio is stored.")
    if size < _SIZE_LEFT_OPEN and frame_bytes:
        return replace(claims, frames=size // frame_bytes)
    return claims


def _walk_aiff(file: BinaryIO) -> Claims:
    """Walk AIFF chunks up to the audio (Apple, Audio Interchange File Format 1.3 and AIFF-C)."""
    claims = None
    file.seek(8)
    is_compressed = file.read(4) == b"AIFC"
    for _ in range(MAX_CHUNKS):
        name, size = struct.unpack(">4sI", file.read(8))
        if name == b"SSND" and claims is not None:
            return claims
        body = file.tell()
        if name == b"COMM":
            channels, frames, _, exponent, mantissa = struct.unpack(">HIHHQ", file.read(18))
            if is_compressed and file.read(4) not in _AIFC_CODECS:
                raise UnsupportedFormat("The AIFF file holds compressed audio; send PCM or float.")
            claims = Claims(channels, _extended(exponent, mantissa), frames)
        _skip_to(file, body + size + (size & 1))
    raise DecodeFailed("The file's header has too many parts.")


def _walk_flac(file: BinaryIO) -> Claims:
    """Walk FLAC metadata blocks up to the audio (RFC 9639, section 8)."""
    file.seek(4)
    claims = None
    for _ in range(MAX_CHUNKS):
        (start,) = struct.unpack(">I", file.read(4))
        kind, size = start >> 24 & 0x7F, start & 0xFFFFFF
        body = file.tell()
        if claims is None:
            if kind != 0 or size != 34:
                raise DecodeFailed("The FLAC file does not begin with its stream information.")
            (packed,) = struct.unpack(">10xQ16x", file.read(34))
            claims = Claims((packed >> 41 & 7) + 1, packed >> 44, packed & 0xF_FFFF_FFFF)
        _skip_to(file, body + size)
        if start >> 31:
            return claims
    raise DecodeFailed("The file's header has too many parts.")


def _walk_ogg(file: BinaryIO) -> Claims:
    """Read the identification header (Vorbis I, 4.2.2; RFC 7845, 5.1)."""
    file.seek(26)
    (segments,) = struct.unpack("B", file.read(1))
    file.seek(27 + segments)
    packet = file.read(19)
    if packet.startswith(b"OpusHead"):
        return Claims(channels=packet[9], rate_hz=48_000)
    return Claims(*struct.unpack_from("<BI", packet, 11))


_WALKS: Final = {
    "wav": _walk_wave,
    "aiff": _walk_aiff,
    "flac": _walk_flac,
    "ogg": _walk_ogg,
    "opus": _walk_ogg,
}


def _skip_to(file: BinaryIO, position: int) -> None:
    if position > MAX_HEADER_BYTES:
        raise DecodeFailed("The file's header is larger than any real one.")
    file.seek(position)


def _extended(exponent: int, mantissa: int) -> int:
    """Return an 80-bit extended float as a whole number, 0 when it is no sane rate."""
    shift = 16383 + 63 - exponent
    return mantissa >> shift if 0 <= shift < 64 else 0
