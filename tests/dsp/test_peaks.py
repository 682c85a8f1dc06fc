import math

import numpy as np
import pyebur128
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from dsp.audio import Audio
from dsp.errors import NotFinite
from dsp.filters import fractional_delays
from dsp.loudness import measure_loudness, weighted_energies
from dsp.peaks import (
    block_frames,
    block_peaks,
    highest_sample,
    plr_db,
    psr_db,
    read_meters,
    require_finite,
    sample_peak_dbfs,
    true_peak_dbtp,
    true_peak_per_window_dbtp,
    window_and_sample_peaks,
)
from tests.dsp.sounds import audio, burst_noise, music, silence, stereo, tone

PHASE_0 = [0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875,
           0.1373291015625, 0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250,
           0.0148925781250, -0.0083007812500]  # fmt: skip
PHASE_1 = [-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500,
           0.4650878906250, 0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625,
           0.0330810546875, -0.0189208984375]  # fmt: skip


def db(amplitude):
    return 20 * math.log10(amplitude)


def itu_literal_dbtp(sound):
    """BS.1770-5 Annex 2 without any shortcut."""
    phases = [PHASE_0, PHASE_1, PHASE_1[::-1], PHASE_0[::-1]]
    samples = sound.samples.astype(float)
    readings = [np.abs(np.convolve(row, phase)).max() for row in samples for phase in phases]
    return db(max(*readings, np.abs(samples).max()))


def polyphase_dbtp(sound):
    bank = fractional_delays(8, 48, 6.0)
    samples = sound.samples.astype(float)
    readings = [np.abs(np.convolve(row, taps[::-1])).max() for row in samples for taps in bank]
    return db(max(*readings, np.abs(samples).max()))


def libebur128_dbtp(sound):
    state = pyebur128.R128State(
        sound.channels, sound.rate_hz, pyebur128.MeasurementMode.MODE_TRUE_PEAK
    )
    # Silence behind it, since libebur128 never flushes its interpolator.
    frames = np.pad(sound.samples, ((0, 0), (0, 64))).T
    state.add_frames(np.ascontiguousarray(frames).ravel(), len(frames))
    return max(db(pyebur128.get_true_peak(state, c)) for c in range(sound.channels))


def band_limited(seed, *, top, rate_hz=48_000, seconds=0.3):
    """Noise with nothing above a share of the rate, faded at both ends."""
    noise = np.random.default_rng(seed).standard_normal(round(seconds * rate_hz))
    taps = signal.firwin(511, 2 * top, window=("kaiser", 8.0))
    return np.convolve(noise, taps, "same") * signal.windows.tukey(len(noise), 0.2)


SOUNDS = {
    "music": music(3, level_db=3),
    "worst noise": burst_noise(0.2),
    "music at 96 kHz": music(1, rate_hz=96_000),
    "music at 192 kHz": music(0.5, rate_hz=192_000),
    "low rate": music(1, rate_hz=8_000),
    "one channel": audio(band_limited(1, top=0.45)),
    "one frame": audio([0.7]),
    "three frames": audio([[0.7, -0.6, 0.5], [0.1, 0.2, 0.9]]),
    "a peak first and last": audio(np.r_[1.0, np.zeros(500), -1.0, 1.0]),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_each_meter_reads_what_it_reads_without_shortcuts(name):
    sound = SOUNDS[name]
    meters = read_meters(sound)
    assert meters.polyphase_dbtp == pytest.approx(polyphase_dbtp(sound), abs=2e-4)
    assert meters.itu_dbtp == pytest.approx(itu_literal_dbtp(sound), abs=2e-4)
    assert meters.libebur128_dbtp == pytest.approx(libebur128_dbtp(sound), abs=2e-4)


@pytest.mark.parametrize("name", SOUNDS)
def test_the_true_peak_is_the_highest_of_the_meters(name):
    meters = read_meters(SOUNDS[name])
    highest = max(meters.polyphase_dbtp, meters.itu_dbtp, meters.libebur128_dbtp)
    assert true_peak_dbtp(SOUNDS[name]) == pytest.approx(highest, abs=1e-9)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    share=st.floats(0.01, 0.44),
    phase=st.floats(0, 2 * math.pi),
    rate_hz=st.sampled_from([44_100, 48_000]),
)
def test_tones_read_their_true_peak(share, phase, rate_hz):
    sound = tone(share * rate_hz, 0.25, rate_hz=rate_hz, phase=phase)
    faded = audio(sound * signal.windows.tukey(len(sound), 0.2), rate_hz)
    upsampled = signal.resample(
        np.pad(faded.samples[0].astype(float), 64), 32 * (faded.frames + 128)
    )
    true = db(np.abs(upsampled).max())
    assert true - 0.1 <= true_peak_dbtp(faded) <= true + 0.25


@pytest.mark.parametrize("top", [0.1, 0.2, 0.3, 0.4, 0.44])
def test_noise_reads_its_true_peak(top):
    for seed in range(10):
        sound = audio(band_limited(seed, top=top))
        padded = np.pad(sound.samples[0].astype(float), 1_000)
        true = db(np.abs(signal.resample(padded, 32 * len(padded))).max())
        assert true - 0.1 <= true_peak_dbtp(sound) <= true + 0.25


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("block", [4, 16, 64])
def test_block_peaks_above_the_floor_are_exact(name, block):
    sound = SOUNDS[name]
    exact = block_peaks(sound, block, floor=0.0)
    peak = exact.max()
    rough = block_peaks(sound, block, floor=0.7 * float(peak))
    above = exact > 0.7 * peak
    assert (rough[above] == exact[above]).all()
    assert (rough[~above] <= 0.7 * peak).all()
    assert db(peak) == pytest.approx(true_peak_dbtp(sound), abs=1e-5)


