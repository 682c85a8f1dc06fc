"""What may be wrong with an upload: findings with numbers and times, independent of gain.

A finding informs; it never refuses. Texts for its code live with the pages.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from dsp.audio import Audio
from dsp.axes import RANGES_HZ
from dsp.blocks import BLOCK_SECONDS, Blocks, measure_blocks
from dsp.clipping import find_clipping
from dsp.disturbances import find_noise, find_subsonic
from dsp.edges import find_edges
from dsp.features import LEVEL_HZ
from dsp.findings import FILE_CODES, Finding, Ranges, Severity
from dsp.hum import find_hum
from dsp.measure import Profile
from dsp.spectrum import Doubles, bands_between

LIMITED_PSR_DB: Final = 8.0  # P10 of peak to short-term loudness
CRUSHED_PSR_DB: Final = 6.0
LITTLE_HEADROOM_DBTP: Final = -1.0
DC_OFFSET: Final = 1e-3  # of full scale
DC_SEGMENT_SECONDS: Final = 10.0
DC_QUIET_PERCENT: Final = 25.0  # of the blocks, in which an offset must be as well
DC_SOUNDING: Final = 1e-6  # of the loudest block's power: what is less is silence, put in later
DEAD_DB: Final = -50.0  # of one channel under the other
SILENCE_DBFS: Final = -90.0  # a channel below this holds no programme
DUAL_MONO_DB: Final = -60.0  # side under mid

POLARITY_SECONDS: Final = 3.0
OUT_OF_PHASE: Final = -0.45  # correlation over 3 s; wide ambience reaches -0.4
TYPICALLY_INVERTED: Final = -0.4  # the median of a track; the widest healthy ones stay above 0
INVERTED: Final = -0.6  # the low end's, where the rest is not in phase either
INVERTED_LOW_END: Final = -0.3
LOW_END_HZ: Final = (0.0, 120.0)
MIDDLE_HZ: Final = (200.0, 4_000.0)
WIDE_CORRELATION: Final = 0.05  # of channels that have nothing in common in the bass
NARROW_LOW_DB: Final = -50.0  # side under mid: no low end is so by itself …
WIDE_MIDDLE_DB: Final = -15.0  # … under music that is wide
AUDIBLE_LU: Final = 20.0  # a low end further under the track than this decides nothing

LOSSY_HZ: Final = 19_900.0  # from here on a cutoff may be a converter's
SURELY_LOSSY_HZ: Final = 17_500.0
LEAST_LOSSY_HZ: Final = 13_000.0  # below, only a lower sample rate ends the spectrum
HIGH_RATE_HZ: Final = 88_200
LOW_RATE_HZ: Final = 32_000
COMMON_RATES_HZ: Final = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
NYQUIST_SHARES: Final = (0.86, 1.04)  # of half a lower rate, where its filter ends the spectrum

# Between what 37 finished tracks of all styles have, some dB to spare, dB over the mean of 100 Hz
# to 8 kHz.
USUAL_RANGES_DB: Final = {
    "low_end": (-30.0, 17.0),
    "low_mids": (-7.0, 19.0),
    "vocal_range": (-10.0, 8.0),
    "top_end": (-32.0, 6.0),
}

LOW_BITS: Final = 12
EXAMINED_FRAMES: Final = 1 << 20


def check_mix(
    audio: Audio, profile: Profile, *, lossy: bool = False, bits: int | None = None
) -> tuple[Finding, ...]:
    """Return what is worth knowing about a track before it is mastered, gravest first.

    Parameters
    ----------
    audio : Audio
    profile : Profile
        The measurements of the same audio.
    lossy : bool
        Whether the file's codec loses sound.
    bits : int or None
        The file's word length, where it has one.
    """
    blocks = measure_blocks(audio)
    found = [
        find_clipping(audio, lossy=lossy),
        _already_limited(profile),
        _headroom(profile),
        *_bandwidth(profile, lossy=lossy),
        _dc_offset(blocks),
        *_channels(audio, blocks),
        *_polarity(blocks, profile),
        *_low_end(profile),
        *_ranges(profile),
        find_subsonic(audio),
        find_hum(audio),
        find_noise(audio, profile),
        *find_edges(audio, blocks, profile.integrated_lufs),
        _bit_depth(audio, bits),
    ]
    findings = [finding for finding in found if finding is not None]
    order = {code: number for number, code in enumerate(FILE_CODES)}
    return tuple(sorted(findings, key=lambda each: (each.severity != "warning", order[each.code])))


def _already_limited(profile: Profile) -> Finding | None:
    psr_db = profile.psr_db[0]
    if psr_db >= LIMITED_PSR_DB:
        return None
    return Finding(
        "already_limited",
        "warning" if psr_db < CRUSHED_PSR_DB else "note",
        confidence=round(min(0.95, 0.6 + 0.1 * (LIMITED_PSR_DB - psr_db)), 2),
        value=psr_db,
        unit="dB",
    )


def _headroom(profile: Profile) -> Finding | None:
    peak_dbtp = profile.true_peak_dbtp
    if peak_dbtp <= LITTLE_HEADROOM_DBTP:
        return None
    return Finding("little_headroom", "note", confidence=0.99, value=peak_dbtp, unit="dBTP")


def _bandwidth(profile: Profile, *, lossy: bool) -> list[Finding]:
    """Find the cliff that a lossy codec or a lower sample rate leaves, and low rates themselves."""
    found = []
    cutoff_hz, rate_hz = profile.cutoff_hz, profile.rate_hz
    if rate_hz < LOW_RATE_HZ:
        found.append(Finding("low_sample_rate", "warning", 0.99, rate_hz / 1000, "kHz"))
    if cutoff_hz is not None and _is_upsampled(cutoff_hz, rate_hz):
        severity: Severity = "note" if rate_hz >= HIGH_RATE_HZ else "warning"  # audible there
        found.append(Finding("upsampled", severity, 0.85, cutoff_hz / 1000, "kHz"))
    elif lossy:
        end_hz = cutoff_hz if cutoff_hz is not None else rate_hz / 2
        severity = "warning" if end_hz < SURELY_LOSSY_HZ else "note"
        found.append(Finding("lossy_source", severity, 0.99, end_hz / 1000, "kHz"))
    elif cutoff_hz is not None and cutoff_hz < LOSSY_HZ:
        severity = "warning" if cutoff_hz < SURELY_LOSSY_HZ else "note"
        found.append(Finding("lossy_source", severity, 0.85, cutoff_hz / 1000, "kHz"))
    return found


def _is_upsampled(cutoff_hz: float, rate_hz: int) -> bool:
    """Tell whether the spectrum ends where that of a lower sample rate would."""
    if rate_hz >= HIGH_RATE_HZ:
        return cutoff_hz <= NYQUIST_SHARES[1] * COMMON_RATES_HZ[-1] / 2
    return cutoff_hz < LEAST_LOSSY_HZ and any(
        NYQUIST_SHARES[0] * lower / 2 <= cutoff_hz <= NYQUIST_SHARES[1] * lower / 2
        for lower in COMMON_RATES_HZ
        if lower < 0.8 * rate_hz
    )


def _dc_offset(blocks: Blocks) -> Finding | None:
    """Find a constant that stays through the track, whatever single stretches average to.

    A limiter leaves lopsided waves off centre where it works. That comes and goes with the music
    and is gone where the music is quieter; a constant is there too.
    """
    size = max(1, round(DC_SEGMENT_SECONDS / BLOCK_SECONDS))
    count = max(1, blocks.means.shape[1] // size)
    means = [part.mean(axis=1) for part in np.array_split(blocks.means, count, axis=1)]
    throughout = np.median(means, axis=0)
    beside = [_mean_where_quiet(*each) for each in zip(blocks.means, blocks.powers, strict=True)]
    stays = np.where(throughout * beside > 0.0, np.minimum(np.abs(throughout), np.abs(beside)), 0.0)
    if stays.max() <= DC_OFFSET:
        return None
    value = round(100.0 * float(np.abs(throughout)[np.argmax(stays)]), 4)
    return Finding("dc_offset", "note", confidence=0.95, value=value, unit="%")


def _mean_where_quiet(means: Doubles, powers: Doubles) -> float:
    """Return the mean of the quietest blocks of a channel in which something sounds."""
    varying = powers - np.square(means)
    sounding = varying > DC_SOUNDING * float(varying.max())
    if not np.any(sounding):
        return float(means.mean())
    return float(
        means[sounding & (varying <= np.percentile(varying[sounding], DC_QUIET_PERCENT))].mean()
    )


def _channels(audio: Audio, blocks: Blocks) -> list[Finding]:
    if audio.channels == 1:
        return [Finding("mono", "note", confidence=1.0)]
    left, right = (float(power) for power in blocks.powers.mean(axis=1))
    floor = 10.0 ** (SILENCE_DBFS / 10.0)
    dead = max(floor, max(left, right) * 10.0 ** (DEAD_DB / 10.0))
    if min(left, right) < dead < max(left, right):
        channel = 0.0 if left < right else 1.0
        return [Finding("dead_channel", "warning", confidence=0.99, value=channel, unit="channel")]
    cross = float(blocks.cross.mean())
    mid, side = (left + right) / 4 + cross / 2, (left + right) / 4 - cross / 2
    if mid > floor and side <= mid * 10.0 ** (DUAL_MONO_DB / 10.0):
        return [Finding("dual_mono", "note", confidence=0.99)]
    return []


def _polarity(blocks: Blocks, profile: Profile) -> list[Finding]:
    """Find an inverted channel, else spans of 3 s in which the channels cancel."""
    span = np.ones(round(POLARITY_SECONDS / BLOCK_SECONDS))
    if blocks.powers.shape[0] == 1 or blocks.cross.size < span.size:
        return []
    left, right = (np.convolve(power, span, "valid") for power in blocks.powers)
    cross = np.convolve(blocks.cross, span, "valid")
    audible = np.minimum(left, right) > 1e-3 * np.maximum(left, right)
    audible &= left + right > 1e-4 * float((left + right).max())
    correlation = np.where(audible, cross / np.sqrt(np.maximum(left * right, 1e-30)), 1.0)
    if not np.any(audible):
        return []
    typical = float(np.median(correlation[audible]))
    low, middle = (_correlation(profile, each) for each in (LOW_END_HZ, MIDDLE_HZ))
    turned_low = _is_audible(profile, LOW_END_HZ) and low < INVERTED and middle < 0.0
    bad = correlation < OUT_OF_PHASE
    if typical < TYPICALLY_INVERTED or turned_low:
        bad = correlation < 0.0
        code = "inverted_channel"
    elif np.any(bad):
        code = "out_of_phase"
    else:
        return []
    flags = np.zeros(blocks.cross.size, dtype=np.bool_)
    for first in np.flatnonzero(bad):
        flags[first : first + span.size] = True
    worst = round(float(correlation.min()), 3)
    ranges = _spans(_between(flags, blocks.cross < 0.0))
    return [Finding(code, "warning", 0.9, value=worst, ranges=ranges)]


def _between(flags: npt.NDArray[np.bool_], ends: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return runs of flags cut to their first and last block that is an end.

    A span of seconds is out of phase as a whole before its first block is.
    """
    kept = np.zeros_like(flags)
    starts = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    for first, last in starts.reshape(-1, 2):
        inside = np.flatnonzero(ends[first:last])
        if inside.size:
            kept[first + inside[0] : first + inside[-1] + 1] = True
    return kept


