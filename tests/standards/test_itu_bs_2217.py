"""The kinds of signals in ITU-R BS.2217, made from what they are for, within 0.1 LKFS."""

import math

import numpy as np
import pytest
from scipy import signal

from dsp.audio import Audio
from dsp.filters import k_weighting_db
from dsp.loudness import integrated_lufs, weighted_energies
from tests.standards.tones import RATES_HZ, steps

every_rate = pytest.mark.parametrize("rate_hz", RATES_HZ)


def integrated(sound):
    return integrated_lufs(weighted_energies(sound))


def level_for(lufs, hz, rate_hz):
    """Return the peak level of a stereo tone that has a loudness."""
    return lufs + 0.691 - float(k_weighting_db(np.array([float(hz)]), rate_hz)[0])


@every_rate
@pytest.mark.parametrize("hz", [25, 100, 500, 1_000, 2_000, 10_000])
@pytest.mark.parametrize("lufs", [-23.0, -24.0])
def test_tones_of_every_frequency_read_their_loudness(hz, lufs, rate_hz):
    sound = steps((5, level_for(lufs, hz, 48_000)), hz=hz, rate_hz=rate_hz)
    # At 10 kHz the bilinear transform bends the shelf by a few hundredths between the rates.
    assert integrated(sound) == pytest.approx(lufs, abs=0.1)


@every_rate
def test_the_relative_gate_leaves_out_what_is_10_lu_quieter(rate_hz):
    loud, quiet = (level_for(lufs, 1_000, 48_000) for lufs in (-10.0, -25.0))
    sound = steps((10, quiet), (20, loud), (10, quiet), rate_hz=rate_hz)
    assert integrated(sound) == pytest.approx(-10.0, abs=0.1)


@every_rate
def test_the_absolute_gate_leaves_out_what_is_below_minus_70(rate_hz):
    above, below = (level_for(lufs, 1_000, 48_000) for lufs in (-69.5, -71.0))
    sound = steps((10, below), (20, above), (10, below), rate_hz=rate_hz)
    assert integrated(sound) == pytest.approx(-69.5, abs=0.1)


@every_rate
def test_all_below_minus_70_is_no_loudness(rate_hz):
    sound = steps((5, level_for(-70.5, 1_000, 48_000)), rate_hz=rate_hz)
    assert integrated(sound) == -math.inf


def test_a_sweep_reads_the_mean_of_its_weighted_energy():
    rate_hz, seconds = 48_000, 20
    t = np.arange(seconds * rate_hz) / rate_hz
    sweep = 0.1 * signal.chirp(t, 20.0, seconds, 20_000.0, method="linear")
    sound = Audio(np.stack([sweep, sweep]).astype(np.float32), rate_hz)
    spans_hz = np.linspace(20.0, 20_000.0, 20 * seconds * 10)
    energies = 0.1**2 * 10.0 ** (k_weighting_db(spans_hz, rate_hz) / 10.0)
    expected = -0.691 + 10.0 * math.log10(energies.mean())
    assert integrated(sound) == pytest.approx(expected, abs=0.1)


@every_rate
def test_noise_in_one_channel_reads_as_much_in_either(rate_hz):
    noise = np.random.default_rng(1).standard_normal(5 * rate_hz) * 0.05
    left, right = (
        Audio(np.stack(pair).astype(np.float32), rate_hz)
        for pair in ((noise, 0 * noise), (0 * noise, noise))
    )
    assert integrated(left) == integrated(right)
