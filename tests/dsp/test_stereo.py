from __future__ import annotations

import numpy as np
import pytest

from dsp.equalizer import apply_tone, plan_tone
from dsp.measure import measure
from dsp.spectrum import bands_between
from dsp.stereo import apply_tone_and_width, apply_width, plan_width
from tests.dsp.music import changed, mono, song


def width_distance(first, second):
    heard = bands_between(150.0, 10_000.0)
    widths = [profile.side_db - profile.mid_db for profile in (first, second)]
    return float(np.mean(np.abs(widths[0] - widths[1])[heard]))


@pytest.mark.parametrize("side_gain", [0.7, 1.4])
def test_a_wrong_width_is_brought_back_from_other_notes_of_the_same_band(side_gain):
    wrong, reference = changed(song(seed=1), side_gain=side_gain), measure(song(seed=2))
    truth, before = measure(song(seed=1)), measure(wrong)
    after = measure(apply_width(wrong, plan_width(before, reference, amount=0.7)))
    assert width_distance(after, truth) < 1.0  # the songs' own widths are 1.8 dB apart
    assert width_distance(after, truth) < 0.5 * width_distance(before, truth)


def test_the_distance_falls_with_the_amount():
    target, reference = changed(song(seed=1), side_gain=0.6), measure(song(seed=2))
    profile = measure(target)
    distances = [
        width_distance(measure(apply_width(target, plan)), reference)
        for amount in (0.0, 0.35, 0.7, 1.0)
        for plan in [plan_width(profile, reference, amount=amount)]
    ]
    assert distances == sorted(distances, reverse=True)


def test_mid_is_untouched():
    audio = changed(song(seed=1), side_gain=0.6)
    wider = apply_width(audio, plan_width(measure(audio), measure(song(seed=2)), amount=1.0))
    assert np.abs(wider.samples.sum(axis=0) - audio.samples.sum(axis=0)).max() < 1e-5
    assert not np.allclose(wider.samples, audio.samples)


def test_the_caps_hold_and_the_bass_is_not_widened_beyond_what_mono_bears():
    audio = changed(song(seed=1), side_gain=0.1)
    profile = measure(audio)
    bass = bands_between(0.0, 120.0)
    for amount, most in ((0.7, 6.0), (1.0, 12.0)):
        plan = plan_width(profile, measure(song(seed=2)), amount=amount)
        assert plan.applied_db.max() <= most
        assert "capped" in plan.reasons
        after = (profile.side_db - profile.mid_db + plan.applied_db)[bass]
        assert np.all((after <= -11.99) | (plan.applied_db[bass] <= 0.0))


def test_a_mono_target_stays_mono_and_says_so():
    for target in (mono(song()), changed(song(), side_gain=0.0)):
        plan = plan_width(measure(target), measure(song(seed=2)), amount=1.0)
        assert plan.reasons == ("mono_target",)
        assert apply_width(target, plan) is target


def test_a_mono_reference_narrows_nothing_and_says_so():
    audio = song()
    plan = plan_width(measure(audio), measure(mono(song(seed=2))), amount=1.0)
    assert plan.reasons == ("mono_reference",)
    assert apply_width(audio, plan) is audio


def test_tone_and_width_in_one_pass_are_the_two_one_after_the_other():
    audio, reference = changed(song(seed=1), side_gain=0.6), measure(song(seed=2))
    profile = measure(audio)
    tone = plan_tone(profile, reference, amount=1.0)
    width = plan_width(profile, reference, amount=1.0)
    at_once = apply_tone_and_width(audio, tone, width)
    in_turn = apply_width(apply_tone(audio, tone), width)
    assert np.abs(at_once.samples - in_turn.samples).max() < 1e-3
    assert at_once.frames == audio.frames


def test_nothing_to_do_gives_back_the_same_audio():
    audio, profile = song(), measure(song())
    for amount in (0.0, 0.7, 1.0):
        plan = plan_width(profile, profile, amount=amount)
        assert apply_width(audio, plan) is audio
        assert (
            apply_tone_and_width(audio, plan_tone(profile, profile, amount=amount), plan) is audio
        )
