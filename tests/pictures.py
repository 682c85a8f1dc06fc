"""Small pictures, with what cameras and programs leave in them."""

import struct
import zlib

SECRET = b"52.5200 N, 13.4050 E"


def png(width: int = 300, height: int = 300, *, secret: bool = True) -> bytes:
    """Return a black PNG, with a place in its text and its EXIF where asked for."""
    rows = b"".join(b"\0" + bytes(width) for _ in range(height))
    parts = [_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))]
    if secret:
        parts += [_chunk(b"tEXt", b"Comment\0" + SECRET), _chunk(b"eXIf", SECRET)]
    parts += [_chunk(b"IDAT", zlib.compress(rows)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg(width: int = 320, height: int = 240, *, secret: bool = True) -> bytes:
    """Return a grey JPEG of one scan, with a place in its EXIF and comment where asked for."""
    jfif = _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    told = _segment(0xE1, b"Exif\0\0" + SECRET) + _segment(0xFE, SECRET) if secret else b""
    tables = _segment(0xDB, b"\0" + bytes([16] * 64))
    frame = _segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    # One code each, "0": no difference, and the end of a block.
    codes = b"".join(
        _segment(0xC4, bytes([kind]) + b"\1" + bytes(15) + b"\0") for kind in (0x00, 0x10)
    )
    blocks = -(-width // 8) * -(-height // 8)
    bits = "00" * blocks
    bits += "1" * (-len(bits) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    scan = _segment(0xDA, b"\1\1\0\0\x3f\0") + coded
    return b"\xff\xd8" + jfif + told + tables + frame + codes + scan + b"\xff\xd9"


def _chunk(kind: bytes, body: bytes) -> bytes:
    checked = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + checked


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body
