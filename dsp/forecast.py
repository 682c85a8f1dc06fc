"""What any drive would give, told from blocks without touching the audio."""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.audio import Audio
from dsp.clipper import Clipped
from dsp.distribution import GATE_LU
from dsp.filters import FLOATS
from dsp.limiter import usable_ceiling
from dsp.loudness import (
    STEP_SECONDS,
    WeightedEnergies,
    integrated_lufs,
    short_term_lufs,
    step_starts,
    weighted_block_energies,
)
from dsp.moving_ceiling import FLOOR_SHARE, MovingCeiling, driven_peaks, slow_levels
from dsp.peaks import block_frames, block_peaks, psr_db
from dsp.reduction import knot_gains, reached_levels_db, released_knots_db
from dsp.units import amplitude_to_db, db_to_amplitude

BUDGET_MARGIN_DB: Final = 0.08  # for what the limiter takes beyond what the peaks demand
STEPS_PER_WINDOW: Final = 10  # the 100 ms of PSR
_SLOPE_STEP_DB: Final = 0.25
_CEILING_ROUNDS: Final = 4
_MOST_LOST_DB: Final = 1.5  # of loudness under a moving ceiling: it is put no lower for more
_MOST_KEPT_DB: Final = 0.5  # of the limits that a moving ceiling leaves to the last one
_PSR_TOLERANCE_DB: Final = 0.03

_SINGLES: Final = types.Array(types.float32, 1, "C", readonly=True)
_STARTS: Final = types.Array(types.int64, 1, "C", readonly=True)