def _low_end(profile: Profile) -> list[Finding]:
    """Find a low end that cancels or falls apart in mono, or was made mono under wide music."""
    if profile.is_mono or profile.channels == 1 or not _is_audible(profile, LOW_END_HZ):
        return []
    low, middle = (_correlation(profile, each) for each in (LOW_END_HZ, MIDDLE_HZ))
    value = round(low, 3)
    if low < INVERTED_LOW_END:
        whole = low < INVERTED and middle < 0.0  # told as an inverted channel
        return [] if whole else [Finding("low_end_out_of_phase", "warning", 0.9, value)]
    if low < WIDE_CORRELATION:
        return [Finding("wide_low_end", "warning", 0.8, value)]
    widths = [_width_db(profile, each) for each in (LOW_END_HZ, MIDDLE_HZ)]
    if widths[0] < NARROW_LOW_DB and widths[1] > WIDE_MIDDLE_DB:
        return [Finding("narrow_low_end", "note", 0.9, value)]
    return []


def _powers(profile: Profile) -> tuple[Doubles, Doubles]:
    return 10.0 ** (profile.mid_db / 10.0), 10.0 ** (profile.side_db / 10.0)


def _correlation(profile: Profile, limits_hz: tuple[float, float]) -> float:
    inside = bands_between(*limits_hz)
    mid, side = _powers(profile)
    return float(np.average(profile.correlation[inside], weights=(mid + side)[inside]))


