"""WAV and AIFF as we write them: every byte of the file follows from its samples and tags."""

from __future__ import annotations

import struct
from typing import Final

_PCM, _FLOAT = 1, 3  # WAVE format tags (RFC 2361)
_UNKNOWN: Final = 0xFFFF_FFFF  # RF64: the 64-bit size is in the ds64 chunk


def wave_header(
    *, channels: int, rate_hz: int, bits: int, is_float: bool, frames: int, tail_bytes: int
) -> bytes:
    """Return all that comes before the samples, as RF64 where 32 bits cannot count the file.

    Parameters
    ----------
    channels, rate_hz, bits, frames : int
        The audio that follows.
    is_float : bool
        IEEE float rather than integers.
    tail_bytes : int
        Length of the chunks behind the samples.

    References
    ----------
    RFC 2361; EBU Tech 3306 v1.1, section 3 (RF64).
    """
    frame_bytes = channels * bits // 8
    audio_bytes = frames * frame_bytes
    form = struct.pack(
        "<HHIIHH",
        _FLOAT if is_float else _PCM,
        channels,
        rate_hz,
        rate_hz * frame_bytes,
        frame_bytes,
        bits,
    )
    if is_float:
        fact = chunk(b"fact", struct.pack("<I", min(frames, _UNKNOWN)))
        chunks = chunk(b"fmt ", form + bytes(2)) + fact
    else:
        chunks = chunk(b"fmt ", form)
    riff_bytes = 4 + len(chunks) + 8 + padded(audio_bytes) + tail_bytes
    if riff_bytes < _UNKNOWN:
        start = struct.pack("<4sI4s", b"RIFF", riff_bytes, b"WAVE")
        return start + chunks + struct.pack("<4sI", b"data", audio_bytes)
    sizes = struct.pack("<QQQI", riff_bytes + 36, audio_bytes, frames, 0)
    start = struct.pack("<4sI4s", b"RF64", _UNKNOWN, b"WAVE") + chunk(b"ds64", sizes)
    return start + chunks + struct.pack("<4sI", b"data", _UNKNOWN)


def aiff_header(*, channels: int, rate_hz: int, bits: int, frames: int, tail_bytes: int) -> bytes:
    """Return all that comes before big-endian samples; parameters as `wave_header`.

    References
    ----------
    Apple, Audio Interchange File Format 1.3, Common and Sound Data Chunks.
    """
    audio_bytes = frames * channels * bits // 8
    exponent = rate_hz.bit_length() - 1
    rate = struct.pack(">HQ", 16383 + exponent, rate_hz << (63 - exponent))  # 80-bit extended
    common = struct.pack(">4sIHIH", b"COMM", 18, channels, frames, bits) + rate
    form_bytes = 4 + len(common) + 16 + padded(audio_bytes) + tail_bytes
    start = struct.pack(">4sI4s", b"FORM", form_bytes, b"AIFF")
    return start + common + struct.pack(">4sIII", b"SSND", audio_bytes + 8, 0, 0)


def chunk(name: bytes, body: bytes, *, byte_order: str = "<") -> bytes:
    """Return an IFF chunk, padded to an even length."""
    return struct.pack(f"{byte_order}4sI", name, len(body)) + body + bytes(len(body) & 1)


def padded(size: int) -> int:
    """Return a chunk body's length with its padding."""
    return size + (size & 1)
