"""Strangers' bytes become samples: block by block, counted, within a budget."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader
from os import PathLike, fstat
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from dsp.audio import Audio
from dsp.errors import (
    NotFinite,
    SilentAudio,
    TooLarge,
    TooLong,
    TooShort,
    UnsupportedFormat,
)
from dsp.files.headers import Claims, check, identify
from dsp.files.streams import BLOCK_FRAMES, Block, Stream, opened
from dsp.formats import LIMITS, Limits

MAX_AMPLITUDE: Final = 64.0  # +36 dBFS: beyond any mix, and what corrupt float files are full of
SILENT_AMPLITUDE: Final = 1e-4  # −80 dBFS peak lies under the −70 LUFS gate with any spectrum

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
    with _opened_within(path, limits) as (file, stream):
        return _facts(file, stream, limits, keep=None)


def load(path: str | PathLike[str], limits: Limits = LIMITS) -> Loaded:
    """Decode a file once into its audio and its facts; parameters and errors as `inspect`."""
    with _opened_within(path, limits) as (file, stream):
        samples = _Samples(stream, limits)
        facts = _facts(file, stream, limits, keep=samples)
    return Loaded(facts, Audio(samples.planar(), facts.rate_hz))


def read(path: str | PathLike[str], limits: Limits = LIMITS) -> Audio:
    """Decode a file; parameters and errors as `inspect`.

    Returns
    -------
    Audio
        Mono stays one channel; integer formats keep every bit that float32 can hold, which is all
        of them up to 24.
    """
    with _opened_within(path, limits) as (_, stream):
        samples = _Samples(stream, limits)
        for block, _ in _within(stream, limits):
            samples.add(block)
        return Audio(samples.planar(), stream.rate_hz)


class _Samples:
    """Blocks laid out as (channels, frames) while they come, in room for what is declared."""

    def __init__(self, stream: Stream, limits: Limits) -> None:
        longest = limits.max_seconds * stream.rate_hz  # may be infinite
        most = int(min(limits.max_samples // stream.channels, longest))
        room = max(BLOCK_FRAMES, min(stream.declared_frames, most))
        self._samples = np.empty((stream.channels, room), dtype=np.float32)
        self._frames = 0

    def add(self, block: Block) -> None:
        end = self._frames + len(block)
        if end > self._samples.shape[1]:
            self._samples = self._in_room_for(max(end, self._samples.shape[1] * 3 // 2))
        self._samples[:, self._frames : end] = block.T
        self._frames = end

    def planar(self) -> npt.NDArray[np.float32]:
        full = self._frames == self._samples.shape[1]
        return self._samples if full else self._in_room_for(self._frames)

    def _in_room_for(self, frames: int) -> npt.NDArray[np.float32]:
        samples = np.empty((self._samples.shape[0], frames), dtype=np.float32)
        samples[:, : self._frames] = self._samples[:, : self._frames]
        return samples


def _facts(file: BufferedReader, stream: Stream, limits: Limits, *, keep: _Samples | None) -> Facts:
    pcm = hashlib.sha256(f"{stream.rate_hz} {stream.channels}\n".encode())
    frames, peak = 0, 0.0
    for block, block_peak in _within(stream, limits):
        unsigned_zeros = block + np.float32(0.0)  # −0.0 is the same sound as 0.0
        pcm.update(np.ascontiguousarray(unsigned_zeros, dtype="<f4").data)
        frames += len(block)
        peak = max(peak, block_peak)
        if keep is not None:
            keep.add(block)
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


def _within(stream: Stream, limits: Limits) -> Iterator[tuple[Block, float]]:
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


def _check_length(frames: int, stream: Stream, limits: Limits) -> None:
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


@contextmanager
def _opened_within(
    path: str | PathLike[str], limits: Limits
) -> Iterator[tuple[BufferedReader, Stream]]:
    """Open a file with the one decoder that its first bytes call for."""
    with Path(path).open("rb") as file:
        size_bytes = fstat(file.fileno()).st_size
        if size_bytes == 0:
            raise UnsupportedFormat("The file is empty.")
        if size_bytes > limits.max_bytes:
            raise TooLarge(f"The file is larger than {limits.max_bytes // 1_000_000} MB.")
        container, claims = identify(file)
        with opened(file, container) as stream:
            check(Claims(stream.channels, stream.rate_hz))
            if stream.bits is not None:  # what the decoder believes; lossy ones only estimate
                _check_length(stream.declared_frames, stream, limits)
            if claims and claims.frames:
                stream = replace(stream, declared_frames=claims.frames)
            yield file, stream
