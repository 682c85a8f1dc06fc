"""Independent meters: loudness, tone, width, dynamics and distance between two takes."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pyebur128
from scipy import signal

THIRDS_HZ = 1000.0 * 2.0 ** (np.arange(-14, 13) / 3.0)  # 39 Hz to 16 kHz
AUDIBLE_DB = 70.0  # under the loudest band
WIDTH_FLOOR_DB = -25.0
STFT_FRAMES = 15 * 44_100  # of the middle: enough for the distance, which costs the most
QUANTILES = np.arange(5, 100, 5)


def k_weighted(samples, rate):
    """BS.1770-5 pre-filter."""
    f0, gain, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = np.tan(np.pi * f0 / rate)
    high = 10 ** (gain / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [
        (high + band * k / q + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / q + k * k) / a0,
        1,
        2 * (k * k - 1) / a0,
        (1 - k / q + k * k) / a0,
    ]
    k, q = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    cut = [1, -2, 1, 1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return signal.sosfilt([shelf, cut], samples.astype(np.float64), axis=-1)


def step_energies(samples, rate):
    """K-weighted energy of every 10 ms, channels summed."""
    step = round(rate / 100)
    count = samples.shape[1] // step
    weighted = np.square(k_weighted(samples, rate)).sum(axis=0)
    return weighted[: count * step].reshape(count, step).mean(axis=1)


def windows(energies, steps, hop=10):
    """Loudness of windows of so many 10 ms steps."""
    sums = np.concatenate([[0.0], np.cumsum(energies)])
    power = (sums[steps:] - sums[:-steps]) / steps
    return -0.691 + 10 * np.log10(np.maximum(power[::hop], 1e-15))


def integrated(energies):
    """Gated loudness, LUFS."""
    blocks = windows(energies, 40)
    kept = blocks[blocks > -70]
    if not kept.size:
        return -np.inf
    gate = 10 * np.log10(np.mean(10 ** (kept / 10))) - 10
    return float(10 * np.log10(np.mean(10 ** (kept[kept > gate] / 10))))


def loudness_range(energies):
    """EBU Tech 3342, LU."""
    short = windows(energies, 300)
    kept = short[short > -70]
    gate = 10 * np.log10(np.mean(10 ** (kept / 10))) - 20
    low, high = np.percentile(kept[kept > gate], [10, 95])
    return float(high - low)


def psr_median(samples, rate):
    """Median over 3-s windows of the 4x oversampled peak over the short-term loudness, dB."""
    energies = step_energies(samples, rate)
    fine = np.abs(signal.resample_poly(samples, 4, 1, axis=1)).max(axis=0)
    step = 4 * round(rate / 100)
    count = fine.size // step
    peaks = fine[: count * step].reshape(count, step).max(axis=1)
    short = windows(energies, 300)
    tops = np.lib.stride_tricks.sliding_window_view(peaks[: energies.size], 300)[::10].max(axis=1)
    ratio = 20 * np.log10(np.maximum(tops[: short.size], 1e-9)) - short
    return float(np.median(ratio[short > short.max() - 20]))


def third_octave_db(signal_1d, rate):
    """Welch power in third octaves, dB."""
    hz, density = signal.welch(signal_1d, rate, "hann", 8192, 4096)
    power = [density[(hz >= c * 2 ** (-1 / 6)) & (hz < c * 2 ** (1 / 6))].sum() for c in THIRDS_HZ]
    return 10 * np.log10(np.maximum(power, 1e-15))


def spectra(samples, rate):
    """Third-octave levels of mid and side, dB."""
    if samples.shape[0] == 1:
        samples = np.repeat(samples, 2, axis=0)
    mid, side = (samples[0] + samples[1]) / 2, (samples[0] - samples[1]) / 2
    return third_octave_db(mid, rate), third_octave_db(side, rate)


def tone_distance(first, second):
    """Mean magnitude of the difference of two mid curves, level removed, dB."""
    difference = first - second
    audible = np.minimum(first - first.max(), second - second.max()) > -AUDIBLE_DB
    difference = difference[audible]
    return float(np.mean(np.abs(difference - difference.mean())))


def width_distance(first, second):
    """Mean magnitude of the difference of side over mid where either is wide enough, dB."""
    widths = [side - mid for mid, side in (first, second)]
    real = np.maximum(*widths) > WIDTH_FLOOR_DB
    if not real.any():
        return 0.0
    return float(np.mean(np.abs(np.maximum(widths[0], -40) - np.maximum(widths[1], -40))[real]))


def log_stft_distance(ours, theirs, gain):
    """Mean magnitude of the log spectral difference over mid, side and three resolutions, dB."""
    values = []
    for one, other in zip(ours, theirs, strict=True):
        floor = 1e-3 * np.sqrt(np.mean(np.square(other, dtype=np.float64)))
        if floor < 1e-9:
            continue
        ratio = 20 * np.log10((gain * one + floor) / (other + floor))
        values.append(float(np.mean(np.abs(ratio))))
    return float(np.mean(values))


class Measured:
    """All that is measured of one take, each thing once."""

    def __init__(self, samples, rate):
        samples = np.asarray(samples, dtype=np.float32)
        self.samples = np.repeat(samples, 2, axis=0) if samples.shape[0] == 1 else samples
        self.rate = rate

    @cached_property
    def energies(self):
        return step_energies(self.samples, self.rate)

    @cached_property
    def lufs(self):
        return integrated(self.energies)

    @cached_property
    def spectra(self):
        return spectra(self.samples, self.rate)

    @cached_property
    def psr(self):
        return psr_median(self.samples, self.rate)

    @cached_property
    def lra(self):
        return loudness_range(self.energies)

    @cached_property
    def quantiles(self):
        blocks = windows(self.energies, 40) - self.lufs
        return np.percentile(blocks[blocks > -20], QUANTILES)

    @cached_property
    def magnitudes(self):
        """Of the middle: mid and side at three resolutions."""
        middle = max(0, (self.samples.shape[1] - STFT_FRAMES) // 2)
        cut = self.samples[:, middle : middle + STFT_FRAMES]
        return [
            np.abs(
                signal.stft(
                    cut[0] + sign * cut[1], nperseg=size, noverlap=size * 3 // 4, boundary=None
                )[2]
            )
            for sign in (1.0, -1.0)
            for size in (512, 2048, 8192)
        ]


def distances(take, truth):
    """Return every distance of a take to the truth, loudness put aside."""
    gain = 10 ** ((truth.lufs - take.lufs) / 20)
    return {
        "log_stft": log_stft_distance(take.magnitudes, truth.magnitudes, gain),
        "tone": tone_distance(take.spectra[0], truth.spectra[0]),
        "width": width_distance(take.spectra, truth.spectra),
        "q400": float(np.mean(np.abs(take.quantiles - truth.quantiles))),
        "psr": abs(take.psr - truth.psr),
        "lra": abs(take.lra - truth.lra),
    }


def reference_distances(take, reference):
    """Return how far a take is from what it was brought toward."""
    return {
        "tone_ref": tone_distance(take.spectra[0], reference.spectra[0]),
        "width_ref": width_distance(take.spectra, reference.spectra),
        "psr_ref": abs(take.psr - reference.psr),
        "lra_ref": abs(take.lra - reference.lra),
    }


def true_peaks_dbtp(samples, rate):
    """Return the true peak by three meters: 8x polyphase, BS.1770-5 as printed, libebur128."""
    fine = signal.resample_poly(samples.astype(np.float64), 8, 1, axis=1, window=("kaiser", 8.0))
    phases = np.array([ITU_0, ITU_1, ITU_1[::-1], ITU_0[::-1]])
    printed = signal.upfirdn(phases.T.ravel(), samples.astype(np.float64), up=4, axis=1)
    state = ebur128(samples, rate, pyebur128.MeasurementMode.MODE_TRUE_PEAK)
    highest = max(pyebur128.get_true_peak(state, c) for c in range(samples.shape[0]))
    peaks = (np.abs(fine).max(), np.abs(printed).max(), highest)
    return [20 * float(np.log10(max(peak, 1e-9))) for peak in peaks]


def ebur128(samples, rate, mode):
    """Return libebur128 fed with samples."""
    state = pyebur128.R128State(samples.shape[0], rate, mode)
    interleaved = np.ascontiguousarray(samples.T, dtype=np.float32).reshape(-1)
    state.add_frames(interleaved, samples.shape[1])
    return state


def ebur128_lufs(samples, rate):
    """Return libebur128's integrated loudness."""
    return pyebur128.get_loudness_global(ebur128(samples, rate, pyebur128.MeasurementMode.MODE_I))


