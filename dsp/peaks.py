"""Sample peaks and true peaks: three meters in one filter bank, looked for by :mod:`dsp.peakscan`.

Between two samples the signal is read at points given by a bank of short filters, each belonging
to one meter: 8 × oversampling with 48 taps, the filter of BS.1770-5 as printed, and the
interpolator of libebur128. ``true_peak_dbtp`` is the highest of the three, since no one of them
is the highest on every signal, and a ceiling must hold on whatever meter a listener owns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.audio import Audio
from dsp.errors import NotFinite
from dsp.filters import (
    METERS,
    MeterBank,
    meter_bank,
)
from dsp.peakscan import scan_blocks, scan_windows
from dsp.units import amplitude_to_db

WINDOW_SECONDS: Final = 0.100
SHORT_TERM_WINDOWS: Final = 30  # 3 s, the window of PSR

_BLOCK_FRAMES: Final = 16
_BLOCK_SECONDS: Final = 0.00036  # 16 frames at 44.1 and 48 kHz


@dataclass(frozen=True, slots=True)
class MeterReadings:
    """The true peak as three unlike meters read it, dBTP.

    Attributes
    ----------
    polyphase_dbtp : float
        8 × oversampling with 48 taps a phase.
    itu_dbtp : float
        4 × oversampling with the filter printed in BS.1770-5, Annex 2.
    libebur128_dbtp : float
        The interpolator of libebur128: 4 × below 96 kHz, 2 × below 192 kHz, else none.
    """

    polyphase_dbtp: float
    itu_dbtp: float
    libebur128_dbtp: float


def require_finite(audio: Audio) -> None:
    """Refuse samples that are not numbers, infinite or absurdly large.

    Raises
    ------
    NotFinite
        Where the squares of a channel have no finite sum in single precision.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        finite = all(math.isfinite(np.dot(row, row)) for row in audio.samples)
    if not finite:
        raise NotFinite("The audio holds samples that are not finite numbers.")


def highest_sample(audio: Audio) -> float:
    """Return the highest magnitude of a sample, 1.0 = full scale: NaN where there is one."""
    pattern = np.array(_highest_pattern(audio.samples.view(np.int32)), dtype=np.int32)
    return float(pattern.view(np.float32))


def sample_peak_dbfs(audio: Audio) -> float:
    """Return the highest sample in dBFS; ``-inf`` for silence or no frames."""
    return amplitude_to_db(highest_sample(audio))


def true_peak_dbtp(audio: Audio) -> float:
    """Return the true peak: the highest reading of three meters, at or between all samples.

    Returns
    -------
    float
        dBTP; ``-inf`` for silence. At most 0.25 dB above the truth (BS.1770's own filter reads
        that high at a tenth and a quarter of the rate).

    References
    ----------
    ITU-R BS.1770-5, Annex 2.
    """
    return _peak_dbtp(audio, meter_bank(audio.rate_hz, METERS))


def read_meters(audio: Audio) -> MeterReadings:
    """Return what each of the three meters reads on its own."""
    return MeterReadings(
        polyphase_dbtp=_peak_dbtp(audio, meter_bank(audio.rate_hz, ("polyphase",))),
        itu_dbtp=_peak_dbtp(audio, meter_bank(audio.rate_hz, ("itu",))),
        libebur128_dbtp=_peak_dbtp(audio, meter_bank(audio.rate_hz, ("libebur128",))),
    )


def true_peak_per_window_dbtp(audio: Audio) -> npt.NDArray[np.float64]:
    """Return the true peak of every 100 ms, whose highest is ``true_peak_dbtp``.

    Returns
    -------
    ndarray of float64, shape (ceil(frames / (rate / 10)),)
        dBTP, ``-inf`` where silent; window edges lie within 16 frames of the exact places.
    """
    return window_and_sample_peaks(audio)[0]


