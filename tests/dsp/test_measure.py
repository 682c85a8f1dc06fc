from __future__ import annotations

import gzip
import json
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.errors import ProfileUnsupported, SilentAudio, TooShort
from dsp.measure import Profile, measure
from tests.dsp.music import changed, mono, song


@pytest.fixture(scope="module")
def profile() -> Profile:
    return measure(song())


def test_a_profile_read_back_is_the_same_profile(profile):
    read = Profile.from_dict(json.loads(json.dumps(profile.to_dict())))
    for field in fields(Profile):
        first, second = getattr(profile, field.name), getattr(read, field.name)
        assert np.array_equal(first, second), field.name
    assert read.to_dict() == profile.to_dict()


def test_a_profile_is_small(profile):
    longest = measure(song(90.0))
    assert len(gzip.compress(json.dumps(longest.to_dict()).encode())) < 250_000
    assert len(json.dumps(profile.summary())) < 8_000


def test_the_summary_is_plain_json_numbers(profile):
    summary = json.loads(json.dumps(profile.summary(), allow_nan=False))
    assert summary["integrated_lufs"] == profile.integrated_lufs
    assert len(summary["width_db"]) == len(summary["third_octaves_hz"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", 0),
        ("mid_db", [1.0]),
        ("side_db", [float("nan")] * 120),
        ("moments_mid", "not base 64!"),
        ("moments_side", "eJwDAAAAAAE="),
        ("sections", [{"start": 1}]),
        ("rate_hz", None),
    ],
)
def test_another_version_or_a_damaged_profile_is_refused(profile, name, value):
    with pytest.raises(ProfileUnsupported):
        Profile.from_dict(profile.to_dict() | {name: value})


def test_a_profile_with_a_part_missing_is_refused(profile):
    for name in profile.to_dict():
        values = profile.to_dict()
        del values[name]
        with pytest.raises(ProfileUnsupported):
            Profile.from_dict(values)


def test_what_is_not_a_profile_at_all_is_refused():
    anything: tuple[Any, ...] = (None, [], "profile", {})
    for values in anything:
        with pytest.raises(ProfileUnsupported):
            Profile.from_dict(values)


def test_gain_moves_levels_and_nothing_else(profile):
    louder = measure(changed(song(), gain=2.0))
    assert louder.integrated_lufs - profile.integrated_lufs == pytest.approx(6.02, abs=0.01)
    assert louder.true_peak_dbtp - profile.true_peak_dbtp == pytest.approx(6.02, abs=0.01)
    assert np.allclose(louder.mid_db - profile.mid_db, 6.02, atol=0.01)
    assert np.allclose(louder.psr_db, profile.psr_db, atol=0.01)
    assert np.allclose(louder.momentary_quantiles_lu, profile.momentary_quantiles_lu, atol=0.01)


def test_swapped_channels_measure_the_same(profile):
    audio = song()
    swapped = measure(Audio(np.ascontiguousarray(audio.samples[::-1]), audio.rate_hz))
    assert np.allclose(swapped.side_db, profile.side_db, atol=0.002)
    assert np.allclose(swapped.correlation, profile.correlation, atol=0.001)


def test_mono_is_known_in_one_channel_and_in_two(profile):
    assert measure(mono(song())).is_mono
    assert measure(changed(song(), side_gain=0.0)).is_mono
    assert not profile.is_mono


def test_correlation_is_one_without_side_and_minus_one_without_mid():
    noise = np.random.default_rng(3).normal(0, 0.1, 44_100 * 4).astype(np.float32)
    same = measure(Audio(np.stack([noise, noise]), 44_100))
    against = measure(Audio(np.stack([noise, -noise]), 44_100))
    apart = measure(
        Audio(np.random.default_rng(4).normal(0, 0.1, (2, 44_100 * 8)).astype(np.float32), 44_100)
    )
    assert np.allclose(same.correlation, 1.0)
    assert np.allclose(against.correlation, -1.0)
    assert abs(apart.correlation[60:].mean()) < 0.05


@pytest.mark.parametrize("cut_hz", [16_000, 19_000])
def test_where_a_codec_ended_the_spectrum_is_found(cut_hz):
    noise = np.random.default_rng(5).normal(0, 0.1, (2, 44_100 * 5))
    spectrum = np.fft.rfft(noise)
    spectrum[:, np.fft.rfftfreq(noise.shape[1], 1 / 44_100) > cut_hz] *= 1e-4
    lossy = np.fft.irfft(spectrum, noise.shape[1]).astype(np.float32)
    assert measure(Audio(lossy, 44_100)).cutoff_hz == pytest.approx(cut_hz, abs=300)
    assert measure(Audio(noise.astype(np.float32), 44_100)).cutoff_hz is None


def test_onsets_are_counted():
    clicks = np.zeros((2, 44_100 * 10), dtype=np.float32)
    rng = np.random.default_rng(6)
    for start in range(0, clicks.shape[1] - 4_410, 22_050):
        clicks[:, start : start + 2_000] = rng.normal(0, 0.1, 2_000)
    assert measure(Audio(clicks, 44_100)).onsets_per_second == pytest.approx(2.0, abs=0.15)


def test_too_little_and_silence_are_refused():
    with pytest.raises(TooShort):
        measure(song(2.0))
    with pytest.raises(SilentAudio):
        measure(Audio(np.zeros((2, 44_100 * 5), dtype=np.float32), 44_100))
