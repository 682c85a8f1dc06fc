"""What goes wrong at an export, done to a healthy song, so that the truth is known."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import av
import numpy as np
import soxr
from scipy import signal

from dsp.audio import Audio
from dsp.axes import RANGES_HZ

CLIP_DB = (1.0, 2.0, 3.0, 6.0, 12.0)
GAINS_DB = (0.0, -3.0, -6.0, -12.0)


def made(samples: np.ndarray, rate_hz: int) -> Audio:
    """Return samples of any type as audio."""
    return Audio(np.ascontiguousarray(np.atleast_2d(samples), dtype=np.float32), rate_hz)


def healthy(song: Audio, *, seconds: float = 45.0) -> Audio:
    """Return a part of a song that begins and ends as a song does, without offset, peak −3 dBFS."""
    frames = min(song.frames, round(seconds * song.rate_hz))
    first = (song.frames - frames) // 2
    samples = song.samples[:, first : first + frames].astype(np.float64)
    samples = signal.sosfilt(
        signal.butter(2, 5.0, "highpass", fs=song.rate_hz, output="sos"), samples, axis=1
    )
    rise, fall = round(0.05 * song.rate_hz), round(4.0 * song.rate_hz)
    samples[:, :rise] *= np.linspace(0.0, 1.0, rise)
    samples[:, -fall:] *= np.linspace(1.0, 0.0, fall) ** 2
    samples = np.pad(samples, ((0, 0), (round(0.1 * song.rate_hz), round(0.3 * song.rate_hz))))
    return made(samples * (10.0 ** (-3.0 / 20.0) / np.abs(samples).max()), song.rate_hz)


def gained(song: Audio, gain_db: float) -> Audio:
    """Return a song louder or quieter."""
    return made(song.samples * np.float32(10.0 ** (gain_db / 20.0)), song.rate_hz)


def clipped(song: Audio, over_db: float) -> Audio:
    """Return a song cut flat so many dB under its peak, brought back to the peak."""
    peak = float(np.abs(song.samples).max())
    height = peak * 10.0 ** (-over_db / 20.0)
    return made(np.clip(song.samples, -height, height) * np.float32(peak / height), song.rate_hz)


def words(song: Audio, bits: int) -> Audio:
    """Return a song in words of so many bits, rounded."""
    scale = 2.0 ** (bits - 1)
    samples = np.round(song.samples.astype(np.float64) * scale)
    return made(np.clip(samples, -scale, scale - 1.0) / scale, song.rate_hz)


def resampled(song: Audio, rate_hz: int) -> Audio:
    """Return a song at another rate."""
    return made(soxr.resample(song.samples.T, song.rate_hz, rate_hz).T, rate_hz)


def coded(song: Audio, codec: str = "libmp3lame", kbps: int = 128) -> Audio:
    """Return a song after a lossy codec, as a WAV made from the file would have it."""
    file = io.BytesIO()
    container = {"libmp3lame": "mp3", "aac": "adts", "libvorbis": "ogg"}[codec]
    samples = np.repeat(song.samples, 2 // song.channels, axis=0)
    with av.open(file, "w", format=container) as writer:
        stream = writer.add_stream(codec, rate=song.rate_hz)
        stream.bit_rate, stream.layout = kbps * 1000, "stereo"
        for first in range(0, song.frames, 1 << 16):
            block = np.ascontiguousarray(samples[:, first : first + (1 << 16)])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate = song.rate_hz
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as reader:
        blocks = [frame.to_ndarray() for frame in reader.decode(audio=0)]
    return words(made(np.concatenate(blocks, axis=1), song.rate_hz), 16)


def dark(song: Audio) -> Audio:
    """Return a song with little treble, by a filter such as mixers have."""
    sos = signal.butter(2, 4_000.0, fs=song.rate_hz, output="sos")
    return made(signal.sosfilt(sos, song.samples, axis=1), song.rate_hz)


def tone(song: Audio, hz: float, level: float) -> np.ndarray:
    """Return a tone as long as a song."""
    return level * np.sin(2.0 * np.pi * hz * np.arange(song.frames) / song.rate_hz)


def humming(song: Audio, mains_hz: float) -> Audio:
    """Return a song with mains hum at −45 dBFS and its harmonics."""
    hum = sum(tone(song, n * mains_hz, 0.008 / n) for n in range(1, 7))
    return made(song.samples + hum, song.rate_hz)


def noisy(song: Audio, level: float = 0.003) -> Audio:
    """Return a song with white noise at −50 dBFS."""
    noise = np.random.default_rng(7).normal(0.0, level, song.samples.shape)
    return made(song.samples + noise, song.rate_hz)


def rumbling(song: Audio) -> Audio:
    """Return a song with a slow wave at 9 Hz, as strong as the song."""
    rms = float(np.sqrt(np.mean(np.square(song.samples, dtype=np.float64))))
    return made(song.samples + tone(song, 9.0, rms), song.rate_hz)


def padded(song: Audio, before: float, after: float) -> Audio:
    """Return a song with silence of so many seconds around it."""
    frames = (round(before * song.rate_hz), round(after * song.rate_hz))
    return made(np.pad(song.samples, ((0, 0), frames)), song.rate_hz)


def cut(song: Audio, *, start: bool) -> Audio:
    """Return a song that begins, or ends, in the midst of its loudest second."""
    level = np.convolve(
        np.square(song.samples).sum(axis=0), np.ones(song.rate_hz // 20), mode="same"
    )
    quarter = song.frames // 4
    place = quarter + int(np.argmax(level[quarter : 3 * quarter]))
    return made(song.samples[:, place:] if start else song.samples[:, :place], song.rate_hz)


def without_low_phase(song: Audio) -> Audio:
    """Return a song whose bass is inverted in one channel."""
    sos = signal.butter(4, 150.0, fs=song.rate_hz, output="sos")
    low = signal.sosfiltfilt(sos, song.samples.mean(axis=0))
    high = song.samples - signal.sosfiltfilt(sos, song.samples, axis=1)
    return made(high + np.stack([low, -low]), song.rate_hz)


def dropped(song: Audio) -> Audio:
    """Return a song that lost 10 ms at its loudest place."""
    samples = song.samples.copy()
    level = np.convolve(np.square(samples).sum(axis=0), np.ones(song.rate_hz // 5), mode="same")
    place = int(np.argmax(level[song.rate_hz : -song.rate_hz])) + song.rate_hz
    samples[:, place : place + song.rate_hz // 100] = 0.0
    return made(samples, song.rate_hz)


def swapped_polarity(song: Audio) -> Audio:
    """Return a song with one channel upside down."""
    return made(song.samples * np.array([[1.0], [-1.0]]), song.rate_hz)


def one_side(song: Audio) -> Audio:
    """Return a song whose right channel is silent."""
    return made(song.samples * np.array([[1.0], [0.0]]), song.rate_hz)


def both_sides_alike(song: Audio) -> Audio:
    """Return a song with its middle in both channels."""
    return made(np.repeat(song.samples.mean(axis=0, keepdims=True), 2, axis=0), song.rate_hz)


def pressed(song: Audio) -> Audio:
    """Return a song pressed flat before it was exported."""
    return made(0.5 * np.tanh(30.0 * song.samples / np.abs(song.samples).max()), song.rate_hz)


def more_of(song: Audio, limits_hz: tuple[float, float]) -> Audio:
    """Return a song with 36 dB more between two frequencies."""
    sos = signal.butter(4, limits_hz, "bandpass", fs=song.rate_hz, output="sos")
    samples = song.samples + 60.0 * signal.sosfiltfilt(sos, song.samples, axis=1)
    return made(samples / np.abs(samples).max(), song.rate_hz)


def without(song: Audio, limits_hz: tuple[float, float]) -> Audio:
    """Return a song without what lies between two frequencies."""
    low_hz, high_hz = limits_hz
    sos = signal.butter(8, (0.8 * low_hz, 1.2 * high_hz), "bandstop", fs=song.rate_hz, output="sos")
    samples = signal.sosfiltfilt(sos, song.samples, axis=1)
    return made(0.7 * samples / np.abs(samples).max(), song.rate_hz)


def with_low_end(song: Audio, *, wide: bool) -> Audio:
    """Return a wide song whose bass is other in each channel, or the same in both."""
    noise = np.random.default_rng(1).normal(size=song.samples.shape)
    low = signal.sosfilt(signal.butter(4, 100.0, fs=song.rate_hz, output="sos"), noise)
    high = signal.sosfilt(
        signal.butter(8, 200.0, "highpass", fs=song.rate_hz, output="sos"), song.samples
    )
    other = signal.sosfilt(
        signal.butter(8, 200.0, "highpass", fs=song.rate_hz, output="sos"), noise
    )
    scale = np.sqrt(np.mean(np.square(high)))
    low *= scale / np.sqrt(np.mean(np.square(low)))
    both = low if wide else np.repeat(low[:1], 2, axis=0)
    samples = high + both + 0.5 * scale * other
    return made(0.7 * samples / np.abs(samples).max(), song.rate_hz)


def out_of_phase_for(song: Audio, seconds: float = 8.0) -> Audio:
    """Return a narrow song with one channel turned over for a while."""
    samples = np.repeat(song.samples.mean(axis=0, keepdims=True), 2, axis=0)
    samples[0] += 0.05 * song.samples[0]
    first = song.frames // 3
    samples[1, first : first + round(seconds * song.rate_hz)] *= -1.0
    return made(samples, song.rate_hz)


Accident = Callable[[Audio], Audio]

# Each with the codes of which one must be found.
ACCIDENTS: dict[str, tuple[Accident, tuple[str, ...]]] = {
    "mp3 128 as wav": (coded, ("lossy_source",)),
    "aac 128 as wav": (lambda song: coded(song, "aac"), ("lossy_source",)),
    "22 kHz as 44.1 kHz": (
        lambda song: resampled(resampled(song, 22_050), 44_100),
        ("upsampled",),
    ),
    "44.1 kHz as 96 kHz": (lambda song: resampled(song, 96_000), ("upsampled",)),
    "22 kHz": (lambda song: resampled(song, 22_050), ("low_sample_rate",)),
    "dc offset": (lambda song: made(song.samples + 0.01, song.rate_hz), ("dc_offset",)),
    "dead channel": (one_side, ("dead_channel",)),
    "dual mono": (both_sides_alike, ("dual_mono",)),
    "inverted channel": (swapped_polarity, ("inverted_channel",)),
    "low end out of phase": (without_low_phase, ("low_end_out_of_phase", "inverted_channel")),
    "silence at start": (lambda song: padded(song, 4.0, 0.0), ("silence_at_start",)),
    "silence at end": (lambda song: padded(song, 0.0, 6.0), ("silence_at_end",)),
    "cut tail": (lambda song: cut(song, start=False), ("cut_off_tail",)),
    "cut start": (lambda song: cut(song, start=True), ("cut_off_start",)),
    "hum 50": (lambda song: humming(song, 50.0), ("hum",)),
    "hum 60": (lambda song: humming(song, 60.0), ("hum",)),
    "noise": (noisy, ("noise",)),
    "subsonic": (rumbling, ("subsonic",)),
    "dropout": (dropped, ("dropout",)),
    "8 bit": (lambda song: words(song, 8), ("low_bit_depth",)),
    "pressed flat": (pressed, ("already_limited",)),
    "bass apart": (lambda song: with_low_end(song, wide=True), ("wide_low_end",)),
    "bass made mono": (lambda song: with_low_end(song, wide=False), ("narrow_low_end",)),
    "out of phase for 8 s": (out_of_phase_for, ("out_of_phase",)),
    "one channel": (lambda song: made(song.samples[:1], song.rate_hz), ("mono",)),
    **{
        f"{amount} {name.replace('_', ' ')}": (
            partial(change, limits_hz=limits_hz),
            (f"{amount}_{name}",),
        )
        for name, limits_hz in RANGES_HZ.items()
        for amount, change in (("heavy", more_of), ("thin", without))
    },
    "over 0 dBTP": (lambda song: gained(song, 3.5), ("little_headroom",)),
}
