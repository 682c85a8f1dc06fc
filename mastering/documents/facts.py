"""The facts of a version as data: what its page shows, and by what it can be recognised."""

from dataclasses import asdict
from typing import Any

from mastering.messages.answers import answers, fixes
from mastering.messages.coaching import coaching_of
from mastering.messages.report import (
    caps,
    ceiling_words,
    changes,
    harm_words,
    past_mastering_words,
    verdict_words,
)
from mastering.models import Version
from mastering.plots import plots_of_report
from references.messages import audio_messages
from references.models import AudioFile


def report_document(version: Version) -> dict[str, Any]:
    """Return the report: the numbers, and the sentences that are built from them."""
    report, master = version.report, version.master
    coaching = coaching_of(master)
    return {
        **_names(version),
        "mix": _track(master.mix),
        "reference": _track(master.reference),
        "facts": report,
        "words": {
            "verdict": verdict_words(report),
            "answers": [asdict(one) for one in answers(report)],
            "changes": [asdict(one) for one in changes(report)],
            "since_the_mix_before": coaching.as_dict() if coaching else None,
            "stopped_at_a_limit": caps(report),
            "ceiling": ceiling_words(report),
            "further_away": harm_words(report),
            "past_mastering": past_mastering_words(report, is_damaged=master.mix.is_past_mastering),
            "fix_in_the_mix": [asdict(one) for one in fixes(report)],
            "mix_check": [asdict(one) for one in audio_messages(master.mix, "mix")],
            "plots": [
                {"kind": plot.kind, "title": plot.title, "text": plot.sentence, "note": plot.note}
                for plot in plots_of_report(report)
            ],
        },
    }


def record_document(version: Version) -> dict[str, Any]:
    """Return the record of provenance: what went in, what was done, what came out."""
    return {**_names(version), **version.provenance}


def _names(version: Version) -> dict[str, Any]:
    return {
        "version": version.pk,
        "master": version.master_id,
        "number": version.number,
        "made": version.finished.isoformat() if version.finished else None,
        "engine": version.engine_version,
        "settings": version.settings,
    }


def _track(audio: AudioFile) -> dict[str, Any]:
    return {
        "id": audio.pk,
        "title": audio.title,
        "sha256": audio.sha256,
        "facts": audio.facts,
        "summary": audio.summary,
        "findings": audio.findings,
    }