def _width_db(profile: Profile, limits_hz: tuple[float, float]) -> float:
    inside = bands_between(*limits_hz)
    mid, side = (float(power[inside].sum()) for power in _powers(profile))
    return 10.0 * math.log10(max(side, 1e-14) / max(mid, 1e-14))


def _is_audible(profile: Profile, limits_hz: tuple[float, float]) -> bool:
    inside = bands_between(*limits_hz)
    power = sum(float(each[inside].sum()) for each in _powers(profile))
    return 10.0 * math.log10(power + 1e-30) > profile.integrated_lufs - AUDIBLE_LU


def _ranges(profile: Profile) -> list[Finding]:
    """Find ranges of the spectrum beyond what music of any style has."""
    mid, side = _powers(profile)
    level_db = 10.0 * np.log10(np.maximum(mid + side, 1e-14))
    level_db = level_db - level_db[bands_between(*LEVEL_HZ)].mean()
    found = []
    for code, limits_hz in RANGES_HZ.items():
        value = float(level_db[bands_between(*limits_hz)].mean())
        least, most = USUAL_RANGES_DB[code]
        if not least <= value <= most:
            beyond = value - (most if value > most else least)
            name = f"{'heavy' if beyond > 0.0 else 'thin'}_{code}"
            found.append(Finding(name, "warning", 0.7, round(beyond, 1), "dB"))
    return found


def _bit_depth(audio: Audio, bits: int | None) -> Finding | None:
    """Find samples that use fewer bits than their file stores, or than music needs."""
    samples = audio.samples[:, :EXAMINED_FRAMES]
    used = next((depth for depth in range(4, 25) if _fits(samples, depth)), None)
    if used is None or (used > LOW_BITS and (bits is None or used >= min(bits, 24))):
        return None
    severity: Severity = "warning" if used <= LOW_BITS else "note"
    return Finding("low_bit_depth", severity, 0.95, float(used), "bit")


def _fits(samples: npt.NDArray[np.float32], depth: int) -> bool:
    scale = np.float32(1 << (depth - 1))
    few = samples[:, :4_096] * scale  # tells almost always
    if not np.array_equal(few, np.rint(few)):
        return False
    scaled = samples * scale
    return bool(np.array_equal(scaled, np.rint(scaled)))


def _spans(flags: npt.NDArray[np.bool_]) -> Ranges:
    """Return the runs of true blocks as seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return tuple(
        (round(float(start) * BLOCK_SECONDS, 3), round(float(end) * BLOCK_SECONDS, 3))
        for start, end in edges.reshape(-1, 2)
    )
