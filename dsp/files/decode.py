"""Strangers' bytes become samples: block by block, counted, within a budget."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader
from itertools import chain
from os import PathLike, fstat
from pathlib import Path
from typing import Final, TypeAlias

import av
import numpy as np
import numpy.typing as npt
import soundfile as sf

from dsp.audio import Audio
from dsp.errors import (
    DecodeFailed,
    NotFinite,
    SilentAudio,
    TooLarge,
    TooLong,
    TooShort,
    UnsupportedFormat,
)
from dsp.files.headers import Claims, check, identify
from dsp.formats import LIMITS, Limits

BLOCK_FRAMES: Final = 65_536
MAX_AMPLITUDE: Final = 64.0  # +36 dBFS: beyond any mix, and what corrupt float files are full of
SILENT_AMPLITUDE: Final = 1e-4  # −80 dBFS peak lies under the −70 LUFS gate with any spectrum

Block: TypeAlias = npt.NDArray[np.float32]  # (frames, channels)
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
_LOSSY: Final = {"vorbis", "opus", "mp3", "aac"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file turned out to hold, all of it decoded.

    Attributes
    ----------
    container : str
        A key of ``dsp.formats.READABLE``.
    codec : str
        ``pcm_s16``, ``pcm_s24``, ``pcm_f32``, ``flac``, ``mp3``, ``vorbis``, ``opus``, ``aac``,
        ``alac`` and their like.
    rate_hz, channels : int
        As decoded.
    declared_frames, frames : int
        Frames that the header promises (0 where it does not say) and frames that were there.
    bits : int or None
        Stored word length; None for lossy codecs.
    lossy : bool
        Whether the codec loses sound.
    bitrate_kbps : int or None
        Mean over the file, for lossy codecs.
    size_bytes : int
        Size of the file.
    sha256, pcm_sha256 : str
        Of the file; and of its rate, channel count and float32 samples, which is the same for the
        same audio in WAV, AIFF and FLAC.
    peak : float
        Largest absolute sample, 1.0 = full scale.
    """

    container: str
    codec: str
    rate_hz: int
    channels: int
    declared_frames: int
    frames: int
    bits: int | None
    lossy: bool
    bitrate_kbps: int | None
    size_bytes: int
    sha256: str
    pcm_sha256: str
    peak: float

    @property
    def duration_seconds(self) -> float:
        """Length of the audio in seconds."""
        return self.frames / self.rate_hz

    @property
    def is_cut_short(self) -> bool:
        """True where a lossless file holds less than its header promises."""
        return not self.lossy and self.frames < self.declared_frames


@dataclass(frozen=True, slots=True)
class Loaded:
    """Audio together with the facts of its file."""

    facts: Facts
    audio: Audio


@dataclass(frozen=True, slots=True)
class _Stream:
    """An opened file: what its decoder says of it, and the blocks still to come."""

    container: str
    codec: str
    rate_hz: int
    channels: int
    declared_frames: int
    bits: int | None
    blocks: Iterator[Block]


def inspect(path: str | PathLike[str], limits: Limits = LIMITS) -> Facts:
    """Decode a file to its end, keep nothing but the facts, and refuse what cannot be used.

    Parameters
    ----------
    path : path
        A regular file of any name; its kind is told from its contents.
    limits : Limits
        How much is accepted.

    Returns
    -------
    Facts

    Raises
    ------
    UnsupportedFormat, DecodeFailed, TooManyChannels, UnsupportedRate, TooShort, TooLong, TooLarge,
    NotFinite, SilentAudio
        Each with one sentence for the person who sent the file.
    """
    with _opened(path, limits) as (file, stream):
        return _facts(file, stream, limits, keep=None)


def load(path: str | PathLike[str], limits: Limits = LIMITS) -> Loaded:
    """Decode a file once into its audio and its facts; parameters and errors as `inspect`."""
    blocks: list[Block] = []
    with _opened(path, limits) as (file, stream):
        facts = _facts(file, stream, limits, keep=blocks)
    return Loaded(facts, Audio(_planar(blocks), facts.rate_hz))


def read(path: str | PathLike[str], limits: Limits = LIMITS) -> Audio:
    """Decode a file; parameters and errors as `inspect`.

    Returns
    -------
    Audio
        Mono stays one channel; integer formats keep every bit that float32 can hold, which is all
        of them up to 24.
    """
    with _opened(path, limits) as (_, stream):
        return Audio(_planar([block for block, _ in _within(stream, limits)]), stream.rate_hz)


