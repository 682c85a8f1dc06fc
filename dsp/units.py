"""Decibels and amplitudes."""

from __future__ import annotations

import math


def db_to_amplitude(level_db: float) -> float:
    """Return the amplitude ratio of a level in dB."""
    return math.pow(10.0, level_db / 20.0)


def amplitude_to_db(amplitude: float) -> float:
    """Return the level in dB of an amplitude ratio ≥ 0; ``-inf`` for 0."""
    return 20.0 * math.log10(amplitude) if amplitude > 0.0 else -math.inf
