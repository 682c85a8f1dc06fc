"""Tone: which correction brings a track to its reference, and the filter that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.fft
from numba import njit

from dsp.audio import Audio
from dsp.beliefs import FULL_AMOUNT, Belief, believed_tone, toward
from dsp.measure import Profile
from dsp.moments import LEVEL_HZ, compare
from dsp.spectrum import BAND_CENTRES_HZ, BAND_COUNT, Doubles, Floats, bands_between, smooth

TAP_SECONDS: Final = 8192 / 44_100  # resolves a third octave at 40 Hz
DESIGN_FACTOR: Final = 4  # of the cepstrum's length over the taps: keeps its aliasing under 0.01 dB
BLOCK_FACTOR: Final = 4  # of the transform's length over the taps: least work per sample
PAIRS_AT_ONCE: Final = 4  # of blocks: as many as a vector register takes, of one channel too
SAME_PROGRAMME_DB: Final = 0.6  # unlikeness: versions of one recording, under 0.45 on 19 tracks
SAME_OCTAVES: Final = 1 / 12
FULL_OCTAVES: Final = 1 / 3  # finest detail compared, for different music,
END_OCTAVES: Final = 1.2  # and ever followed without belief: finer is the arrangement
LOW_OCTAVES: Final = 1.0  # below 120 Hz single notes decide finer detail
LOW_HZ: Final = 120.0
OTHER_MUSIC_DB: Final = (3.5, 4.0)  # unlikeness: sections of nearly all tracks, all pairs of tracks
HEADING_OCTAVES: Final = 2.5  # broader than anything that an arrangement decides
HEADING_SHARE: Final = 0.15
HEADING_DB: Final = 1.0  # the most: just heard
CAP_DB: Final = 6.0
EDGE_CAP_DB: Final = 4.0  # under 80 Hz and over 8 kHz
EDGES_HZ: Final = (80.0, 8_000.0)
FULL_CAP_FACTOR: Final = 2.0  # at amount 1 the caps are this much wider
FLOOR_MARGIN_DB: Final = 6.0  # hiss stays this near its quietest
FAINT_DB: Final = 50.0  # and this far under the music
CUTOFF_MARGIN_HZ: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class TonePlan:
    """What the tone stage wanted, does, was kept from, and leaves.

    Attributes
    ----------
    wanted_db, applied_db, capped_db, left_db : ndarray, shape (BAND_COUNT,)
        What amount 1 asks for; the gain applied to mid and side; what the caps took from it;
        the difference that remains. dB at ``BAND_CENTRES_HZ``.
    valid : ndarray of bool, shape (BAND_COUNT,)
        Where both tracks have sound to compare.
    reasons : tuple of str
        Stable names of what held the stage back: "capped", "noise_floor", "cutoff".
    """

    wanted_db: Doubles
    applied_db: Doubles
    capped_db: Doubles
    left_db: Doubles
    valid: npt.NDArray[np.bool_]
    reasons: tuple[str, ...]


def plan_tone(target: Profile, reference: Profile, *, amount: float) -> TonePlan:
    """Return the tonal correction of a target toward a reference.

    Parameters
    ----------
    target, reference : Profile
    amount : float, 0 to 1
        0 does nothing, 0.7 what can be trusted to be the mix, 1 comes as near as the caps allow.
    """
    comparison = compare(target, reference)
    same_programme = comparison.unlikeness_db < SAME_PROGRAMME_DB
    valid, reasons = _validity(target, reference, same_programme=same_programme)
    whole = _levelled(reference.mid_db - target.mid_db, valid)
    if same_programme:
        full = smooth(whole, SAME_OCTAVES, weights=valid)
    else:
        full = np.where(
            BAND_CENTRES_HZ < LOW_HZ,
            smooth(whole, LOW_OCTAVES, weights=valid),
            smooth(whole, FULL_OCTAVES, weights=valid),
        )
    belief = believed_tone(comparison, valid)
    heading = _heading(full - belief.expected_db, valid, comparison.unlikeness_db)
    led = Belief(belief.expected_db + heading, belief.doubt_db)
    believed = belief.expected_db
    end = full if same_programme else believed + smooth(full - believed, END_OCTAVES, weights=valid)
    end, wanted = (toward(led, full, a, end=end, whatever_level=True) for a in (1.0, amount))
    inner = bands_between(*EDGES_HZ)
    widening = float(np.interp(amount, [FULL_AMOUNT, 1.0], [1.0, FULL_CAP_FACTOR]))
    cap = widening * smooth(np.where(inner, CAP_DB, EDGE_CAP_DB), 0.5)
    wanted = np.round(wanted, 2)
    applied: Doubles = np.clip(wanted, -cap, cap).round(2)
    if np.any(applied != wanted):
        reasons = (*reasons, "capped")
    return TonePlan(end, applied, wanted - applied, end - applied, valid, reasons)


def apply_tone(audio: Audio, plan: TonePlan) -> Audio:
    """Return audio with the planned tone; the same samples where nothing is to be done."""
    return filter_mid_side(audio, plan.applied_db, plan.applied_db)


def _heading(rest_db: Doubles, valid: npt.NDArray[np.bool_], unlikeness_db: float) -> Doubles:
    """Return how far to go in the reference's direction where the music itself is another.

    Nothing tells there what of the difference is the mix, yet the reference was chosen for its
    sound: a small part of the broad difference is followed, too little to do harm where unlike
    sections of one track are taken for other music.
    """
    share = HEADING_SHARE * float(np.interp(unlikeness_db, OTHER_MUSIC_DB, [0.0, 1.0]))
    broad = smooth(rest_db, HEADING_OCTAVES, weights=valid)
    heading: Doubles = np.clip(share * broad, -HEADING_DB, HEADING_DB)
    return heading


def _levelled(difference: Doubles, valid: npt.NDArray[np.bool_]) -> Doubles:
    """Return a difference without its mean over the valid bands that carry the level."""
    counted = bands_between(*LEVEL_HZ) & valid
    levelled: Doubles = difference - difference[counted if np.any(counted) else slice(None)].mean()
    return levelled


def _validity(
    target: Profile, reference: Profile, *, same_programme: bool
) -> tuple[npt.NDArray[np.bool_], tuple[str, ...]]:
    """Return which bands hold sound in both tracks, and the reasons for those that do not.

    Noise tells nothing of music, but two versions of one recording share their noise too.
    """
    valid = np.ones(BAND_COUNT, dtype=bool)
    reasons = []
    audible = np.ones(BAND_COUNT, dtype=bool)
    for profile in (target, reference):
        steady = profile.mid_db < profile.floor_db + FLOOR_MARGIN_DB
        faint = profile.mid_db < profile.mid_db.max() - FAINT_DB
        audible &= ~(steady & faint)
    if not same_programme and not np.all(audible) and np.any(audible):
        valid &= audible
        reasons.append("noise_floor")
    ends = [p.cutoff_hz for p in (target, reference) if p.cutoff_hz is not None]
    ends += [0.5 * p.rate_hz for p in (target, reference)]
    below = bands_between(0.0, min(ends) - CUTOFF_MARGIN_HZ)
    if not np.all(below):
        valid &= below
        reasons.append("cutoff")
    return valid, tuple(reasons)


def filter_mid_side(
    audio: Audio, mid_curve_db: Doubles, side_curve_db: Doubles, *, in_place: bool = False
) -> Audio:
    """Return audio with a tonal curve applied to its mid and another to its side.

    Both filters are of minimum phase: no delay, nothing before the sound.

    Parameters
    ----------
    audio : Audio
        One channel has only mid.
    mid_curve_db, side_curve_db : ndarray, shape (BAND_COUNT,)
        Gain at the band centres, dB; held outward beyond the first and the last.
    in_place : bool
        Whether the samples may be overwritten, which saves the room of a copy.

    Returns
    -------
    Audio
        Of the same length; the same samples where both curves are zero.
    """
    if not np.any(mid_curve_db) and (audio.channels == 1 or not np.any(side_curve_db)):
        return audio
    mid = side = minimum_phase(mid_curve_db, audio.rate_hz)
    if audio.channels == 2 and not np.array_equal(mid_curve_db, side_curve_db):
        side = minimum_phase(side_curve_db, audio.rate_hz)
    filtered = audio.samples if in_place else np.empty_like(audio.samples)
    return Audio(_convolved(audio.samples, mid, side, filtered), audio.rate_hz)


def minimum_phase(curve_db: Doubles, rate_hz: int) -> Floats:
    """Return the taps of the minimum-phase filter with a gain per band (real cepstrum).

    Parameters
    ----------
    curve_db : ndarray, shape (BAND_COUNT,)
        Gain at the band centres, dB.
    rate_hz : int
        Sample rate.
    """
    taps = 2 * int(scipy.fft.next_fast_len(int(TAP_SECONDS * rate_hz / 2.0), real=True))
    length = DESIGN_FACTOR * taps
    hz = np.arange(length // 2 + 1) * (rate_hz / length)
    octaves = np.log2(np.maximum(hz, 1.0))
    gain_db = np.interp(octaves, np.log2(BAND_CENTRES_HZ), curve_db)
    cepstrum = scipy.fft.irfft(gain_db * (np.log(10.0) / 20.0), length)
    cepstrum[1 : length // 2] *= 2.0
    cepstrum[length // 2 + 1 :] = 0.0
    response = scipy.fft.irfft(np.exp(scipy.fft.rfft(cepstrum)), length)[:taps]
    fade = taps // 4
    response[-fade:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
    return response.astype(np.float32)


def _convolved(samples: Floats, mid_taps: Floats, side_taps: Floats, filtered: Floats) -> Floats:
    """Fill ``filtered``, which may be ``samples``: mid by its taps, side by its own.

    Overlap-save over a few blocks at once. Of two blocks that follow one another, one is the real
    part and one the imaginary: the filters leave them apart, and one transform of complex numbers
    takes less than two of real ones.
    """
    taps, (channels, frames) = mid_taps.size, samples.shape
    length = int(scipy.fft.next_fast_len(BLOCK_FACTOR * taps))
    step = length - taps + 1
    mid, side = (scipy.fft.fft(kernel, length) for kernel in (mid_taps, side_taps))
    straight, crossed = (mid + side) / 2.0, (mid - side) / 2.0
    stretch = np.zeros((channels, taps - 1 + PAIRS_AT_ONCE * 2 * step), dtype=np.float32)
    blocks = np.empty((PAIRS_AT_ONCE, channels, length), dtype=np.complex64)
    for start in range(0, frames, PAIRS_AT_ONCE * 2 * step):
        stretch[:, : taps - 1] = stretch[:, 1 - taps :]  # as it was before it was overwritten
        here = samples[:, start : start + PAIRS_AT_ONCE * 2 * step]
        stretch[:, taps - 1 : taps - 1 + here.shape[1]] = here
        stretch[:, taps - 1 + here.shape[1] :] = 0.0
        starts = range(start, start + here.shape[1], 2 * step)
        pairs = blocks[: len(starts)]
        _pair(stretch, step, pairs)
        spectra = scipy.fft.fft(pairs, axis=2, overwrite_x=True)
        _mix(spectra, straight, crossed)
        results = scipy.fft.ifft(spectra, axis=2, overwrite_x=True)[:, :, taps - 1 :]
        for result, first in zip(results, starts, strict=True):
            middle, last = min(frames, first + step), min(frames, first + 2 * step)
            filtered[:, first:middle] = result.real[:, : middle - first]
            filtered[:, middle:last] = result.imag[:, : last - middle]
    return filtered


@njit(nogil=True, cache=True)
def _pair(stretch, step, pairs):  # type: ignore[no-untyped-def]
    """Fill ``pairs`` with the blocks that begin every ``step`` frames, two by two."""
    for pair in range(pairs.shape[0]):
        for channel in range(pairs.shape[1]):
            start = 2 * pair * step
            block = pairs[pair, channel]
            one = stretch[channel, start : start + block.size]
            other = stretch[channel, start + step : start + step + block.size]
            for place in range(block.size):
                block[place] = complex(one[place], other[place])


@njit(nogil=True, cache=True)
def _mix(spectra, straight, crossed):  # type: ignore[no-untyped-def]
    """Multiply each channel of each block by one response, add the other channel by another."""
    for block in range(spectra.shape[0]):
        for place in range(spectra.shape[2]):
            if spectra.shape[1] == 1:
                spectra[block, 0, place] *= straight[place]
            else:
                left, right = spectra[block, 0, place], spectra[block, 1, place]
                spectra[block, 0, place] = left * straight[place] + right * crossed[place]
                spectra[block, 1, place] = right * straight[place] + left * crossed[place]
