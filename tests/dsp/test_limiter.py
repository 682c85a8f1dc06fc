import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from dsp.audio import Audio
from dsp.dither import quantize
from dsp.errors import NotFinite
from dsp.limiter import limit, limit_in_place
from dsp.peaks import block_frames, block_peaks, read_meters, true_peak_dbtp
from tests.dsp.sounds import audio, burst_noise, music, silence, stereo, tone

CEILING_DBTP = -1.0


def highest_reading_dbtp(sound):
    meters = read_meters(sound)
    return max(meters.polyphase_dbtp, meters.itu_dbtp, meters.libebur128_dbtp)


def thd_n_db(sound, hz, rate_hz):
    """All that is not the tone, against the tone, over whole seconds."""
    t = np.arange(len(sound)) / rate_hz
    parts = np.stack([np.sin(2 * np.pi * hz * t), np.cos(2 * np.pi * hz * t)], axis=1)
    fitted = parts @ np.linalg.lstsq(parts, sound, rcond=None)[0]
    return 10 * math.log10(np.sum((sound - fitted) ** 2) / np.sum(fitted**2))


def square(hz, seconds, rate_hz=48_000):
    return np.sign(tone(hz, seconds, rate_hz=rate_hz, phase=0.1))


HARD = {
    "worst noise": burst_noise(1.0),
    "uniform noise twice too loud": audio(np.random.default_rng(1).uniform(-2, 2, (2, 48_000))),
    "square": stereo(2.0 * square(100, 1.0)),
    "square near half the rate": audio(3.0 * square(11_990, 0.5)),
    "half the rate": audio(3.0 * np.cos(np.pi * np.arange(20_000))),
    "a constant": audio(np.full(20_000, -2.0)),
    "loud from the first frame to the last": stereo(tone(997, 0.3, level_dbfs=12, phase=1.5)),
    "silence, then all at once": audio(np.r_[silence(0.3), 5 * tone(80, 0.3, phase=1.6)]),
    "one impulse": audio(np.eye(1, 9_600, 4_000) * 8.0),
    "impulses": audio(np.where(np.arange(48_000) % 997 == 0, 6.0, 0.01)),
    "impulses at both ends": audio(np.r_[4.0, np.zeros(999), -4.0]),
    "one frame": stereo(np.array([5.0])),
    "two frames": audio([[5.0, -5.0]]),
    "seventeen frames": audio(np.linspace(-9, 9, 17)),
    "one channel only": audio(np.stack([tone(440, 0.5, level_dbfs=9), silence(0.5)])),
    "music driven hard": music(4, level_db=14),
    "high tone, sliding": audio(3 * signal.chirp(np.arange(96_000) / 48_000, 9_000, 2.0, 23_900)),
    "absurdly loud": music(1, level_db=90),
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_no_meter_reads_above_the_ceiling(name):
    limited = limit(HARD[name], ceiling_dbtp=CEILING_DBTP)
    assert limited.audio.samples.shape == HARD[name].samples.shape
    assert highest_reading_dbtp(limited.audio) <= CEILING_DBTP
    assert limited.max_reduction_db > 0.0


@pytest.mark.parametrize("name", ["worst noise", "music driven hard", "square"])
@pytest.mark.parametrize("ceiling_dbtp", [-0.1, -6.0])
@pytest.mark.parametrize("bits", [16, 24])
def test_dither_does_not_lift_it_over_the_ceiling(name, ceiling_dbtp, bits):
    limited = limit(HARD[name], ceiling_dbtp=ceiling_dbtp).audio
    words = quantize(limited.samples, bits, seed=1)
    written = Audio((words / 2.0 ** (bits - 1)).astype(np.float32), limited.rate_hz)
    assert highest_reading_dbtp(written) <= ceiling_dbtp


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 88_200, 96_000, 192_000])
def test_the_ceiling_holds_at_every_rate(rate_hz):
    for sound in (music(1.0, rate_hz=rate_hz, level_db=12), burst_noise(0.2, rate_hz=rate_hz)):
        limited = limit(sound, ceiling_dbtp=CEILING_DBTP).audio
        assert highest_reading_dbtp(limited) <= CEILING_DBTP


