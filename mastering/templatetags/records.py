"""What stands around a report: settings and digests in rows, coaching, the check of the mix."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

from dsp.settings import MasterSettings
from mastering.forms import SectionsForm
from mastering.messages.coaching import coaching_of
from mastering.messages.report import past_mastering_words
from mastering.models import Master, Version
from references.messages import Message, audio_messages
from references.messages.suitability import SuitabilityWords, suitability_words
from references.models import AudioFile
from references.ranking import suitability_of
from references.templatetags.audio import db, dbtp, lufs, percent

register = template.Library()

register.simple_tag(coaching_of)


@register.simple_tag
def mix_messages(master: Master) -> list[Message]:
    """Return what the check of the mix found that can be mended in it."""
    return [one for one in audio_messages(master.mix, "mix") if one.severity == "warning"]


@register.simple_tag
def checks_of(audio: AudioFile, kind: str) -> list[Message]:
    """Return what the check of a track found, as it is used: as "mix" or "reference"."""
    return audio_messages(audio, kind)


@register.simple_tag
def suits(master: Master) -> SuitabilityWords | None:
    """Return how well the reference suits the mix; None before both are measured."""
    if not (master.mix.is_ready and master.reference.is_ready):
        return None
    return suitability_words(suitability_of(master.mix, master.reference, genre=master.genre))


@register.simple_tag
def past_mastering(master: Master, report: Mapping[str, Any]) -> str:
    return past_mastering_words(report, is_damaged=master.mix.is_past_mastering)


@register.simple_tag
def sections_form(version: Version) -> SectionsForm:
    return SectionsForm(version=version)


@register.simple_tag
def settings_rows(version: Version) -> list[tuple[str, str]]:
    """Return the settings of a version as names and values for people."""
    chosen = version.chosen
    follows = _("as overall")
    stages = (
        (_("Tone"), chosen.tone),
        (_("Dynamics"), chosen.dynamics),
        (_("Width"), chosen.width),
    )
    return [
        (_("Overall amount"), percent(chosen.amount)),
        *((name, follows if own is None else percent(own)) for name, own in stages),
        (_("Loudness"), _loudness(chosen)),
        (_("Ceiling"), dbtp(chosen.ceiling_dbtp)),
        (_("Most limiting"), db(chosen.max_limiting_db)),
        (_("Parts compared"), _sections(chosen)),
    ]


@register.simple_tag
def digest_rows(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return every digest of a record of provenance with what it is of."""
    names = {
        "mix_sha256": _("Mix, file"),
        "mix_pcm_sha256": _("Mix, samples"),
        "mix_profile_sha256": _("Mix, measurements"),
        "reference_sha256": _("Reference, file"),
        "reference_pcm_sha256": _("Reference, samples"),
        "reference_profile_sha256": _("Reference, measurements"),
    }
    rows = [(name, record[key]) for key, name in names.items() if record.get(key)]
    for column, text in (
        ("outputs_sha256", _("Master, file %(format)s")),
        ("outputs_audio_sha256", _("Master, samples of %(format)s")),
    ):
        rows += [
            (text % {"format": code}, digest) for code, digest in record.get(column, {}).items()
        ]
    return rows


def _loudness(chosen: MasterSettings) -> str:
    goal = chosen.loudness
    text = _("as the reference") if isinstance(goal, str) else lufs(goal)
    if chosen.loudness_amount is None:
        return text
    return _("%(share)s of the way: %(goal)s") % {
        "share": percent(chosen.loudness_amount),
        "goal": text,
    }


def _sections(chosen: MasterSettings) -> str:
    words = {
        "automatic": _("automatic"),
        "whole": _("the whole of both"),
        "loudest": _("the loudest part of each"),
    }
    if isinstance(chosen.sections, str):
        return words[chosen.sections]
    return ", ".join(f"{mine + 1} → {theirs + 1}" for mine, theirs in chosen.sections)
