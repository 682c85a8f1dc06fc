"""A part of a song mastered without the rest sounds as that part of the whole master does."""

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.chain import master
from dsp.excerpt import master_excerpt
from dsp.loudness import integrated_lufs, weighted_energies
from dsp.measure import Profile, measure
from dsp.settings import MasterSettings
from tests.music import song

pytestmark = pytest.mark.slow
SECONDS = 180.0


@pytest.fixture(scope="module")
def mix() -> Audio:
    """Return a song whose parts differ in loudness, with one peak far above all others."""
    audio = song(seed=3, seconds=SECONDS, peak=0.4)
    swell = np.interp(np.arange(audio.frames) / audio.rate_hz, (0, 60, 120, 180), (0.4, 1, 0.7, 1))
    samples = audio.samples * swell.astype(np.float32)
    samples[:, 30 * audio.rate_hz : 30 * audio.rate_hz + 20] = 0.9
    return Audio(np.ascontiguousarray(samples), audio.rate_hz)


@pytest.fixture(scope="module")
def profiles(mix: Audio) -> tuple[Profile, Profile]:
    return measure(mix), measure(song(seed=8, seconds=60.0, peak=0.95))


@pytest.mark.parametrize(
    "settings",
    [
        MasterSettings(),
        MasterSettings(amount=1.0, loudness=-11.0),
        MasterSettings(amount=0.2, loudness=-14.0, max_limiting_db=1.0),
    ],
    ids=["as it comes", "far", "held by the limit"],
)
@pytest.mark.parametrize("start", [20.0, 96.0])
def test_a_part_is_as_loud_as_in_the_whole_and_nearly_the_same(mix, profiles, settings, start):
    profile, reference = profiles
    whole = master(mix, reference, settings, profile=profile).audio
    part = master_excerpt(
        mix, reference, settings, profile=profile, start_seconds=start, end_seconds=start + 12.0
    )
    first = round(start * mix.rate_hz)
    same = np.ascontiguousarray(whole.samples[:, first : first + part.frames])
    assert part.frames == 12 * mix.rate_hz
    whole_lufs = loudness(Audio(same, mix.rate_hz))
    assert loudness(part) == pytest.approx(whole_lufs, abs=0.1)
    left = np.sum(np.square(part.samples - same)) / np.sum(np.square(same))
    assert 10.0 * np.log10(left) < -30.0


def test_a_short_song_is_mastered_whole_so_that_its_part_is_exact(profiles):
    short = song(seed=5, seconds=30.0, peak=0.3)
    profile, settings = measure(short), MasterSettings()
    whole = master(short, profiles[1], settings, profile=profile).audio
    part = master_excerpt(
        short, profiles[1], settings, profile=profile, start_seconds=9.5, end_seconds=14.0
    )
    first = round(9.5 * short.rate_hz)
    assert np.array_equal(part.samples, whole.samples[:, first : first + part.frames])


def test_with_every_amount_at_0_the_part_is_the_mix(mix, profiles):
    part = master_excerpt(
        mix,
        profiles[1],
        MasterSettings(amount=0.0),
        profile=profiles[0],
        start_seconds=100.0,
        end_seconds=104.0,
    )
    first = 100 * mix.rate_hz
    assert np.array_equal(part.samples, mix.samples[:, first : first + part.frames])


def test_a_part_is_cut_at_the_ends_of_the_song(mix, profiles):
    part = master_excerpt(
        mix,
        profiles[1],
        MasterSettings(),
        profile=profiles[0],
        start_seconds=SECONDS - 2.0,
        end_seconds=SECONDS + 50.0,
    )
    assert part.frames == 2 * mix.rate_hz


def loudness(audio: Audio) -> float:
    return integrated_lufs(weighted_energies(audio))
