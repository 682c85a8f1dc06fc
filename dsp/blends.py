"""Blends: several references with weights per aspect, followed as if they were one.

What each reference would ask of a mix is planned for itself, on its own like moments, and the
plans are averaged: so a weight of 1 beside 0 asks exactly what the one reference asks, and equal
weights ask for the mean, in dB per band.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Self, TypeVar

import numpy as np

from dsp.dynamics import DynamicsPlan
from dsp.equalizer import TonePlan
from dsp.errors import InvalidSettings, ProfileInvalid, ProfileUnsupported
from dsp.measure import OF_GROUPS, Profile
from dsp.multiband import BandsPlan
from dsp.spectrum import Doubles
from dsp.stereo import WidthPlan
from dsp.weights import ASPECTS, MOST_PARTS, Aspect, Weights, check_weights

BLEND_VERSION: Final = 1

P = TypeVar("P", TonePlan, WidthPlan, DynamicsPlan)


@dataclass(frozen=True, slots=True)
class Part:
    """One reference of a blend."""

    profile: Profile
    weights: Weights


@dataclass(frozen=True, eq=False)
class Blend:
    """References that count, at least two; made by :func:`blend`."""

    parts: tuple[Part, ...]

    def shares(self, aspect: Aspect) -> Doubles:
        """Return each part's share of an aspect; together 1."""
        weights = np.array([getattr(part.weights, aspect) for part in self.parts])
        shares: Doubles = weights / weights.sum()
        return shares

    @property
    def overall_shares(self) -> Doubles:
        """Each part's share of all the aspects together."""
        shares: Doubles = np.mean([self.shares(aspect) for aspect in ASPECTS], axis=0)
        return shares

    def mean(self, aspect: Aspect, values: Sequence[float]) -> float:
        """Return the mean of one value a part, as an aspect weighs them."""
        return float(np.dot(self.shares(aspect), values))

    def mean_of_all(self, values: Sequence[float]) -> float:
        """Return the mean of one value a part, as all aspects together weigh them."""
        return float(np.dot(self.overall_shares, values))

    @cached_property
    def profile(self) -> Profile:
        """The mean of the parts, to be shown and compared with; levels are averaged in dB.

        It has no sections and no fingerprint: no one track was ever heard that measures so. What
        cannot be averaged is that of the part with the most to say on tone.
        """
        parts = [part.profile for part in self.parts]
        lead = parts[int(np.argmax(self.shares("tone")))]
        lufs = self.mean("loudness", [each.integrated_lufs for each in parts])

        def relative(aspect: Aspect, name: str) -> float:
            return self.mean(aspect, [getattr(each, name) - each.integrated_lufs for each in parts])

        def bands(aspect: Aspect, levels: Sequence[Doubles]) -> Doubles:
            return _mean(levels, self.shares(aspect))

        mid = lufs + bands("tone", [each.mid_db - each.integrated_lufs for each in parts])
        floor = lufs + bands("tone", [each.floor_db - each.integrated_lufs for each in parts])
        width = bands("width", [each.side_db - each.mid_db for each in parts])
        ranges = [part.profile.loudness_range_lu for part in self._heard("dynamics")]
        ends = [part.profile.cutoff_hz for part in self._heard("tone")]
        known_ends = [each for each in ends if each is not None]
        psr = bands("dynamics", [np.array(each.psr_db) for each in parts])
        of_groups: dict[str, Any] = {
            name: _mean([getattr(each, name) for each in parts], self.overall_shares)
            for name in OF_GROUPS
        }
        return replace(
            lead,
            integrated_lufs=lufs,
            loudness_range_lu=None
            if None in ranges
            else self.mean("dynamics", [each.loudness_range_lu or 0.0 for each in parts]),
            loudness_spread_lu=self.mean("dynamics", [e.loudness_spread_lu for e in parts]),
            max_momentary_lufs=lufs + relative("dynamics", "max_momentary_lufs"),
            max_short_term_lufs=lufs + relative("dynamics", "max_short_term_lufs"),
            true_peak_dbtp=lufs + relative("dynamics", "true_peak_dbtp"),
            sample_peak_dbfs=lufs + relative("dynamics", "sample_peak_dbfs"),
            plr_db=self.mean("dynamics", [each.plr_db for each in parts]),
            psr_db=tuple(psr.tolist()),
            mid_db=mid,
            side_db=mid + width,
            floor_db=floor,
            correlation=bands("width", [each.correlation for each in parts]),
            micro_quantiles_lu=bands("dynamics", [each.micro_quantiles_lu for each in parts]),
            momentary_quantiles_lu=bands(
                "dynamics", [each.momentary_quantiles_lu for each in parts]
            ),
            cutoff_hz=min(known_ends, default=None),
            onsets_per_second=self.mean_of_all([each.onsets_per_second for each in parts]),
            density=self.mean_of_all([each.density for each in parts]),
            **of_groups,
            fingerprint=np.zeros((0, 2), dtype=np.uint8),
            sections=(),
            loudness_curve_lufs=lead.loudness_curve_lufs + (lufs - lead.integrated_lufs),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the blend as JSON-ready values."""
        return {
            "blend": BLEND_VERSION,
            "parts": [
                {"weights": part.weights.as_dict(), "profile": part.profile.to_dict()}
                for part in self.parts
            ],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the blend made by :meth:`to_dict`.

        Raises
        ------
        ProfileUnsupported
            For another version, or anything that is not a whole blend.
        """
        if values.get("blend") != BLEND_VERSION:
            raise ProfileUnsupported("This blend was made by another engine version.")
        try:
            parts = [
                Part(Profile.from_dict(each["profile"]), Weights.from_dict(each["weights"]))
                for each in values["parts"][: MOST_PARTS + 1]
            ]
            check_weights([part.weights for part in parts])
        except (AttributeError, KeyError, TypeError, InvalidSettings) as error:
            raise ProfileInvalid("This blend is damaged or incomplete.") from error
        return cls(tuple(parts))

    def _heard(self, aspect: Aspect) -> list[Part]:
        return [part for part in self.parts if getattr(part.weights, aspect)]


def blend(parts: Sequence[Part]) -> Profile | Blend:
    """Return what is followed of several references; of one alone that counts, its own profile.

    Raises
    ------
    InvalidSettings
        Too few or too many parts, or an aspect that none of them has a weight for.
    """
    check_weights([part.weights for part in parts])
    counted = tuple(part for part in parts if part.weights.counts)
    return counted[0].profile if len(counted) == 1 else Blend(counted)


def mean_tone(plans: Sequence[TonePlan], shares: Doubles) -> TonePlan:
    """Return the mean of several plans in dB per band."""
    if alone := _alone(plans, shares):
        return alone
    heard = [plan for plan, share in zip(plans, shares, strict=True) if share]
    return TonePlan(
        wanted_db=_mean([plan.wanted_db for plan in plans], shares),
        applied_db=_mean([plan.applied_db for plan in plans], shares),
        capped_db=_mean([plan.capped_db for plan in plans], shares),
        left_db=_mean([plan.left_db for plan in plans], shares),
        valid=np.all([plan.valid for plan in heard], axis=0),
        reasons=_reasons(heard),
    )


def mean_width(plans: Sequence[WidthPlan], shares: Doubles) -> WidthPlan:
    """Return the mean of several plans in dB per band."""
    if alone := _alone(plans, shares):
        return alone
    heard = [plan for plan, share in zip(plans, shares, strict=True) if share]
    return WidthPlan(
        wanted_db=_mean([plan.wanted_db for plan in plans], shares),
        applied_db=_mean([plan.applied_db for plan in plans], shares),
        capped_db=_mean([plan.capped_db for plan in plans], shares),
        left_db=_mean([plan.left_db for plan in plans], shares),
        reasons=_reasons(heard),
    )


def mean_dynamics(target: Profile, plans: Sequence[DynamicsPlan], shares: Doubles) -> DynamicsPlan:
    """Return the mean of several plans for one target in dB per level.

    A part that leaves peaks alone asks for the target's own; the loudness range stays as near to
    the mean of the references' as it is.
    """
    if alone := _alone(plans, shares):
        return alone
    heard = [plan for plan, share in zip(plans, shares, strict=True) if share]
    psr = [target.psr_db[1] if plan.psr_db is None else plan.psr_db for plan in plans]
    leaves_peaks = all(plan.psr_db is None for plan in heard)
    return DynamicsPlan(
        levels_lu=plans[0].levels_lu,
        wanted_db=_mean([plan.wanted_db for plan in plans], shares),
        applied_db=_mean([plan.applied_db for plan in plans], shares),
        psr_db=None if leaves_peaks else round(float(np.dot(shares, psr)), 3),
        allowed_range_lu=_mean_range(target, plans, shares),
        reasons=_reasons(heard),
        fast_db_per_lu=round(float(np.dot(shares, [p.fast_db_per_lu for p in plans])), 4) + 0.0,
        bands=_mean_bands([plan.bands for plan in plans if plan.bands is not None], shares),
    )


def _mean_bands(plans: Sequence[BandsPlan], shares: Doubles) -> BandsPlan | None:
    if len(plans) < len(shares):
        return None
    return BandsPlan(
        wanted=_mean([plan.wanted for plan in plans], shares),
        applied=_mean([plan.applied for plan in plans], shares),
        reason=next((plan.reason for plan in plans if plan.reason), None),
    )


def _mean_range(
    target: Profile, plans: Sequence[DynamicsPlan], shares: Doubles
) -> tuple[float, float] | None:
    ranges = [plan.allowed_range_lu for plan in plans]
    if any(each is None for each in ranges):  # at amount 0: of every part
        return None
    middle = float(np.dot(shares, [sum(each) / 2.0 for each in ranges if each]))
    distance = abs(target.loudness_spread_lu - middle)
    return middle - distance, middle + distance


def _alone(plans: Sequence[P], shares: Doubles) -> P | None:
    """Return the one plan that counts, to the bit; None where several do."""
    counted = np.flatnonzero(shares)
    return plans[int(counted[0])] if counted.size == 1 else None


def _reasons(plans: Sequence[TonePlan | WidthPlan | DynamicsPlan]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason for plan in plans for reason in plan.reasons))


def _mean(values: Sequence[Doubles], shares: Doubles) -> Doubles:
    mean: Doubles = np.tensordot(shares, np.stack(values), axes=1)
    return mean