def test_a_finer_meter_finds_no_more_than_the_ceiling_on_music():
    low_pass = signal.firwin(255, 20_000, fs=48_000)
    sound = audio(signal.lfilter(low_pass, [1.0], music(3, level_db=12).samples))
    limited = limit(sound, ceiling_dbtp=CEILING_DBTP).audio
    fine = signal.resample_poly(limited.samples.astype(float), 16, 1, axis=1)
    assert 20 * math.log10(np.abs(fine).max()) <= CEILING_DBTP


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    frames=st.integers(1, 3_000),
    channels=st.integers(1, 2),
    colour=st.floats(0.0, 0.99),
    level_db=st.floats(-3, 40),
    rate_hz=st.sampled_from([8_000, 44_100, 192_000]),
)
def test_the_ceiling_holds_for_any_noise(seed, frames, channels, colour, level_db, rate_hz):
    noise = np.random.default_rng(seed).standard_normal((channels, frames))
    sound = audio(
        10 ** (level_db / 20) * signal.lfilter([1 - colour], [1, -colour], noise), rate_hz
    )
    assert highest_reading_dbtp(limit(sound, ceiling_dbtp=CEILING_DBTP).audio) <= CEILING_DBTP


def test_nothing_over_the_ceiling_is_nothing_touched():
    sound = music(2)
    quiet = Audio(sound.samples * np.float32(0.3), sound.rate_hz)
    limited = limit(quiet, ceiling_dbtp=CEILING_DBTP)
    assert limited.audio is quiet
    assert limited.max_reduction_db == limited.mean_reduction_db == 0.0
    assert not limited.reduction_db.any()


def test_what_comes_in_is_left_as_it_was():
    sound = music(1, level_db=12)
    before = sound.samples.copy()
    limit(sound, ceiling_dbtp=CEILING_DBTP)
    assert (sound.samples == before).all()


def test_far_from_a_peak_the_samples_are_the_same_bits():
    sound = tone(440, 12.0, level_dbfs=-12)
    sound[48_000 : 48_000 + 20] *= 6.0
    limited = limit(audio(sound), ceiling_dbtp=CEILING_DBTP)
    assert (limited.audio.samples[0, :47_700] == sound[:47_700].astype(np.float32)).all()
    assert (limited.audio.samples[0, -48_000:] == sound[-48_000:].astype(np.float32)).all()


@pytest.mark.parametrize(
    ("hz", "over_db", "at_most_db"),
    [
        (hz, over_db, at_most_db)
        for hz, at_most_db in (
            (30, -70),
            (40, -110),
            (50, -140),
            (100, -140),
            (1_000, -140),
            (5_000, -140),
        )
        for over_db in (3, 6)
    ],
)
def test_tones_stay_clean(hz, over_db, at_most_db):
    rate_hz = 44_100
    sound = tone(hz, 4.0, rate_hz=rate_hz, level_dbfs=CEILING_DBTP + over_db)
    limited = limit(audio(sound, rate_hz), ceiling_dbtp=CEILING_DBTP).audio.samples[0]
    assert thd_n_db(limited[2 * rate_hz : 3 * rate_hz].astype(float), hz, rate_hz) <= at_most_db


def test_a_low_and_a_high_tone_do_not_modulate_each_other():
    low, high = tone(60, 4.0), tone(7_000, 4.0, level_dbfs=-12)
    sound = (low + high) / 1.25 * 10 ** ((CEILING_DBTP + 6) / 20)
    limited = limit(audio(sound), ceiling_dbtp=CEILING_DBTP).audio.samples[0]
    spectrum = np.abs(np.fft.rfft(limited[96_000:144_000] * signal.windows.blackmanharris(48_000)))
    sides = [spectrum[7_000 + side] for side in (-120, -60, 60, 120)]
    assert 20 * math.log10(max(sides) / spectrum[7_000]) <= -80


def test_the_level_comes_back_within_300_ms_of_a_burst():
    sound = tone(1_000, 2.0, level_dbfs=-20)
    sound[48_000 : 48_000 + 480] *= 10 ** (22 / 20)  # ten cycles
    track = limit(audio(sound), ceiling_dbtp=CEILING_DBTP).reduction_db
    assert track[100] > 3.0
    assert track[131:].max() < 0.1


def test_the_level_comes_back_within_300_ms_of_an_impulse():
    sound = 0.1 * tone(500, 1.0)
    sound[9_600] = 1.5
    track = limit(audio(sound), ceiling_dbtp=CEILING_DBTP).reduction_db
    assert track[20] > 4.5
    assert track[51:].max() < 0.1


