import numpy as np
import pytest

from dsp.audio import Audio
from dsp.clipper import MAX_CLIP_DB, _lasting, clip_in_place
from dsp.filters import sliding_max
from dsp.peaks import block_frames, block_peaks, true_peak_dbtp
from tests.dsp.sounds import audio, burst_noise, music, silence, tone


def clipped(sound, threshold):
    """Clip a copy."""
    copy = Audio(sound.samples.copy(), sound.rate_hz)
    peaks = block_peaks(copy, block_frames(copy.rate_hz))
    return copy, clip_in_place(copy, threshold=threshold, peaks=peaks)


def with_clicks(level, *, at=(12_000, 30_000), frames=48_000, rate_hz=48_000):
    """Make a quiet tone with single half-millisecond peaks."""
    sound = tone(300, frames / rate_hz, rate_hz=rate_hz, level_dbfs=-12)
    for place in at:
        sound[place : place + 25] = level * np.hanning(25)
    return audio(sound, rate_hz)


def test_a_short_peak_loses_half_of_what_it_has_over_the_threshold():
    softer, stats = clipped(with_clicks(0.6), 0.5)
    assert np.abs(softer.samples).max() == pytest.approx(0.55, abs=0.003)
    assert stats.max_reduction_db == pytest.approx(20 * np.log10(0.6 / 0.55), abs=0.05)
    assert 0.1 < stats.clipped_ms < 2.0


def test_a_short_peak_loses_2_db_at_most():
    sound = with_clicks(1.5)
    softer, stats = clipped(sound, 0.5)
    lost_db = true_peak_dbtp(sound) - true_peak_dbtp(softer)
    assert lost_db == pytest.approx(MAX_CLIP_DB, abs=0.05)
    assert stats.max_reduction_db <= MAX_CLIP_DB


def test_nothing_but_the_peaks_is_changed():
    sound = with_clicks(1.0)
    softer, _ = clipped(sound, 0.5)
    changed = np.flatnonzero((softer.samples != sound.samples)[0])
    near = [min(abs(place - 12_012), abs(place - 30_012)) for place in changed]
    assert changed.size
    assert max(near) < 60


@pytest.mark.parametrize("hz", [30, 50, 100, 1_000, 5_000])
@pytest.mark.parametrize("over_db", [1, 3, 6])
def test_lasting_tones_are_never_clipped(hz, over_db):
    sound = tone(hz, 1.5, level_dbfs=over_db)
    sound *= np.minimum(1.0, np.arange(len(sound)) / 24_000)
    faded = audio(sound)
    softer, stats = clipped(faded, 1.0)
    assert stats.clipped_ms == 0.0
    assert (softer.samples == faded.samples).all()


def test_at_most_one_percent_of_the_time_is_clipped():
    places = range(1_000, 95_000, 1_000)
    sound = with_clicks(0.9, at=places, frames=96_000)
    _, stats = clipped(sound, 0.5)
    blocks = np.count_nonzero(stats.block_reduction_db)
    assert 0 < blocks <= 0.01 * len(stats.peaks)


def test_the_peaks_told_afterwards_are_those_of_the_audio():
    softer, stats = clipped(music(4, level_db=6), 0.6)
    exact = block_peaks(softer, block_frames(softer.rate_hz))
    above = exact > 0.6
    assert stats.clipped_ms > 0.0
    assert (stats.peaks[above] == exact[above]).all()


@pytest.mark.parametrize("sound", [music(4, level_db=6), burst_noise(0.3), with_clicks(2.0)])
def test_no_peak_grows(sound):
    softer, _ = clipped(sound, 0.6)
    assert true_peak_dbtp(softer) <= true_peak_dbtp(sound) + 1e-6


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_peaks_at_the_edges_are_clipped_at_any_rate(rate_hz):
    frames = rate_hz // 2
    peak = np.hanning(9)[4:]
    samples = np.zeros(frames)
    samples[:5], samples[-5:] = peak, -peak[::-1]
    softer, stats = clipped(audio(samples, rate_hz), 0.6)
    assert stats.clipped_ms > 0.0
    assert np.abs(softer.samples).max() < 1.0
    assert softer.samples.shape == (1, frames)


def test_swapped_channels_swap_the_result():
    sound = music(3, level_db=6)
    swapped = Audio(np.ascontiguousarray(sound.samples[::-1]), sound.rate_hz)
    assert (clipped(swapped, 0.6)[0].samples == clipped(sound, 0.6)[0].samples[::-1]).all()


@pytest.mark.parametrize("samples", [silence(0.1), silence(0), np.array([0.9])])
def test_silence_and_very_little_pass(samples):
    softer, stats = clipped(audio(samples), 1.0)
    assert (softer.samples == audio(samples).samples).all()
    assert stats.clipped_ms == stats.max_reduction_db == 0.0


@pytest.mark.parametrize("count", [0, 1, 30, 4_096, 9_000])
def test_what_lasts_is_the_demand_closed_over_gaps_and_opened_over_short_peaks(count):
    rng = np.random.default_rng(count)
    demand_db = rng.exponential(1.0, count) * (rng.random(count) < 0.1)
    gap, short = 28, 8
    padded = np.pad(demand_db, gap + short)
    filled = -sliding_max(-sliding_max(padded, 0, gap), gap, 0)
    opened = sliding_max(-sliding_max(-filled, 0, short), short, 0)
    expected = opened[gap + short : gap + short + count]
    assert _lasting(demand_db, gap, short).tolist() == expected.tolist()
