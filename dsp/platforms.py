"""How loud streaming platforms play a master, by dated rules kept as data; free of numpy.

The rules lie in ``platforms.json`` beside this file, each with its source and its date. They are
gains at playback, not demands on delivery.
"""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

RULES_PATH: Final = Path(__file__).with_name("platforms.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A platform's rule.

    Attributes
    ----------
    code, name : str
        Stable name, and the name for people.
    target_lufs : float
        Integrated loudness at which it plays what is loud enough.
    turns_up : bool
        Whether it raises what is quieter than its target.
    headroom_dbtp : float or None
        True peak up to which it raises; None where it raises nothing.
    limits : bool
        Whether it raises beyond ``headroom_dbtp`` with a limiter.
    by_default : bool
        Whether listeners hear the rule without having switched anything.
    rule, source, dated : str
        The rule in a sentence, where it was read, and of which day it is (ISO 8601).
    kind_of_source : str
        ``platform`` for its own words, ``measured`` for what engineers found.
    example : dict or None
        The platform's own published example: ``loudness_lufs``, ``true_peak_dbtp`` and the
        ``played_lufs`` that follows.
    """

    code: str
    name: str
    target_lufs: float
    turns_up: bool
    headroom_dbtp: float | None
    limits: bool
    by_default: bool
    rule: str
    source: str
    kind_of_source: str
    dated: str
    example: dict[str, float] | None = None

    def gain_db(self, *, loudness_lufs: float, true_peak_dbtp: float) -> float:
        """Return by how much it turns a track up or down, dB; 0 for silence."""
        if not math.isfinite(loudness_lufs):
            return 0.0
        wanted = self.target_lufs - loudness_lufs
        if wanted <= 0.0 or self.limits:
            return wanted
        if not self.turns_up:
            return 0.0
        room = math.inf if self.headroom_dbtp is None else self.headroom_dbtp - true_peak_dbtp
        return min(wanted, max(room, 0.0))

    def played_lufs(self, *, loudness_lufs: float, true_peak_dbtp: float) -> float:
        """Return the integrated loudness at which a track is heard, LUFS."""
        return loudness_lufs + self.gain_db(
            loudness_lufs=loudness_lufs, true_peak_dbtp=true_peak_dbtp
        )


@functools.cache
def platforms() -> tuple[Platform, ...]:
    """Return the rules, the most used platform first."""
    return tuple(Platform(**rule) for rule in _stored()["platforms"])


def rules_checked_on() -> str:
    """Return the day on which the rules were last looked over, ISO 8601."""
    checked: str = _stored()["checked"]
    return checked


@functools.cache
def _stored() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(RULES_PATH.read_text(encoding="utf-8"))
    return stored
