"""A new mix against the one before, in words: what got better, what got worse, by size."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dsp.coaching import compare_mixes
from mastering.models import Master
from references.messages import FINDINGS, message
from references.models import AudioFile
from references.templatetags.audio import db, quantity


@dataclass(frozen=True, slots=True)
class Coaching:
    """Sentences, the largest change first."""

    better: list[str]
    worse: list[str]

    @property
    def verdict(self) -> str:
        if self.better and not self.worse:
            return _("The new mix is nearer to the reference.")
        if self.worse and not self.better:
            return _("The new mix is further from the reference.")
        if self.better and self.worse:
            return _("Some of the new mix is nearer to the reference, some is further away.")
        return _("The two mixes measure alike.")

    def as_dict(self) -> dict[str, Any]:
        """Return the sentences as JSON-ready values."""
        return {"verdict": self.verdict, "better": self.better, "worse": self.worse}


def coaching_of(master: Master) -> Coaching | None:
    """Return what the mix does better and worse than the one before it, if there is one."""
    if master.previous is None:
        return None
    return coaching_of_mixes(master.previous.mix, master.mix, master.reference)


def coaching_of_mixes(before: AudioFile, after: AudioFile, reference: AudioFile) -> Coaching | None:
    """Compare two mixes toward one reference; None where one of them is not measured."""
    if not (before.is_ready and after.is_ready and reference.is_ready):
        return None
    found = compare_mixes(
        before.summary,
        after.summary,
        reference.summary,
        findings_before=before.findings,
        findings_after=after.findings,
    )
    return Coaching(
        better=[_sentence(one) for one in found if one["better"]],
        worse=[_sentence(one) for one in found if not one["better"]],
    )


def _sentence(one: Mapping[str, Any]) -> str:
    if one["kind"] == "finding":
        return _finding_sentence(one)
    names = {
        "low_end": _("Low end"),
        "low_mids": _("Low mids"),
        "vocal_range": _("Vocal range"),
        "top_end": _("Top end"),
        "width": _("Width (the sides against the middle)"),
        "density": _("Peaks over loudness"),
        "loudness_range": _("From quiet to loud"),
    }
    text = _("%(name)s: was %(before)s the reference, is now %(after)s.")
    return text % {
        "name": names.get(one["code"], one["code"]),
        "before": _distance(one["before"], whole=True),
        "after": _distance(one["after"], whole=False),
    }


def _distance(value: float, *, whole: bool) -> str:
    """Return a distance to the reference in words, with or without its last word."""
    values = {"db": db(abs(value))}
    if abs(value) < 0.05:
        return _("level with") if whole else _("level with it")
    if value > 0:
        return _("%(db)s above") % values if whole else _("%(db)s above it") % values
    return _("%(db)s below") % values if whole else _("%(db)s below it") % values


def _finding_sentence(one: Mapping[str, Any]) -> str:
    values = {
        "title": message(FINDINGS, one["code"]).title,
        "before": quantity(one["before"], one["unit"]),
        "after": quantity(one["after"], one["unit"]),
    }
    if one["is_gone"]:
        return _("“%(title)s” is gone.") % values
    if one["is_new"]:
        return _("New: “%(title)s”.") % values
    return _("“%(title)s”: was %(before)s, is now %(after)s.") % values
