"""What a person may choose for a master, and the ranges; free of numpy, for the web process."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, Self

from dsp.errors import InvalidSettings

ENGINE_VERSION: Final = "1.6.1"

DEFAULT_AMOUNT: Final = 0.7
FULL_LOUDNESS_AMOUNT: Final = 0.7  # from this overall amount on, loudness follows in full
LOUDNESS_LUFS: Final = (-30.0, -5.0)
CEILING_DBTP: Final = (-6.0, -0.1)
MAX_LIMITING_DB: Final = (0.0, 6.0)
SECTION_CHOICES: Final = ("automatic", "whole", "loudest")
MOST_SECTION_PAIRS: Final = 1_000

SectionPairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterSettings:
    """The choices that, with the two tracks and the engine version, decide every output byte.

    Attributes
    ----------
    amount : float, 0 to 1
        How far to go toward the reference, for every stage that has no amount of its own.
    tone, dynamics, width : float, 0 to 1, or None
        A stage's own amount; None follows ``amount``.
    loudness : "reference" or float, LUFS
        The goal: the reference's loudness, or a number.
    loudness_amount : float, 0 to 1, or None
        How far to go from the target's loudness to the goal. None goes all the way for a number,
        and for the reference in proportion to ``amount`` up to ``FULL_LOUDNESS_AMOUNT``.
    ceiling_dbtp : float
        The highest true peak of the master, dBTP.
    max_limiting_db : float
        The most gain reduction the last stage may ever use, dB; loudness yields to it.
    sections : "automatic", "whole", "loudest", or pairs of section numbers
        What is compared with what: like parts found by the engine, all with all, the loudest part
        of either, or pairs chosen by hand, each a number in the mix and one in the reference,
        from 0. In JSON a pair is a list.
    """

    amount: float = DEFAULT_AMOUNT
    tone: float | None = None
    dynamics: float | None = None
    width: float | None = None
    loudness: float | Literal["reference"] = "reference"
    loudness_amount: float | None = None
    ceiling_dbtp: float = -1.0
    max_limiting_db: float = 6.0
    sections: Literal["automatic", "whole", "loudest"] | SectionPairs = "automatic"

    def __post_init__(self) -> None:
        """Refuse values outside their ranges with :class:`InvalidSettings`."""
        _check("amount", self.amount, (0.0, 1.0))
        for name in ("tone", "dynamics", "width", "loudness_amount"):
            if (value := getattr(self, name)) is not None:
                _check(name, value, (0.0, 1.0))
        if self.loudness != "reference":
            _check("loudness", self.loudness, LOUDNESS_LUFS)
        _check("ceiling_dbtp", self.ceiling_dbtp, CEILING_DBTP)
        _check("max_limiting_db", self.max_limiting_db, MAX_LIMITING_DB)
        object.__setattr__(self, "sections", _checked_sections(self.sections))

    @property
    def tone_amount(self) -> float:
        """The amount the tone stage uses."""
        return self.amount if self.tone is None else self.tone

    @property
    def dynamics_amount(self) -> float:
        """The amount the dynamics stage uses."""
        return self.amount if self.dynamics is None else self.dynamics

    @property
    def width_amount(self) -> float:
        """The amount the width stage uses."""
        return self.amount if self.width is None else self.width

    @property
    def effective_loudness_amount(self) -> float:
        """The amount the loudness stage uses."""
        if self.loudness_amount is not None:
            return self.loudness_amount
        if self.loudness != "reference":
            return 1.0
        return min(1.0, self.amount / FULL_LOUDNESS_AMOUNT)

    @property
    def is_identity(self) -> bool:
        """True where every stage is at 0, so that samples out equal samples in."""
        return not any(
            (
                self.tone_amount,
                self.dynamics_amount,
                self.width_amount,
                self.effective_loudness_amount,
            )
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values."""
        values = asdict(self)
        if not isinstance(self.sections, str):
            values["sections"] = [list(pair) for pair in self.sections]
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return settings from JSON values; unknown names are refused."""
        known = {field.name for field in fields(cls)}
        if unknown := set(values) - known:
            raise InvalidSettings(f"Unknown setting: {', '.join(sorted(unknown))}.")
        return cls(**values)


def _check(name: str, value: object, limits: tuple[float, float]) -> None:
    low, high = limits
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not low <= value <= high:  # type: ignore[operator,arg-type]
        raise InvalidSettings(f"{name} must be a number from {low:g} to {high:g}.")


def _checked_sections(chosen: object) -> str | SectionPairs:
    if isinstance(chosen, str) and chosen in SECTION_CHOICES:
        return chosen
    if not isinstance(chosen, list | tuple) or not 0 < len(chosen) <= MOST_SECTION_PAIRS:
        raise InvalidSettings(f"sections must be {', '.join(SECTION_CHOICES)} or a list of pairs.")
    pairs = tuple(tuple(pair) if isinstance(pair, list | tuple) else () for pair in chosen)
    if not all(
        len(pair) == 2 and all(type(each) is int and each >= 0 for each in pair) for pair in pairs
    ):
        raise InvalidSettings("A pair of sections is two whole numbers from 0.")
    if len(set(pairs)) < len(pairs):
        raise InvalidSettings("A pair of sections is named twice.")
    return pairs
