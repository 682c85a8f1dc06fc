"""The engine's matching stages, run as a chain without the last stage."""

from __future__ import annotations

import numpy as np

from dsp.audio import Audio
from dsp.dynamics import apply_dynamics, plan_dynamics
from dsp.equalizer import plan_tone
from dsp.measure import Profile, measure
from dsp.stereo import apply_tone_and_width, plan_width
from dsp.suitability import suitability


def profile(samples: np.ndarray, rate: int) -> Profile:
    """Return the profile of samples."""
    return measure(Audio(np.ascontiguousarray(samples, dtype=np.float32), rate))


def matched(samples: np.ndarray, rate: int, reference: Profile, amount: float) -> np.ndarray:
    """Return samples after tone, width and dynamics at an amount."""
    audio = Audio(np.ascontiguousarray(samples, dtype=np.float32), rate)
    target = measure(audio)
    how = {"amount": amount, "suitability": suitability(target, reference)}
    tone, width = plan_tone(target, reference, **how), plan_width(target, reference, **how)
    dynamics = plan_dynamics(target, reference, **how)
    return apply_dynamics(apply_tone_and_width(audio, tone, width), dynamics)[0].samples
