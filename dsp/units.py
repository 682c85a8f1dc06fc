"""Decibels and amplitudes."""

from __future__ import annotations

import math


def db_to_amplitude(level_db: float) -> float:
    """Return the amplitude ratio of a level in dB."""
    return math.pow(10.0, level_db / 20.0)


def amplitude_to_db(amplitude: float) -> float:
    """Return the level in dB of an amplitude ratio ≥ 0; ``-inf`` for 0."""
    return 20.0 * math.log10(amplitude) if amplitude > 0.0 else -math.inf


def db_to_power(level_db: float) -> float:
    """Return the power ratio of a level in dB."""
    return math.pow(10.0, level_db / 10.0)


def power_to_db(power: float) -> float:
    """Return the level in dB of a power ratio ≥ 0; ``-inf`` for 0."""
    return 10.0 * math.log10(power) if power > 0.0 else -math.inf