# BS.1770-5 Annex 2, phases 0 and 1; 2 and 3 are these backwards.
ITU_0 = [0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875,
         0.1373291015625, 0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250,
         0.0148925781250, -0.0083007812500]  # fmt: skip
ITU_1 = [-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500,
         0.4650878906250, 0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625,
         0.0330810546875, -0.0189208984375]  # fmt: skip

NARROW_HZ = np.geomspace(40, 14_000, 100)
NARROW_KEPT = (NARROW_HZ > 60) & (NARROW_HZ < 12_000)


def narrow_db(signal_1d, rate):
    """Welch power in sixth octaves around 100 frequencies, dB."""
    hz, density = signal.welch(signal_1d, rate, "hann", 32768, 16384)
    # in float64: the highs are lost in a float32 sum that holds the lows
    sums = np.concatenate([[0.0], np.cumsum(density, dtype=np.float64)])
    low, high = (np.interp(NARROW_HZ * 2.0**half, hz, sums[:-1]) for half in (-1 / 12, 1 / 12))
    return 10 * np.log10(np.maximum(high - low, 1e-18))


def programme_distance(take, truth):
    """Return what tone is left where both hold the same programme, level removed, dB."""
    curves = [narrow_db(x.samples[0] + x.samples[1], x.rate) for x in (take, truth)]
    audible = NARROW_KEPT & (curves[1] > curves[1].max() - AUDIBLE_DB)
    left = (curves[0] - curves[1])[audible]
    left = left - left.mean()
    return {"rms": float(np.sqrt(np.mean(left**2))), "max": float(np.abs(left).max())}


def null_db(take, mix):
    """Return the level of what a take differs by from a mix, after the best gain, dB."""
    one, other = (x.astype(np.float64).ravel() for x in (take, mix))
    rest = one - (one @ other) / (other @ other) * other
    return 10 * float(np.log10(max(np.mean(rest**2), 1e-20) / np.mean(one**2)))


def delay_frames(take, mix):
    """Return by how many frames a take is late, from the middle of both."""
    size = 1 << 16
    start = max(0, (mix.shape[1] - size) // 2)
    one, other = (x.sum(axis=0, dtype=np.float64)[start : start + size] for x in (take, mix))
    spectrum = np.fft.rfft(one, 2 * size) * np.conj(np.fft.rfft(other, 2 * size))
    # whitened a little, so that an equaliser's own phase weighs less than its time
    likeness = np.fft.irfft(spectrum / np.maximum(np.abs(spectrum), 1e-9) ** 0.5)
    late = int(np.argmax(likeness))
    return late if late < size else late - 2 * size
