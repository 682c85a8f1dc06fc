"""Whatever the samples are, a master is finite, whole, under its ceiling and repeatable."""

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsp import files
from dsp.audio import Audio
from dsp.chain import master
from dsp.errors import NotFinite, SilentAudio, TooShort
from dsp.measure import SHORTEST_SECONDS, measure
from dsp.peaks import read_meters
from dsp.settings import MasterSettings
from tests.music import song

RATES_HZ = (8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000)
CEILING_DBTP = -1.0

REFERENCE = measure(song(seed=2, seconds=8.0, peak=0.9))


def silence(_rng, frames):
    return np.zeros(frames)


def offset(_rng, frames):
    return np.ones(frames)


def impulses(rng, frames):
    samples = np.zeros(frames)
    samples[rng.integers(0, frames, 1 + frames // 5_000)] = rng.choice([-1.0, 1.0])
    return samples


def squares(rng, frames):
    return np.where(np.arange(frames) // int(rng.integers(1, 200)) % 2, 1.0, -1.0)


def full_scale(rng, frames):
    return rng.choice([-1.0, 1.0], frames)


def hiss(rng, frames):
    return rng.standard_normal(frames)


def swept(rng, frames):
    return np.sin(np.cumsum(np.linspace(0.001, rng.uniform(0.1, 3.1), frames)))


def bursts(rng, frames):
    return rng.standard_normal(frames) * (np.arange(frames) % 20_000 < int(rng.integers(1, 9_000)))


KINDS = (silence, offset, impulses, squares, full_scale, hiss, swept, bursts)


@st.composite
def sounds(draw):
    """Return audio of 3 s and a little more, made of one or two kinds at any level."""
    rate_hz = draw(st.sampled_from(RATES_HZ))
    frames = round(SHORTEST_SECONDS * rate_hz) + draw(st.integers(0, 9_001))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    channels = []
    for _ in range(draw(st.integers(1, 2))):
        samples = np.zeros(frames)
        for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=2)):
            samples += 10.0 ** (draw(st.floats(-120.0, 12.0)) / 20.0) * kind(rng, frames)
        channels.append(samples)
    return Audio(np.array(channels, dtype=np.float32), rate_hz)


def mastered(audio):
    """Return the master, or the class of the refusal."""
    try:
        return master(audio, REFERENCE, MasterSettings())
    except (SilentAudio, TooShort) as refusal:
        return type(refusal)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(audio=sounds())
def test_any_sound_is_mastered_or_refused_by_name(audio, tmp_path_factory):
    made = mastered(audio)
    if isinstance(made, type):
        assert made is SilentAudio  # nothing above −70 LUFS
        return
    result = made.audio
    assert (result.rate_hz, result.samples.shape) == (audio.rate_hz, audio.samples.shape)
    assert np.isfinite(result.samples).all()
    assert made.maximized.max_reduction_db <= 6.0
    for reading in dataclasses.astuple(read_meters(result)):
        assert reading <= CEILING_DBTP

    path = tmp_path_factory.mktemp("robust") / "master.wav"
    files.write(path, result, format="wav16")
    for reading in dataclasses.astuple(read_meters(files.read(path))):
        assert reading <= CEILING_DBTP

    assert np.array_equal(result.samples, mastered(audio).audio.samples)
    if audio.channels == 2:
        swapped = mastered(Audio(np.ascontiguousarray(audio.samples[::-1]), audio.rate_hz))
        assert np.array_equal(swapped.audio.samples[::-1], result.samples)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(value):
    samples = 0.1 * np.random.default_rng(0).standard_normal((2, 4 * 8_000), dtype=np.float32)
    samples[1, 17_000] = value
    with pytest.raises(NotFinite):
        master(Audio(samples, 8_000), REFERENCE, MasterSettings())


@pytest.mark.parametrize("frames", [1, 2, 441, 3 * 8_000 - 1])
def test_less_than_three_seconds_is_refused(frames):
    with pytest.raises(TooShort):
        master(Audio(np.full((2, frames), 0.5, np.float32), 8_000), REFERENCE, MasterSettings())


@pytest.mark.slow
def test_an_hour_is_mastered_in_memory_and_time_that_grow_with_it():
    """At 8 kHz, so that the hour is of the length of eleven minutes at 44.1 kHz."""
    rng = np.random.default_rng(5)
    rate_hz, minute = 8_000, 60 * 8_000
    samples = np.empty((2, 60 * minute), dtype=np.float32)
    for start in range(0, samples.shape[1], minute):
        level = 10.0 ** (rng.uniform(-20.0, 0.0) / 20.0)
        noise = rng.standard_normal((2, minute), dtype=np.float32)
        samples[:, start : start + minute] = np.float32(0.1 * level) * noise
    made = master(Audio(samples, rate_hz), REFERENCE, MasterSettings(), in_place=True)
    assert made.audio.samples is samples  # no room was taken but its own
    assert max(dataclasses.astuple(read_meters(made.audio))) <= CEILING_DBTP
    assert made.result.duration_seconds == 3_600.0
