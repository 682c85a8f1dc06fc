"""The decoders: libsndfile for what it reads, FFmpeg's for AAC and ALAC, none of them guessing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain
from typing import Final, TypeAlias

import av
import numpy as np
import numpy.typing as npt
import soundfile as sf

from dsp.errors import DecodeFailed, TooShort, UnsupportedFormat

BLOCK_FRAMES: Final = 32_768  # few calls, and still little room

Block: TypeAlias = npt.NDArray[np.float32]  # (frames, channels), good until the next one
Frame: TypeAlias = av.AudioFrame

# libsndfile's names of what it may decode here, with ours and the word length
_SNDFILE_CODECS: Final[dict[str, tuple[str, int | None]]] = {
    "PCM_U8": ("pcm_u8", 8),
    "PCM_S8": ("pcm_s8", 8),
    "PCM_16": ("pcm_s16", 16),
    "PCM_24": ("pcm_s24", 24),
    "PCM_32": ("pcm_s32", 32),
    "FLOAT": ("pcm_f32", 32),
    "DOUBLE": ("pcm_f64", 64),
    "VORBIS": ("vorbis", None),
    "OPUS": ("opus", None),
    "MPEG_LAYER_III": ("mp3", None),
}
_SNDFILE_UNKNOWN: Final = 2**62  # libsndfile's length of a FLAC stream that does not say
_SNDFILE_CONTAINERS: Final = {
    "wav": {"WAV", "WAVEX", "RF64"},
    "aiff": {"AIFF"},
    "flac": {"FLAC"},
    "ogg": {"OGG"},
    "opus": {"OGG"},
    "mp3": {"MP3", "MPEG"},
}
_DEMUXERS: Final = {"m4a": "mov", "aac": "aac"}


@dataclass(frozen=True, slots=True)
class Stream:
    """An opened file: what its decoder says of it, and the blocks still to come."""

    container: str
    codec: str
    rate_hz: int
    channels: int
    declared_frames: int
    bits: int | None
    blocks: Iterator[Block]


def opened(file: BufferedReader, container: str) -> AbstractContextManager[Stream]:
    """Open a file with the one decoder for its container, a key of ``READABLE``.

    Raises
    ------
    UnsupportedFormat, DecodeFailed, TooShort
        At once or, where the file is damaged further on, while its blocks are read.
    """
    return _open_av(file, container) if container in _DEMUXERS else _open_sndfile(file, container)


@contextmanager
def _open_sndfile(file: BufferedReader, container: str) -> Iterator[Stream]:
    try:
        # by descriptor: without a name libsndfile cannot guess a headerless format from it
        decoder = sf.SoundFile(file.fileno(), closefd=False)
    except (sf.SoundFileError, OSError, ValueError):
        raise DecodeFailed("The file is damaged: it cannot be opened.") from None
    with decoder:
        known = _SNDFILE_CODECS.get(decoder.subtype)
        if known is None or decoder.format not in _SNDFILE_CONTAINERS[container]:
            raise UnsupportedFormat("The file holds a kind of audio that we do not read.")
        codec, bits = known
        yield Stream(
            container=container,
            codec="flac" if container == "flac" else codec,
            rate_hz=decoder.samplerate,
            channels=decoder.channels,
            declared_frames=decoder.frames if decoder.frames < _SNDFILE_UNKNOWN else 0,
            bits=bits,
            blocks=_sndfile_blocks(decoder),
        )


def _sndfile_blocks(decoder: sf.SoundFile) -> Iterator[Block]:
    room = np.empty((BLOCK_FRAMES, decoder.channels), dtype=np.float32)
    # libsndfile takes thrice as long to make floats of 16 bits, and makes the same ones.
    words = np.empty(room.shape, dtype=np.int16) if decoder.subtype == "PCM_16" else None
    while True:
        try:
            if words is None:
                block = decoder.read(out=room)
            else:
                read = decoder.read(out=words)
                block = np.multiply(read, np.float32(2.0**-15), out=room[: len(read)])
        except (sf.SoundFileError, OSError, ValueError):
            raise DecodeFailed("The file is damaged: its audio cannot be decoded.") from None
        if not len(block):
            return
        yield block


@contextmanager
def _open_av(file: BufferedReader, container: str) -> Iterator[Stream]:
    """Open with one named demuxer and decoders that are allowed by name: nothing is guessed.

    The library reads through `file` and opens nothing by itself, neither paths nor addresses.
    """
    try:
        demuxer = av.open(
            file,
            mode="r",
            format=_DEMUXERS[container],
            options={"codec_whitelist": "aac,alac", "protocol_whitelist": "none"},
            metadata_errors="replace",
        )
    except (av.FFmpegError, ValueError, OSError):
        raise DecodeFailed("The file is damaged: it cannot be opened.") from None
    with demuxer:
        if not demuxer.streams.audio:
            raise UnsupportedFormat("The file holds no audio track.")
        track = demuxer.streams.audio[0]
        codec = getattr(track.codec_context, "name", "unknown")  # no context for unknown codecs
        if codec not in ("aac", "alac"):
            raise UnsupportedFormat("The file holds a kind of audio that we do not read.")
        track.codec_context.thread_count = 1
        frames = _av_frames(demuxer, track)
        try:
            first = next(frames)
        except StopIteration:
            raise TooShort("The file holds no audio.") from None
        declared = _declared_frames(track, first.sample_rate)
        yield Stream(
            container=container,
            codec=codec,
            rate_hz=first.sample_rate,
            channels=first.layout.nb_channels,
            declared_frames=declared,
            bits=_alac_bits(track) if codec == "alac" else None,
            blocks=_av_blocks(first, frames, declared),
        )


def _av_frames(demuxer: av.container.InputContainer, track: av.AudioStream) -> Iterator[Frame]:
    try:
        for frame in demuxer.decode(track):
            if frame.samples:
                yield frame
    except (av.FFmpegError, ValueError, OSError):
        raise DecodeFailed("The file is damaged: its audio cannot be decoded.") from None


def _av_blocks(first: Frame, others: Iterator[Frame], declared_frames: int) -> Iterator[Block]:
    """Gather decoder frames into blocks; drop the encoder's padding behind the declared end."""
    gathered: list[Block] = []
    waiting = passed = 0
    for frame in chain((first,), others):
        if (frame.sample_rate, frame.layout.nb_channels) != (
            first.sample_rate,
            first.layout.nb_channels,
        ):
            raise DecodeFailed("The file changes its sample rate or channels on the way.")
        samples = _float_samples(frame)
        if declared_frames:
            samples = samples[: max(0, declared_frames - passed)]
        passed += len(samples)
        gathered.append(samples)
        waiting += len(samples)
        if waiting >= BLOCK_FRAMES:
            yield np.concatenate(gathered)
            gathered, waiting = [], 0
    if waiting:
        yield np.concatenate(gathered)


def _float_samples(frame: Frame) -> Block:
    """Return a planar frame of int16, int32 or float as (frames, channels) of float32."""
    samples = frame.to_ndarray().T
    if samples.dtype.kind == "i":
        return np.asarray(samples * np.float32(2.0 ** (1 - 8 * samples.itemsize)), dtype=np.float32)
    return samples.astype(np.float32, copy=False)


def _declared_frames(track: av.AudioStream, rate_hz: int) -> int:
    """Return the length that an MP4's edit list gives; 0 for ADTS, which can only estimate."""
    if track.duration is None or track.time_base is None or track.start_time is None:
        return 0
    return round(track.duration * track.time_base * rate_hz)


def _alac_bits(track: av.AudioStream) -> int | None:
    """Return the word length in the decoder's configuration (ALAC magic cookie, byte 5)."""
    cookie = track.codec_context.extradata or b""
    return cookie[17] if len(cookie) > 17 else None