HeldBy = Literal["max_limiting", "mean_limiting", "saturation", "silence", "ceiling"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The most gain reduction allowed, clip and limiter together."""

    highest_db: float
    mean_db: float

    @property
    def held_by(self) -> HeldBy:
        """What holds the loudness back where no more reduction is allowed."""
        return "max_limiting" if self.highest_db > 0.0 else "ceiling"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the model expects of a drive."""

    lufs: float
    max_reduction_db: float
    mean_reduction_db: float


class Model:
    """Tells loudness and gain reduction of any drive from blocks, without touching the audio."""

    def __init__(
        self,
        audio: Audio,
        ceiling_dbtp: float,
        limits: Limits,
        energies: npt.NDArray[np.float64] | None = None,
    ) -> None:
        block = block_frames(audio.rate_hz)
        # Under the highest drive no quieter block can reach the ceiling.
        self._floor_share = db_to_amplitude(-limits.highest_db)
        self._audio = audio
        self.peaks = block_peaks(audio, block, floor_share=self._floor_share)
        self.unclipped_peaks = self.peaks
        self._limits = limits
        self._rate_hz = audio.rate_hz
        self._energies = weighted_block_energies(audio, block) if energies is None else energies
        self._step_starts = step_starts(len(self._energies), block, audio.rate_hz)
        self._step_frames = audio.rate_hz * STEP_SECONDS
        self._known: dict[tuple[MovingCeiling | None, float], Forecast] = {}
        self._clipped_blocks = np.zeros(0, dtype=np.int64)
        self._clip_db = np.zeros(0)
        self._moving: MovingCeiling | None = None
        self._slow: npt.NDArray[np.float32] | None = None
        self._standing_db: npt.NDArray[np.float32] | None = None
        self._asked_db: npt.NDArray[np.float32] | None = None
        self.ceiling = usable_ceiling(ceiling_dbtp)
        self._see_peaks()
        self.unclipped_headroom_db = self.headroom_db
        allowed_db = max(0.0, self._limits.highest_db - BUDGET_MARGIN_DB)
        self.highest_drive_db = self.headroom_db + allowed_db

    def _see_peaks(self) -> None:
        """Note where the peaks lie, and the highest drive that leaves every one of them alone."""
        highest_db = amplitude_to_db(float(self.peaks.max(initial=0.0)))
        self.headroom_db = amplitude_to_db(self.ceiling) - highest_db - 1e-6
        self._reached_db = reached_levels_db(self.peaks, self._rate_hz)

    def take_clip(self, clipped: Clipped) -> None:
        """Forecast from now on what comes after the clip."""
        self.peaks = clipped.peaks
        self._clipped_blocks = np.flatnonzero(clipped.block_reduction_db)
        self._clip_db = clipped.block_reduction_db[self._clipped_blocks].astype(np.float64)
        self._see_peaks()
        self._known.clear()

    def forecast(self, drive_db: float) -> Forecast:
        """Return what a drive would give."""
        asked = self._moving, drive_db
        if asked not in self._known:
            self._known[asked] = self._worked_out(drive_db)
        return self._known[asked]

    def ridden(self, gain_db: npt.NDArray[np.float64]) -> Model:
        """Return a model of the same audio under a slow gain, given for every 10 ms."""
        counts = np.diff(self._step_starts, append=len(self._energies))
        steps = np.minimum(np.arange(len(counts)), len(gain_db) - 1)  # the last may be a rest
        gains = np.repeat(10.0 ** (gain_db[steps] / 20.0), counts)
        model = copy(self)
        model.peaks = (self.peaks * gains).astype(np.float32)
        model._energies = self._energies * np.square(gains)
        model._known = {}
        model._see_peaks()
        model.highest_drive_db += model.headroom_db - self.headroom_db
        return model

    def limited(self, drive_db: float) -> WeightedEnergies:
        """Return the energies that a drive would leave."""
        return self._driven(drive_db)[0]

    def _driven(self, drive_db: float) -> tuple[WeightedEnergies, npt.NDArray[np.float64]]:
        drive, knots_db = db_to_amplitude(drive_db), self._knots_db(drive_db)
        steps = np.zeros(len(self._step_starts))
        _sum_steps(self._energies, knot_gains(knots_db), self._step_starts, steps)
        return WeightedEnergies(steps * (drive * drive / self._step_frames)), knots_db

    def _knots_db(self, drive_db: float) -> npt.NDArray[np.float64]:
        if self._asked_db is None and drive_db <= self.headroom_db:
            return np.zeros(len(self.peaks) + 3)
        over_db = drive_db - amplitude_to_db(self.ceiling)
        return released_knots_db(self._reached_db, over_db, self._rate_hz, self._asked_db)

    def _worked_out(self, drive_db: float) -> Forecast:
        energies, knots_db = self._driven(drive_db)
        together_db = self._clip_db + knots_db[self._clipped_blocks + 1]
        return Forecast(
            integrated_lufs(energies),
            max(float(knots_db.max()), float(together_db.max(initial=0.0))),
            float(knots_db.mean()) + float(self._clip_db.sum()) / len(knots_db),
        )

    def moving_ceiling(self, psr_goal_db: float, drive_db: float) -> MovingCeiling | None:
        """Return the moving ceiling that leaves a median PSR; None where none is needed.

        Limiting takes from the loudness too, so that a ceiling leaves more than it cuts to. What
        one leaves is forecast, and the next put lower by what was missed.
        """
        most_db = self._limits.highest_db - _MOST_KEPT_DB
        if most_db <= 0.0 or self._median_psr_db(drive_db) <= psr_goal_db:
            return None
        over_db = psr_goal_db
        for _ in range(_CEILING_ROUNDS):
            found = MovingCeiling(over_db, most_db)
            self.follow(found)
            missed_db = self._median_psr_db(drive_db) - psr_goal_db
            if abs(missed_db) < _PSR_TOLERANCE_DB:
                break
            over_db = max(over_db - missed_db, psr_goal_db - _MOST_LOST_DB)
        return found

    def follow(self, moving: MovingCeiling | None) -> None:
        """Forecast from now on what a moving ceiling leaves too; nothing is clipped beside it."""
        self._moving, self._asked_db = moving, None
        if moving is not None:
            self._asked_db = moving.asked_db(self._standing_peaks_db())

    def _standing_peaks_db(self) -> npt.NDArray[np.float32]:
        """Return how far the peaks stand over what is heard around them, at each place of knots.

        Those that only a moving ceiling may reach are looked for when it is first asked of, while
        the audio is still unchanged.
        """
        if self._standing_db is None:
            if self._floor_share > FLOOR_SHARE:
                block = block_frames(self._rate_hz)
                self.peaks = block_peaks(self._audio, block, floor_share=FLOOR_SHARE)
            self._slow = slow_levels(self._energies, self._rate_hz)
            self._standing_db = reached_levels_db(self.peaks / self._slow, self._rate_hz)
        return self._standing_db

    def driven_peaks(self, drive_db: float) -> npt.NDArray[np.float32]:
        """Return :func:`dsp.moving_ceiling.driven_peaks` of the blocks, where one is followed."""
        if self._moving is None or self._slow is None:
            return self.peaks
        asked = self._moving.asked(self.peaks, self._slow)
        return driven_peaks(self.peaks, asked, self.ceiling, drive_db)

    def _median_psr_db(self, drive_db: float) -> float:
        """Return the median true peak over short-term loudness that a drive would leave, dB."""
        gains = knot_gains(self._knots_db(drive_db))
        steps, highest = np.zeros(len(self._step_starts)), np.zeros(len(self._step_starts))
        _sum_steps(self._energies, gains, self._step_starts, steps)
        _highest_of_steps(self.peaks, gains, self._step_starts, highest)
        energies = WeightedEnergies(steps / self._step_frames)
        short = short_term_lufs(energies)
        windows = np.arange(0, len(highest), STEPS_PER_WINDOW)
        with np.errstate(divide="ignore"):
            levels = 20.0 * np.log10(np.maximum.reduceat(highest, windows))
        left_db = psr_db(levels, short)[short > integrated_lufs(energies) - GATE_LU]
        return float(np.median(left_db)) if left_db.size else -math.inf

    def slope(self, drive_db: float) -> float:
        """Return the loudness gained per dB of drive, LU."""
        if drive_db <= self.headroom_db:
            return 1.0
        below = self.forecast(drive_db - _SLOPE_STEP_DB).lufs
        return max(1e-3, (self.forecast(drive_db).lufs - below) / _SLOPE_STEP_DB)


@njit(types.float32(_SINGLES, types.int64), nogil=True, cache=True, inline="always")
def _gain_of_block(gains: npt.NDArray[np.float32], block: int) -> np.float32:
    """Return the gain in the middle of a block, about."""
    inner = np.float32(23.0) * (gains[block + 1] + gains[block + 2])
    middle: np.float32 = (gains[block] + inner + gains[block + 3]) * np.float32(1.0 / 48.0)
    return middle


@njit(
    types.void(FLOATS, _SINGLES, _STARTS, types.float64[::1]),
    nogil=True,
    cache=True,
    fastmath={"contract", "reassoc"},
)
def _sum_steps(
    energies: npt.NDArray[np.float64],
    gains: npt.NDArray[np.float32],
    step_starts: npt.NDArray[np.int64],
    steps: npt.NDArray[np.float64],
) -> None:
    """Sum the energies of the blocks of each step under the spline of gains at knots."""
    for step in range(len(steps)):
        stop = step_starts[step + 1] if step + 1 < len(steps) else len(energies)
        total = 0.0
        for block in range(step_starts[step], stop):
            gain = _gain_of_block(gains, block)
            total += energies[block] * (gain * gain)
        steps[step] = total


@njit(
    types.void(_SINGLES, _SINGLES, _STARTS, types.float64[::1]),
    nogil=True,
    cache=True,
)
def _highest_of_steps(
    peaks: npt.NDArray[np.float32],
    gains: npt.NDArray[np.float32],
    step_starts: npt.NDArray[np.int64],
    highest: npt.NDArray[np.float64],
) -> None:
    """Find the highest peak of each step under the spline of gains at knots."""
    for step in range(len(highest)):
        stop = step_starts[step + 1] if step + 1 < len(highest) else len(peaks)
        most = np.float32(0.0)
        for block in range(step_starts[step], stop):
            peak = peaks[block] * _gain_of_block(gains, block)
            most = peak if peak > most else most
        highest[step] = most
