"""How much of each reference goes into a blend, aspect by aspect; free of numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self

from dsp.errors import InvalidSettings

Aspect = Literal["tone", "dynamics", "width", "loudness"]

ASPECTS: Final[tuple[Aspect, ...]] = ("tone", "dynamics", "width", "loudness")
BLEND_FORMAT: Final = "blend"  # what an entry of a library is that is none of the formats of audio
FEWEST_PARTS: Final = 2
MOST_PARTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The weights of one reference, 0 to 1; what counts is their share among all the parts'."""

    tone: float = 1.0
    dynamics: float = 1.0
    width: float = 1.0
    loudness: float = 1.0

    def __post_init__(self) -> None:
        """Refuse anything but numbers from 0 to 1 with :class:`InvalidSettings`."""
        for aspect in ASPECTS:
            value = getattr(self, aspect)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or not 0.0 <= value <= 1.0:
                raise InvalidSettings(f"The weight of {aspect} must be a number from 0 to 1.")

    @property
    def counts(self) -> bool:
        """Whether anything at all is taken."""
        return any(getattr(self, aspect) for aspect in ASPECTS)

    def as_dict(self) -> dict[str, float]:
        """Return the weights as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return weights from JSON values; unknown names are refused."""
        if unknown := set(values) - set(ASPECTS):
            raise InvalidSettings(f"Unknown weight: {', '.join(sorted(unknown))}.")
        return cls(**values)


def check_weights(weights: Sequence[Weights]) -> None:
    """Refuse what is no blend.

    Raises
    ------
    InvalidSettings
        Too few or too many parts, or an aspect that none of them has a weight for.
    """
    if not FEWEST_PARTS <= len(weights) <= MOST_PARTS:
        raise InvalidSettings(f"A blend has {FEWEST_PARTS} to {MOST_PARTS} references.")
    for aspect in ASPECTS:
        if not any(getattr(each, aspect) for each in weights):
            raise InvalidSettings(f"No reference has a weight for {aspect}.")
