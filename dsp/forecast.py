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
    steps_of_blocks,
    weighted_block_energies,
)
from dsp.peaks import block_frames, block_peaks, psr_db
from dsp.reduction import block_gains, knot_gain, reduction_knots_db
from dsp.units import amplitude_to_db, db_to_amplitude

BUDGET_MARGIN_DB: Final = 0.08  # for what the limiter takes beyond what the peaks demand
STEPS_PER_WINDOW: Final = 10  # the 100 ms of PSR
_SLOPE_STEP_DB: Final = 0.25
_CEILING_HALVINGS: Final = 12  # to a hundredth of a dB
_CEILING_ROUNDS: Final = 4
_PSR_TOLERANCE_DB: Final = 0.03

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
        self.peaks = block_peaks(audio, block, floor_share=db_to_amplitude(-limits.highest_db))
        self.unclipped_peaks = self.peaks
        self._limits = limits
        self._rate_hz = audio.rate_hz
        self._energies = weighted_block_energies(audio, block) if energies is None else energies
        self._step_starts = step_starts(len(self._energies), block, audio.rate_hz)
        self._step_frames = audio.rate_hz * STEP_SECONDS
        self._known: dict[float, Forecast] = {}
        self._clipped_blocks = np.zeros(0, dtype=np.int64)
        self._clip_db = np.zeros(0)

        self.stay_under(ceiling_dbtp)

    def stay_under(self, ceiling_dbtp: float) -> None:
        """Forecast from now on what another ceiling leaves, before any clip."""
        self.ceiling = usable_ceiling(ceiling_dbtp)
        self.headroom_db = self.unclipped_headroom_db = self._headroom_db()
        allowed_db = max(0.0, self._limits.highest_db - BUDGET_MARGIN_DB)
        self.highest_drive_db = self.headroom_db + allowed_db
        self._known.clear()

    def _headroom_db(self) -> float:
        """Return the highest drive that leaves every peak alone."""
        highest_db = amplitude_to_db(float(self.peaks.max(initial=0.0)))
        return amplitude_to_db(self.ceiling) - highest_db - 1e-6

    def take_clip(self, clipped: Clipped) -> None:
        """Forecast from now on what comes after the clip."""
        self.peaks = clipped.peaks
        self._clipped_blocks = np.flatnonzero(clipped.block_reduction_db)
        self._clip_db = clipped.block_reduction_db[self._clipped_blocks].astype(np.float64)
        self.headroom_db = self._headroom_db()
        self._known.clear()

    def forecast(self, drive_db: float) -> Forecast:
        """Return what a drive would give."""
        if drive_db not in self._known:
            self._known[drive_db] = self._worked_out(drive_db)
        return self._known[drive_db]

    def ridden(self, gain_db: npt.NDArray[np.float64]) -> Model:
        """Return a model of the same audio under a slow gain, given for every 10 ms."""
        counts = np.diff(self._step_starts, append=len(self._energies))
        steps = np.minimum(np.arange(len(counts)), len(gain_db) - 1)  # the last may be a rest
        gains = np.repeat(10.0 ** (gain_db[steps] / 20.0), counts)
        model = copy(self)
        model.peaks = (self.peaks * gains).astype(np.float32)
        model._energies = self._energies * np.square(gains)
        model._known = {}
        model.headroom_db = model._headroom_db()
        model.highest_drive_db += model.headroom_db - self.headroom_db
        return model

    def limited(self, drive_db: float) -> WeightedEnergies:
        """Return the energies that a drive would leave."""
        return self._driven(drive_db)[0]

    def _driven(self, drive_db: float) -> tuple[WeightedEnergies, npt.NDArray[np.float64]]:
        drive = db_to_amplitude(drive_db)
        if drive_db > self.headroom_db:
            knots_db = reduction_knots_db(self.peaks, drive, self.ceiling, self._rate_hz)
        else:
            knots_db = np.zeros(len(self.peaks) + 3)
        steps = np.zeros(len(self._step_starts))
        _sum_steps(self._energies, knots_db, self._step_starts, steps)
        return WeightedEnergies(steps * (drive * drive / self._step_frames)), knots_db

    def _worked_out(self, drive_db: float) -> Forecast:
        energies, knots_db = self._driven(drive_db)
        together_db = self._clip_db + knots_db[self._clipped_blocks + 1]
        return Forecast(
            integrated_lufs(energies),
            max(float(knots_db.max()), float(together_db.max(initial=0.0))),
            float(knots_db.mean()) + float(self._clip_db.sum()) / len(knots_db),
        )

    def peak_to_loudness_db(self, psr_goal_db: float) -> float:
        """Return the true peak over integrated loudness at which a ceiling leaves a median PSR.

        Limiting takes from the loudness too, so that a ceiling leaves more than it cuts to. What
        one leaves is forecast, and the next put lower by what was missed.

        Returns
        -------
        float
            Of the limited audio, dB; ``inf`` where no ceiling is needed.
        """
        aimed_db, over_db = psr_goal_db, math.inf
        tops, short, _ = self._peaks_over_loudness()
        for _ in range(_CEILING_ROUNDS):
            ceiling_dbtp = _ceiling_for(tops, short, aimed_db)
            if math.isinf(ceiling_dbtp):
                break
            gains = self._gains_under(ceiling_dbtp)
            _, limited, integrated = self._peaks_over_loudness(gains)
            over_db = ceiling_dbtp - integrated
            if limited.size != short.size:  # a gate passes other windows: near enough
                break
            missed_db = float(np.median(np.minimum(tops, ceiling_dbtp) - limited)) - psr_goal_db
            if missed_db < _PSR_TOLERANCE_DB:
                break
            aimed_db -= missed_db
        return over_db

    def _gains_under(self, ceiling_dbtp: float) -> npt.NDArray[np.float64]:
        """Return what the limiter multiplies each block by under a ceiling, without a drive."""
        ceiling = db_to_amplitude(ceiling_dbtp)
        return block_gains(reduction_knots_db(self.peaks, 1.0, ceiling, self._rate_hz))

    def _peaks_over_loudness(
        self, gains: npt.NDArray[np.float64] | None = None
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
        """Return true peak and short-term loudness of each 3 s, and the integrated loudness.

        Of what goes into the last stage, dBTP and LUFS; the loudness under the gains of blocks,
        which are overwritten.
        """
        energies = self._energies
        if gains is not None:  # where they are, since the blocks of a long piece take room
            energies = np.multiply(energies, np.square(gains, out=gains), out=gains)
        block = block_frames(self._rate_hz)
        steps = steps_of_blocks(energies, block, self._rate_hz)
        short, integrated = short_term_lufs(steps), integrated_lufs(steps)
        windows = self._step_starts[::STEPS_PER_WINDOW]
        with np.errstate(divide="ignore"):
            highest = np.maximum.reduceat(self.peaks, windows).astype(np.float64)
            tops = psr_db(20.0 * np.log10(highest), short) + short
        counted = short > integrated - GATE_LU
        return tops[counted], short[counted], integrated

    def slope(self, drive_db: float) -> float:
        """Return the loudness gained per dB of drive, LU."""
        if drive_db <= self.headroom_db:
            return 1.0
        below = self.forecast(drive_db - _SLOPE_STEP_DB).lufs
        return max(1e-3, (self.forecast(drive_db).lufs - below) / _SLOPE_STEP_DB)


def _ceiling_for(
    tops: npt.NDArray[np.float64], short: npt.NDArray[np.float64], psr_goal_db: float
) -> float:
    """Return the ceiling that leaves a median of peaks over a loudness that it does not change."""
    if not tops.size or np.median(tops - short) <= psr_goal_db:
        return math.inf
    low, high = float(np.median(short)), float(tops.max())
    for _ in range(_CEILING_HALVINGS):
        middle = (low + high) / 2.0
        if np.median(np.minimum(tops, middle) - short) < psr_goal_db:
            low = middle
        else:
            high = middle
    return high


@njit(
    types.void(FLOATS, FLOATS, types.Array(types.int64, 1, "C", readonly=True), types.float64[::1]),
    nogil=True,
    cache=True,
)
def _sum_steps(
    energies: npt.NDArray[np.float64],
    knots_db: npt.NDArray[np.float64],
    step_starts: npt.NDArray[np.int64],
    steps: npt.NDArray[np.float64],
) -> None:
    """Sum the energies of the blocks of each step under the gains of :func:`block_gains`."""
    g0, g1, g2 = knot_gain(knots_db[0]), knot_gain(knots_db[1]), knot_gain(knots_db[2])
    for step in range(len(steps)):
        stop = step_starts[step + 1] if step + 1 < len(steps) else len(energies)
        total = 0.0
        for block in range(step_starts[step], stop):
            g3 = knot_gain(knots_db[block + 3])
            gain = (g0 + 23.0 * (g1 + g2) + g3) / 48.0
            total += energies[block] * gain * gain
            g0, g1, g2 = g1, g2, g3
        steps[step] = total
