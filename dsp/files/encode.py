"""Samples become the files that people download and hear; equal samples give equal bytes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
import soundfile as sf

from dsp.audio import Audio
from dsp.dither import quantized
from dsp.errors import InvalidSettings
from dsp.files import tags as tagging
from dsp.files.containers import aiff_header, wave_header
from dsp.files.decode import MAX_AMPLITUDE
from dsp.files.packing import packed
from dsp.formats import PROXY_BITS_PER_SECOND, WRITABLE, ExportFormat
from dsp.peaks import highest_sample, true_peak_dbtp
from dsp.resample import resample
from dsp.tags import Tags
from dsp.units import amplitude_to_db, db_to_amplitude

BLOCK_FRAMES: Final = 8_192  # stays in the cache; a large MP3 write overflows libsndfile's stack
PROXY_MAX_RATE_HZ: Final = 48_000

_LOSSY_RATES_HZ: Final = (44_100, 48_000)
_FLAC_LEVEL: Final = 0.625  # 5 of 8: level 8 takes three times as long for 0.5 % fewer bytes
_AAC_BITS_PER_SECOND: Final = 256_000
_SEAM_FRAMES: Final = 16 * BLOCK_FRAMES  # until a coder has settled on how finely to quantise
_QUICK: Final = {"aac_coder": "fast", "aac_tns": "0"}
_ROUNDING_DB: Final = 1e-5  # of samples and meters in single precision
_BITEXACT: Final = 1 << 23  # AV_CODEC_FLAG_BITEXACT: no library version in the stream


def write(
    path: str | PathLike[str],
    audio: Audio,
    *,
    format: str,
    rate_hz: int | None = None,
    dither_seed: int = 0,
    tags: Tags | None = None,
) -> None:
    """Write audio as one of the export formats; the same arguments give the same bytes.

    Parameters
    ----------
    path : path
        Overwritten.
    audio : Audio
        Finite, within ±1.0; up to ±64 for ``wav32f``.
    format : str
        A key of ``dsp.formats.WRITABLE``. 24 and 16 bits are dithered (TPDF) unless every sample
        lies on the grid already. MP3 and AAC start sample-aligned and decode to the same length.
    rate_hz : int or None
        Convert to this rate first. Where that raises the true peak, or a sample beyond full scale,
        the level is lowered by as much, so that the ceiling of a master still holds. None keeps
        the rate, except that MP3 and AAC take 44.1 or 48 kHz, whichever is related.
    dither_seed : int
        Start of the dither's noise.
    tags : Tags or None
        Title, artist, album, ISRC, cover.

    Raises
    ------
    InvalidSettings
        Unknown format.
    ValueError
        Samples that are not finite or beyond full scale: a mistake of the caller's.
    """
    export = WRITABLE.get(format)
    if export is None:
        raise InvalidSettings(f"The format must be one of {', '.join(WRITABLE)}.")
    highest = MAX_AMPLITUDE if format == "wav32f" else 1.0
    _check_samples(audio, highest)
    if export.bits is None and rate_hz not in _LOSSY_RATES_HZ:
        rate_hz = _lossy_rate_hz(rate_hz or audio.rate_hz)
    if rate_hz is not None and rate_hz != audio.rate_hz:
        audio = _resampled(audio, rate_hz, highest)
    file_path, tags = Path(path), tags or Tags()
    match export.extension:
        case "wav":
            _write_wave(file_path, audio, export, dither_seed, tags)
        case "aiff":
            _write_aiff(file_path, audio, export, dither_seed, tags)
        case "flac":
            _write_flac(file_path, audio, export, dither_seed, tags)
        case "mp3":
            _write_mp3(file_path, audio, tags)
        case "m4a":
            _write_m4a(file_path, audio, tags)


def write_proxy(path: str | PathLike[str], audio: Audio) -> None:
    """Write what the web player loads instead of a master: AAC, at most 48 kHz, sample-aligned.

    Every browser plays it, a decoder that honours the edit list returns exactly the frames that
    went in, and it is made while the master is still being measured: the fast coder takes a third
    of the time of the thorough one, and each half has its own.

    Parameters
    ----------
    path : path
        Overwritten.
    audio : Audio
        Finite, within ±1.0.
    """
    rate_hz = audio.rate_hz
    while rate_hz > PROXY_MAX_RATE_HZ:
        rate_hz //= 2
    if rate_hz not in _LOSSY_RATES_HZ:
        rate_hz = _lossy_rate_hz(rate_hz)
    _check_samples(audio, 1.0)
    if rate_hz != audio.rate_hz:
        audio = _resampled(audio, rate_hz, 1.0)
    _write_m4a(
        Path(path),
        audio,
        Tags(),
        bits_per_second=PROXY_BITS_PER_SECOND,
        options=_QUICK,
        in_halves=True,
    )


def _check_samples(audio: Audio, limit: float) -> None:
    peak = highest_sample(audio)
    if not peak <= limit:  # NaN compares false
        raise ValueError(f"samples must be finite and within ±{limit:g}: the peak is {peak}")


def _lossy_rate_hz(rate_hz: int) -> int:
    return 44_100 if rate_hz % 11_025 == 0 else 48_000


def _resampled(audio: Audio, rate_hz: int, highest: float = 1.0) -> Audio:
    """Return audio at another rate, no higher in true peak than it was nor in samples than given.

    What a filter takes away above the new Nyquist frequency no longer cancels what is below.
    """
    before_dbtp = true_peak_dbtp(audio)
    converted = resample(audio, rate_hz)
    over_db = max(
        true_peak_dbtp(converted) - before_dbtp,
        amplitude_to_db(highest_sample(converted)) - amplitude_to_db(highest),
    )
    if over_db > 0.0:
        lower = np.float32(db_to_amplitude(-over_db - _ROUNDING_DB))
        np.multiply(converted.samples, lower, out=converted.samples)
    return converted


def _blocks(
    audio: Audio, first: int = 0, last: int | None = None
) -> Iterator[npt.NDArray[np.float32]]:
    """Yield the samples from one frame up to another, piece by piece."""
    end = audio.frames if last is None else min(last, audio.frames)
    for start in range(first, end, BLOCK_FRAMES):
        yield audio.samples[:, start : min(start + BLOCK_FRAMES, end)]


def _write_wave(path: Path, audio: Audio, export: ExportFormat, seed: int, tags: Tags) -> None:
    is_float, bits = export.code == "wav32f", export.bits or 0
    tail = tagging.wave_chunks(tags)
    header = wave_header(
        channels=audio.channels,
        rate_hz=audio.rate_hz,
        bits=bits,
        is_float=is_float,
        frames=audio.frames,
        tail_bytes=len(tail),
    )
    with path.open("wb") as file:
        file.write(header)
        if is_float:
            for block in _blocks(audio):
                file.write(block.T.astype("<f4").tobytes())
        else:
            for words in quantized(audio.samples, bits, seed=seed, block_frames=BLOCK_FRAMES):
                file.write(packed(words, bits, big_endian=False))
        file.write(bytes(file.tell() & 1) + tail)


def _write_aiff(path: Path, audio: Audio, export: ExportFormat, seed: int, tags: Tags) -> None:
    bits = export.bits or 0
    tail = tagging.aiff_chunks(tags)
    header = aiff_header(
        channels=audio.channels,
        rate_hz=audio.rate_hz,
        bits=bits,
        frames=audio.frames,
        tail_bytes=len(tail),
    )
    with path.open("wb") as file:
        file.write(header)
        for words in quantized(audio.samples, bits, seed=seed, block_frames=BLOCK_FRAMES):
            file.write(packed(words, bits, big_endian=True))
        file.write(bytes(file.tell() & 1) + tail)


def _write_flac(path: Path, audio: Audio, export: ExportFormat, seed: int, tags: Tags) -> None:
    bits = export.bits or 0
    with sf.SoundFile(
        path,
        "w",
        audio.rate_hz,
        audio.channels,
        format="FLAC",
        subtype=f"PCM_{bits}",
        compression_level=_FLAC_LEVEL,
    ) as encoder:
        for words in quantized(audio.samples, bits, seed=seed, block_frames=BLOCK_FRAMES):
            encoder.write(words.T << (32 - bits))  # libsndfile keeps the upper bits
    tagging.tag_flac(path, tags)


def _write_mp3(path: Path, audio: Audio, tags: Tags) -> None:
    with sf.SoundFile(
        path,
        "w",
        audio.rate_hz,
        audio.channels,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=0.0,  # 320 kbit/s
    ) as encoder:
        for block in _blocks(audio):
            encoder.write(block.T)
    tagging.tag_mp3(path, tags)


def _write_m4a(
    path: Path,
    audio: Audio,
    tags: Tags,
    *,
    bits_per_second: int = _AAC_BITS_PER_SECOND,
    options: dict[str, str] | None = None,
    in_halves: bool = False,
) -> None:
    """Write AAC; in halves, so that two processors encode one each.

    The first half is encoded beyond its end, by more than a coder looks ahead, and the second from
    before its beginning, by more than one remembers. Both choose the same windows at the seam
    then, and a decoder overlaps their packets as if one coder had made them.
    """
    layout = "stereo" if audio.channels == 2 else "mono"
    with (
        av.open(str(path), "w", format="ipod", options={"fflags": "+bitexact"}) as muxer,
        ThreadPoolExecutor(max_workers=1) as beside,
    ):
        track = muxer.add_stream("aac", rate=audio.rate_hz, layout=layout, options=options)
        coders = [track.codec_context]
        seam = audio.frames // 2 // BLOCK_FRAMES * BLOCK_FRAMES if in_halves else 0
        if seam > _SEAM_FRAMES:
            coders.append(av.AudioCodecContext.create("aac", "w"))
            coders[1].rate, coders[1].layout, coders[1].format = audio.rate_hz, layout, "fltp"
            coders[1].options = options or {}
        for coder in coders:
            coder.bit_rate = bits_per_second * audio.channels // 2
            coder.flags |= _BITEXACT
        if len(coders) > 1:
            second = beside.submit(_aac_packets, coders[1], audio, seam - _SEAM_FRAMES, None)
            first = _aac_packets(coders[0], audio, 0, seam + BLOCK_FRAMES)
            packets = [packet for packet in first if (packet.pts or 0) < seam]
            packets += [packet for packet in second.result() if (packet.pts or 0) >= seam]
        else:
            packets = _aac_packets(coders[0], audio, 0, None)
        for packet in packets:
            packet.stream = track
            muxer.mux(packet)
    tagging.tag_mp4(path, tags)


def _aac_packets(
    coder: av.AudioCodecContext, audio: Audio, first: int, last: int | None
) -> list[av.Packet[av.AudioStream]]:
    """Return what a coder makes of a stretch of frames; the packets keep their time in it all."""
    packets = []
    for block in _blocks(audio, first, last):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block), format="fltp", layout=coder.layout.name
        )
        frame.sample_rate, frame.pts = audio.rate_hz, first
        first += frame.samples
        packets += coder.encode(frame)
    return packets + coder.encode(None)
