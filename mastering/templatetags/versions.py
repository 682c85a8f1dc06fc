"""Versions in words: two of them side by side, and what a blind comparison counted."""

from dataclasses import dataclass

from django import template
from django.utils.translation import gettext as _

from dsp.settings import MasterSettings
from mastering.messages.report import measure_name
from mastering.models import BlindTest, Version
from references.templatetags.audio import db, dbtp, lufs, number, percent, quantity

register = template.Library()

UNLIKELY = 0.05  # by chance; the level that listening tests are read at


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    one: str
    other: str

    @property
    def differs(self) -> bool:
        return self.one != self.other


@register.filter
def beside(one: Version, other: Version) -> list[Row]:
    """Return the settings and the measures of two versions, each line by line."""
    settings = zip(_settings(one.chosen), _settings(other.chosen), strict=True)
    rows = [Row(label, value, second) for (label, value), (_label, second) in settings]
    measured = {each["key"]: each for each in other.report.get("numbers", ())}
    rows += [
        Row(
            measure_name(each["key"]),
            quantity(each["after"], each["unit"]),
            quantity(measured.get(each["key"], each | {"after": None})["after"], each["unit"]),
        )
        for each in one.report.get("numbers", ())
    ]
    limits = [each.report.get("limiting", {}).get("max_db") for each in (one, other)]
    return [*rows, Row(_("Most limiting used"), db(limits[0]), db(limits[1]))]


@register.filter
def blind_words(test: BlindTest) -> str:
    """Return what a blind comparison counted, and whether guessing explains it."""
    values = {
        "chosen": test.chosen,
        "trials": test.trials,
        "against": _("the original")
        if test.against is None
        else _("version %(number)s") % {"number": test.against.number},
        "percent": number(100.0 * test.probability, 1),
    }
    if test.probability < UNLIKELY:
        return (
            _(
                "Blind: preferred %(chosen)s of %(trials)s times over %(against)s. "
                "Unlikely to be chance (%(percent)s %%)."
            )
            % values
        )
    return (
        _(
            "Blind: preferred %(chosen)s of %(trials)s times over %(against)s. "
            "May be chance (%(percent)s %%)."
        )
        % values
    )


def _settings(chosen: MasterSettings) -> list[tuple[str, str]]:
    goal = chosen.loudness
    return [
        (_("Overall amount"), percent(chosen.amount)),
        (_("Tone"), percent(chosen.tone_amount)),
        (_("Dynamics"), percent(chosen.dynamics_amount)),
        (_("Width"), percent(chosen.width_amount)),
        (_("Loudness goal"), _("as the reference") if isinstance(goal, str) else lufs(goal)),
        (_("Ceiling"), dbtp(chosen.ceiling_dbtp)),
        (_("Most limiting allowed"), db(chosen.max_limiting_db)),
    ]
