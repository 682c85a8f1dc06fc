"""The trial of the ears: what is heard beside a song, and what looks like damage and is none."""

import numpy as np
import pytest

from bench.ears import accidents, innocent, parts
from bench.ears.findings import codes
from bench.ears.masking import heard_seconds
from dsp.audio import Audio
from tests.music import song

pytestmark = pytest.mark.slow
RATE_HZ = 44_100


def noise_of(level: float, frames: int = 4 * RATE_HZ) -> Audio:
    rng = np.random.default_rng(3)
    return accidents.made(rng.normal(0.0, level, (2, frames)), RATE_HZ)


def tone_of(hz: float, level: float, frames: int = 4 * RATE_HZ) -> Audio:
    wave = level * np.sin(2.0 * np.pi * hz * np.arange(frames) / RATE_HZ)
    return accidents.made(np.stack([wave, wave]), RATE_HZ)


def test_a_tone_is_heard_over_noise_of_its_band_and_not_far_under_it():
    loud = noise_of(0.1)
    assert heard_seconds(loud, tone_of(1_000.0, 0.05)) == pytest.approx(4.0, abs=0.2)
    assert heard_seconds(loud, tone_of(1_000.0, 0.001)) == 0.0


def test_in_silence_what_the_ear_does_not_reach_is_not_heard():
    silence = noise_of(0.0)
    assert heard_seconds(silence, tone_of(1_000.0, 0.001)) > 3.0
    assert heard_seconds(silence, tone_of(25.0, 0.001)) == 0.0


def test_a_tone_hides_less_noise_than_noise_hides_of_a_tone():
    damage = 0.02
    assert heard_seconds(tone_of(1_000.0, 0.5), noise_of(damage)) > 3.0
    assert heard_seconds(noise_of(0.5), tone_of(1_000.0, 0.001)) == 0.0


def test_damage_is_heard_where_the_song_pauses():
    frames = 4 * RATE_HZ
    gated = accidents.made(noise_of(0.1).samples * (np.arange(frames) < frames // 2), RATE_HZ)
    assert heard_seconds(gated, noise_of(0.001)) == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize("name", innocent.SOUNDS)
def test_sounds_that_look_damaged_are_not(name):
    make, never = innocent.SOUNDS[name]
    assert not never & codes(make())


@pytest.mark.parametrize("name", innocent.CHANGES)
def test_changes_that_are_no_damage_are_not_taken_for_it(name):
    change, never = innocent.CHANGES[name]
    assert not never & codes(change(accidents.healthy(song(seed=4))))


def test_the_kinds_of_a_made_song_are_as_far_apart_in_loudness_as_is_said():
    pieces = iter([tone_of(60.0, 0.5, 16 * RATE_HZ), tone_of(3_000.0, 0.1, 16 * RATE_HZ)])
    made = parts.put_together(np.random.default_rng(1), lambda _: next(pieces), (0, 1))
    change = made.kinds.index(1) * RATE_HZ
    samples = made.audio.samples
    loud, soft = parts.loudness_lufs(samples[:, :change]), parts.loudness_lufs(samples[:, change:])
    assert loud - soft == pytest.approx(parts.STEP_LU, abs=0.1)
