"""A part of a song mastered as the whole would be, for a fraction of the work.

Every plan comes from the whole song's profile. Only three things hang on the audio of the whole:
the level from which dynamics count, the loudness range that is allowed, and the drive that reaches
the loudness without breaking a limit. They are found on a digest: the part itself, some seconds
from all over the song, taken evenly from its quietest to its loudest, and the moments where the
highest peaks may come to be, since the limits hold for these. What the digest measures otherwise
than the song does before mastering is allowed for: loudness, its range, and the middle of levels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.audio import Audio
from dsp.blends import Blend
from dsp.chain import Plan, plan_master, process
from dsp.dynamics import middle_lufs
from dsp.loudness import WeightedEnergies, integrated_lufs, loudness_range_lu, weighted_energies
from dsp.measure import Profile
from dsp.settings import MasterSettings

CHUNK_SECONDS: Final = 5.0  # longer than a short-term window, so that ranges are kept
SAMPLED_CHUNKS: Final = 10
PEAK_SECONDS: Final = 0.4  # around a peak, so that filters and gains act on it as in the song
AROUND_SECONDS: Final = 0.1
SAMPLED_PEAKS: Final = 16  # of the sound, and as many of its slope, which a brighter tone lifts
MARGIN_SECONDS: Final = 1.0  # filters and gains have settled by then
JOIN_SECONDS: Final = 0.010

Span: TypeAlias = tuple[int, int]  # frames, the latter excluded


def master_excerpt(
    target: Audio,
    reference: Profile | Blend,
    settings: MasterSettings,
    *,
    profile: Profile,
    start_seconds: float,
    end_seconds: float,
) -> Audio:
    """Return a part of the master that these settings would give.

    Parameters
    ----------
    target : Audio
        The whole mix.
    reference : Profile or Blend
    settings : MasterSettings
    profile : Profile
        The mix's own.
    start_seconds, end_seconds : float
        The part; cut to the length of the mix.

    Returns
    -------
    Audio
        From the frame at ``round(start × rate)`` on, about as loud as that part of the master
        (the tests hold 0.1 LU) and sample-aligned with it.
    """
    plan = plan_master(profile, reference, settings)
    digest = _digest(target, profile, start_seconds, end_seconds)
    if digest.audio is not target:
        before = weighted_energies(digest.audio)
        plan = _allowing_for(plan, before)
        goal_lufs = plan.goal_lufs + integrated_lufs(before) - profile.integrated_lufs
        shift_lu = middle_lufs(weighted_energies(target)) - middle_lufs(before)
        processed, _, _ = process(digest.audio, plan, goal_lufs=goal_lufs, middle_shift_lu=shift_lu)
    else:
        processed, _, _ = process(target, plan)
    part = processed.samples[:, digest.first_frame : digest.first_frame + digest.frames]
    return Audio(np.ascontiguousarray(part), target.rate_hz)


@dataclass(frozen=True, slots=True)
class _Digest:
    """A shortened song and where in it the wanted part lies."""

    audio: Audio
    first_frame: int
    frames: int


def _allowing_for(plan: Plan, digest: WeightedEnergies) -> Plan:
    """Return a plan that asks of the digest's loudness range what it asks of the song's."""
    allowed = plan.dynamics.allowed_range_lu
    if allowed is None:
        return plan
    wider_lu = loudness_range_lu(digest) - plan.target.loudness_spread_lu
    moved = (allowed[0] + wider_lu, allowed[1] + wider_lu)
    return replace(plan, dynamics=replace(plan.dynamics, allowed_range_lu=moved))


def _digest(audio: Audio, profile: Profile, start_seconds: float, end_seconds: float) -> _Digest:
    rate_hz, frames = audio.rate_hz, audio.frames
    start = min(max(round(start_seconds * rate_hz), 0), frames)
    end = min(max(round(end_seconds * rate_hz), start), frames)
    margin = round(MARGIN_SECONDS * rate_hz)
    wanted = (max(0, start - margin), min(frames, end + margin))
    chunks = _evenly_loud(audio, profile, outside=wanted)
    if len(chunks) < SAMPLED_CHUNKS:
        return _Digest(audio, start, end - start)
    peaks = _around_peaks(audio, outside=[wanted, *chunks])
    pieces, first_frame, before = [], 0, 0
    for begin, stop in sorted([wanted, *chunks, *peaks]):
        if (begin, stop) == wanted:
            first_frame = before + start - begin
        pieces.append(_faded(audio.samples[:, begin:stop], rate_hz))
        before += stop - begin
    return _Digest(Audio(np.concatenate(pieces, axis=1), rate_hz), first_frame, end - start)


def _evenly_loud(audio: Audio, profile: Profile, *, outside: Span) -> list[Span]:
    """Return chunks that stand for all of the song, evenly from quiet to loud; none where short."""
    chunk = round(CHUNK_SECONDS * audio.rate_hz)
    starts = np.arange(0, audio.frames - chunk + 1, chunk)
    starts = starts[(starts + chunk <= outside[0]) | (starts >= outside[1])]
    if len(starts) <= SAMPLED_CHUNKS:
        return []
    curve = profile.loudness_curve_lufs
    places = (np.arange(curve.size) + 0.5) * audio.frames / curve.size
    ranked = starts[np.argsort(np.interp(starts + chunk / 2, places, curve), kind="stable")]
    even = ((np.arange(SAMPLED_CHUNKS) + 0.5) * len(ranked) / SAMPLED_CHUNKS).astype(int)
    return [(int(at), int(at) + chunk) for at in ranked[even]]


def _around_peaks(audio: Audio, *, outside: list[Span]) -> list[Span]:
    """Return the moments of the highest peaks and of the steepest slopes."""
    length = round(PEAK_SECONDS * audio.rate_hz)
    highest, steepest = np.zeros((2, audio.frames // length), dtype=np.float32)
    _scan_moments(audio.samples, length, highest, steepest)
    found = {
        int(place) * length
        for values in (highest, steepest)
        for place in np.argsort(values, kind="stable")[-SAMPLED_PEAKS:]
    }
    around = round(AROUND_SECONDS * audio.rate_hz)  # so that no join takes from a peak
    spans = [(max(0, at - around), min(audio.frames, at + length + around)) for at in found]
    return [
        (first, last)
        for first, last in spans
        if not any(begin <= first and last <= stop for begin, stop in outside)
    ]


@njit(
    types.void(
        types.Array(types.float32, 2, "C", readonly=True),
        types.int64,
        types.Array(types.float32, 1, "C"),
        types.Array(types.float32, 1, "C"),
    ),
    nogil=True,
    cache=True,
    fastmath={"nnan", "nsz"},  # so that highest values are found several at a time
)
def _scan_moments(  # type: ignore[no-untyped-def]
    samples, length, highest, steepest
):
    """Find the highest magnitude and the largest step of each moment; the last has what is left."""
    frames = samples.shape[1]
    for moment in range(highest.size):
        first = moment * length
        last = frames if moment == highest.size - 1 else first + length
        peak = step = np.float32(0.0)
        for channel in range(samples.shape[0]):
            row = samples[channel]
            for frame in range(first, last):
                peak = max(peak, abs(row[frame]))
            for frame in range(first, min(last, frames - 1)):
                step = max(step, abs(row[frame + 1] - row[frame]))
        highest[moment], steepest[moment] = peak, step


def _faded(samples: npt.NDArray[np.float32], rate_hz: int) -> npt.NDArray[np.float32]:
    """Return samples that begin and end in silence, so that a join is no click."""
    faded = samples.copy()
    length = min(round(JOIN_SECONDS * rate_hz), samples.shape[1] // 2)
    rise = np.sin(np.linspace(0.0, np.pi / 2.0, length, dtype=np.float32))
    faded[:, :length] *= rise
    faded[:, samples.shape[1] - length :] *= rise[::-1]
    return faded
