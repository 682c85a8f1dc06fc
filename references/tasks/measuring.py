"""Measuring uploads, and mixing blends."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings

from dsp.formats import PROFILE_NAME, READABLE, Limits
from dsp.profiles import PROFILE_FORMAT, PROFILE_VERSION
from references.errors import ChecksumMismatch, NotBlendable
from references.models import AudioFile, DirectUpload
from references.services import enter_measured
from references.tasks.attempts import Attempt, carry_out
from references.tasks.machine import worker_name


def measure_next() -> AudioFile | None:
    """Measure the upload whose turn it is, and return it; None where none is due."""
    audio = AudioFile.objects.claim_next(worker=worker_name())
    if audio is not None:
        carry_out(audio, lambda attempt: _measure(attempt, audio))
        enter_measured(audio_id=audio.pk)
    return audio


def decoding_limits() -> dict[str, Any]:
    """Return how much audio the site accepts, for the engine."""
    limits = Limits(
        max_bytes=settings.MAX_UPLOAD_BYTES,
        min_seconds=settings.MIN_AUDIO_SECONDS,
        max_seconds=settings.MAX_AUDIO_SECONDS,
    )
    return asdict(limits)


def _measure(attempt: Attempt, audio: AudioFile) -> dict[str, Any]:
    """Look at a file; one from the quarantine is kept as it was when it was looked at."""
    if audio.is_blend:
        return _mix_references(attempt, audio)
    # What a test key sent is let go: the song in its place is stored already, and its hash known.
    upload = None if audio.sha256 else DirectUpload.objects.filter(audio=audio).first()
    if upload is None:
        source, sha256 = attempt.fetch(audio.source_key, "source", sha256=audio.sha256), ""
    else:
        source, sha256 = attempt.fetch_unknown(upload.key, "source")
        if Path(source).stat().st_size != audio.size_bytes:
            raise ChecksumMismatch
    if audio.format == PROFILE_FORMAT:
        found = attempt.run("inspect_profile", source, str(attempt.out), files_at_fault=True)
        facts = found["facts"]
    else:
        limits = decoding_limits()
        found = attempt.run("inspect", source, str(attempt.out), limits, files_at_fault=True)
        facts = found["facts"] | {"format": READABLE[found["facts"]["container"]].label}
    outcome = {
        "facts": facts,
        "findings": found["findings"],
        "summary": found["summary"],
        "pcm_sha256": facts.get("pcm_sha256", ""),
        "profile_version": found["profile_version"],
        "outputs": attempt.store(),
    }
    if upload is not None:
        outcome["sha256"] = sha256
        outcome["outputs"] |= attempt.keep(Path(source), "source")
    return outcome


def _mix_references(attempt: Attempt, audio: AudioFile) -> dict[str, Any]:
    """Mix a blend; it is as healthy as what goes into it."""
    profiles, weights = [], []
    findings: dict[str, dict[str, Any]] = {}
    for part in audio.blend.parts.select_related("audio"):
        if part.audio is None:
            raise NotBlendable("A reference was removed before it was mixed in.")
        recorded = part.audio.outputs[PROFILE_NAME]
        profiles.append(
            attempt.fetch(
                part.audio.key(PROFILE_NAME), f"{part.place}.json.gz", sha256=recorded["sha256"]
            )
        )
        weights.append(part.weights.as_dict())
        for finding in part.audio.findings if part.weights.counts else ():
            known = findings.get(finding["code"])
            if known is None or known.get("confidence", 1.0) < finding.get("confidence", 1.0):
                findings[finding["code"]] = finding | {"ranges": []}
    made = attempt.run("mix_references", profiles, weights, str(attempt.out))
    return {
        "findings": list(findings.values()),
        "summary": made["summary"],
        "profile_version": PROFILE_VERSION,
        "outputs": attempt.store(),
    }
