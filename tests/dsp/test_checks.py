"""Findings: a healthy song has none; one thing wrong at a time is found, and where it is."""

import numpy as np
import pytest
from scipy import ndimage, signal

from bench.ears import accidents
from bench.ears.accidents import ACCIDENTS, CLIP_DB, GAINS_DB
from bench.ears.innocent import limited
from dsp.audio import Audio
from dsp.checks import DC_OFFSET, check_mix
from dsp.findings import FILE_CODES, Finding
from dsp.measure import measure
from tests.music import song

pytestmark = pytest.mark.slow
RATE_HZ = 44_100


def findings(audio: Audio, **facts) -> dict[str, Finding]:
    return {finding.code: finding for finding in check_mix(audio, measure(audio), **facts)}


def of(samples: np.ndarray, rate_hz: int = RATE_HZ) -> dict[str, Finding]:
    return findings(accidents.made(samples, rate_hz))


def band_of(samples: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    sos = signal.butter(8, (low_hz, high_hz), "bandpass", fs=RATE_HZ, output="sos")
    return signal.sosfilt(sos, samples, axis=1)


def bright_hits() -> np.ndarray:
    """Return bursts of noise whose tops are a frame or two long, peak 0.7."""
    rng = np.random.default_rng(6)
    time = np.arange(15 * RATE_HZ) / RATE_HZ
    hits = rng.normal(0.0, 1.0, (2, time.size)) * np.exp(-((time * 3.0) % 1.0) * 8.0)
    hits = band_of(hits, 1_000.0, 5_000.0)
    return np.asarray(0.7 * hits / np.abs(hits).max())


@pytest.fixture(scope="module")
def clean() -> Audio:
    return accidents.healthy(song(seed=4))


@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_song_has_nothing_to_say(seed):
    assert findings(accidents.healthy(song(seed=seed, seconds=20.0))) == {}


@pytest.mark.parametrize("name", ACCIDENTS)
def test_each_accident_is_found(clean, name):
    happen, codes = ACCIDENTS[name]
    found = findings(happen(clean))
    assert set(codes) & set(found)
    assert all(finding.code in FILE_CODES for finding in found.values())


@pytest.mark.parametrize("over_db", CLIP_DB[3:])
@pytest.mark.parametrize("gain_db", GAINS_DB)
def test_flat_tops_are_found_at_any_level(clean, gain_db, over_db):
    quieter = accidents.gained(accidents.clipped(clean, over_db), gain_db)
    found = findings(accidents.words(quieter, 16))["clipping"]
    assert found.confidence >= 0.7


def test_flat_tops_are_found_after_a_change_of_rate(clean):
    found = findings(accidents.resampled(accidents.clipped(clean, 12.0), 48_000))
    assert "clipping" in found


def test_flat_tops_behind_a_codec_are_a_possibility(clean):
    found = findings(accidents.clipped(clean, 6.0), lossy=True)
    assert found["clipping"].confidence < 0.7


def test_flat_tops_are_told_to_within_a_twentieth_of_a_second(clean):
    samples = 0.1 * clean.samples
    where = slice(8 * RATE_HZ, 11 * RATE_HZ)
    loud = clean.samples[:, where]
    height = 0.3 * np.abs(loud).max()
    samples[:, where] = np.clip(loud, -height, height)
    tops = np.flatnonzero(np.abs(samples).max(axis=0) >= height * 0.9999) / RATE_HZ
    ranges = of(samples)["clipping"].ranges
    assert ranges[0][0] == pytest.approx(tops[0], abs=0.05)
    assert ranges[-1][1] == pytest.approx(tops[-1], abs=0.05)


@pytest.mark.parametrize("hertz", [50.0, 997.0, 11_025.0])
@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_clean_tones_squares_and_pulses_are_not_clipped(hertz, gain):
    phase = hertz * np.arange(10 * RATE_HZ) / RATE_HZ + 0.05
    sine = np.sin(2 * np.pi * phase)
    pulse = np.where(phase % 1.0 < 0.25, 1.0, -1.0)
    for wave in (sine, np.sign(sine), pulse):
        assert "clipping" not in of(gain * np.stack([wave, wave]))


def test_music_of_square_waves_is_not_clipped():
    rng = np.random.default_rng(3)
    time = np.arange(12 * RATE_HZ) / RATE_HZ
    notes = rng.choice([220.0, 262.0, 330.0, 392.0, 523.0], (3, 48))
    voices = [np.sign(np.sin(2 * np.pi * n[(time * 4).astype(int)] * time)) for n in notes]
    mixed = sum(level * voice for level, voice in zip((0.5, 0.3, 0.2), voices, strict=True))
    assert "clipping" not in of(np.stack([mixed, mixed]))


def test_a_limiter_is_not_a_clipper(clean):
    level = np.abs(clean.samples).max(axis=0)
    width = RATE_HZ // 200
    held = np.lib.stride_tricks.sliding_window_view(np.pad(level, width), 2 * width + 1).max(axis=1)
    gain = 0.3 / np.maximum(held, 0.3)
    gain = np.convolve(gain, np.hanning(width) / np.hanning(width).sum(), mode="same")
    assert "clipping" not in of(clean.samples * gain)


@pytest.mark.parametrize("gain_db", [0.0, -12.0])
def test_tops_of_two_frames_tell_a_clipper_where_a_limiter_leaves_none(gain_db):
    bright = bright_hits()
    height = np.sort(np.abs(bright), axis=None)[-30]
    clipped = accidents.made(np.clip(bright, -height, height), RATE_HZ)
    found = findings(accidents.words(accidents.gained(clipped, gain_db), 16))
    assert "clipping" in found
    held = ndimage.maximum_filter1d(np.abs(bright).max(axis=0), 129)
    gain = np.convolve(np.minimum(1.0, height / held), np.hanning(66)[1:-1] / 32.5, mode="same")
    limited = accidents.made(bright * gain, RATE_HZ)
    assert "clipping" not in findings(accidents.words(accidents.gained(limited, gain_db), 16))


@pytest.mark.parametrize("gain_db", [0.0, -12.0])
def test_tops_of_single_frames_tell_a_clipper_by_what_is_around_them(gain_db):
    rng = np.random.default_rng(11)
    bright = band_of(rng.normal(0.0, 1.0, (2, 10 * RATE_HZ)), 2_000.0, 9_000.0)
    bright *= 0.7 / np.abs(bright).max()
    height = np.sort(np.abs(bright), axis=None)[-12]
    clipped = accidents.made(np.clip(bright, -height, height), RATE_HZ)
    found = findings(accidents.words(accidents.gained(clipped, gain_db), 16))
    assert "clipping" in found
    whole = accidents.words(accidents.gained(accidents.made(bright, RATE_HZ), gain_db), 16)
    assert "clipping" not in findings(whole)


def test_hum_is_found_where_loud_chords_leave_room(clean):
    rng = np.random.default_rng(12)
    low = band_of(rng.normal(0.0, 1.0, clean.samples.shape), 40.0, 400.0)
    beat = np.exp(-((np.arange(clean.frames) / RATE_HZ * 2.0) % 1.0) * 6.0)
    dense = accidents.made(clean.samples + 0.2 * beat * low, RATE_HZ)
    assert "hum" not in findings(dense)
    assert "hum" in findings(accidents.humming(dense, 50.0))


def test_a_pattern_that_repeats_ten_times_a_second_is_not_hum(clean):
    hits = sum(accidents.tone(clean, 10.0 * n, 0.02) for n in range(3, 40))
    assert "hum" not in of(clean.samples + hits)


def test_a_loop_that_repeats_exactly_is_not_hum(clean):
    loop = clean.samples[:, 9 * RATE_HZ : 11 * RATE_HZ]
    assert "hum" not in of(np.tile(loop, 20))


def test_hum_that_drifts_as_mains_do_is_found(clean):
    time = np.arange(clean.frames) / RATE_HZ
    phase = 2.0 * np.pi * (60.05 * time - 0.05 * np.cos(time / 20.0))
    hum = sum(0.008 / n * np.sin(n * phase) for n in range(1, 7))
    assert "hum" in of(clean.samples + hum)


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_hum_is_found_after_the_last_note_of_a_short_song(mains_hz):
    short = accidents.healthy(song(seed=4, seconds=12.0))  # no 8 s of it are like others
    assert "hum" in findings(accidents.humming(short, mains_hz))


@pytest.mark.parametrize("hz", [48.999, 51.913, 58.270, 61.735])
def test_a_low_note_that_is_held_after_all_others_is_no_hum(hz):
    short = accidents.healthy(song(seed=4, seconds=12.0))
    note = sum(accidents.tone(short, n * hz, 0.008 / n) for n in range(1, 7))
    assert "hum" not in of(short.samples + note)


def test_hum_is_found_under_a_song_that_never_pauses(clean):
    dense = sum(np.roll(clean.samples, shift * RATE_HZ, axis=1) for shift in (0, 3, 5)) / 3.0
    assert "hum" not in of(dense)
    assert "hum" in findings(accidents.humming(accidents.made(dense, RATE_HZ), 60.0))


def test_noise_that_plays_and_pauses_is_music(clean):
    noise = np.random.default_rng(8).normal(0.0, 0.02, clean.samples.shape)
    swell = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(clean.frames) / (4.0 * RATE_HZ))
    assert "noise" not in of(clean.samples + swell**2 * noise)


