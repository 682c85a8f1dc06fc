import numpy as np
import pytest

from dsp.filters import fractional_delays, k_weighting, k_weighting_db, remove_dc, sliding_max
from tests.dsp.sounds import audio, tone


def test_the_k_weighting_has_the_printed_coefficients_at_48_khz():
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285]
    shelf += [-1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621]
    assert k_weighting(48_000) == pytest.approx(np.array([shelf, high_pass]), abs=1e-10)


@pytest.mark.parametrize("rate_hz", [32_000, 44_100, 88_200, 96_000, 192_000])
def test_the_k_weighting_is_the_same_curve_at_every_rate(rate_hz):
    frequencies_hz = np.geomspace(20, 8_000, 60)
    difference = k_weighting_db(frequencies_hz, rate_hz) - k_weighting_db(frequencies_hz, 48_000)
    assert np.abs(difference).max() < 0.2  # the bilinear transform bends the top
    # The standard leaves the high-pass unnormalised, which is worth 0.03 dB between the rates.
    assert np.abs(difference[frequencies_hz < 2_000]).max() < 0.04


def test_fractional_delays_read_a_tone_between_its_samples():
    n = np.arange(200)
    hz = 0.4  # of the rate
    read = fractional_delays(8, 48, 6.0) @ np.sin(2 * np.pi * hz * n)[77:125]
    places = 100 + np.arange(1, 8) / 8
    assert read == pytest.approx(np.sin(2 * np.pi * hz * places), abs=1e-3)


@pytest.mark.parametrize(("back", "ahead"), [(0, 0), (3, 0), (0, 5), (7, 2), (50, 50)])
def test_sliding_max_is_the_highest_of_every_window(back, ahead):
    values = np.random.default_rng(3).standard_normal(40)
    expected = [values[max(0, i - back) : i + ahead + 1].max() for i in range(40)]
    assert sliding_max(values, back, ahead).tolist() == expected


def test_removing_dc_takes_the_offset_without_a_thump_and_leaves_the_tone():
    sound = tone(100, 2.0, level_dbfs=-12)
    cleaned = remove_dc(audio(sound + 0.1)).samples[0]
    assert abs(cleaned.mean()) < 5e-4
    assert np.abs(cleaned - sound).max() < 0.1 * 10 ** (-12 / 20)


def test_removing_dc_takes_3_db_at_the_cutoff():
    filtered = remove_dc(audio(tone(20, 4.0)), cutoff_hz=20).samples[0, 96_000:]
    assert 20 * np.log10(np.abs(filtered).max()) == pytest.approx(-3.01, abs=0.05)


def test_removing_dc_from_nothing_gives_nothing():
    assert remove_dc(audio(np.zeros((2, 0)))).frames == 0