def test_a_floor_may_be_a_share_of_the_highest_sample():
    sound = SOUNDS["music"]
    floor = 0.5 * float(np.abs(sound.samples).max())
    by_share = block_peaks(sound, 16, floor_share=0.5)
    assert (by_share == block_peaks(sound, 16, floor=floor)).all()


def test_blocks_not_chosen_are_not_looked_at():
    sound = SOUNDS["music"]
    chosen = np.zeros(-(-sound.frames // 16), dtype=bool)
    chosen[1_000:1_010] = True
    some, every = block_peaks(sound, 16, chosen=chosen), block_peaks(sound, 16)
    assert (some[chosen] == every[chosen]).all()
    assert not some[~chosen].any()


@pytest.mark.parametrize(
    ("rate_hz", "frames"),
    [(8_000, 4), (22_050, 8), (44_100, 16), (48_000, 16), (96_000, 32), (192_000, 64)],
)
def test_blocks_last_about_a_third_of_a_millisecond(rate_hz, frames):
    assert block_frames(rate_hz) == frames


@pytest.mark.parametrize("name", SOUNDS)
def test_the_highest_window_is_the_true_peak(name):
    sound = SOUNDS[name]
    windows = true_peak_per_window_dbtp(sound)
    assert len(windows) == math.ceil(sound.frames * 10 / sound.rate_hz)
    assert windows.max() == pytest.approx(true_peak_dbtp(sound), abs=1e-5)


@pytest.mark.parametrize("name", SOUNDS)
def test_one_look_tells_the_windows_and_the_highest_sample(name):
    sound = SOUNDS[name]
    windows, highest_dbfs = window_and_sample_peaks(sound)
    assert np.array_equal(windows, true_peak_per_window_dbtp(sound))
    assert highest_dbfs == sample_peak_dbfs(sound)


def test_windows_hear_only_their_own_time():
    levels_db = [-40, -6, -20, -12, -30]
    sound = np.concatenate([tone(1_000, 0.1, level_dbfs=level) for level in levels_db])
    windows = true_peak_per_window_dbtp(audio(sound))
    assert windows[[1, 3]] == pytest.approx([-6, -12], abs=0.25)
    assert (windows[[0, 2, 4]] < [-20, -11, -20]).all()


def test_silence_and_no_frames_have_no_peak():
    for sound in (stereo(silence(0.3)), stereo(silence(0))):
        assert sample_peak_dbfs(sound) == true_peak_dbtp(sound) == -math.inf
        assert np.isneginf(true_peak_per_window_dbtp(sound)).all()
        assert window_and_sample_peaks(sound)[1] == -math.inf


def test_a_constant_reads_itself_and_the_edges_of_its_being_cut():
    sound = audio(np.full(4_800, 0.5))
    assert sample_peak_dbfs(sound) == pytest.approx(db(0.5), abs=1e-6)
    assert db(0.5) < true_peak_dbtp(sound) < db(0.5) + 1.5


@settings(max_examples=15, deadline=None)
@given(gain_db=st.floats(-40, 20), seed=st.integers(0, 5))
def test_gain_in_is_gain_out(gain_db, seed):
    sound = audio(band_limited(seed, top=0.4, seconds=0.1))
    louder = Audio(sound.samples * np.float32(10 ** (gain_db / 20)), sound.rate_hz)
    assert true_peak_dbtp(louder) - true_peak_dbtp(sound) == pytest.approx(gain_db, abs=1e-3)


def test_swapped_channels_and_turned_polarity_change_nothing():
    sound = music(1)
    swapped = Audio(np.ascontiguousarray(-sound.samples[::-1]), sound.rate_hz)
    assert read_meters(swapped) == read_meters(sound)


def test_psr_is_the_peak_of_three_seconds_over_their_loudness():
    sound = stereo(tone(997, 6, level_dbfs=-6))
    loudness = measure_loudness(weighted_energies(sound))
    ratio = psr_db(true_peak_per_window_dbtp(sound), loudness.short_term_lufs)
    assert len(ratio) == len(loudness.short_term_lufs)
    assert ratio == pytest.approx(np.zeros(31), abs=0.25)  # −6 dBTP over −6 LUFS
    assert plr_db(true_peak_dbtp(sound), loudness.integrated_lufs) == pytest.approx(0, abs=0.25)


def test_psr_of_silence_is_undefined_and_of_a_short_piece_empty():
    sound = stereo(silence(4))
    loudness = measure_loudness(weighted_energies(sound))
    assert np.isnan(psr_db(true_peak_per_window_dbtp(sound), loudness.short_term_lufs)).all()
    assert psr_db(np.zeros(5), np.zeros(0)).size == 0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e30])
def test_samples_that_are_no_numbers_are_refused(bad):
    samples = np.zeros((2, 1_000), dtype=np.float32)
    require_finite(Audio(samples, 48_000))
    samples[1, 500] = bad
    with pytest.raises(NotFinite, match="finite"):
        require_finite(Audio(samples, 48_000))


def test_frozen_samples_can_be_measured():
    sound = music(0.5)
    sound.samples.setflags(write=False)
    assert math.isfinite(true_peak_dbtp(sound))
    assert weighted_energies(sound).energies.size == 50


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_the_highest_sample_is_told_even_where_it_is_no_number(odd):
    quiet = stereo(silence(0.5)[:100], silence(0.5)[:100])
    assert highest_sample(quiet) == 0.0
    quiet.samples[1, 7], quiet.samples[0, 3] = -1.5, 1.25
    assert highest_sample(quiet) == 1.5
    quiet.samples[1, 99] = odd
    highest = highest_sample(quiet)
    assert math.isnan(highest) if math.isnan(odd) else highest == math.inf