def test_noise_is_found_above_music_that_leaves_but_the_highest_octave(clean):
    rng = np.random.default_rng(9)
    cymbals = band_of(rng.normal(0.0, 0.05, clean.samples.shape), 3_000.0, 7_000.0)
    beat = 0.4 + 0.6 * np.exp(-((np.arange(clean.frames) / RATE_HZ * 4.0) % 1.0) * 3.0)
    dense = accidents.made(clean.samples + beat * cymbals, RATE_HZ)
    assert "noise" not in findings(dense)
    assert "noise" in findings(accidents.noisy(dense))


def test_hiss_is_found_after_music_that_leaves_no_treble():
    rng = np.random.default_rng(11)
    played = song(seed=4, seconds=40.0)
    treble = band_of(rng.normal(0.0, 0.1, played.samples.shape), 2_000.0, 18_000.0)
    swell = np.exp(0.7 * np.sin(2.0 * np.pi * 0.9 * np.arange(played.frames) / RATE_HZ))
    dense = accidents.healthy(accidents.made(played.samples + swell * treble, RATE_HZ))
    assert "noise" not in findings(dense)
    assert "noise" in findings(accidents.noisy(dense))


@pytest.mark.parametrize(("phase", "is_cut"), [(0.25, True), (0.0, False)])
def test_a_song_that_begins_far_from_rest_is_cut_however_slow_its_wave(phase, is_cut):
    time = np.arange(12 * RATE_HZ) / RATE_HZ
    wave = 0.3 * np.sin(2.0 * np.pi * (60.0 * time + phase)) + 0.05 * np.sin(
        2.0 * np.pi * 440.0 * time
    )
    assert ("cut_off_start" in of(np.stack([wave, wave]))) == is_cut


