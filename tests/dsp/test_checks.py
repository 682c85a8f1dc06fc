"""Findings, on music with one thing wrong at a time."""

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.checks import check_mix
from dsp.measure import measure
from tests.music import song

pytestmark = pytest.mark.slow
RATE_HZ = 44_100


def codes(samples: np.ndarray) -> set[str]:
    audio = Audio(np.ascontiguousarray(samples, dtype=np.float32), RATE_HZ)
    return {finding.code for finding in check_mix(audio, measure(audio))}


@pytest.fixture(scope="module")
def clean() -> np.ndarray:
    fade = np.minimum(1.0, np.arange(24 * RATE_HZ)[::-1] / (2 * RATE_HZ))
    return song(seed=4, peak=0.6).samples * fade


def test_a_clean_mix_has_nothing_to_say(clean):
    assert codes(clean) == set()


@pytest.mark.parametrize("gain_db", [0.0, -3.0, -6.0, -12.0])
def test_flat_tops_are_found_at_any_level(clean, gain_db):
    clipped = np.clip(clean, -0.35, 0.35) * 10 ** (gain_db / 20)
    assert "clipping" in codes(np.round(clipped * 32_767) / 32_768)


def test_flat_tops_are_found_where_they_are(clean):
    clipped = clean.copy()
    clipped[:, : 12 * RATE_HZ] *= 0.5
    clipped = np.clip(clipped, -0.35, 0.35)
    audio = Audio(np.ascontiguousarray(clipped, dtype=np.float32), RATE_HZ)
    found = {finding.code: finding for finding in check_mix(audio, measure(audio))}
    starts = [start for start, _ in found["clipping"].ranges]
    assert min(starts) > 12.0


@pytest.mark.parametrize("hertz", [50.0, 997.0, 11_025.0])
def test_clean_tones_and_squares_are_not_clipped(hertz):
    sine = np.sin(2 * np.pi * hertz * np.arange(10 * RATE_HZ) / RATE_HZ + 0.3)
    for wave in (sine, np.sign(sine) * 0.9):
        assert "clipping" not in codes(np.stack([wave, wave]))


def test_a_dead_channel_is_found(clean):
    assert "dead_channel" in codes(np.stack([clean[0], np.zeros_like(clean[0])]))


def test_two_equal_channels_are_called_dual_mono(clean):
    assert "dual_mono" in codes(np.stack([clean[0], clean[0]]))


def test_one_channel_is_called_mono(clean):
    assert "mono" in codes(clean[:1])


def test_an_inverted_channel_is_found(clean):
    assert "inverted_channel" in codes(np.stack([clean[0], -clean[0]]) + 0.01 * clean)


def test_an_offset_is_found(clean):
    assert "dc_offset" in codes(clean + 0.01)


def test_long_silence_at_the_ends_is_found(clean):
    padding = np.zeros((2, 4 * RATE_HZ))
    assert {"silence_at_start", "silence_at_end"} <= codes(np.hstack([padding, clean, padding]))


def test_a_tail_cut_off_is_found(clean):
    assert "cut_off_tail" in codes(clean[:, : 10 * RATE_HZ])
