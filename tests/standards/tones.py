"""Test signals of EBU Tech 3341 and 3342, made from their definitions."""

import numpy as np
from scipy import signal

from dsp.audio import Audio

RATES_HZ = (44_100, 48_000, 96_000, 192_000)


def steps(*parts, rate_hz=48_000, hz=1_000.0):
    """Make a stereo tone of one phase; parts are (seconds, peak level in dBFS or None).

    The tone has a whole number of Hz, so that one second of it repeats.
    """
    second = np.sin(2.0 * np.pi * hz * np.arange(rate_hz) / rate_hz).astype(np.float32)
    levels = [
        np.full(
            round(seconds * rate_hz), 0.0 if level is None else 10.0 ** (level / 20.0), np.float32
        )
        for seconds, level in parts
    ]
    tone = np.concatenate(levels)
    tone *= np.resize(second, len(tone))
    return Audio(np.stack([tone, tone]), rate_hz)


def faded_tone(part_of_rate, amplitude, phase_degrees, *, rate_hz):
    """Make one second of a tone at a part of the rate, with fades of 10 ms."""
    n = np.arange(rate_hz)
    tone = amplitude * np.sin(2.0 * np.pi * n * part_of_rate + np.radians(phase_degrees))
    tone *= _fades(rate_hz, rate_hz // 100)
    return Audio(np.stack([tone, tone]).astype(np.float32), rate_hz)


def inserted_period(offset, *, rate_hz):
    """Make a tone at rate / 6 that holds one period of twice the level at rate / 4.

    Made at four times the rate, low-passed, and decimated from an offset of 0 to 3.
    """
    quadruple = 4 * rate_hz
    before = (quadruple // 2) // 24 * 24
    after = quadruple - before - 16
    tone = np.concatenate(
        [
            0.5 * np.sin(2.0 * np.pi * np.arange(before) / 24.0),
            np.sin(2.0 * np.pi * np.arange(16) / 16.0),
            0.5 * np.sin(2.0 * np.pi * np.arange(after) / 24.0),
        ]
    )
    tone *= _fades(quadruple, quadruple // 100)
    low_pass = signal.firwin(1_025, 0.49 / 2.0, window=("kaiser", 8.6))
    tone = signal.fftconvolve(tone, low_pass, mode="same")[offset::4]
    return Audio(np.stack([tone, tone]).astype(np.float32), rate_hz)


def _fades(frames, length):
    return np.clip(np.minimum(np.arange(frames), np.arange(frames)[::-1]) / length, 0.0, 1.0)
