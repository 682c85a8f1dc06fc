"""Width: the level of the side against the mid, band by band, brought to the reference's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dsp.audio import Audio
from dsp.equalizer import TonePlan, filter_mid_side
from dsp.measure import Profile
from dsp.moments import FULL_AMOUNT, believed_width, compare, toward
from dsp.spectrum import BAND_CENTRES_HZ, BAND_COUNT, Doubles, smooth

FULL_SMOOTHING_OCTAVES: Final = 0.5
WIDEN_DB: Final = 3.0
NARROW_DB: Final = 4.0
FULL_CAP_FACTOR: Final = 3.0
BASS_HZ: Final = 120.0
FAINTEST_SIDE_DB: Final = -30.0


@dataclass(frozen=True, slots=True)
class WidthPlan:
    """What the width stage wanted, does, was kept from, and leaves; see TonePlan.

    Attributes
    ----------
    wanted_db, applied_db, capped_db, left_db : ndarray, shape (BAND_COUNT,)
        Gain of the side against the mid, dB at the band centres.
    reasons : tuple of str
        "mono_target", "mono_reference", "capped", "bass".
    """

    wanted_db: Doubles
    applied_db: Doubles
    capped_db: Doubles
    left_db: Doubles
    reasons: tuple[str, ...]


def plan_width(
    target: Profile, reference: Profile, *, amount: float, suitability: float = 1.0
) -> WidthPlan:
    """Return the gain of the side that brings a target's width toward a reference's."""
    nothing = np.zeros(BAND_COUNT)
    if target.is_mono or reference.is_mono:
        reason = "mono_target" if target.is_mono else "mono_reference"
        return WidthPlan(nothing, nothing, nothing, nothing, (reason,))
    widths = [profile.side_db - profile.mid_db for profile in (target, reference)]
    real = widths[0] > FAINTEST_SIDE_DB
    difference = np.where(real, np.maximum(widths[1], -40.0) - widths[0], 0.0)
    full = smooth(difference, FULL_SMOOTHING_OCTAVES)
    belief = believed_width(compare(target, reference), real, suitability=suitability)
    wanted = np.round(toward(belief.expected_db, full, amount, doubt=belief.doubt_db), 2)
    factor = float(np.interp(amount, [FULL_AMOUNT, 1.0], [1.0, FULL_CAP_FACTOR]))
    most = np.where(real & (BAND_CENTRES_HZ >= BASS_HZ), WIDEN_DB * factor, 0.0)
    applied = np.clip(wanted, -NARROW_DB * factor, most)
    reasons = () if np.array_equal(applied, wanted) else ("capped",)
    return WidthPlan(full, applied, wanted - applied, full - applied, reasons)


def apply_width(audio: Audio, plan: WidthPlan) -> Audio:
    """Return audio with the planned width; the same samples where nothing is to be done."""
    if audio.channels == 1 or not np.any(plan.applied_db):
        return audio
    return filter_mid_side(audio, np.zeros(BAND_COUNT), plan.applied_db)


def apply_tone_and_width(audio: Audio, tone: TonePlan, width: WidthPlan) -> Audio:
    """Return audio with both, in one pass: the same as one after the other, at half the work."""
    return filter_mid_side(audio, tone.applied_db, tone.applied_db + width.applied_db)