def test_a_dark_song_is_not_taken_for_a_lossy_one(clean):
    assert "lossy_source" not in findings(accidents.dark(clean))


@pytest.mark.parametrize("corner_hz", [8_000.0, 10_000.0, 14_000.0])
def test_a_steep_filter_over_short_words_is_no_codec(clean, corner_hz):
    sos = signal.butter(8, corner_hz, fs=RATE_HZ, output="sos")
    dark = accidents.made(signal.sosfilt(sos, clean.samples, axis=1), RATE_HZ)
    assert "lossy_source" not in findings(accidents.words(dark, 16))


@pytest.mark.parametrize(
    ("order", "corner_hz"),
    [(1, 1_500.0), (1, 4_000.0), (2, 4_000.0), (2, 6_000.0), (2, 9_000.0), (4, 12_000.0)],
)
def test_a_dark_song_under_a_converters_filter_is_no_lossy_one(order, corner_hz):
    """The filter is gradual and begins before its corner: in the dark, the floor hides its end."""
    frames = 6 * RATE_HZ
    hz = np.fft.rfftfreq(frames, 1.0 / RATE_HZ)
    filter_db = np.interp(
        hz,
        [17_750, 18_500, 19_000, 19_500, 20_000, 20_250, 20_500, 21_000],
        [0.0, -4.0, -7.0, -10.0, -22.0, -33.0, -51.0, -100.0],
    )
    noise = np.fft.rfft(np.random.default_rng(10).normal(0.0, 0.1, (2, frames)))
    bright = np.fft.irfft(noise * 10.0 ** (filter_db / 20.0), frames)
    sos = signal.butter(order, corner_hz, fs=RATE_HZ, output="sos")
    dark = accidents.made(signal.sosfilt(sos, bright, axis=1), RATE_HZ)
    assert "lossy_source" not in of(bright)
    assert "lossy_source" not in findings(dark)
    assert "lossy_source" in findings(accidents.coded(dark))


@pytest.mark.parametrize("codec", ["libmp3lame", "aac"])
def test_a_codec_is_told_from_a_treble_too_faint_for_a_cliff(clean, codec):
    rng = np.random.default_rng(2)
    treble = band_of(rng.normal(0.0, 1.0, clean.samples.shape), 9_000.0, 20_000.0)
    low = signal.sosfilt(
        signal.butter(12, 8_000.0, fs=RATE_HZ, output="sos"), clean.samples, axis=1
    )
    faint = accidents.made(low + 1e-4 * treble, RATE_HZ)
    assert "lossy_source" not in findings(accidents.words(faint, 16))
    assert "lossy_source" in findings(accidents.coded(faint, codec))


def test_a_lossy_file_is_told_by_its_codec_whatever_its_spectrum(clean):
    assert findings(clean, lossy=True)["lossy_source"].confidence > 0.95


