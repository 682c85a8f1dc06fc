"""What a worker does when the doorbell rings: the most urgent piece of waiting work."""

import logging
from typing import Any

from django.db import DatabaseError, connection
from django.dispatch import receiver
from django_q.signals import post_spawn

from mastering import services
from mastering.models import Version
from references.models import AudioFile
from references.tasks import (
    Attempt,
    can_work,
    carry_out,
    decoding_limits,
    measure_next,
    tell_of_machine,
    worker_name,
)

logger = logging.getLogger(__name__)


@receiver(post_spawn)
def prepare(**_: Any) -> None:
    """Find out whether this machine can work, and warm the engine, before anything is asked."""
    can_work()
    try:
        tell_of_machine()
    except DatabaseError as error:  # it is told again by the next group
        logger.warning("Could not tell of this machine: %s", error)
        connection.close()


def work() -> None:
    """Measure one upload or else render one version; with nothing due, do nothing.

    Uploads come first: they are short, and someone sits before the page. The bell names no row,
    so it may ring twice, late or never: the rows and the sweep say what is to be done.
    """
    if not can_work():
        return
    audio = measure_next()
    if audio is not None:
        services.audio_settled(audio=audio)
    done = audio or render_next()
    if done is not None:
        services.bring_in_kept_back(user=done.user)


def render_next() -> Version | None:
    """Render the version whose turn it is, and return it; None where none is due."""
    version = Version.objects.claim_next(worker=worker_name())
    if version is not None:
        carry_out(version, lambda attempt: _render(attempt, version))
    return version


def _render(attempt: Attempt, version: Version) -> dict[str, Any]:
    mix, reference = version.master.mix, version.master.reference
    made = attempt.run(
        "render",
        attempt.fetch(mix.source_key, "mix", sha256=mix.sha256),
        _profile(attempt, mix, "mix.json.gz"),
        _profile(attempt, reference, "reference.json.gz"),
        str(attempt.out),
        version.settings,
        decoding_limits(),
    )
    after = {number["key"]: number["after"] for number in made["report"]["numbers"]}
    return {
        "report": made["report"],
        "provenance": made["provenance"]
        | {"mix_pcm_sha256": mix.pcm_sha256, "reference_pcm_sha256": reference.pcm_sha256},
        "loudness_lufs": after["integrated_lufs"],
        "true_peak_dbtp": after["true_peak_dbtp"],
        "outputs": attempt.store(),
    }


def _profile(attempt: Attempt, audio: AudioFile, name: str) -> str:
    stored = "profile.json.gz"
    return attempt.fetch(audio.key(stored), name, sha256=audio.outputs[stored]["sha256"])
