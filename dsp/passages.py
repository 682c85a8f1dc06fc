"""Which moments of two tracks are compared: those of like sections, as the settings choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from dsp.codes import Codes, decoded_power
from dsp.errors import InvalidSettings
from dsp.measure import Profile
from dsp.moments import LEVEL_HZ, unlikeness_db
from dsp.pairing import loudest, pair_sections
from dsp.sections import Section
from dsp.settings import SectionPairs
from dsp.spectrum import Doubles, bands_between

LEAST_MOMENTS: Final = 40  # about four seconds: fewer tell nothing, and all are compared
GOAL_LU: Final = 1.0  # the most that chosen sections move the goal from the whole's loudness


@dataclass(frozen=True, slots=True)
class Compared:
    """Two tracks as far as they are compared.

    Attributes
    ----------
    target, reference : Profile
        With the moments of the paired sections alone, and where they were chosen by a person with
        the spectra of those sections alone.
    pairs : tuple of (int, int)
        Numbers of the sections compared; empty where all is compared with all.
    reference_lufs : float
        The loudness at which the target's chosen sections are as loud as the reference's.
    """

    target: Profile
    reference: Profile
    pairs: SectionPairs
    reference_lufs: float


def compare_passages(
    target: Profile,
    reference: Profile,
    sections: Literal["automatic", "whole", "loudest"] | SectionPairs,
) -> Compared:
    """Return what of two tracks is compared.

    Parameters
    ----------
    target, reference : Profile
    sections : "automatic", "whole", "loudest" or pairs of numbers
        As in :class:`dsp.settings.MasterSettings`.

    Raises
    ------
    InvalidSettings
        A pair names a section that is not there.
    """
    pairs = _chosen(target.sections, reference.sections, sections)
    groups = _groups(pairs)
    moments = [
        _groups_of_moments(profile, {numbers[side]: group for numbers, group in groups.items()})
        for side, profile in enumerate((target, reference))
    ]
    whole = Compared(target, reference, (), reference.integrated_lufs)
    if not pairs or min(int(np.count_nonzero(of >= 0)) for of in moments) < LEAST_MOMENTS:
        return whole
    views = [_view(profile, of) for profile, of in zip((target, reference), moments, strict=True)]
    if sections == "automatic":
        if unlikeness_db(*views) > unlikeness_db(target, reference):
            return whole  # the most alike moments are not in the sections that look alike
        return Compared(views[0], views[1], pairs, reference.integrated_lufs)
    weights = np.ones(moments[0].size), _as_in_the_mix(target, reference, *moments)
    views = [
        _of_chosen(profile, view, weight * (of >= 0))
        for profile, view, weight, of in zip(
            (target, reference), views, weights, moments, strict=True
        )
    ]
    return Compared(views[0], views[1], pairs, _aimed_lufs(target, reference, pairs))


def _chosen(
    target: Sequence[Section],
    reference: Sequence[Section],
    sections: Literal["automatic", "whole", "loudest"] | SectionPairs,
) -> SectionPairs:
    parts = [[asdict(section) for section in each] for each in (target, reference)]
    if sections == "whole":
        return ()
    if sections == "loudest":
        return ((loudest(parts[0]), loudest(parts[1])),)
    if sections == "automatic":
        return tuple(pair_sections(*parts))
    for first, second in sections:
        if first >= len(target) or second >= len(reference):
            raise InvalidSettings(
                f"There is no pair of sections {first} and {second}: "
                f"the mix has {len(target)}, the reference {len(reference)}."
            )
    return tuple(sections)


def _groups(pairs: SectionPairs) -> dict[tuple[int, int], int]:
    """Return a number for each pair, the same for pairs that share a section."""
    groups: list[set[tuple[int, int]]] = []
    for pair in pairs:
        joined = [
            group
            for group in groups
            if any(pair[0] == other[0] or pair[1] == other[1] for other in group)
        ]
        groups = [group for group in groups if group not in joined]
        groups.append({pair}.union(*joined))
    return {pair: number for number, group in enumerate(groups) for pair in group}


def _groups_of_moments(profile: Profile, groups: dict[int, int]) -> npt.NDArray[np.int64]:
    """Return the group of each moment, -1 where its section is in none."""
    starts = [section.start_seconds for section in profile.sections]
    owners = np.searchsorted(starts, profile.moments_seconds, side="right") - 1
    of_section = np.array([groups.get(number, -1) for number in range(len(starts))])
    found: npt.NDArray[np.int64] = of_section[np.maximum(owners, 0)]
    return found


def _as_in_the_mix(
    target: Profile,
    reference: Profile,
    target_groups: npt.NDArray[np.int64],
    reference_groups: npt.NDArray[np.int64],
) -> Doubles:
    """Return a weight for each of the reference's moments: each group's share is the target's.

    So what a section is compared with decides what is heard in it, and another pairing of the
    same sections is another comparison.
    """
    weights = np.zeros(reference_groups.size)
    powers = [_power(profile) for profile in (target, reference)]
    for group in range(int(target_groups.max()) + 1):
        inside = reference_groups == group
        theirs = powers[1][inside].sum()
        if theirs > 0.0:
            weights[inside] = powers[0][target_groups == group].sum() / theirs
    return weights


def _power(profile: Profile) -> Doubles:
    """Return the power of each moment in the bands that carry the level."""
    power = decoded_power(profile.moments_mid)[:, bands_between(*LEVEL_HZ)]
    summed: Doubles = power.sum(axis=1)
    return summed


def _view(profile: Profile, groups: npt.NDArray[np.int64]) -> Profile:
    """Return a profile with the moments alone that are in a group."""
    inside = groups >= 0
    return replace(
        profile,
        moments_mid=profile.moments_mid[inside],
        moments_side=profile.moments_side[inside],
        moments_seconds=profile.moments_seconds[inside],
        groups=groups[inside],
    )


def _of_chosen(profile: Profile, view: Profile, weights: Doubles) -> Profile:
    """Return a view whose spectra too are of the chosen moments, each by its weight."""
    return replace(
        view,
        mid_db=profile.mid_db + _difference_db(profile.moments_mid, weights),
        side_db=profile.side_db + _difference_db(profile.moments_side, weights),
    )


def _difference_db(levels: Codes, weights: Doubles) -> Doubles:
    """Return by how much the mean power of moments by their weights is over that of all, dB."""
    power = decoded_power(levels)
    weighted = weights @ power / weights.sum()
    difference: Doubles = 10.0 * np.log10(weighted / power.mean(axis=0))
    return difference


def _aimed_lufs(target: Profile, reference: Profile, pairs: SectionPairs) -> float:
    """Return the target's integrated loudness at which its sections match the reference's."""
    levels = [
        _loudness_of(
            [profile.sections[number] for number in sorted({pair[side] for pair in pairs})]
        )
        for side, profile in enumerate((target, reference))
    ]
    aimed = target.integrated_lufs + levels[1] - levels[0]
    around = reference.integrated_lufs
    return float(np.clip(aimed, around - GOAL_LU, around + GOAL_LU))


def _loudness_of(sections: Sequence[Section]) -> float:
    seconds = [section.end_seconds - section.start_seconds for section in sections]
    powers = [10.0 ** (section.loudness_lufs / 10.0) for section in sections]
    return 10.0 * float(np.log10(np.average(powers, weights=seconds)))
