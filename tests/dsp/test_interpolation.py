"""What a few samples would be, going by those around them."""

import numpy as np
import pytest

from dsp.interpolation import interpolate

RATE_HZ = 44_100


def chord(frames: int = 4_000) -> np.ndarray:
    time = np.arange(frames) / RATE_HZ
    tones = sum(np.sin(2 * np.pi * hz * time + hz) for hz in (220.0, 554.4, 1_318.5, 3_520.0))
    return tones / 4.0 + np.random.default_rng(1).normal(0.0, 1e-4, frames)


def between(samples: np.ndarray, first: int, last: int) -> tuple[np.ndarray, float]:
    found = interpolate(samples, first, last)
    assert found is not None
    return found


@pytest.mark.parametrize("length", [1, 3, 8])
def test_samples_that_were_changed_are_found_again(length):
    wave = chord()
    lost = wave.copy()
    lost[2_000 : 2_000 + length] = 0.9
    values, error = between(lost, 2_000, 2_000 + length)
    truth = wave[2_000 : 2_000 + length]
    assert np.abs(values - truth).max() < 6.0 * error
    assert error < 0.05


def test_the_error_tells_how_far_off_it_is():
    rng = np.random.default_rng(2)
    noise = np.convolve(rng.normal(size=40_000), [1.0, 0.6, 0.2], "same")
    off = []
    for place in range(1_000, 39_000, 200):
        values, error = between(noise, place, place + 1)
        off.append((values[0] - noise[place]) / error)
    assert np.sqrt(np.mean(np.square(off))) == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("first", [0, 10, 3_990])
def test_the_ends_have_too_little_around_them(first):
    assert interpolate(chord(), first, first + 1) is None


def test_silence_tells_nothing():
    assert interpolate(np.zeros(2_000), 1_000, 1_002) is None
