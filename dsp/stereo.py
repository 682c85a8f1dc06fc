"""Width: the level of the side against the mid, band by band, brought to the reference's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dsp.audio import Audio
from dsp.beliefs import FULL_AMOUNT, believed_width, toward
from dsp.equalizer import TonePlan, filter_mid_side
from dsp.measure import Profile
from dsp.moments import compare
from dsp.spectrum import BAND_COUNT, Doubles, bands_between, smooth

FULL_OCTAVES: Final = 1 / 3  # finest detail compared
LIKE_MUSIC_DB: Final = (3.0, 3.5)  # unlikeness: most sections of one track, no pair of tracks
END_OCTAVES: Final = (1.5, 0.5)  # finest ever followed, toward the one and the other
AMOUNTS: Final = (FULL_AMOUNT, 1.0)  # at which the caps are
WIDEN_DB: Final = (6.0, 12.0)
NARROW_DB: Final = (6.0, 16.0)
BASS_HZ: Final = 120.0
BASS_WIDTH_DB: Final = -12.0  # side over mid up to which bass is widened: correlation over 0.88
CLEAR_SIDE_DB: Final = -30.0  # side over mid that is surely music
FAINTEST_SIDE_DB: Final = -45.0  # and under which there is nothing to raise
EMPTY_DB: Final = -96.0  # of the side, against the integrated loudness


@dataclass(frozen=True, slots=True)
class WidthPlan:
    """What the width stage wanted, does, was kept from, and leaves; see TonePlan.

    Attributes
    ----------
    wanted_db, applied_db, capped_db, left_db : ndarray, shape (BAND_COUNT,)
        Gain of the side against the mid, dB at the band centres.
    reasons : tuple of str
        "mono_target", "mono_reference", "capped".
    """

    wanted_db: Doubles
    applied_db: Doubles
    capped_db: Doubles
    left_db: Doubles
    reasons: tuple[str, ...]


def plan_width(target: Profile, reference: Profile, *, amount: float) -> WidthPlan:
    """Return the gain of the side that brings a target's width toward a reference's."""
    nothing = np.zeros(BAND_COUNT)
    if target.is_mono or reference.is_mono:
        reason = "mono_target" if target.is_mono else "mono_reference"
        return WidthPlan(nothing, nothing, nothing, nothing, (reason,))
    widths = [profile.side_db - profile.mid_db for profile in (target, reference)]
    real = (widths[0] > FAINTEST_SIDE_DB) & (target.side_db > target.integrated_lufs + EMPTY_DB)
    clear = real & (widths[0] > CLEAR_SIDE_DB)
    difference = np.maximum(widths[1], FAINTEST_SIDE_DB) - widths[0]
    full = np.where(real, smooth(difference, FULL_OCTAVES, weights=real), 0.0)
    comparison = compare(target, reference)
    belief = believed_width(comparison, clear)
    octaves = float(np.interp(comparison.unlikeness_db, LIKE_MUSIC_DB, END_OCTAVES))
    end = np.where(real, smooth(difference, octaves, weights=real), 0.0)
    end, wanted = (toward(belief, full, a, end=end).round(2) for a in (1.0, amount))
    most = np.where(real, np.interp(amount, AMOUNTS, WIDEN_DB), 0.0)
    bass = bands_between(0.0, BASS_HZ)
    most[bass] = np.clip(BASS_WIDTH_DB - widths[0][bass], 0.0, most[bass])
    applied = np.clip(wanted, -np.interp(amount, AMOUNTS, NARROW_DB), most).round(2)
    reasons = () if np.array_equal(applied, wanted) else ("capped",)
    return WidthPlan(end, applied, wanted - applied, end - applied, reasons)


def apply_width(audio: Audio, plan: WidthPlan) -> Audio:
    """Return audio with the planned width; the same samples where nothing is to be done."""
    if audio.channels == 1 or not np.any(plan.applied_db):
        return audio
    return filter_mid_side(audio, np.zeros(BAND_COUNT), plan.applied_db)


def apply_tone_and_width(
    audio: Audio, tone: TonePlan, width: WidthPlan, *, in_place: bool = False
) -> Audio:
    """Return audio with both, in one pass: the same as one after the other, at half the work.

    ``in_place`` allows to overwrite the samples, which saves the room of a copy.
    """
    side_db = tone.applied_db + width.applied_db
    return filter_mid_side(audio, tone.applied_db, side_db, in_place=in_place)
