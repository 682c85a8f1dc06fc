import math

import numpy as np
import pytest

from dsp.resample import resample
from tests.dsp.sounds import audio, stereo, tone

RATES_HZ = [
    (44_100, 48_000),
    (48_000, 44_100),
    (192_000, 44_100),
    (22_050, 96_000),
    (48_000, 8_000),
]


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES_HZ)
def test_a_tone_stays_in_time_and_in_level(from_hz, to_hz):
    sound = stereo(tone(1_000, 1.0, rate_hz=from_hz, level_dbfs=-6), from_hz)
    converted = resample(sound, to_hz)
    expected = tone(1_000, 1.0, rate_hz=to_hz, level_dbfs=-6)
    middle = slice(to_hz // 10, -to_hz // 10)
    assert converted.rate_hz == to_hz
    assert converted.samples[1, middle] == pytest.approx(expected[middle], abs=1e-5)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES_HZ)
@pytest.mark.parametrize("frames", [0, 1, 2, 441, 10_007])
def test_the_length_is_the_time_rounded_up(from_hz, to_hz, frames):
    converted = resample(stereo(np.ones(frames), from_hz), to_hz)
    assert converted.samples.shape == (2, math.ceil(frames * to_hz / from_hz))


def test_the_same_rate_is_the_same_audio():
    sound = audio(tone(1_000, 0.1))
    assert resample(sound, 48_000) is sound