def _facts(
    file: BufferedReader, stream: _Stream, limits: Limits, *, keep: list[Block] | None
) -> Facts:
    pcm = hashlib.sha256(f"{stream.rate_hz} {stream.channels}\n".encode())
    frames, peak = 0, 0.0
    for block, block_peak in _within(stream, limits):
        unsigned_zeros = block + np.float32(0.0)  # −0.0 is the same sound as 0.0
        pcm.update(np.ascontiguousarray(unsigned_zeros, dtype="<f4").data)
        frames += len(block)
        peak = max(peak, block_peak)
        if keep is not None:
            keep.append(block)
    file.seek(0)
    size_bytes = fstat(file.fileno()).st_size
    lossy = stream.codec in _LOSSY
    return Facts(
        container=stream.container,
        codec=stream.codec,
        rate_hz=stream.rate_hz,
        channels=stream.channels,
        declared_frames=stream.declared_frames,
        frames=frames,
        bits=stream.bits,
        lossy=lossy,
        bitrate_kbps=round(size_bytes * 8 * stream.rate_hz / frames / 1000) if lossy else None,
        size_bytes=size_bytes,
        sha256=hashlib.file_digest(file, "sha256").hexdigest(),
        pcm_sha256=pcm.hexdigest(),
        peak=peak,
    )


def _within(stream: _Stream, limits: Limits) -> Iterator[tuple[Block, float]]:
    """Pass on blocks, with their peaks, that are finite and within the budget; judge the whole."""
    frames, peak = 0, 0.0
    for block in stream.blocks:
        frames += len(block)
        _check_length(frames, stream, limits)
        block_peak = _peak(block)
        if not block_peak <= MAX_AMPLITUDE:  # NaN compares false
            raise NotFinite("The file holds sample values that are not audio (NaN or infinite).")
        peak = max(peak, block_peak)
        yield block, block_peak
    if frames == 0:
        raise TooShort("The file holds no audio.")
    if frames < limits.min_seconds * stream.rate_hz:
        raise TooShort(
            f"The audio lasts {frames / stream.rate_hz:.1f} s; "
            f"at least {limits.min_seconds:g} s are needed."
        )
    if peak < SILENT_AMPLITUDE:
        raise SilentAudio("The file is silent from start to end.")


def _check_length(frames: int, stream: _Stream, limits: Limits) -> None:
    if frames > limits.max_seconds * stream.rate_hz:
        raise TooLong(f"The audio is longer than {limits.max_seconds / 60:g} minutes.")
    if frames * stream.channels > limits.max_samples:
        raise TooLarge(
            f"The audio has more than {limits.max_samples // 1_000_000} million samples; "
            "send it at a lower sample rate."
        )


def _peak(block: Block) -> float:
    """Return the largest absolute sample; NaN when there is one."""
    return float(np.maximum(block.max(initial=0.0), -block.min(initial=0.0)))


def _planar(blocks: list[Block]) -> npt.NDArray[np.float32]:
    """Join blocks as (channels, frames), giving each block's memory back as it is copied."""
    frames = sum(len(block) for block in blocks)
    samples = np.empty((blocks[0].shape[1], frames), dtype=np.float32)
    while blocks:
        block = blocks.pop()
        samples[:, frames - len(block) : frames] = block.T
        frames -= len(block)
    return samples


@contextmanager
def _opened(path: str | PathLike[str], limits: Limits) -> Iterator[tuple[BufferedReader, _Stream]]:
    """Open a file with the one decoder that its first bytes call for."""
    with Path(path).open("rb") as file:
        size_bytes = fstat(file.fileno()).st_size
        if size_bytes == 0:
            raise UnsupportedFormat("The file is empty.")
        if size_bytes > limits.max_bytes:
            raise TooLarge(f"The file is larger than {limits.max_bytes // 1_000_000} MB.")
        container, claims = identify(file)
        opener = _open_av if container in _DEMUXERS else _open_sndfile
        with opener(file, container) as stream:
            check(Claims(stream.channels, stream.rate_hz))
            if stream.bits is not None:  # what the decoder believes; lossy ones only estimate
                _check_length(stream.declared_frames, stream, limits)
            if claims and claims.frames:
                stream = replace(stream, declared_frames=claims.frames)
            yield file, stream


@contextmanager
def _open_sndfile(file: BufferedReader, container: str) -> Iterator[_Stream]:
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
        yield _Stream(
            container=container,
            codec="flac" if container == "flac" else codec,
            rate_hz=decoder.samplerate,
            channels=decoder.channels,
            declared_frames=decoder.frames if decoder.frames < _SNDFILE_UNKNOWN else 0,
            bits=bits,
            blocks=_sndfile_blocks(decoder),
        )


def _sndfile_blocks(decoder: sf.SoundFile) -> Iterator[Block]:
    while True:
        try:
            block = decoder.read(BLOCK_FRAMES, dtype="float32", always_2d=True)
        except (sf.SoundFileError, OSError, ValueError):
            raise DecodeFailed("The file is damaged: its audio cannot be decoded.") from None
        if not len(block):
            return
        yield block


@contextmanager
def _open_av(file: BufferedReader, container: str) -> Iterator[_Stream]:
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
        yield _Stream(
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
