"""What may be wrong with an upload: findings with numbers and times, independent of gain.

A finding informs; it never refuses. Texts for its code live with the pages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numba
import numpy as np
import numpy.typing as npt

from dsp.audio import Audio
from dsp.findings import Finding, Ranges
from dsp.measure import Profile
from dsp.spectrum import bands_between

BLOCK_SECONDS: Final = 0.050  # resolution of every time range
SEGMENT_SECONDS: Final = 10.0  # a clip level holds for at least this long
SILENCE_DBFS: Final = -90.0  # a channel below this holds no programme

TOP: Final = 0.997  # share of the segment's peak that counts as its top …
EDGE: Final = (0.985, 0.988)  # … against as many levels just below it
CLIPPED_RATIO: Final = 8.0  # top to edge; clean music ≤ 1, limited ≤ 2, a sine 4, clipped ≥ 28
STEADY_SHARE: Final = 0.2  # of samples at the top: a square or a test tone, not clipped music
FLAT_STEP: Final = 2e-4  # of the peak, between samples of a flat run
FLAT_RUN_FRAMES: Final = 3
SYNTHETIC_SHARE: Final = 0.3  # flat runs below the top, per flat run at it: square-wave music

LIMITED_PSR_DB: Final = 8.0  # P10 of peak to short-term loudness
CRUSHED_PSR_DB: Final = 6.0
LITTLE_HEADROOM_DBTP: Final = -1.0
DC_OFFSET: Final = 1e-3  # of full scale, mean over a segment
DUAL_MONO_DB: Final = -60.0  # side under mid
OUT_OF_PHASE: Final = -0.2  # correlation over 3 s
LOW_END_HZ: Final = 120.0
LOW_END_CORRELATION: Final = 0.3
AUDIBLE_LU: Final = 20.0  # a low end further under the track than this decides nothing
EDGE_SILENCE_SECONDS: Final = 2.0
CUT_TAIL_DBFS: Final = -50.0  # of the last 50 ms

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def check_mix(audio: Audio, profile: Profile) -> tuple[Finding, ...]:
    """Return what is worth knowing about a track before it is mastered, gravest first.

    Parameters
    ----------
    audio : Audio
    profile : Profile
        The measurements of the same audio.
    """
    blocks = _measure_blocks(audio)
    found = [
        _clipping(audio),
        _already_limited(profile),
        _headroom(profile),
        _lossy(profile),
        _dc_offset(blocks),
        *_channels(audio, blocks),
        _polarity(blocks),
        _low_end_phase(profile),
        *_edges(audio, blocks),
    ]
    findings = [finding for finding in found if finding is not None]
    return tuple(sorted(findings, key=lambda each: each.severity != "warning"))


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Sums over blocks of 50 ms; arrays of shape (channels, blocks), ``cross`` of (blocks,)."""

    means: Doubles
    powers: Doubles
    cross: Doubles


