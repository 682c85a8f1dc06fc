"""Unmastering: what mixes do wrong, done to a finished track, so that the truth is known."""

from __future__ import annotations

import numpy as np
from scipy import ndimage, signal

KINDS = ("none", "tone", "width", "dynamics", "all")


def damaged(samples, rate, kind, seed, scale=1.0):
    """Return finished samples as an unmastered mix would be.

    ``kind`` says what is wrong with it, ``scale`` how much: at 0 nothing but its level is.
    """
    rng = np.random.default_rng(seed)
    wrong = samples.astype(np.float64)
    sections = _tone_sections(rng, rate, scale)
    side_db = scale * rng.choice([-1.0, 1.0]) * rng.uniform(1.0, 3.0)
    steepness, peak_db = scale * rng.uniform(0.1, 0.25), scale * rng.uniform(1.0, 3.0)
    if scale and kind in ("tone", "all"):
        wrong = signal.sosfilt(sections, wrong, axis=1)
    if scale and kind in ("width", "all"):
        mid, side = (wrong[0] + wrong[1]) / 2, (wrong[0] - wrong[1]) / 2
        side = side * 10 ** (side_db / 20)
        wrong = np.stack([mid + side, mid - side])
    if scale and kind in ("dynamics", "all"):
        wrong = _expanded(wrong, rate, steepness, peak_db)
    gain_db = rng.uniform(-14.0, -6.0)
    return (wrong * 10 ** (gain_db / 20)).astype(np.float32)


def _tone_sections(rng, rate, scale):
    """Two shelves and three bells, of a mean magnitude of 1.2 to 2.6 dB times the scale."""
    parts = [
        ("low", rng.uniform(80, 250), rng.normal(0, 2), 0.7),
        ("high", rng.uniform(2500, 9000), rng.normal(0, 2), 0.7),
        *(
            ("bell", np.exp(rng.uniform(np.log(80), np.log(9000))), rng.normal(0, 2.2), q)
            for q in rng.uniform(0.5, 1.6, 3)
        ),
    ]
    goal = scale * rng.uniform(1.2, 2.6)
    hz = np.geomspace(40, 16000, 200)
    factor = 1.0
    for _ in range(8 if scale else 1):
        sos = np.array([_biquad(k, f, g * factor, q, rate) for k, f, g, q in parts])
        curve = 20 * np.log10(np.abs(signal.freqz_sos(sos, hz, fs=rate)[1]))
        factor *= goal / np.mean(np.abs(curve - curve.mean()))
        factor = min(factor, 6.0 * scale)
    return sos


def _biquad(kind, hz, gain_db, q, rate):
    """Audio EQ Cookbook (R. Bristow-Johnson)."""
    a, w = 10 ** (gain_db / 40), 2 * np.pi * hz / rate
    cos, alpha = np.cos(w), np.sin(w) / (2 * q)
    if kind == "bell":
        b = [1 + alpha * a, -2 * cos, 1 - alpha * a]
        d = [1 + alpha / a, -2 * cos, 1 - alpha / a]
    else:
        s, r = (1 if kind == "low" else -1), 2 * np.sqrt(a) * alpha
        b = [
            a * ((a + 1) - s * (a - 1) * cos + r),
            2 * s * a * ((a - 1) - s * (a + 1) * cos),
            a * ((a + 1) - s * (a - 1) * cos - r),
        ]
        d = [
            (a + 1) + s * (a - 1) * cos + r,
            -2 * s * ((a - 1) + s * (a + 1) * cos),
            (a + 1) + s * (a - 1) * cos - r,
        ]
    return np.array([*b, *d]) / d[0]


def _expanded(samples, rate, steepness, peak_db):
    """Loud 20 ms pushed up beyond the median, and the highest 1 % of 5 ms peaks freed."""
    power = ndimage.uniform_filter1d(np.square(samples).sum(axis=0), round(0.02 * rate))
    level = 10 * np.log10(np.maximum(power, 1e-10))
    over = np.maximum(0.0, level - np.median(level[level > level.max() - 50]))
    gain_db = ndimage.uniform_filter1d(steepness * over, round(0.02 * rate))
    block = round(0.005 * rate)
    peaks = ndimage.maximum_filter1d(np.abs(samples).max(axis=0), block)
    freed = peaks > np.percentile(peaks[::block], 99.0)
    gain_db = gain_db + peak_db * ndimage.gaussian_filter1d(freed.astype(np.float64), block / 4)
    return samples * 10 ** (gain_db / 20)