def test_silence_is_told_with_its_times(clean):
    found = findings(accidents.padded(clean, 4.0, 6.0))
    (start,), (end,) = found["silence_at_start"].ranges, found["silence_at_end"].ranges
    assert start == pytest.approx((0.0, 4.1), abs=0.05)
    assert end[1] - end[0] > 6.0


def test_a_gap_is_told_where_it_is(clean):
    samples = clean.samples.copy()
    loud = int(np.argmax(np.abs(samples[:, 5 * RATE_HZ : -5 * RATE_HZ]).max(axis=0)))
    place = 5 * RATE_HZ + loud
    samples[:, place + 1 : place + 442] = 0.0
    ((start, end),) = of(samples)["dropout"].ranges
    assert (start, end) == pytest.approx((place / RATE_HZ, place / RATE_HZ + 0.01), abs=0.005)


def test_one_channel_is_called_mono(clean):
    assert "mono" in of(clean.samples[:1])


def test_a_bass_made_mono_under_wide_music_is_noted(clean):
    noise = np.random.default_rng(5).normal(0.0, 0.1, clean.samples.shape)
    wide = np.diff(noise, axis=1, prepend=0.0)
    middle = np.repeat(clean.samples.mean(axis=0, keepdims=True), 2, axis=0)
    assert "narrow_low_end" in of(0.5 * middle + wide)


def test_words_longer_than_what_they_hold_are_noted(clean):
    short = accidents.words(clean, 16)
    assert findings(short, bits=24)["low_bit_depth"].value == 16.0
    assert "low_bit_depth" not in findings(short, bits=16)


@pytest.mark.parametrize("gain_db", [-12.0, 6.0])
def test_findings_do_not_depend_on_the_level(clean, gain_db):
    for name in ("hum 50", "noise", "subsonic", "low end out of phase", "cut tail"):
        happen, codes = ACCIDENTS[name]
        assert set(codes) & set(findings(accidents.gained(happen(clean), gain_db)))


@pytest.mark.parametrize("gain_db", [0.0, -12.0])
def test_a_song_pressed_flat_is_limited_already_at_any_level(clean, gain_db):
    pressed = accidents.made(0.5 * np.tanh(30.0 * clean.samples), RATE_HZ)
    assert "already_limited" in findings(accidents.gained(pressed, gain_db))
    assert "already_limited" not in findings(clean)


def test_a_passage_out_of_phase_is_told_where_it_is(clean):
    samples = np.repeat(clean.samples.mean(axis=0, keepdims=True), 2, axis=0)
    samples[0] += 0.05 * clean.samples[0]
    samples[1, 12 * RATE_HZ : 20 * RATE_HZ] *= -1.0
    (told,) = of(samples)["out_of_phase"].ranges
    assert told == pytest.approx((12.0, 20.0), abs=0.06)


def test_a_low_end_that_differs_between_the_sides_is_wide(clean):
    rng = np.random.default_rng(1)
    low = signal.sosfilt(
        signal.butter(4, 100.0, fs=RATE_HZ, output="sos"), rng.normal(size=clean.samples.shape)
    )
    high = signal.sosfilt(
        signal.butter(4, 200.0, "highpass", fs=RATE_HZ, output="sos"), clean.samples
    )
    assert "wide_low_end" in of(high + 2.0 * low)


@pytest.mark.parametrize(
    ("low_hz", "high_hz", "name"),
    [
        (30.0, 120.0, "low_end"),
        (120.0, 500.0, "low_mids"),
        (500.0, 4_000.0, "vocal_range"),
        (4_000.0, 16_000.0, "top_end"),
    ],
)
def test_a_range_beyond_what_songs_have_is_told(clean, low_hz, high_hz, name):
    sos = signal.butter(4, (low_hz, high_hz), "bandpass", fs=RATE_HZ, output="sos")
    inside = signal.sosfiltfilt(sos, clean.samples, axis=1)
    assert f"heavy_{name}" in of((clean.samples + 60.0 * inside) / 60.0)


def test_a_mean_that_comes_with_loud_passages_is_no_offset():
    time = np.arange(20 * RATE_HZ) / RATE_HZ
    phase = 2.0 * np.pi * 110.0 * time
    lopsided = np.sin(phase) + 0.5 * np.cos(2.0 * phase)  # one side reaches higher than the other
    lopsided *= np.where(time % 2.0 < 1.3, 0.5, 0.1)
    pressed = limited(accidents.made(np.stack([lopsided, lopsided]), RATE_HZ))
    assert abs(float(pressed.samples.mean())) > 2.0 * DC_OFFSET
    assert "dc_offset" not in findings(pressed)
    assert findings(accidents.made(pressed.samples + 0.01, RATE_HZ))["dc_offset"].unit == "%"
