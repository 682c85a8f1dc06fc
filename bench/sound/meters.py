"""Independent meters: loudness, tone, width, dynamics and distance between two takes."""

from __future__ import annotations

import numpy as np
from scipy import signal

THIRDS_HZ = 1000.0 * 2.0 ** (np.arange(-14, 13) / 3.0)  # 39 Hz to 16 kHz
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
    audible = (first > first.max() - 70) & (second > second.max() - 70)
    difference = difference[audible]
    return float(np.mean(np.abs(difference - difference.mean())))


def width_distance(first, second):
    """Mean magnitude of the difference of side over mid where either is wide enough, dB."""
    widths = [side - mid for mid, side in (first, second)]
    real = np.maximum(*widths) > WIDTH_FLOOR_DB
    if not real.any():
        return 0.0
    return float(np.mean(np.abs(np.maximum(widths[0], -40) - np.maximum(widths[1], -40))[real]))


def log_stft_distance(take, truth):
    """Mean magnitude of the log spectral difference over mid, side and three resolutions, dB."""
    values = []
    middle = max(0, (truth.shape[1] - STFT_FRAMES) // 2)
    for sign in (1.0, -1.0):
        pair = [(x[0] + sign * x[1])[middle : middle + STFT_FRAMES] for x in (take, truth)]
        if np.mean(np.square(pair[1], dtype=np.float64)) < 1e-12:
            continue
        for size in (512, 2048, 8192):
            ours, theirs = (
                np.abs(signal.stft(x, nperseg=size, noverlap=size * 3 // 4, boundary=None)[2])
                for x in pair
            )
            floor = 1e-3 * np.sqrt(np.mean(np.square(theirs, dtype=np.float64)))
            ratio = 20 * np.log10((ours + floor) / (theirs + floor))
            values.append(float(np.mean(np.abs(ratio))))
    return float(np.mean(values))


def quantile_distance(first, second):
    """Mean magnitude of the difference of 400 ms loudness quantiles, level removed, LU."""
    curves = []
    for energies in (first, second):
        level = integrated(energies)
        blocks = windows(energies, 40) - level
        curves.append(np.percentile(blocks[blocks > -20], QUANTILES))
    return float(np.mean(np.abs(curves[0] - curves[1])))


def aligned(samples, rate, loudness_lufs):
    """Samples brought to a loudness by gain alone."""
    gain = 10 ** ((loudness_lufs - integrated(step_energies(samples, rate))) / 20)
    return (samples * gain).astype(np.float32)


def distances(take, truth, rate):
    """Return every distance of a take to a truth, the take brought to the truth's loudness."""
    truth_energies = step_energies(truth, rate)
    take = aligned(take, rate, integrated(truth_energies))
    energies = step_energies(take, rate)
    ours, theirs = spectra(take, rate), spectra(truth, rate)
    return {
        "log_stft": log_stft_distance(take, truth),
        "tone": tone_distance(ours[0], theirs[0]),
        "width": width_distance(ours, theirs),
        "q400": quantile_distance(energies, truth_energies),
        "psr": abs(psr_median(take, rate) - psr_median(truth, rate)),
        "lra": abs(loudness_range(energies) - loudness_range(truth_energies)),
    }


NARROW_HZ = np.geomspace(40, 14_000, 100)
NARROW_KEPT = (NARROW_HZ > 60) & (NARROW_HZ < 12_000)


def narrow_db(signal_1d, rate):
    """Welch power in sixth octaves around 100 frequencies, dB."""
    hz, density = signal.welch(signal_1d, rate, "hann", 32768, 16384)
    sums = np.concatenate([[0.0], np.cumsum(density)])
    low, high = (np.interp(NARROW_HZ * 2.0**half, hz, sums[:-1]) for half in (-1 / 12, 1 / 12))
    return 10 * np.log10(np.maximum(high - low, 1e-18))
