"""Clipped peaks at any level: tops cut flat at one height, also after a change of gain or rate.

A clipped top has corners: steep flanks and a flat between them, where a natural peak is round. One
such top proves nothing; many at one height do, since nothing but a clipper knows that height.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from dsp.audio import Audio
from dsp.findings import Finding, Ranges
from dsp.interpolation import interpolate

SEGMENT_SECONDS: Final = 10.0  # a fader may move the height of the tops; within this it does not
LOWEST: Final = 0.4  # of the peak: no clipper that is heard works lower
SHOULDER: Final = 8.0  # how far the flanks fall below the top, in its own roughness
OUTSIDE: Final = 0.5  # of the top's length away from it
LONGEST_SECONDS: Final = 0.05

FLAT: Final = 2e-4  # roughness of a top that was not touched since, of the peak …
DITHER: Final = 7e-5  # … and of one dithered to 16 bits, of full scale
FLAT_FRAMES: Final = 3
ONE_HEIGHT: Final = 1e-3
EVIDENCE_FRAMES: Final = 3  # flat frames beyond two of a top, summed over the file …
SEGMENT_FRAMES: Final = 8  # … or over a segment

LEAST_TOUCHES: Final = 5  # tops of two frames and more, where most are shorter than three,
TOUCHING_SHARE: Final = 0.2  # their share of all that reach the height,
TOUCHING_RATIO: Final = 8.0  # and of frames at it, over those in as much just below; a sine 4
STEADY_TOUCHING: Final = 0.2  # of the time: a tone that meets the same frames again and again
BELOW: Final = 10  # tolerances that are looked at below

CORNER: Final = 12.0  # tolerances per frame that both flanks of a short top fall at once …
LOPSIDED: Final = 1.5  # … one so much further than the other, as no round peak's do
LEAST_CORNERS: Final = 3  # such tops at the height of the file,
CORNER_SHARE: Final = 0.1  # and of all tops that reach it; after a limiter under 0.02

SURPRISE: Final = 3.0  # standard errors by which a top would have risen higher, had it been let …
LEAST_SURPRISES: Final = 3  # … so many tops of the greatest height,
SURPRISE_SHARE: Final = 0.1  # and of all that reach it; after a limiter under 0.02
SURPRISE_TOPS: Final = 80  # looked at in each polarity of a channel
SHORT_SECONDS: Final = 0.001  # longer tops are found by their corners

RIPPLED: Final = 0.015  # roughness after a resampler or a codec, of the top
RIPPLED_SHOULDER: Final = 6.0
RIPPLED_SECONDS: Final = 6 / 44_100
LIKE_HEIGHT: Final = 0.02
LEAST_RIPPLED: Final = 10
ALIKE_SHARE: Final = 0.5  # of such tops at one height; limited music under 0.45
SURE_SHARE: Final = 0.8

STEADY_SHARE: Final = 0.7  # of the time at the two heights: a square wave
STEPPED_SHARE: Final = 0.1  # of the time flat at other heights: square-wave music
AUDIBLE: Final = 0.02  # of the peak, under which a flat is silence
JOINED_SECONDS: Final = 0.5

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Tops:
    """Flat tops of one polarity of one channel: first and last frame + 1, and their height."""

    starts: Places
    ends: Places
    heights: Doubles

    def __getitem__(self, chosen: npt.NDArray[np.bool_]) -> _Tops:
        return _Tops(self.starts[chosen], self.ends[chosen], self.heights[chosen])

    @property
    def evidence(self) -> int:
        """Frames beyond the two that chance may make alike."""
        return int(np.sum(np.maximum(0, self.ends - self.starts - 2)))

    def later(self, frames: int) -> _Tops:
        return _Tops(self.starts + frames, self.ends + frames, self.heights)


def find_clipping(audio: Audio, *, lossy: bool = False) -> Finding | None:
    """Return where peaks are clipped, or None.

    Parameters
    ----------
    audio : Audio
    lossy : bool
        Whether a codec is known to have changed the tops: then nothing is sure.
    """
    peak = float(np.max(np.abs(audio.samples), initial=0.0))
    if peak <= 0.0 or _is_stepped(audio.samples, peak):
        return None
    runs = _untouched(audio, peak)
    if runs:
        confidence = min(0.99, 0.8 + 0.02 * len(runs))
        return _finding(runs, 0.65 if lossy else confidence, audio.rate_hz)
    runs, share = _rippled(audio, peak)
    if not runs:
        return None
    sure = share >= SURE_SHARE and len(runs) >= 2 * LEAST_RIPPLED and not lossy
    return _finding(runs, 0.85 if sure else 0.6, audio.rate_hz)


def _finding(runs: list[tuple[int, int]], confidence: float, rate_hz: int) -> Finding:
    return Finding(
        "clipping", "warning", round(confidence, 2), len(runs), "runs", _merge(runs, rate_hz)
    )


def _untouched(audio: Audio, peak: float) -> list[tuple[int, int]]:
    """Return tops as a clipper left them, at whatever gain since."""
    tolerance = max(FLAT * peak, DITHER)
    size = round(SEGMENT_SECONDS * audio.rate_hz)
    kept: list[_Tops] = []
    of_file: list[_Tops] = []
    for signed in _polarities(audio.samples):
        flats = _tops(signed, LOWEST * peak, 0.0, tolerance, FLAT_FRAMES, SHOULDER, audio.rate_hz)
        of_file.append(flats[flats.heights > (1.0 - ONE_HEIGHT) * signed.max() - tolerance])
        for first in range(0, signed.size, size):
            segment = signed[first : first + size]
            height = float(segment.max())
            if height < LOWEST * peak:
                continue
            inside = flats[(flats.starts >= first) & (flats.starts < first + size)]
            level = inside[inside.heights > (1.0 - ONE_HEIGHT) * height - tolerance]
            if level.evidence >= SEGMENT_FRAMES:
                kept.append(level)
            elif (touching := _touching(segment, height, tolerance)) is not None:
                kept.append(touching.later(first))
    if sum(tops.evidence for tops in of_file) >= EVIDENCE_FRAMES:
        kept += of_file
    kept += _cornered(audio.samples, peak, tolerance)
    if not kept:
        kept = _cut_short(audio, peak, tolerance)
    return sorted(
        {
            (int(start), int(end))
            for tops in kept
            for start, end in zip(tops.starts, tops.ends, strict=True)
        }
    )


def _touching(segment: Floats, height: float, tolerance: float) -> _Tops | None:
    """Return the tops that reach a height and not beyond, where more do than chance would have.

    Many a clipped top of a bright sound is one or two frames long. A limiter brings peaks to one
    height too, but rounds them.
    """
    at_height = np.flatnonzero(segment > height - tolerance)
    below = np.count_nonzero(segment > height - (BELOW + 1) * tolerance) - at_height.size
    steady = at_height.size > STEADY_TOUCHING * segment.size
    if steady or at_height.size <= TOUCHING_RATIO * (below / BELOW + 1.0):
        return None
    starts, ends = _runs(at_height)
    longer = np.count_nonzero(ends - starts > 1)
    if longer < LEAST_TOUCHES or longer < TOUCHING_SHARE * starts.size:
        return None
    return _Tops(starts, ends, np.full(starts.size, height))


def _cornered(samples: Floats, peak: float, tolerance: float) -> list[_Tops]:
    """Return the tops of two frames and more with corners at the greatest height, if enough are.

    A round peak has two frames of one height only where its middle falls between them, and then
    its flanks fall alike; a limiter brings single frames to a height.
    """
    found: list[_Tops] = []
    reaching = 0
    for signed in _polarities(samples):
        height = float(signed.max())
        if height < LOWEST * peak:
            continue
        starts, ends = _runs(np.flatnonzero(signed > height - tolerance))
        inside = (starts > 0) & (ends < signed.size) & (ends - starts > 1)
        falls = height - np.stack([signed[starts - 1], signed[np.minimum(ends, signed.size - 1)]])
        least, most = falls.min(axis=0), falls.max(axis=0)
        corners = (least > CORNER * tolerance * (ends - starts)) & (most > LOPSIDED * least)
        found.append(_Tops(starts, ends, np.full(starts.size, height))[inside & corners])
        reaching += starts.size
    number = sum(tops.starts.size for tops in found)
    return found if number >= max(LEAST_CORNERS, CORNER_SHARE * reaching) else []


def _cut_short(audio: Audio, peak: float, tolerance: float) -> list[_Tops]:
    """Return the tops at the greatest height that the sound around them would have had rise higher.

    They may be single frames. A peak that was let rise is at the end of a random walk: the sound
    around it would have had it a little lower; and so is a peak that a limiter turned down whole.
    """
    longest = round(SHORT_SECONDS * audio.rate_hz)
    found: list[_Tops] = []
    reaching = 0
    for signed in _polarities(audio.samples):
        height = float(signed.max())
        if height < LOWEST * peak:
            continue
        starts, ends = _runs(np.flatnonzero(signed > height - tolerance))
        short = np.flatnonzero(ends - starts <= longest)[:SURPRISE_TOPS]
        surprising = [
            number for number in short if _rises(signed, starts[number], ends[number], height)
        ]
        chosen = np.array(surprising, dtype=np.int64)
        heights = np.full(chosen.size, height)
        found.append(_Tops(starts[chosen], ends[chosen], heights))
        reaching += short.size
    number = sum(tops.starts.size for tops in found)
    return found if number >= max(LEAST_SURPRISES, SURPRISE_SHARE * reaching) else []


def _rises(signed: Floats, start: int, end: int, height: float) -> bool:
    """Tell whether a top would be higher than it is, going by what is around it."""
    foretold = interpolate(signed, start, end)
    if foretold is None:
        return False
    values, error = foretold
    return bool(values.mean() - height > SURPRISE * error)


def _runs(frames: Places) -> tuple[Places, Places]:
    """Return the first frames, and last frames + 1, of the runs of neighbours in one or more."""
    breaks = np.flatnonzero(np.diff(frames) > 1)
    return frames[np.append(0, breaks + 1)], frames[np.append(breaks, frames.size - 1)] + 1


def _rippled(audio: Audio, peak: float) -> tuple[list[tuple[int, int]], float]:
    """Return tops that a resampler or codec has roughened, and their share of all flat tops."""
    least = max(4, round(RIPPLED_SECONDS * audio.rate_hz))
    runs: list[tuple[int, int]] = []
    found = steady = 0
    for signed in _polarities(audio.samples):
        tops = _tops(signed, LOWEST * peak, RIPPLED, 0.0, least, RIPPLED_SHOULDER, audio.rate_hz)
        if not tops.heights.size:
            continue
        heights = np.sort(tops.heights)
        together = np.searchsorted(heights, heights * (1.0 + LIKE_HEIGHT)) - np.arange(heights.size)
        lowest = heights[int(np.argmax(together))]
        level = tops[(tops.heights >= lowest) & (tops.heights < lowest * (1.0 + LIKE_HEIGHT))]
        found += heights.size
        steady += int(np.sum(level.ends - level.starts))
        runs += [
            (int(start), int(end)) for start, end in zip(level.starts, level.ends, strict=True)
        ]
    if len(runs) < LEAST_RIPPLED or len(runs) < ALIKE_SHARE * found:
        return [], 0.0
    if steady > STEADY_SHARE * audio.samples.size:
        return [], 0.0
    return sorted(set(runs)), len(runs) / found


def _is_stepped(samples: Floats, peak: float) -> bool:
    """Tell whether the wave is made of steps, as square waves and their music are."""
    tolerance = max(FLAT * peak, DITHER)
    for channel in samples:
        at_top, below = _flat_frames(channel, tolerance, AUDIBLE * peak, FLAT_FRAMES)
        if at_top > STEADY_SHARE * channel.size or below > STEPPED_SHARE * channel.size:
            return True
    return False


def _polarities(samples: Floats) -> list[Floats]:
    return [signed for channel in samples for signed in (channel, -channel)]


def _tops(
    signed: Floats,
    low: float,
    relative: float,
    least_tolerance: float,
    least: int,
    shoulder: float,
    rate_hz: int,
) -> _Tops:
    longest = round(LONGEST_SECONDS * rate_hz)
    return _Tops(
        *_find_tops(signed, low, relative, least_tolerance, least, shoulder, OUTSIDE, longest)
    )


@numba.njit(nogil=True, cache=True)
def _find_tops(samples, low, relative, least_tolerance, least, shoulder, outside, longest):  # type: ignore[no-untyped-def]
    """Return starts, ends and heights of flats above ``low`` whose flanks fall away on both sides.

    A round peak that is flat to within a tolerance over n frames has fallen by less than five
    tolerances half n frames further out, a clipped one by many.
    """
    frames = samples.size
    starts = np.empty(frames // least + 1, dtype=np.int64)
    ends = np.empty_like(starts)
    heights = np.empty(starts.size)
    found, first = 0, 1
    while first < frames - 1:
        value = samples[first]
        if value < low or samples[first - 1] > value:
            first += 1
            continue
        tolerance = max(relative * value, least_tolerance)
        highest = lowest = value
        last = first + 1
        while last < frames and last - first < longest:
            highest, lowest = max(highest, samples[last]), min(lowest, samples[last])
            if highest - lowest > tolerance:
                break
            last += 1
        length = last - first
        if length < least:
            first += 1
            continue
        inside = samples[first:last]
        height = 0.5 * (inside.max() + inside.min())
        away = max(1, int(outside * length))
        before, after = samples[max(0, first - away)], samples[min(frames - 1, last - 1 + away)]
        if height - max(before, after) > shoulder * tolerance:
            starts[found], ends[found], heights[found] = first, last, height
            found += 1
            first = last
        else:
            first += max(1, length // 4)
    return starts[:found], ends[:found], heights[:found]


@numba.njit(nogil=True, cache=True)
def _flat_frames(samples, tolerance, audible, least):  # type: ignore[no-untyped-def]
    """Return how many frames lie in flats at the extremes, and how many in flats in between."""
    highest, lowest = samples.max(), samples.min()
    at_top = below = 0
    first = 0
    while first < samples.size:
        last = first + 1
        while last < samples.size and abs(samples[last] - samples[first]) <= 0.5 * tolerance:
            last += 1
        value = samples[first]
        if last - first >= least and abs(value) > audible:
            if value > highest - 2.0 * tolerance or value < lowest + 2.0 * tolerance:
                at_top += last - first
            elif first > 0 and abs(samples[first - 1] - value) > 8.0 * tolerance:
                below += last - first
        first = last
    return at_top, below


def _merge(runs: list[tuple[int, int]], rate_hz: int) -> Ranges:
    """Return runs of frames as seconds, joined where closer than half a second."""
    merged: list[list[float]] = []
    for start, end in runs:
        if merged and start / rate_hz - merged[-1][1] < JOINED_SECONDS:
            merged[-1][1] = max(merged[-1][1], end / rate_hz)
        else:
            merged.append([start / rate_hz, end / rate_hz])
    return tuple((round(start, 3), round(end, 3)) for start, end in merged)
