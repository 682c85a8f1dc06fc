"""How well a reference suits a mix, in words: verdict, reasons, each axis with its numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from references.messages import finding_message
from references.messages.wording import Message
from references.templatetags.audio import db, khz, number, percent, quantity

Numbers = Mapping[str, Any]

GOOD_SCORE: Final = 0.7  # of one axis: nothing to remedy
POOR_SCORE: Final = 0.4

VERDICTS: Final = {
    "good": gettext_lazy("Good match"),
    "usable": gettext_lazy("Usable"),
    "misleading": gettext_lazy("Likely to mislead"),
}
SEVERITIES: Final = {"good": "good", "usable": "note", "misleading": "warning"}


@dataclass(frozen=True, slots=True)
class AxisWords:
    """One axis: what was measured, what to do about it, and how it is marked."""

    code: str
    title: str
    text: str
    remedy: str
    severity: str
    score: str


@dataclass(frozen=True, slots=True)
class SuitabilityWords:
    """The whole, ready for a page."""

    verdict: str
    title: str
    severity: str
    summary: str
    reasons: list[AxisWords]
    axes: list[AxisWords]
    findings: list[Message]

    @property
    def is_swapped(self) -> bool:
        return any(finding.code == "swapped" for finding in self.findings)


def suitability_words(comparison: Mapping[str, Any]) -> SuitabilityWords:
    """Return what to say of a comparison, as ``dsp.suitability.compare`` gives it."""
    axes = {axis["code"]: _axis(axis) for axis in comparison["axes"] if axis["weight"] > 0.0}
    reasons = [axes[code] for code in comparison["reasons"] if code in axes]
    verdict = comparison["verdict"]
    return SuitabilityWords(
        verdict=verdict,
        title=str(VERDICTS.get(verdict, verdict)),
        severity=SEVERITIES.get(verdict, "note"),
        summary=_summary(reasons),
        reasons=reasons,
        axes=list(axes.values()),
        findings=[finding_message(finding) for finding in comparison["findings"]],
    )


def _summary(reasons: list[AxisWords]) -> str:
    """Return the one line beside the verdict: what stands most in the way, if anything does."""
    worst = next((reason for reason in reasons if reason.severity != "good"), None)
    if worst is None:
        return _("It is near your mix in everything that was compared.")
    return worst.text


def _axis(axis: Mapping[str, Any]) -> AxisWords:
    code, score = axis["code"], float(axis["score"])
    titles = {
        "tone": _("Tone"),
        "low_end": _("Low end"),
        "density": _("Density"),
        "dynamics": _("Dynamics"),
        "width": _("Width"),
        "tempo": _("Tempo feel"),
        "loudness": _("Loudness"),
        "bandwidth": _("Bandwidth"),
    }
    tell, remedy = _AXES.get(code, (lambda _numbers: "", ""))
    return AxisWords(
        code=code,
        title=titles.get(code, code),
        text=tell(axis["numbers"]),
        remedy="" if score >= GOOD_SCORE else str(remedy),
        severity="good" if score >= GOOD_SCORE else "warning" if score < POOR_SCORE else "note",
        score=percent(score),
    )


def _tone(numbers: Numbers) -> str:
    ranges = {
        "low_end": _("low end"),
        "low_mids": _("low mids"),
        "vocal_range": _("vocal range"),
        "top_end": _("top end"),
    }
    known = {
        code: numbers[f"{code}_db"] for code in ranges if numbers.get(f"{code}_db") is not None
    }
    text = _("At equal level, the two differ by %(db)s on average over the spectrum.") % {
        "db": db(numbers["difference_db"])
    }
    if not known:
        return text
    code = max(known, key=lambda one: abs(known[one]))
    more = (
        _("Most in the %(range)s, where the reference has %(db)s more.")
        if known[code] > 0
        else _("Most in the %(range)s, where the reference has %(db)s less.")
    )
    return f"{text} {more % {'range': ranges[code], 'db': db(abs(known[code]))}}"


def _low_end(numbers: Numbers) -> str:
    level = numbers["level_db"]
    text = (
        _("Below 120 Hz the reference has %(db)s more than your mix, at equal level.")
        if level > 0
        else _("Below 120 Hz the reference has %(db)s less than your mix, at equal level.")
    )
    return text % {"db": db(abs(level))}


def _density(numbers: Numbers) -> str:
    onsets = numbers.get("mix_onsets_per_second"), numbers.get("reference_onsets_per_second")
    if onsets[0] is None or onsets[1] is None:
        return _("How busy the two are differs by %(value)s.") % {
            "value": number(numbers.get("activity_octaves"), 1)
        }
    return _(
        "In the reference %(reference)s sounds begin each second, in your mix %(mix)s: how busy "
        "the music is."
    ) % {"reference": number(onsets[1]), "mix": number(onsets[0])}


def _dynamics(numbers: Numbers) -> str:
    sentences = []
    if numbers.get("mix_psr_db") is not None:
        sentences.append(
            _(
                "Peaks stand %(reference)s above the loudness around them in the reference, "
                "%(mix)s in your mix."
            )
            % {"reference": db(numbers["reference_psr_db"]), "mix": db(numbers["mix_psr_db"])}
        )
    if numbers.get("mix_range_lu") is not None:
        sentences.append(
            _("From quiet to loud, the reference spans %(reference)s, your mix %(mix)s.")
            % {"reference": db(numbers["reference_range_lu"]), "mix": db(numbers["mix_range_lu"])}
        )
    return " ".join(sentences)


def _width(numbers: Numbers) -> str:
    mean = numbers["mean_db"]
    text = (
        _("The sides of the reference are %(db)s louder against the middle than those of your mix.")
        if mean > 0
        else _(
            "The sides of the reference are %(db)s quieter against the middle than those of your "
            "mix."
        )
    )
    return text % {"db": db(abs(mean))}


def _tempo(numbers: Numbers) -> str:
    return _("The reference moves at %(reference)s, your mix at %(mix)s.") % {
        "reference": quantity(numbers["reference_bpm"], "bpm"),
        "mix": quantity(numbers["mix_bpm"], "bpm"),
    }


def _loudness(numbers: Numbers) -> str:
    gap = numbers["gap_lu"]
    text = (
        _("The reference is %(gap)s louder than your mix.")
        if gap > 0
        else _("The reference is %(gap)s quieter than your mix.")
    )
    return text % {"gap": db(abs(gap))}


def _bandwidth(numbers: Numbers) -> str:
    return _(
        "The sound of the reference reaches up to %(reference)s, that of your mix to %(mix)s."
    ) % {
        "reference": khz(round(numbers["reference_hz"], -2)),
        "mix": khz(round(numbers["mix_hz"], -2)),
    }


_AXES: Final[Mapping[str, tuple[Callable[[Numbers], str], Any]]] = {
    "tone": (
        _tone,
        gettext_lazy("Choose a song with a similar arrangement, or lower the amount of tone."),
    ),
    "low_end": (
        _low_end,
        gettext_lazy("Choose a song with a similar low end, or set the bass right in the mix."),
    ),
    "density": (
        _density,
        gettext_lazy("Choose a song that is about as busy, so that like is compared with like."),
    ),
    "dynamics": (
        _dynamics,
        gettext_lazy("Lower the amount of dynamics, or choose a song that breathes as yours does."),
    ),
    "width": (
        _width,
        gettext_lazy("Lower the amount of width, or pan the mix as wide as you want it."),
    ),
    "tempo": (
        _tempo,
        gettext_lazy("A song of similar pace shows better how much should sound at once."),
    ),
    "loudness": (
        _loudness,
        gettext_lazy(
            "Set the loudness as a number in the settings, if you do not want to go there."
        ),
    ),
    "bandwidth": (
        _bandwidth,
        gettext_lazy("Use lossless copies of both, at 44.1 kHz or more."),
    ),
}
