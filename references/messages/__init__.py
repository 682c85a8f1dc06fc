"""What people read about an upload, and about two together."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from references.messages.findings import FINDINGS
from references.messages.refusals import REFUSALS
from references.messages.wording import Message, Wording, message
from references.models import AudioFile
from references.templatetags.audio import quantity

__all__ = [
    "FINDINGS",
    "REFUSALS",
    "Message",
    "Wording",
    "audio_messages",
    "finding_message",
    "findings_of",
    "message",
    "refusal_message",
]

PLAIN_UNITS: Final = {"LU": "dB"}  # a loudness unit is a decibel of loudness
SURE: Final = 0.7  # a confidence under which a finding is told as a possibility

# What only matters to someone who can export again: a finished song may well be loud or limited.
MIX_ONLY: Final = frozenset(
    {
        "already_limited",
        "little_headroom",
        "dc_offset",
        "silence_at_start",
        "silence_at_end",
        "cut_off_start",
        "cut_off_tail",
        "low_bit_depth",
    }
)


def audio_messages(audio: AudioFile | None, kind: str = "") -> list[Message]:
    """Return what there is to say about an upload: its findings, or why it was rejected.

    ``kind`` is what it is used as, where that is not what it was uploaded as.
    """
    if audio is None:
        return []
    if audio.has_failed:
        return [refusal_message(audio.error_code)]
    return [finding_message(finding) for finding in findings_of(audio, kind)]


def findings_of(audio: AudioFile, kind: str = "") -> list[dict[str, Any]]:
    """Return what checks found of an upload that matters for what it is used as."""
    is_reference = (kind or audio.kind).upper() == AudioFile.Kind.REFERENCE
    unsaid = MIX_ONLY if is_reference else frozenset()
    return [finding for finding in audio.findings if finding["code"] not in unsaid]


def finding_message(finding: Mapping[str, Any]) -> Message:
    """Return what to say about a finding of a check."""
    code, value = finding["code"], finding.get("value")
    if f"possible_{code}" in FINDINGS and finding.get("confidence", 1.0) < SURE:
        code = f"possible_{code}"
    unit = PLAIN_UNITS.get(finding.get("unit") or "", finding.get("unit") or "")
    return message(
        FINDINGS,
        code,
        value=quantity(value, unit),
        size=quantity(None if value is None else abs(value), unit),
        side=_("right") if value else _("left"),
        severity=finding.get("severity", "note"),
        ranges=finding.get("ranges") or (),
    )


def refusal_message(code: str) -> Message:
    """Return what to say where a file was refused or its measuring failed."""
    return message(REFUSALS, code, severity="refusal")
