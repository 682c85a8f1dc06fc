"""Lossy copies and mono loudspeakers."""

import math

import numpy as np
import pytest

from dsp import release
from dsp.audio import Audio
from dsp.chain import master
from dsp.measure import measure
from dsp.peaks import true_peak_dbtp
from dsp.release import check_release, safe_ceiling_dbtp
from dsp.settings import MasterSettings

RATE_HZ = 44_100
TIME = np.arange(6 * RATE_HZ) / RATE_HZ


def tone(left: float, right: float, *, hz: float = 500.0) -> Audio:
    wave = 0.25 * np.sin(2 * np.pi * hz * TIME)
    return Audio(np.stack([left * wave, right * wave]).astype(np.float32), RATE_HZ)


def noise(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.1, TIME.size).astype(np.float32)


@pytest.mark.parametrize(
    ("audio", "loss_lu"),
    [
        (tone(1.0, 1.0), 0.0),
        (tone(1.0, 0.0), 3.01),
        (Audio(np.stack([noise(1), noise(2)]), RATE_HZ), 3.01),
        (Audio(noise()[None], RATE_HZ), 0.0),
    ],
)
def test_mono_loses_what_the_channels_do_not_share(tmp_path, audio, loss_lu):
    found = check_release(audio, tmp_path, ceiling_dbtp=-1.0)
    assert found["mono"]["loss_lu"] == pytest.approx(loss_lu, abs=0.05)
    assert found["mono"]["channels"] == audio.channels


def test_the_place_where_mono_loses_most_is_told(tmp_path):
    wave = noise()
    other = wave.copy()
    other[4 * RATE_HZ :] *= -1  # cancels from 4 s on
    found = check_release(Audio(np.stack([wave, other]), RATE_HZ), tmp_path, ceiling_dbtp=-1.0)
    assert found["mono"]["worst_loss_lu"] > found["mono"]["loss_lu"]
    assert found["mono"]["worst_at_seconds"] == pytest.approx(3.0, abs=0.2)


def test_silence_has_no_numbers_and_no_advice(tmp_path):
    silence = Audio(np.zeros((2, RATE_HZ), np.float32), RATE_HZ)
    found = check_release(silence, tmp_path, ceiling_dbtp=-1.0)
    assert found["true_peak_dbtp"] is None
    assert found["safe_ceiling_dbtp"] is None
    assert found["mono"]["worst_at_seconds"] is None


def test_every_copy_is_measured_and_taken_away(tmp_path):
    found = check_release(tone(1.0, 1.0), tmp_path, ceiling_dbtp=-1.0)
    assert [copy["format"] for copy in found["codecs"]] == list(release.CODECS)
    for copy in found["codecs"]:
        assert copy["true_peak_dbtp"] == pytest.approx(found["true_peak_dbtp"], abs=0.3)
        assert copy["overs"] == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("ceiling", "decoded", "safe"),
    [
        (-1.0, [-0.4, 0.0], None),
        (-1.0, [0.5, 0.2], -2.0),
        (-0.1, [1.0, None], -1.6),
        (-5.9, [2.0], -6.0),
        (-1.0, [None], None),
    ],
)
def test_the_safe_ceiling_takes_off_what_the_codec_adds(ceiling, decoded, safe):
    assert safe_ceiling_dbtp(ceiling, decoded) == safe


@pytest.mark.slow
def test_a_master_made_again_under_the_safe_ceiling_has_no_overs(tmp_path):
    rough = np.random.default_rng(3).normal(0.0, 0.2, (2, 8 * RATE_HZ))
    rough *= 0.3 + 0.7 * (np.arange(rough.shape[1]) % RATE_HZ < RATE_HZ // 4)
    mix = Audio(np.clip(rough, -0.99, 0.99).astype(np.float32), RATE_HZ)
    reference = measure(mix)

    def made(ceiling_dbtp: float) -> Audio:
        settings = MasterSettings(loudness=-7.0, ceiling_dbtp=ceiling_dbtp)
        return master(mix, reference, settings).audio

    first = check_release(made(-0.1), tmp_path, ceiling_dbtp=-0.1)
    safe = first["safe_ceiling_dbtp"]
    assert max(copy["overs"] for copy in first["codecs"]) > 0
    assert safe is not None
    assert safe < -0.1
    second = made(safe)
    found = check_release(second, tmp_path, ceiling_dbtp=safe)
    assert true_peak_dbtp(second) <= safe + 0.01
    assert [copy["overs"] for copy in found["codecs"]] == [0, 0]
    assert found["safe_ceiling_dbtp"] is None
    assert math.isfinite(found["true_peak_dbtp"])