def _measure_blocks(audio: Audio) -> _Blocks:
    size = max(1, round(BLOCK_SECONDS * audio.rate_hz))
    count = -(-audio.frames // size)
    means, powers = np.zeros((audio.channels, count)), np.zeros((audio.channels, count))
    cross = np.zeros(count)
    _sum_blocks(audio.samples, size, means, powers, cross)
    return _Blocks(means, powers, cross)


@numba.njit(nogil=True, cache=True)
def _sum_blocks(samples, size, means, powers, cross):  # type: ignore[no-untyped-def]
    frames = samples.shape[1]
    for block in range(cross.size):
        first, last = block * size, min(frames, (block + 1) * size)
        for channel in range(samples.shape[0]):
            total = square = 0.0
            for frame in range(first, last):
                value = np.float64(samples[channel, frame])
                total += value
                square += value * value
            means[channel, block] = total / (last - first)
            powers[channel, block] = square / (last - first)
        if samples.shape[0] == 2:
            product = 0.0
            for frame in range(first, last):
                product += np.float64(samples[0, frame]) * np.float64(samples[1, frame])
            cross[block] = product / (last - first)


def _clipping(audio: Audio) -> Finding | None:
    """Find flat tops at any level: more samples at a segment's peak than just below it."""
    size = round(SEGMENT_SECONDS * audio.rate_hz)
    overall = float(np.max(np.abs(audio.samples), initial=0.0))
    at_top = at_edge = 0.0
    runs: list[tuple[int, int]] = []
    for channel in audio.samples:
        for first in range(0, channel.size, size):
            segment = channel[first : first + size]
            for signed in (segment, -segment):
                peak = float(signed.max(initial=0.0))
                if peak < 0.25 * overall or peak <= 0.0:
                    continue
                top, edge, lengths, starts, below = _tops(signed, peak)
                steady = top > STEADY_SHARE * signed.size
                synthetic = below > SYNTHETIC_SHARE * starts.size
                if steady or synthetic or top / (edge + 1) <= CLIPPED_RATIO or starts.size < 2:
                    continue
                at_top, at_edge = at_top + top, at_edge + edge
                runs += [
                    (first + int(start), first + int(start + length))
                    for start, length in zip(starts, lengths, strict=True)
                ]
    if not runs:
        return None
    ratio = at_top / (at_edge + 1)
    return Finding(
        "clipping",
        "warning",
        confidence=min(0.99, 0.6 + 0.4 * math.log10(ratio / CLIPPED_RATIO + 1)),
        value=len(runs),
        unit="runs",
        ranges=_merge(runs, audio.rate_hz),
    )


def _tops(
    signed: Floats, peak: float
) -> tuple[int, int, npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    top = int(np.count_nonzero(signed > TOP * peak))
    edge = int(np.count_nonzero((signed > EDGE[0] * peak) & (signed < EDGE[1] * peak)))
    if top / (edge + 1) <= CLIPPED_RATIO:
        nothing = np.zeros(0, dtype=np.int64)
        return top, edge, nothing, nothing, 0
    starts, lengths, below = _flat_runs(signed, peak, TOP, FLAT_STEP, FLAT_RUN_FRAMES)
    return top, edge, lengths, starts, below


@numba.njit(nogil=True, cache=True)
def _flat_runs(signed, peak, top, step, shortest):  # type: ignore[no-untyped-def]
    """Return starts and lengths of flat runs at the top, and how many lie between half and it."""
    starts = np.empty(signed.size // shortest + 1, dtype=np.int64)
    lengths = np.empty_like(starts)
    found = below = 0
    frame, frames = 1, signed.size
    while frame < frames:
        if abs(signed[frame] - signed[frame - 1]) > step * peak or signed[frame] < 0.5 * peak:
            frame += 1
            continue
        first = frame - 1
        while frame < frames and abs(signed[frame] - signed[frame - 1]) <= step * peak:
            frame += 1
        if frame - first >= shortest:
            if signed[first] > top * peak:
                starts[found], lengths[found] = first, frame - first
                found += 1
            elif signed[first] < 0.98 * peak:
                below += 1
        frame += 1
    return starts[:found], lengths[:found], below


def _merge(runs: list[tuple[int, int]], rate_hz: int) -> Ranges:
    """Return runs of frames as seconds, joined where closer than half a second."""
    merged: list[list[float]] = []
    for start, end in sorted(runs):
        if merged and start / rate_hz - merged[-1][1] < 0.5:
            merged[-1][1] = max(merged[-1][1], end / rate_hz)
        else:
            merged.append([start / rate_hz, end / rate_hz])
    return tuple((round(start, 3), round(end, 3)) for start, end in merged)


def _block_ranges(flags: npt.NDArray[np.bool_]) -> Ranges:
    """Return the runs of true blocks as seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return tuple(
        (round(float(start) * BLOCK_SECONDS, 3), round(float(end) * BLOCK_SECONDS, 3))
        for start, end in edges.reshape(-1, 2)
    )


def _already_limited(profile: Profile) -> Finding | None:
    psr_db = profile.psr_db[0]
    if psr_db >= LIMITED_PSR_DB:
        return None
    return Finding(
        "already_limited",
        "warning" if psr_db < CRUSHED_PSR_DB else "note",
        confidence=min(0.95, 0.6 + 0.1 * (LIMITED_PSR_DB - psr_db)),
        value=psr_db,
        unit="dB",
    )


def _headroom(profile: Profile) -> Finding | None:
    peak_dbtp = profile.true_peak_dbtp
    if peak_dbtp <= LITTLE_HEADROOM_DBTP:
        return None
    return Finding("little_headroom", "note", confidence=0.99, value=peak_dbtp, unit="dBTP")


def _lossy(profile: Profile) -> Finding | None:
    cutoff_hz = profile.cutoff_hz
    if cutoff_hz is None:
        return None
    severity: Literal["note", "warning"] = "warning" if cutoff_hz < 17_500.0 else "note"
    return Finding("lossy_source", severity, confidence=0.85, value=cutoff_hz / 1000, unit="kHz")


def _dc_offset(blocks: _Blocks) -> Finding | None:
    per_segment = max(1, round(SEGMENT_SECONDS / BLOCK_SECONDS))
    worst = 0.0
    for first in range(0, blocks.means.shape[1], per_segment):
        means = blocks.means[:, first : first + per_segment].mean(axis=1)
        worst = max(worst, float(np.max(np.abs(means))))
    if worst <= DC_OFFSET:
        return None
    return Finding("dc_offset", "note", confidence=0.95, value=100.0 * worst, unit="%")


def _channels(audio: Audio, blocks: _Blocks) -> list[Finding | None]:
    if audio.channels == 1:
        return [Finding("mono", "note", confidence=1.0)]
    left, right = blocks.powers.mean(axis=1)
    floor = 10.0 ** (SILENCE_DBFS / 10.0)
    if min(left, right) < floor < max(left, right):
        channel = 0.0 if left < right else 1.0
        return [Finding("dead_channel", "warning", confidence=0.99, value=channel, unit="channel")]
    cross = float(blocks.cross.mean())
    mid, side = (left + right) / 4 + cross / 2, (left + right) / 4 - cross / 2
    if mid > floor and side <= mid * 10.0 ** (DUAL_MONO_DB / 10.0):
        return [Finding("dual_mono", "note", confidence=0.99)]
    return []


def _polarity(blocks: _Blocks) -> Finding | None:
    """Find spans of 3 s in which the channels cancel."""
    if blocks.powers.shape[0] == 1:
        return None
    span = np.ones(round(3.0 / BLOCK_SECONDS))
    if blocks.cross.size < span.size:
        return None
    left, right = (np.convolve(power, span, "valid") for power in blocks.powers)
    cross = np.convolve(blocks.cross, span, "valid")
    audible = np.minimum(left, right) / span.size > 10.0 ** (-60.0 / 10.0)
    correlation = np.where(audible, cross / np.sqrt(np.maximum(left * right, 1e-30)), 1.0)
    bad = correlation < OUT_OF_PHASE
    if not bad.any():
        return None
    flags = np.zeros(blocks.cross.size, dtype=np.bool_)
    for first in np.flatnonzero(bad):
        flags[first : first + span.size] = True
    worst = float(correlation.min())
    code = "inverted_channel" if float(np.median(correlation[audible])) < -0.8 else "out_of_phase"
    return Finding(code, "warning", confidence=0.9, value=worst, ranges=_block_ranges(flags))


def _low_end_phase(profile: Profile) -> Finding | None:
    low = bands_between(0.0, LOW_END_HZ)
    powers = 10.0 ** (profile.mid_db[low] / 10.0) + 10.0 ** (profile.side_db[low] / 10.0)
    correlation = float(np.average(profile.correlation[low], weights=powers))
    audible = 10.0 * math.log10(float(powers.sum())) > profile.integrated_lufs - AUDIBLE_LU
    if correlation >= LOW_END_CORRELATION or not audible:
        return None
    return Finding("wide_low_end", "warning", confidence=0.8, value=correlation)


def _edges(audio: Audio, blocks: _Blocks) -> list[Finding | None]:
    """Find long silence at either end, and a tail that stops while it still sounds."""
    loud = np.flatnonzero(blocks.powers.max(axis=0) > 10.0 ** (-70.0 / 10.0))
    if loud.size == 0:
        return []
    found: list[Finding | None] = []
    before = float(loud[0]) * BLOCK_SECONDS
    after = audio.duration_seconds - (float(loud[-1]) + 1.0) * BLOCK_SECONDS
    if before > EDGE_SILENCE_SECONDS:
        found.append(_silence("silence_at_start", before, (0.0, before)))
    if after > EDGE_SILENCE_SECONDS:
        end = audio.duration_seconds
        found.append(_silence("silence_at_end", after, (end - after, end)))
    tail = audio.samples[:, -round(BLOCK_SECONDS * audio.rate_hz) :]
    level_db = 10.0 * math.log10(float(np.mean(np.square(tail, dtype=np.float64))) + 1e-30)
    if level_db > CUT_TAIL_DBFS:
        end = audio.duration_seconds
        where = ((max(0.0, end - BLOCK_SECONDS), end),)
        found.append(Finding("cut_off_tail", "note", 0.7, level_db, "dBFS", where))
    return found


def _silence(code: str, seconds: float, where: tuple[float, float]) -> Finding:
    return Finding(code, "note", 0.99, seconds, "s", ((round(where[0], 3), round(where[1], 3)),))
