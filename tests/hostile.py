"""Files as an enemy, a broken program or bad luck would send them, each with its wanted verdict."""

from __future__ import annotations

import io
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
import numpy as np
import soundfile as sf

ACCEPTED = "accepted"
RATE_HZ = 8_000  # low, so that the corpus is made and decoded in no time
SECONDS = 4


@dataclass(frozen=True)
class Hostile:
    """One file of the corpus.

    `name` is the file name it would be uploaded under, `verdict` a code of `dsp.errors` or
    ``ACCEPTED``, and `write` makes the file.
    """

    name: str
    verdict: str
    write: Callable[[Path], object]


def noise(seconds: float = SECONDS, channels: int = 1, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Return quiet noise, (frames, channels), the same each time."""
    shape = (round(seconds * rate_hz), channels)
    return np.random.default_rng(7).uniform(-0.2, 0.2, shape).astype(np.float32)


def pcm16(samples: np.ndarray) -> bytes:
    return bytes(np.rint(samples * 32767).astype("<i2").data)


def wave(
    audio: bytes,
    *,
    channels: int = 1,
    rate_hz: int = RATE_HZ,
    tag: int = 1,
    bits: int = 16,
    before: bytes = b"",
    behind: bytes = b"",
    claimed: int | None = None,
    start: bytes = b"RIFF",
) -> bytes:
    """Return a WAV whose header says whatever it is told to say."""
    frame_bytes = channels * bits // 8 & 0xFFFF
    byte_rate = rate_hz * frame_bytes & 0xFFFF_FFFF
    form = struct.pack("<HHIIHH", tag, channels, rate_hz, byte_rate, frame_bytes, bits)
    size = len(audio) if claimed is None else claimed
    chunks = struct.pack("<4sI", b"fmt ", 16) + form + before
    body = b"WAVE" + chunks + struct.pack("<4sI", b"data", size) + audio + behind
    riff = len(body) if claimed is None else min(claimed, 0xFFFF_FFFF)
    return start + struct.pack("<I", riff) + body


def floats(value: float) -> bytes:
    """Return a float WAV with one odd value in the middle of noise."""
    samples = noise()
    samples[len(samples) // 2] = value
    return wave(samples.astype("<f4").tobytes(), tag=3, bits=32)


def encoded(container: str, subtype: str | None = None, samples: np.ndarray | None = None) -> bytes:
    """Return noise as libsndfile writes it."""
    file = io.BytesIO()
    samples = noise() if samples is None else samples
    with sf.SoundFile(file, "w", RATE_HZ, 1, subtype, format=container) as encoder:
        for start in range(0, len(samples), 65_536):  # libvorbis crashes on large writes
            encoder.write(samples[start : start + 65_536])
    return file.getvalue()


def mp4(seconds: float = SECONDS) -> bytes:
    """Return noise as AAC in MP4, the movie box behind the audio."""
    samples = noise(seconds).T.copy()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/a.m4a"
        with av.open(path, "w", format="ipod", options={"fflags": "+bitexact"}) as muxer:
            track = muxer.add_stream("aac", rate=RATE_HZ, layout="mono")
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE_HZ, 0
            muxer.mux(track.encode(frame))
            muxer.mux(track.encode(None))
        return Path(path).read_bytes()


def mp3_of_silence(seconds: float) -> bytes:
    """Return layer III frames whose side information says that nothing follows (32 kbit/s)."""
    frame = b"\xff\xfb\x18\xc0" + bytes(140)
    return frame * round(seconds * 32_000 / 1152)


def flac_of_silence(
    frames: int, *, channels: int = 1, rate_hz: int = RATE_HZ, claimed: int | None = None
) -> bytes:
    """Return FLAC whose blocks each spend a dozen bytes on 65,535 equal samples."""
    total = frames if claimed is None else claimed
    packed = rate_hz << 44 | (channels - 1) << 41 | 15 << 36 | total
    info = struct.pack(">HH6xQ16x", 65_535, 65_535, packed)
    blocks = (
        _flac_block(number, min(65_535, frames - number * 65_535), channels)
        for number in range(-(-frames // 65_535))
    )
    return b"fLaC" + struct.pack(">I", 1 << 31 | len(info)) + info + b"".join(blocks)


def _flac_block(number: int, size: int, channels: int) -> bytes:
    """Return a frame of constant subframes (RFC 9639, section 9)."""
    coded = chr(number).encode("utf-8", "surrogatepass")
    head = struct.pack(">HBB", 0xFFF8, 0x70, (channels - 1) << 4 | 0x08)
    head += coded + struct.pack(">H", size - 1)
    head += bytes([_crc(head, 0x07, 8)])
    body = head + bytes(3) * channels
    return body + struct.pack(">H", _crc(body, 0x8005, 16))


def _crc(message: bytes, polynomial: int, width: int) -> int:
    top, register = 1 << (width - 1), 0
    for octet in message:
        register ^= octet << (width - 8)
        for _ in range(8):
            register = (register << 1) ^ (polynomial if register & top else 0)
        register &= (1 << width) - 1
    return register


def id3(size: int, body: bytes = b"") -> bytes:
    return b"ID3\x04\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


def picture(size: int) -> bytes:
    """Return an ID3 tag with a cover picture of a size."""
    frame = b"APIC" + id3(size)[6:] + b"\0\0" + bytes(size)
    return id3(len(frame), frame)


def _patched(stored: bytes, old: bytes, new: bytes) -> bytes:
    if old not in stored:
        raise ValueError(f"nothing to patch: {old!r}")
    return stored.replace(old, new, 1)


def _counted(stored: bytes, box: bytes, offset: int, count: int) -> bytes:
    """Return an MP4 with another number in one of its tables."""
    at = stored.index(box) + offset
    return stored[:at] + struct.pack(">I", count) + stored[at + 4 :]


def _nested(depth: int) -> bytes:
    body = b""
    for _ in range(depth):
        body = struct.pack(">I4s", 8 + len(body), b"moov") + body
    return _FTYP + body


def _sparse(size: int, start: bytes = b"", end: bytes = b"") -> Callable[[Path], object]:
    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.write(start)
            file.truncate(size)
            file.seek(0, io.SEEK_END)
            file.write(end)

    return write


def _corpus() -> Iterator[tuple[str, str, Callable[[], bytes]]]:
    tone = pcm16(noise())
    rf64 = b"ds64" + struct.pack("<IQQQI", 28, 1 << 62, 1 << 62, 1 << 62, 0)

    # lengths that lie
    yield "claims-4-gib.wav", ACCEPTED, lambda: wave(tone, claimed=0xFFFF_FFF0)
    yield "rf64-claims-2-to-62.wav", ACCEPTED, lambda: _rf64(tone, rf64)
    yield "data-size-0-with-body.wav", "too_short", lambda: wave(tone, claimed=0)
    yield "no-frames.wav", "too_short", lambda: wave(b"")
    yield "one-frame.wav", "too_short", lambda: wave(tone[:2])
    yield "one-second.wav", "too_short", lambda: wave(tone[: 2 * RATE_HZ])
    yield "header-only.wav", "decode_failed", lambda: b"RIFF\x24\0\0\0WAVE"
    yield "streaminfo-2-to-36.flac", "too_long", lambda: flac_of_silence(65_535, claimed=2**36 - 1)
    yield "twenty-minutes.wav", "too_long", lambda: wave(tone * 300)

    # channels and rates
    yield "65535-channels.wav", "too_many_channels", lambda: wave(tone, channels=65_535)
    yield "8-channels.wav", "too_many_channels", lambda: wave(tone, channels=8)
    yield "0-channels.wav", "decode_failed", lambda: wave(tone, channels=0)
    yield "0-hz.wav", "unsupported_rate", lambda: wave(tone, rate_hz=0)
    yield "768-khz.wav", "unsupported_rate", lambda: wave(tone, rate_hz=768_000)
    yield "2-to-31-hz.wav", "unsupported_rate", lambda: wave(tone, rate_hz=2**31 - 1)
    yield "0-hz.flac", "unsupported_rate", lambda: flac_of_silence(65_535, rate_hz=0)
    yield "255-channels.ogg", "too_many_channels", lambda: _ogg_with_channels(255)
    yield "8-channels.opus", "too_many_channels", lambda: _opus_with_channels(8)

    # values that are no audio
    for name, value in (("nan", np.nan), ("inf", np.inf), ("minus-inf", -np.inf), ("1e30", 1e30)):
        yield f"{name}.wav", "not_finite", partial(floats, value)

    # headers that keep a parser busy
    junk = struct.pack("<4sI", b"junk", 0)
    yield "200000-chunks.wav", "decode_failed", lambda: wave(tone, before=junk * 200_000)
    yield "endless-metadata.flac", "decode_failed", lambda: _flac_metadata(5_000)
    yield "tag-claims-256-mb.mp3", "decode_failed", lambda: id3(2**28 - 1) + mp3_of_silence(4)
    yield "20-mb-cover.mp3", "decode_failed", lambda: picture(20_000_000) + encoded("MP3")
    yield "1-mb-cover.mp3", ACCEPTED, lambda: picture(1_000_000) + encoded("MP3")
    yield "20000-boxes-deep.m4a", "decode_failed", lambda: _nested(20_000)
    yield "2-to-31-samples.m4a", "decode_failed", lambda: _counted(mp4(), b"stsz", 12, 2**31 - 1)
    yield "2-to-31-times.m4a", "decode_failed", lambda: _counted(mp4(), b"stts", 8, 2**31 - 1)

    # small on disk, huge in memory
    hour, claim = 3600 * RATE_HZ, {"claimed": 0}
    yield "one-hour.flac", "too_long", lambda: flac_of_silence(hour)
    yield "one-hour-not-saying-so.flac", "too_long", lambda: flac_of_silence(hour, **claim)
    yield (
        "8-channels-192-khz.flac",
        "too_many_channels",
        lambda: flac_of_silence(hour, channels=8, rate_hz=192_000),
    )
    yield (
        "ten-minutes-192-khz.flac",
        "too_large",
        lambda: flac_of_silence(600 * 192_000, channels=2, rate_hz=192_000, **claim),
    )
    yield "twenty-minutes.ogg", "too_long", lambda: encoded("OGG", None, np.zeros(1200 * RATE_HZ))
    yield "twenty-minutes.mp3", "too_long", lambda: mp3_of_silence(1200)

    # other things under an audio name
    yield (
        "page.wav",
        "unsupported_format",
        lambda: b"<!doctype html>" + wave(tone),
    )
    yield "with-zip-behind.wav", ACCEPTED, lambda: wave(tone, behind=_ZIP)
    yield "gifar.wav", "unsupported_format", lambda: b"GIF89a" + bytes(64) + _ZIP
    for container in (
        "MAT4",
        "MAT5",
        "PAF",
        "SDS",
        "AU",
        "CAF",
        "W64",
        "VOC",
        "NIST",
        "HTK",
        "IRCAM",
    ):
        yield (
            f"{container.lower()}.wav",
            "unsupported_format",
            partial(encoded, container, "PCM_16"),
        )
    for size in (64, 9_000):  # within and beyond what is sniffed at first
        yield (
            f"{size}-bytes-of-tag-then-mat4.mp3",
            "unsupported_format",
            partial(_tagged_mat4, size),
        )
    yield "adpcm.wav", "unsupported_format", lambda: encoded("WAV", "MS_ADPCM")
    yield "gsm.wav", "unsupported_format", lambda: encoded("WAV", "GSM610")
    yield "mpeg-in-riff.wav", "unsupported_format", lambda: wave(mp3_of_silence(4), tag=0x55)
    yield "ulaw.aifc", "unsupported_format", lambda: encoded("AIFF", "ULAW")
    yield (
        "flac-in-ogg.ogg",
        "unsupported_format",
        lambda: _OGG_PAGE + b"\x7fFLAC",
    )
    yield "archive.zip", "unsupported_format", lambda: _ZIP
    yield "playlist.m3u8", "unsupported_format", lambda: b"#EXTM3U\nhttp://127.0.0.1/secret\n"
    yield "concat.mp3", "unsupported_format", lambda: b"ffconcat version 1.0\nfile /etc/passwd\n"
    yield "session.sdp", "unsupported_format", lambda: b"v=0\nc=IN IP4 127.0.0.1\n"
    yield "picture.svg", "unsupported_format", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    yield "text.wav", "unsupported_format", lambda: "\ufeffRIFF".encode("utf-16")
    yield "empty.wav", "unsupported_format", lambda: b""
    yield "one-byte.mp3", "unsupported_format", lambda: b"\xff"
    yield "no-audio.m4a", "decode_failed", lambda: _FTYP

    # broken on the way
    yield "cut.wav", ACCEPTED, lambda: wave(tone + tone)[: 44 + len(tone)]
    yield "cut.flac", "decode_failed", lambda: encoded("FLAC")[:-9_000]
    yield "cut.m4a", "decode_failed", lambda: mp4()[:-2_000]
    yield "zeros-inside.flac", "decode_failed", lambda: _zeroed(encoded("FLAC"))

    # audio, but is it music?
    yield "silence.wav", "silent_audio", lambda: wave(pcm16(noise() * 0))
    yield "one-step.wav", "silent_audio", lambda: wave(pcm16(np.sign(noise()) / 32767))
    yield "silence.mp3", "silent_audio", lambda: mp3_of_silence(4)
    yield "offset.wav", ACCEPTED, lambda: wave(pcm16(noise() * 0 + 0.5))
    yield "square.wav", ACCEPTED, lambda: wave(pcm16(np.sign(noise())))


_ZIP = b"PK\x03\x04" + bytes(26) + b"a" + b"PK\x05\x06" + bytes(18)
_OGG_PAGE = b"OggS\0\x02" + bytes(20) + b"\x01\x13"
_FTYP = struct.pack(">I4s4sI", 16, b"ftyp", b"M4A ", 0)


def _rf64(audio: bytes, ds64: bytes) -> bytes:
    plain = wave(audio, claimed=0xFFFF_FFFF, start=b"RF64")
    return plain[:12] + ds64 + plain[12:]


def _flac_metadata(count: int) -> bytes:
    stored = flac_of_silence(65_535)
    info, audio = stored[8:42], stored[42:]
    padding = struct.pack(">I", 1 << 24) * count
    return b"fLaC" + struct.pack(">I", 34) + info + padding + struct.pack(">I", 0x81 << 24) + audio


def _ogg_with_channels(count: int) -> bytes:
    return _patched(
        encoded("OGG"), b"\x01vorbis\0\0\0\0\x01", b"\x01vorbis\0\0\0\0" + bytes([count])
    )


def _opus_with_channels(count: int) -> bytes:
    return _patched(encoded("OGG", "OPUS"), b"OpusHead\x01\x01", b"OpusHead\x01" + bytes([count]))


def _tagged_mat4(tag_bytes: int) -> bytes:
    return id3(tag_bytes, bytes(tag_bytes)) + encoded("MAT4")


def _zeroed(stored: bytes) -> bytes:
    middle = len(stored) // 2
    return stored[:middle] + bytes(4_000) + stored[middle + 4_000 :]


def _writes(make: Callable[[], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(make())


CORPUS: tuple[Hostile, ...] = (
    *(Hostile(name, verdict, _writes(make)) for name, verdict, make in _corpus()),
    Hostile("600-mb-of-nothing.wav", "too_large", _sparse(600_000_000, wave(b"", claimed=2**31))),
    Hostile("100-mb-of-nothing.bin", "unsupported_format", _sparse(100_000_000)),
    Hostile(
        "200-mb-before-the-audio.wav",
        "decode_failed",
        _sparse(
            200_000_044,
            wave(b"", before=struct.pack("<4sI", b"junk", 200_000_000))[:44],
            struct.pack("<4sI", b"data", 64_000) + pcm16(noise()),
        ),
    ),
)
