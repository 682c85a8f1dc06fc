"""How well a reference suits a mix, from the summaries of both; free of numpy, for the web process.

Each axis has a distance, 1 where it begins to matter, and a score 1 / (1 + distance²). The whole is
their weighted geometric mean, so that one axis far off cannot hide behind seven that fit. What
only mastering changes (level, peaks over loudness) weighs little: it is what a reference is for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from dsp.axes import Axis, compare_axes, heard_bands, range_differences
from dsp.features import Features, Summary, likeness_of_prints
from dsp.findings import Finding

Verdict = Literal["good", "usable", "misleading"]

GOOD: Final = 0.6
USABLE: Final = 0.35
REASONS: Final = 3

PRINT_SHIFT_STEPS: Final = 480  # a minute
PRINT_NEAR_STEPS: Final = 8
PRINTS_SEARCHED: Final = 40  # of a ranking, those that suit best

RANGE_OFF_DB: Final = 6.0  # more than mastering mends
TOO_LOUD_LU: Final = 1.0
SWAPPED_LU: Final = 4.0
SWAPPED_PEAK_DB: Final = 3.0
LOSSY_HZ: Final = 17_500.0
LIMITED_PSR_DB: Final = 6.0
SHORT_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Suitability:
    """How well a reference suits a mix.

    Attributes
    ----------
    score : float, 0 to 1
    verdict : "good", "usable" or "misleading"
    axes : tuple of Axis
    reasons : tuple of str
        Codes of the axes that cost most, the worst first.
    findings : tuple of Finding
        What is to be known of the two together.
    """

    score: float
    verdict: Verdict
    axes: tuple[Axis, ...]
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values."""
        values = asdict(self)
        for name in ("axes", "reasons", "findings"):
            values[name] = list(values[name])
        for finding in values["findings"]:
            finding["ranges"] = [list(each) for each in finding["ranges"]]
        return values


def compare(
    mix: Summary, reference: Summary, *, context: Mapping[str, Any] | None = None
) -> Suitability:
    """Return how well a reference suits a mix.

    Parameters
    ----------
    mix, reference : mapping
        Summaries of profiles (:meth:`dsp.measure.Profile.summary`). What an older one lacks is
        not compared.
    context : mapping, optional
        What the person said, never guessed: ``same_genre`` and ``same_release``, each a bool.
        A reference said to be of another genre counts for less, one of the same release for more.
    """
    ours, theirs = Features.of(mix), Features.of(reference)
    same = likeness_of_prints(ours, theirs, PRINT_SHIFT_STEPS)
    axes = compare_axes(ours, theirs)
    score = _score(axes, same=same is not None)
    score = _in_context(score, context or {})
    return Suitability(
        score=round(score, 4),
        verdict=_verdict(score),
        axes=tuple(axes),
        reasons=_reasons(axes),
        findings=tuple(_findings(ours, theirs, same)),
    )


def rank(
    mix: Summary,
    references: Iterable[tuple[Any, Summary]],
    *,
    contexts: Mapping[Any, Mapping[str, Any]] | None = None,
) -> list[tuple[Any, float, list[str]]]:
    """Return (id, score, reasons) of references for a mix, the most suitable first.

    Parameters
    ----------
    mix : mapping
        The mix's summary.
    references : iterable of (id, summary)
    contexts : mapping, optional
        What the person said of some of them, by id; as of :func:`compare`.
    """
    said = contexts or {}
    ours = Features.of(mix)
    found = []
    for key, summary in references:
        theirs = Features.of(summary)
        axes = compare_axes(ours, theirs)
        same = likeness_of_prints(ours, theirs, PRINT_NEAR_STEPS) is not None
        found.append((key, _score(axes, same=same), axes, None if same else theirs))
    found.sort(key=lambda each: -each[1])
    ranked = []
    for place, (key, score, axes, unlike) in enumerate(found):
        # The same audio further apart is looked for where it could matter: the search is long.
        if unlike is not None and place < PRINTS_SEARCHED and score > GOOD:
            far = likeness_of_prints(ours, unlike, PRINT_SHIFT_STEPS)
            score = _score(axes, same=far is not None)
        if key in said:
            score = _in_context(score, said[key])
        ranked.append((key, round(score, 4), list(_reasons(axes))))
    return sorted(ranked, key=lambda each: -each[1])


def likeness_of(first: Summary, second: Summary) -> float | None:
    """Return how surely two tracks are one sound in two files, 0.8 to 1; None where they are not.

    It stands what a codec, a gain or a second at the ends does.
    """
    return likeness_of_prints(Features.of(first), Features.of(second), PRINT_NEAR_STEPS)


def _score(axes: list[Axis], *, same: bool) -> float:
    cost = sum(axis.weight * math.log(max(axis.score, 1e-6)) for axis in axes)
    score = math.exp(cost)
    return 0.9 + 0.1 * score if same else score


def _reasons(axes: list[Axis]) -> tuple[str, ...]:
    """Return the axes that cost the most."""
    costs = sorted(
        ((-axis.weight * math.log(max(axis.score, 1e-6)), axis.code) for axis in axes),
        key=lambda each: -each[0],
    )
    return tuple(code for cost, code in costs[:REASONS] if cost > 0.0)


def _in_context(score: float, context: Mapping[str, Any]) -> float:
    """Return the score raised or lowered by what the person said of the two tracks."""
    power = 1.0
    if context.get("same_genre") is not None:
        power *= 0.8 if context["same_genre"] else 1.5
    if context.get("same_release"):
        power *= 0.7
    return float(score**power)


def _verdict(score: float) -> Verdict:
    if score >= GOOD:
        return "good"
    return "usable" if score >= USABLE else "misleading"


def _findings(ours: Features, theirs: Features, same: float | None) -> Iterable[Finding]:
    gap_lu = theirs.lufs - ours.lufs
    if same is not None:
        yield Finding("same_audio", "warning", same, 100.0 * same, "%")
    if _seems_swapped(ours, theirs):
        yield Finding("swapped", "warning", 0.7, -gap_lu, "LU")
    if gap_lu < -TOO_LOUD_LU:
        yield Finding("too_loud_to_master", "warning", 0.9, -gap_lu, "LU")
    if theirs.cutoff_hz is not None and theirs.cutoff_hz < LOSSY_HZ:
        yield Finding("reference_lossy", "note", 0.8, theirs.cutoff_hz / 1000.0, "kHz")
    if theirs.is_mono and not ours.is_mono:
        yield Finding("reference_mono", "note", 0.99)
    if theirs.psr_low_db is not None and theirs.psr_low_db < LIMITED_PSR_DB:
        yield Finding("reference_limited", "note", 0.8, theirs.psr_low_db, "dB")
    if 0.0 < theirs.seconds < SHORT_SECONDS:
        yield Finding("reference_short", "note", 0.99, theirs.seconds, "s")
    if same is None:
        for code, value in range_differences(ours, theirs, heard_bands(ours, theirs)).items():
            if value is not None and abs(value) > RANGE_OFF_DB:
                more = "more" if value < 0.0 else "less"
                yield Finding(f"{more}_{code}", "note", 0.8, -value, "dB")


def _seems_swapped(ours: Features, theirs: Features) -> bool:
    """Tell whether the mix looks mastered and the reference does not."""
    first, second = ours.peak_over_loudness_db, theirs.peak_over_loudness_db
    if first is None or second is None:
        return False
    return ours.lufs - theirs.lufs > SWAPPED_LU and second - first > SWAPPED_PEAK_DB