def test_the_gain_track_is_what_the_samples_went_through():
    sound = music(3, level_db=12)
    limited = limit(sound, ceiling_dbtp=CEILING_DBTP)
    heard = np.abs(sound.samples) > 0.05
    ratio = np.divide(
        limited.audio.samples, sound.samples, where=heard, out=np.ones_like(sound.samples)
    )
    through = -20 * np.log10(ratio.min(axis=0))
    every_10_ms = through[: sound.frames // 480 * 480].reshape(-1, 480).max(axis=1)
    assert len(limited.reduction_db) == 300
    # A block belongs to the 10 ms in which it starts, so a fall may show one step early.
    told = np.maximum(limited.reduction_db, np.append(limited.reduction_db[1:], 0.0))
    assert (every_10_ms <= told + 0.15).all()
    assert limited.max_reduction_db == pytest.approx(through.max(), abs=0.02)
    assert limited.mean_reduction_db == pytest.approx(limited.block_reduction_db.mean(), abs=1e-6)
    assert limited.share_over_1_db >= limited.share_over_3_db >= limited.share_over_6_db > 0.0


def test_both_channels_get_the_same_gain():
    left, right = tone(440, 1.0, level_dbfs=6), tone(440, 1.0, level_dbfs=-20)
    limited = limit(audio(np.stack([left, right])), ceiling_dbtp=CEILING_DBTP).audio.samples
    assert limited[1] / 10 ** (-26 / 20) == pytest.approx(limited[0], abs=1e-5)


def test_swapped_channels_swap_the_result_and_turned_polarity_turns_it():
    sound = music(2, level_db=12)
    swapped = Audio(np.ascontiguousarray(-sound.samples[::-1]), sound.rate_hz)
    one, other = (limit(s, ceiling_dbtp=CEILING_DBTP).audio.samples for s in (sound, swapped))
    assert (other == -one[::-1]).all()


def test_a_lower_ceiling_under_a_quieter_sound_is_the_same_thing_quieter():
    sound = music(2, level_db=12)
    quieter = Audio(sound.samples * np.float32(0.5), sound.rate_hz)
    high = limit(sound, ceiling_dbtp=0.0).audio.samples
    low = limit(quieter, ceiling_dbtp=20 * math.log10(0.5)).audio.samples
    assert np.abs(2.0 * low - high).max() < 2e-4


def test_peaks_told_too_low_are_found_and_corrected():
    sound = music(2, level_db=12)
    block = block_frames(sound.rate_hz)
    told = block_peaks(sound, block) * np.float32(0.9)
    copy = Audio(sound.samples.copy(), sound.rate_hz)
    limited = limit_in_place(copy, ceiling_dbtp=CEILING_DBTP, gain_db=0.0, peaks=told)
    assert limited.audio is copy
    assert highest_reading_dbtp(copy) <= CEILING_DBTP


def test_peaks_told_far_too_low_end_in_a_trim_of_the_whole():
    sound = music(1, level_db=12)
    told = np.full(-(-sound.frames // 16), 1.0, dtype=np.float32)
    limited = limit_in_place(sound, ceiling_dbtp=CEILING_DBTP, gain_db=0.0, peaks=told)
    assert highest_reading_dbtp(sound) <= CEILING_DBTP
    assert limited.max_reduction_db > 5.0


def test_silence_and_no_frames_pass():
    for sound in (stereo(silence(0.2)), stereo(silence(0))):
        limited = limit(sound, ceiling_dbtp=CEILING_DBTP)
        assert limited.audio is sound
        assert limited.mean_reduction_db == limited.share_over_1_db == 0.0


def test_it_is_the_same_every_time():
    sound = music(2, level_db=12)
    one, other = (limit(sound, ceiling_dbtp=CEILING_DBTP).audio.samples for _ in range(2))
    assert (one == other).all()


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_samples_that_are_no_numbers_are_refused(bad):
    samples = np.zeros((1, 1_000), dtype=np.float32)
    samples[0, 3] = bad
    with pytest.raises(NotFinite, match="finite"):
        limit(Audio(samples, 48_000), ceiling_dbtp=CEILING_DBTP)


def test_a_ceiling_above_the_true_peak_is_reached_from_above_only():
    sound = music(2, level_db=6)
    peak_dbtp = true_peak_dbtp(sound)
    assert limit(sound, ceiling_dbtp=peak_dbtp + 0.01).audio is sound
    assert true_peak_dbtp(limit(sound, ceiling_dbtp=peak_dbtp - 0.01).audio) < peak_dbtp - 0.01
