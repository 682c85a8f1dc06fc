"""How a track begins and ends: silence, cuts, and gaps where samples were lost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from dsp.audio import Audio
from dsp.blocks import BLOCK_SECONDS, Blocks
from dsp.findings import Finding
from dsp.spectrum import Doubles

Floats = npt.NDArray[np.float32]

SILENT_DB: Final = -60.0  # under the loudest block: nothing is heard
LONG_SECONDS: Final = {"silence_at_start": 2.0, "silence_at_end": 3.0}
CUT_TAIL_LU: Final = -32.0  # of the last 50 ms over the track: it still sounds …
FLOOR_PERCENT: Final = 1.0
FLOOR_DB: Final = 4.0  # over the quietest: hum and hiss go on where the music has ended …
CUT_LOUD_LU: Final = -12.0  # … and are never this loud
CUT_SECONDS: Final = 0.003
CUT_STEP_DB: Final = -20.0  # … to the very end, without a fade
CUT_START_SECONDS: Final = 0.0005
CUT_FIRST_SECONDS: Final = 0.0001
CUT_START_LU: Final = -12.0  # over the track, of how the first half millisecond moves, or of how
# far from rest it begins: a slow wave hardly moves in so short a time
LOST_SECONDS: Final = (0.0015, 0.060)  # of nothing between full sound: no musician's rest
LOST_LU: Final = -20.0  # of the sound before and after
LOST_CORNER: Final = 0.5  # of its rms, where it breaks off or begins again …
CORNER_SECONDS: Final = 0.0002  # … within so long


def find_edges(audio: Audio, blocks: Blocks, integrated_lufs: float) -> Iterator[Finding]:
    """Find long silence at either end, cut ends, and gaps.

    Parameters
    ----------
    audio : Audio
    blocks : Blocks
        Of the same audio.
    integrated_lufs : float
        Its loudness.
    """
    power = (blocks.powers - np.square(blocks.means)).max(axis=0)
    loud = np.flatnonzero(power > float(power.max(initial=0.0)) * 10.0 ** (SILENT_DB / 10.0))
    if loud.size == 0:
        return
    end = audio.duration_seconds
    spans = {
        "silence_at_start": (0.0, _first_sounding(audio, int(loud[0]))),
        "silence_at_end": (min(end, (float(loud[-1]) + 1.0) * BLOCK_SECONDS), end),
    }
    for code, (first, last) in spans.items():
        if last - first > LONG_SECONDS[code]:
            where = ((round(first, 3), round(last, 3)),)
            yield Finding(code, "note", 0.99, round(last - first, 3), "s", where)
    tail_db = _level_db(audio.samples[:, -_frames(audio, BLOCK_SECONDS) :])
    stop_db = _level_db(audio.samples[:, -_frames(audio, CUT_SECONDS) :])
    floor_db = 10.0 * math.log10(float(np.percentile(_varying(blocks), FLOOR_PERCENT)) + 1e-30)
    over_floor = tail_db > floor_db + FLOOR_DB or tail_db > integrated_lufs + CUT_LOUD_LU
    over_track = tail_db > integrated_lufs + CUT_TAIL_LU
    if over_track and over_floor and stop_db > tail_db + CUT_STEP_DB:
        where = ((round(max(0.0, end - BLOCK_SECONDS), 3), round(end, 3)),)
        yield Finding("cut_off_tail", "note", 0.7, round(tail_db, 2), "dBFS", where)
    start_db = max(
        _level_db(audio.samples[:, : _frames(audio, CUT_START_SECONDS)]), _begun_db(audio, blocks)
    )
    if start_db > integrated_lufs + CUT_START_LU:
        where = ((0.0, BLOCK_SECONDS),)
        yield Finding("cut_off_start", "note", 0.7, round(start_db, 2), "dBFS", where)
    yield from _gaps(audio, integrated_lufs)


def _first_sounding(audio: Audio, block: int) -> float:
    return block * round(BLOCK_SECONDS * audio.rate_hz) / audio.rate_hz


def _frames(audio: Audio, seconds: float) -> int:
    return max(1, round(seconds * audio.rate_hz))


def _level_db(samples: Floats) -> float:
    """Return the level of what moves: an offset is not sound."""
    return 10.0 * math.log10(float(np.mean(np.var(samples, axis=1, dtype=np.float64))) + 1e-30)


def _begun_db(audio: Audio, blocks: Blocks) -> float:
    """Return the level of the very first frames beside what the whole track is off centre."""
    first = audio.samples[:, : _frames(audio, CUT_FIRST_SECONDS)]
    beside = np.mean(first, axis=1, dtype=np.float64) - blocks.means.mean(axis=1)
    return 10.0 * math.log10(float(np.mean(np.square(beside))) + 1e-30)


def _varying(blocks: Blocks) -> Doubles:
    varying: Doubles = np.maximum(blocks.powers - np.square(blocks.means), 0.0).mean(axis=0)
    return varying


def _gaps(audio: Audio, integrated_lufs: float) -> Iterator[Finding]:
    """Find short stretches of exactly nothing between sound, which breaks off at a corner."""
    shortest, longest = (_frames(audio, seconds) for seconds in LOST_SECONDS)
    starts, ends = _empty_runs(audio.samples, shortest, longest)
    around, corner_frames = _frames(audio, BLOCK_SECONDS), _frames(audio, CORNER_SECONDS)
    ranges = []
    for start, end in zip(starts, ends, strict=True):
        before = audio.samples[:, max(0, start - around) : start]
        after = audio.samples[:, end : end + around]
        if min(before.shape[1], after.shape[1]) < around:
            continue
        levels = [_level_db(before), _level_db(after)]
        corner = float(
            np.abs(np.hstack([before[:, -corner_frames:], after[:, :corner_frames]])).max()
        )
        loud = min(levels) > integrated_lufs + LOST_LU
        if loud and corner > LOST_CORNER * 10.0 ** (levels[0] / 20.0):
            ranges.append((round(start / audio.rate_hz, 3), round(end / audio.rate_hz, 3)))
    if ranges:
        yield Finding("dropout", "warning", 0.8, float(len(ranges)), "gaps", tuple(ranges))


@numba.njit(nogil=True, cache=True)
def _empty_runs(samples, shortest, longest):  # type: ignore[no-untyped-def]
    """Return first frames, and last frames + 1, of runs in which every channel is 0."""
    frames = samples.shape[1]
    starts = np.empty(frames // shortest + 1, dtype=np.int64)
    ends = np.empty_like(starts)
    found, length = 0, 0
    for frame in range(frames + 1):
        empty = frame < frames
        if empty:
            for channel in range(samples.shape[0]):
                if abs(samples[channel, frame]) > 1e-6:
                    empty = False
        if empty:
            length += 1
            continue
        if shortest <= length <= longest:
            starts[found], ends[found] = frame - length, frame
            found += 1
        length = 0
    return starts[:found], ends[:found]
