"""Digests of a file as it streams by: of its bytes, and of its samples whatever stands around them.

Pure Python, for the web process: nothing is decoded and nothing is kept. New tags, a cover or
another order of chunks leave the digest of the samples as it was; one changed sample, another
rate or word length does not.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PIECE_BYTES: Final = 49_152  # a whole number of samples of any word length, mono and stereo
MAX_CHUNKS: Final = 1_000  # more is no audio file, and would keep the reader busy
MAX_HEADER_BYTES: Final = 4_096  # of a chunk that describes the samples
OPEN_SIZE: Final = 0xFFFF_FFFF  # RF64: the real size stands in ds64 (EBU Tech 3306)

# A step of a reader asks for so many bytes, or with None for whatever comes.
_Reader = Generator[int | None, bytes, None]


@dataclass(frozen=True, slots=True)
class Digests:
    """SHA-256 of a file, and of its samples.

    Attributes
    ----------
    file : str
        Of every byte.
    audio : str or None
        Of the samples with their rate, channels and word length; the same for WAV and AIFF. Of
        FLAC, of the compressed frames. None for other formats and for files that end too soon.
    """

    file: str
    audio: str | None


def digest_file(path: Path) -> Digests:
    """Return the digests of a file on disk."""
    meter = PayloadMeter()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            meter.feed(piece)
    return meter.digests()


class PayloadMeter:
    """Takes a file piece by piece, of any sizes, and tells its digests at the end."""

    def __init__(self) -> None:
        self._file = hashlib.sha256()
        self._audio = hashlib.sha256()
        self._waiting = bytearray()
        self._complete = False
        self._reader = self._read()
        self._wanted: int | None = next(self._reader)
        self._reading = True

    def feed(self, piece: bytes) -> None:
        """Take the next bytes of the file."""
        self._file.update(piece)
        if self._reading:
            self._waiting += piece
            self._serve()

    def digests(self) -> Digests:
        """Return the digests of what was fed; nothing may be fed afterwards."""
        if self._reading and self._wanted is None:
            self._step(b"")
        audio = self._audio.hexdigest() if self._complete else None
        return Digests(self._file.hexdigest(), audio)

    def _serve(self) -> None:
        taken = 0
        while self._reading:
            left = len(self._waiting) - taken
            size = left if self._wanted is None else self._wanted
            if left < size or (self._wanted is None and not left):
                break
            piece = bytes(self._waiting[taken : taken + size])
            taken += size
            self._step(piece)
        del self._waiting[: taken if self._reading else len(self._waiting)]

    def _step(self, piece: bytes) -> None:
        try:
            self._wanted = self._reader.send(piece)
        except StopIteration:
            self._reading = False

    def _read(self) -> _Reader:
        head = yield 4
        if head in (b"RIFF", b"RF64", b"BW64"):
            yield from self._wave()
        elif head == b"FORM":
            yield from self._aiff()
        elif head == b"fLaC":
            yield from self._flac()

    def _wave(self) -> _Reader:
        """Read RIFF chunks up to the samples (RFC 2361; EBU Tech 3306 for RF64)."""
        yield 8
        data_bytes, described = 0, False
        for _ in range(MAX_CHUNKS):
            name, size = struct.unpack("<4sI", (yield 8))
            if name == b"data":
                size = data_bytes if size == OPEN_SIZE else size
                if described:
                    yield from self._samples(size, swapped_bytes=0)
                return
            if name in (b"fmt ", b"ds64") and 16 <= size <= MAX_HEADER_BYTES:
                body = yield size + size % 2
                if name == b"ds64":
                    data_bytes = int.from_bytes(body[8:16], "little")
                    continue
                tag, channels, rate_hz, _, _, bits = struct.unpack("<HHIIHH", body[:16])
                if tag == 0xFFFE and len(body) >= 26:
                    tag = int.from_bytes(body[24:26], "little")
                self._describe("float" if tag == 3 else "integer", rate_hz, channels, bits)
                described = tag in (1, 3)
            else:
                yield from self._skip(size + size % 2)

    def _aiff(self) -> _Reader:
        """Read IFF chunks up to the samples (Audio Interchange File Format 1.3, and AIFF-C)."""
        _, kind = struct.unpack(">I4s", (yield 8))
        swapped_bytes = None
        for _ in range(MAX_CHUNKS):
            name, size = struct.unpack(">4sI", (yield 8))
            if name == b"SSND" and size >= 8:
                offset, _ = struct.unpack(">II", (yield 8))
                if swapped_bytes is not None and offset == 0:
                    yield from self._samples(size - 8, swapped_bytes=swapped_bytes)
                return
            if name == b"COMM" and 18 <= size <= MAX_HEADER_BYTES:
                body = yield size + size % 2
                channels, _, bits = struct.unpack(">HIH", body[:8])
                coding = body[18:22] if kind == b"AIFC" else b"NONE"
                if coding in (b"NONE", b"twos", b"sowt") and bits in (16, 24, 32):
                    self._describe("integer", _extended(body[8:18]), channels, bits)
                    swapped_bytes = 0 if coding == b"sowt" else bits // 8
            else:
                yield from self._skip(size + size % 2)

    def _flac(self) -> _Reader:
        """Read metadata blocks, then frames to the end (RFC 9639, section 8)."""
        for _ in range(MAX_CHUNKS):
            head = yield 4
            size = int.from_bytes(head[1:], "big")
            if head[0] & 0x7F == 0 and size <= MAX_HEADER_BYTES:
                self._audio.update(b"flac " + (yield size))
            else:
                yield from self._skip(size)
            if head[0] & 0x80:
                break
        else:
            return
        while piece := (yield None):
            self._audio.update(piece)
            self._complete = True

    def _samples(self, size: int, *, swapped_bytes: int) -> _Reader:
        while size > 0:
            piece = yield min(size, PIECE_BYTES)
            self._audio.update(_swapped(piece, swapped_bytes))
            size -= len(piece)
            self._complete = size == 0

    def _skip(self, size: int) -> _Reader:
        while size > 0:
            size -= len((yield min(size, PIECE_BYTES)))

    def _describe(self, kind: str, rate_hz: int, channels: int, bits: int) -> None:
        self._audio.update(f"{kind} {bits} bit, {channels} at {rate_hz} Hz\n".encode())


def _swapped(piece: bytes, width: int) -> bytes:
    """Return samples of so many bytes with their bytes in the other order; 0 leaves them."""
    if width == 0:
        return piece
    turned = bytearray(len(piece))
    for place in range(width):
        turned[place::width] = piece[width - 1 - place :: width]
    return bytes(turned)


def _extended(rate: bytes) -> int:
    """Return an 80-bit float of IEEE 754 as a whole number, as AIFF writes its sample rate."""
    exponent = int.from_bytes(rate[:2], "big") & 0x7FFF
    mantissa = int.from_bytes(rate[2:], "big")
    shift = 16_383 + 63 - exponent
    return mantissa >> shift if 0 <= shift < 64 else 0