def window_and_sample_peaks(audio: Audio) -> tuple[npt.NDArray[np.float64], float]:
    """Return ``true_peak_per_window_dbtp`` and ``sample_peak_dbfs``, looking at the audio once."""
    windows = -(-audio.frames * 10 // audio.rate_hz)
    starts = np.arange(windows + 1) * audio.rate_hz // (10 * _BLOCK_FRAMES)
    starts[-1] = -(-audio.frames // _BLOCK_FRAMES)
    peaks, sample_peak = _window_peaks(audio, starts, meter_bank(audio.rate_hz, METERS))
    with np.errstate(divide="ignore"):
        levels: npt.NDArray[np.float64] = 20.0 * np.log10(peaks.astype(np.float64))
    return levels, amplitude_to_db(sample_peak)


def block_peaks(
    audio: Audio,
    block_frames: int,
    *,
    floor: float = 0.0,
    floor_share: float = 0.0,
    chosen: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.float32]:
    """Return the highest true peak of each block of frames, exact where above a floor.

    Parameters
    ----------
    audio : Audio
        Any length. What the filters ring before the first and after the last frame belongs to
        the first and the last block.
    block_frames : int
        Frames in a block.
    floor : float
        Amplitude up to which a block's peak may be told too low.
    floor_share : float, 0 to 1
        Another such floor, as a share of the highest sample of the chosen blocks.
    chosen : ndarray of bool, shape (blocks,), optional
        Blocks to look at; the others give 0.

    Returns
    -------
    ndarray of float32, shape (ceil(frames / block_frames),)
        Amplitudes over all channels and all three meters.
    """
    blocks = -(-audio.frames // block_frames)
    if chosen is None:
        chosen = np.ones(blocks, dtype=np.bool_)
    bank = meter_bank(audio.rate_hz, METERS)
    peaks = np.zeros(blocks, dtype=np.float32)
    scan_blocks(
        audio.samples,
        block_frames,
        bank.taps,
        bank.line,
        bank.bend,
        floor,
        floor_share,
        chosen,
        peaks,
    )
    return peaks


def block_frames(rate_hz: int) -> int:
    """Return the frames of the level stages' blocks: a power of two, at least 4, near 0.36 ms."""
    return max(4, 1 << round(math.log2(_BLOCK_SECONDS * rate_hz)))


def plr_db(true_peak_dbtp: float, integrated_lufs: float) -> float:
    """Return the peak to loudness ratio; NaN for silence."""
    return true_peak_dbtp - integrated_lufs


def psr_db(
    window_peaks_dbtp: npt.NDArray[np.float64], short_term_lufs: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the peak to short-term loudness ratio every 100 ms; NaN where silent.

    Parameters
    ----------
    window_peaks_dbtp : ndarray, shape (windows,)
        From :func:`true_peak_per_window_dbtp`.
    short_term_lufs : ndarray, shape (n,)
        ``Loudness.short_term_lufs`` of the same piece.

    Returns
    -------
    ndarray of float64, shape (n,)
        Highest true peak within the 3 s of each short-term value, less that value, dB.

    References
    ----------
    Shepherd, Grimm, Tapper, Kahsnitz, Kerr: The peak to short-term loudness ratio, AES 143.
    """
    if not short_term_lufs.size:
        return np.zeros(0)
    highest = np.lib.stride_tricks.sliding_window_view(window_peaks_dbtp, SHORT_TERM_WINDOWS)
    ratio = np.full(short_term_lufs.size, np.nan)
    sounding = np.isfinite(short_term_lufs)
    ratio[sounding] = (
        highest.max(axis=1)[: short_term_lufs.size][sounding] - short_term_lufs[sounding]
    )
    return ratio


def _peak_dbtp(audio: Audio, bank: MeterBank) -> float:
    whole = np.array([0, -(-audio.frames // _BLOCK_FRAMES)])
    return amplitude_to_db(float(_window_peaks(audio, whole, bank)[0].max(initial=0.0)))


def _window_peaks(
    audio: Audio, starts: npt.NDArray[np.int64], bank: MeterBank
) -> tuple[npt.NDArray[np.float32], float]:
    """Return the highest reading of each window of blocks, and the highest sample."""
    peaks = np.zeros(len(starts) - 1, dtype=np.float32)
    if not audio.frames:
        return peaks, 0.0
    highest = scan_windows(
        audio.samples, _BLOCK_FRAMES, starts, bank.taps, bank.line, bank.bend, peaks
    )
    return peaks, float(highest)


@njit(types.int32(types.Array(types.int32, 2, "C", readonly=True)), nogil=True, cache=True)
def _highest_pattern(patterns: npt.NDArray[np.int32]) -> np.int32:
    """Return the highest bit pattern but for its sign.

    Those of magnitudes are in their order, with infinity and then every NaN above all of them.
    """
    highest = np.int32(0)
    for channel in range(patterns.shape[0]):
        row = patterns[channel]
        for i in range(row.shape[0]):
            highest = max(highest, row[i] & np.int32(0x7FFF_FFFF))
    return highest
