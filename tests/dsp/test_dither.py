import numpy as np
import pytest

from dsp.dither import fits, quantize
from tests.dsp.sounds import music, tone


@pytest.mark.parametrize("bits", [8, 16, 20, 24])
def test_the_error_is_triangular_dither_and_rounding_alone(bits):
    samples = music(2, level_db=-12).samples
    error = quantize(samples, bits, seed=1) - samples.astype(float) * 2 ** (bits - 1)
    assert np.abs(error).max() <= 1.5
    assert error.mean() == pytest.approx(0.0, abs=0.01)
    assert error.std() == pytest.approx(0.5, abs=0.01)  # √(1/6 + 1/12) steps


def test_the_error_does_not_follow_the_sound_the_time_or_the_other_channel():
    samples = np.stack([tone(997, 4.0, level_dbfs=-60)] * 2).astype(np.float32)
    error = quantize(samples, 16, seed=1) - samples.astype(float) * 2**15
    for one, other in (
        (error[0], samples[0]),
        (error[0] ** 2, np.abs(samples[0])),
        (error[0, 1:], error[0, :-1]),
        (error[0], error[1]),
    ):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.01


def test_a_tone_below_one_step_survives():
    samples = tone(1_000, 4.0, level_dbfs=-96).astype(np.float32)[np.newaxis]
    words = quantize(samples, 16, seed=3)[0]
    spectrum = np.abs(np.fft.rfft(words)) * 2 / len(words)
    assert spectrum[4_000] == pytest.approx(2**15 * 10 ** (-96 / 20), rel=0.05)
    assert spectrum[4_000] > 20 * spectrum[[8_000, 12_000, 20_000]].max()


def test_the_same_seed_gives_the_same_words_and_another_seed_others():
    samples = music(0.2).samples
    assert (quantize(samples, 16, seed=7) == quantize(samples, 16, seed=7)).all()
    assert (quantize(samples, 16, seed=7) != quantize(samples, 16, seed=8)).any()


def test_stretches_give_the_words_of_the_whole():
    samples = music(0.2).samples
    whole = quantize(samples, 16, seed=7)
    late = quantize(np.ascontiguousarray(samples[:, 5_000:]), 16, seed=7, first_frame=5_000)
    assert (late == whole[:, 5_000:]).all()


@pytest.mark.parametrize("bits", [16, 24])
def test_samples_on_the_steps_keep_their_values(bits):
    top = 2 ** (bits - 1)
    words = np.array([[0, 1, -1, top - 1, -top, 12_345]], dtype=np.int32)
    samples = (words / top).astype(np.float32)
    assert fits(samples, bits)
    assert (quantize(samples, bits, seed=1) == words).all()


def test_silence_stays_silence():
    assert not quantize(np.zeros((2, 100), dtype=np.float32), 16, seed=1).any()


def test_one_sample_between_the_steps_dithers_all():
    samples = np.zeros((1, 1_000), dtype=np.float32)
    samples[0, 5] = 0.3 / 2**15
    assert not fits(samples, 16)
    assert quantize(samples, 16, seed=1).any()


def test_what_is_over_full_scale_is_clipped_to_it():
    samples = np.array([[1.0, -1.5, 7.0, 0.1]], dtype=np.float32)
    assert quantize(samples, 16, seed=1)[0, :3].tolist() == [32_767, -32_768, 32_767]


def test_no_frames_give_no_words():
    assert quantize(np.zeros((2, 0), dtype=np.float32), 16, seed=1).shape == (2, 0)


@pytest.mark.parametrize("bits", [0, 7, 25, 32])
def test_other_word_lengths_are_refused(bits):
    with pytest.raises(ValueError, match="bits"):
        quantize(np.zeros((1, 1), dtype=np.float32), bits, seed=1)
