"""The engine run as a chain on arrays, toward a profile."""

from __future__ import annotations

import numpy as np

from dsp.audio import Audio
from dsp.dynamics import apply_dynamics, plan_dynamics
from dsp.equalizer import plan_tone
from dsp.maximizer import maximize
from dsp.measure import Profile, measure
from dsp.stereo import apply_tone_and_width, plan_width
from dsp.suitability import suitability

CEILING_DBTP = -1.0


def profile(samples: np.ndarray, rate: int) -> Profile:
    """Return the profile of samples."""
    return measure(Audio(np.ascontiguousarray(samples, dtype=np.float32), rate))


def matched(samples: np.ndarray, rate: int, reference: Profile, amount: float) -> np.ndarray:
    """Return samples mastered at an amount, to the loudness of the reference."""
    audio = Audio(np.ascontiguousarray(samples, dtype=np.float32), rate)
    target = measure(audio)
    how = {"amount": amount, "suitability": suitability(target, reference)}
    tone, width = plan_tone(target, reference, **how), plan_width(target, reference, **how)
    dynamics = plan_dynamics(target, reference, **how)
    shaped, _ = apply_dynamics(apply_tone_and_width(audio, tone, width), dynamics)
    ceiling_dbtp = CEILING_DBTP
    if dynamics.peak_to_loudness_db is not None:
        ceiling_dbtp = min(ceiling_dbtp, reference.integrated_lufs + dynamics.peak_to_loudness_db)
    return maximize(
        shaped,
        goal_lufs=reference.integrated_lufs,
        ceiling_dbtp=ceiling_dbtp,
        max_limiting_db=6.0,
        max_mean_limiting_db=2.0,
    ).audio.samples
